"""What a send calls, with what, and what it returns."""

import ast
import contextvars
import inspect
import textwrap
import threading
from typing import Any

import pytest

from lback.core.exceptions import ReceiversFailed
from lback.core.exceptions import SignalLoop
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


def test_receivers_get_the_sender_first_and_the_fields_by_name(
    dispatcher: SignalDispatcher,
) -> None:
    """A receiver is called with the sender, then with the fields."""
    heard: list[Any] = []
    dispatcher.connect("x", lambda who, **fields: heard.append((who, fields)))

    dispatcher.send("x", "checkout", order_id=1)

    assert [("checkout", {"order_id": 1})] == heard


def test_sender_may_be_given_by_keyword(dispatcher: SignalDispatcher) -> None:
    """The sender is the same by position and by keyword."""
    heard: list[Any] = []
    dispatcher.connect("x", heard.append)

    dispatcher.send("x", sender="checkout")

    assert ["checkout"] == heard


@pytest.mark.parametrize("name", ["signal_name", "self", "receiver", "name"])
def test_names_of_our_own_parameters_are_free_for_fields(
    dispatcher: SignalDispatcher, name: str
) -> None:
    """No field name but ``sender`` is taken."""
    heard: list[Any] = []
    dispatcher.connect("x", lambda _, **fields: heard.append(fields))

    dispatcher.send("x", None, **{name: 1})
    dispatcher.signal("x").send(None, **{name: 2})

    assert [{name: 1}, {name: 2}] == heard


def test_receiver_gets_only_the_fields_it_names(dispatcher: SignalDispatcher) -> None:
    """A receiver without ``**kwargs`` is not given what it does not name."""
    heard: list[Any] = []
    dispatcher.connect("x", lambda sender, total: heard.append(total))

    dispatcher.send("x", order_id=1, total=2)

    assert [2] == heard


def test_receiver_that_names_no_field_gets_none(dispatcher: SignalDispatcher) -> None:
    """A receiver that only takes the sender hears any send."""
    heard: list[Any] = []
    dispatcher.connect("x", heard.append)

    dispatcher.send("x", "me", order_id=1)

    assert ["me"] == heard


def test_lone_positional_goes_through_untouched(dispatcher: SignalDispatcher) -> None:
    """Without a declared payload, a lone positional is the first argument."""
    payload = {"id": 1}
    heard: list[Any] = []
    dispatcher.connect("x", heard.append)

    dispatcher.send("x", payload)

    assert payload is heard[0]


def test_send_returns_pairs_of_receiver_and_value_in_order(
    dispatcher: SignalDispatcher,
) -> None:
    """The result names each receiver beside what it returned."""
    first = dispatcher.connect("x", lambda sender: 1)
    second = dispatcher.connect("x", lambda sender: 2)

    results = dispatcher.send("x")

    assert [(first, 1), (second, 2)] == results


def test_send_of_a_name_nobody_knows_returns_nothing(
    dispatcher: SignalDispatcher,
) -> None:
    """Sending a name without receivers is no error and makes no signal."""
    results = dispatcher.send("nobody.knows", order_id=1)

    assert [] == results
    assert "nobody.knows" not in dispatcher


def test_failing_receiver_does_not_stop_the_others(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception is isolated, returned in its place, and the next one runs."""
    error = ValueError("no mail server")

    def fail(sender: Any) -> None:
        raise error

    dispatcher.connect("x", fail)
    dispatcher.connect("x", lambda sender: "still here")

    results = dispatcher.send("x")

    assert [error, "still here"] == [value for _, value in results]
    assert [error] == results.errors
    assert ["still here"] == results.values


def test_returned_exception_is_a_value(dispatcher: SignalDispatcher) -> None:
    """An exception that a receiver returns, without raising it, is no failure."""
    error = ValueError("just a value")
    dispatcher.connect("x", lambda sender: error)

    results = dispatcher.send("x")

    assert [error] == results.values
    assert [] == results.errors


def test_failure_is_logged_once_with_signal_receiver_and_place_only(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """The log record names signal, receiver and place, and never the payload."""

    def fail(sender: Any, token: str) -> None:
        raise ValueError

    dispatcher.connect("x", fail)

    dispatcher.send("x", token="canary")  # noqa: S106  # the canary

    assert 1 == len(caplog.records)
    text = caplog.records[0].getMessage()
    assert "'x'" in text
    assert "fail" in text
    assert f"{__file__}:{fail.__code__.co_firstlineno}" in text
    assert "canary" not in text


def test_failure_is_announced(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """``receiver_failed`` is sent by the signal with the receiver and its error."""
    error = ValueError("broken")

    def fail(sender: Any) -> None:
        raise error

    heard: list[Any] = []
    dispatcher.connect("x", fail)
    dispatcher.connect(
        "receiver_failed",
        lambda sender, receiver, exception: heard.append((sender, receiver, exception)),
    )

    dispatcher.send("x")

    assert [(dispatcher.get("x"), fail, error)] == heard


def test_failure_of_receiver_failed_is_not_announced_again(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A receiver of ``receiver_failed`` that fails itself starts no loop."""
    calls: list[int] = []

    def fail(sender: Any, **fields: Any) -> None:
        calls.append(1)
        raise ValueError

    dispatcher.connect("x", fail)
    dispatcher.connect("receiver_failed", fail)

    dispatcher.send("x")

    assert 2 == len(calls)


def test_on_error_raise_reaches_the_sender_and_stops_the_send(
    dispatcher: SignalDispatcher,
) -> None:
    """``on_error="raise"`` is for receivers without which nothing may go on."""
    heard: list[str] = []

    def fail(sender: Any) -> None:
        raise ValueError("out of stock")

    dispatcher.connect("x", fail, on_error="raise")
    dispatcher.connect("x", lambda sender: heard.append("later"))

    with pytest.raises(ValueError, match="out of stock"):
        dispatcher.send("x")

    assert [] == heard


def test_base_exceptions_always_propagate(dispatcher: SignalDispatcher) -> None:
    """Ctrl-C in a receiver stops the program, not only the receiver."""

    def stop(sender: Any) -> None:
        raise KeyboardInterrupt

    dispatcher.connect("x", stop)

    with pytest.raises(KeyboardInterrupt):
        dispatcher.send("x")


def test_raise_errors_raises_one_group_that_names_the_receivers(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """``raise_errors()`` groups the exceptions and says whose they are."""

    def fail(sender: Any) -> None:
        raise ValueError

    dispatcher.connect("x", fail)

    with pytest.raises(ReceiversFailed, match=r"signal 'x'.*fail") as caught:
        dispatcher.send("x").raise_errors()

    assert ValueError is type(caught.value.exceptions[0])
    assert __file__ in caught.value.exceptions[0].__notes__[0]


def test_raise_errors_does_nothing_when_all_went_well(
    dispatcher: SignalDispatcher,
) -> None:
    """A send without a failure has nothing to raise."""
    dispatcher.connect("x", lambda sender: None)

    results = dispatcher.send("x")
    results.raise_errors()

    assert [] == results.errors


def test_change_during_a_send_affects_the_next_send(
    dispatcher: SignalDispatcher,
) -> None:
    """A receiver that disconnects itself does not make the next one be skipped."""
    heard: list[str] = []

    def once(sender: Any) -> None:
        heard.append("once")
        dispatcher.disconnect("x", once)

    dispatcher.connect("x", once)
    dispatcher.connect("x", lambda sender: heard.append("always"))

    dispatcher.send("x")
    dispatcher.send("x")

    assert ["once", "always", "always"] == heard


def test_receivers_see_and_set_context_variables(dispatcher: SignalDispatcher) -> None:
    """A plain receiver runs in the caller's own context."""
    variable = contextvars.ContextVar("variable", default=0)
    dispatcher.connect("x", lambda sender: variable.set(variable.get() + 1))

    variable.set(1)
    dispatcher.send("x")

    assert 2 == variable.get()


@pytest.mark.parametrize("size", [1, 2, 10])
def test_loop_of_signals_is_stopped_and_shown(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    """Signals that send each other stop at a depth of 64 and show the chain."""
    sends: list[str] = []

    def link(name: str, following: str) -> None:
        def resend(sender: Any) -> None:
            sends.append(name)
            dispatcher.send(following).raise_errors()

        dispatcher.connect(name, resend)

    for number in range(size):
        link(f"s{number}", f"s{(number + 1) % size}")

    dispatcher.send("s0")

    chain = " -> ".join(f"s{(64 + n) % size}" for n in range(-size, 1))
    assert 64 == len(sends)
    assert any(chain in record.exc_text for record in caplog.records if record.exc_text)


def test_loop_with_two_branches_ends_too(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Two receivers that both send their own signal do not run 2**64 times."""
    calls: list[int] = []

    def resend(sender: Any) -> None:
        calls.append(1)
        dispatcher.send("x")

    def resend_too(sender: Any) -> None:
        calls.append(1)
        dispatcher.send("x")

    dispatcher.connect("x", resend)
    dispatcher.connect("x", resend_too)

    dispatcher.send("x")

    assert 128 == len(calls)


def test_loop_error_reaches_the_receiver_that_sent(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """The receiver whose send goes too deep may catch the error itself."""
    caught: list[SignalLoop] = []

    def resend(sender: Any) -> None:
        try:
            dispatcher.send("x")
        except SignalLoop as error:
            caught.append(error)

    dispatcher.connect("x", resend)

    dispatcher.send("x")

    assert 1 == len(caught)


def test_signal_works_again_after_a_loop(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A stopped loop leaves nothing behind."""
    calls: list[int] = []

    def resend(sender: Any) -> None:
        calls.append(1)
        if sender == "loop":
            dispatcher.send("x", "loop")

    dispatcher.connect("x", resend)
    dispatcher.send("x", "loop")
    calls.clear()

    for _ in range(100):
        dispatcher.send("x", "fine").raise_errors()

    assert 100 == len(calls)


def test_many_threads_in_a_send_are_no_loop(dispatcher: SignalDispatcher) -> None:
    """A hundred sends at once, each one deep, do not look like a loop."""
    barrier = threading.Barrier(100, timeout=60)
    failed: list[Exception] = []
    dispatcher.connect("x", lambda sender: barrier.wait() and None)
    threads = [
        threading.Thread(target=lambda: failed.extend(dispatcher.send("x").errors))
        for _ in range(100)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == failed


def test_connecting_from_many_threads_loses_nobody(
    dispatcher: SignalDispatcher,
) -> None:
    """Receivers connected at the same time are all there afterwards."""

    def connect_many() -> None:
        for _ in range(100):
            dispatcher.connect("x", lambda sender: None)
            dispatcher.send("x")

    threads = [threading.Thread(target=connect_many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 800 == len(dispatcher.signal("x").receivers)


def test_signal_without_receivers_is_false() -> None:
    """``if signal:`` asks whether anybody listens."""
    signal = Signal()

    assert not signal

    signal.connect(lambda sender: None)

    assert signal


def test_loop_in_one_receiver_does_not_touch_the_others(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A receiver beside the looping one may send whatever is not in the loop."""
    heard: list[str] = []

    def loop(sender: Any) -> None:
        dispatcher.send("loop")

    dispatcher.connect("paid", loop)
    dispatcher.connect("loop", loop)
    dispatcher.connect("paid", lambda sender: dispatcher.send("mail").values)
    dispatcher.connect("mail", lambda sender: heard.append("mail"))

    dispatcher.send("paid").raise_errors()

    assert ["mail"] == heard


def test_signal_that_looped_once_may_be_sent_again_below(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """After the loop was left, its signal works again, within the same outer send."""
    heard: list[Any] = []

    def loop_if_asked(sender: Any) -> None:
        heard.append(sender)
        if sender == "loop":
            dispatcher.send("inner", "loop")

    def outer(sender: Any) -> None:
        dispatcher.send("inner", "loop")
        heard.clear()
        for number in range(100):
            dispatcher.send("inner", number).raise_errors()

    dispatcher.connect("outer", outer)
    dispatcher.connect("inner", loop_if_asked)

    dispatcher.send("outer").raise_errors()

    assert list(range(100)) == heard


def test_send_and_asend_differ_only_in_awaiting() -> None:
    """The two sends are written twice for speed, and must stay the same."""

    def steps(function: Any) -> str:
        text = textwrap.dedent(inspect.getsource(function))
        body = ast.parse(text).body[0]
        assert isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef)
        return "\n".join(ast.unparse(node) for node in body.body[1:])

    wanted = steps(Signal.send).replace("self._wait(receiver, value)", "await value")
    wanted = wanted.replace("self._failed", "await self._afailed")

    wanted = wanted.replace("is_sync=True", "is_sync=False")
    awaited = steps(Signal.asend).replace("(mark)", "()")
    for line in (
        "mark = leave_mark(self)\n",
        "    mark.results = results\n",
        "        mark.receiver = receiver\n",
        "    mark.receiver = mark.results = None\n",
        "    mark.is_over = True\n",
    ):
        assert line in awaited
        awaited = awaited.replace(line, "")

    assert wanted == awaited
