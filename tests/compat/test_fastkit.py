"""The FastKit dialect: connecting, sending, payloads, and the native signal behind."""

import asyncio
import gc
import warnings
from collections.abc import Callable
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from types import SimpleNamespace
from typing import Any
from typing import NamedTuple

import pydantic
import pytest

from lback.compat.fastkit import Signal
from lback.core.dispatcher_instance import dispatcher
from lback.core.exceptions import DuplicateSignal
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.signals import receiver

MakeModule = Callable[..., ModuleType]
Sending = Coroutine[Any, Any, list[Exception]]


@pytest.fixture
def signal(own_process: pytest.MonkeyPatch) -> Signal:
    """Return a signal that nobody else has."""
    return Signal("user.created")


def run(sending: Sending) -> list[Exception]:
    """Wait for a send."""
    return asyncio.run(sending)


@dataclass
class Created:
    """A payload."""

    user_id: int


class CreatedModel(pydantic.BaseModel):
    """A payload."""

    user_id: int


class CreatedTuple(NamedTuple):
    """A payload that would lose its names on the way through a broker."""

    user_id: int


# --- The signal -----------------------------------------------------------------


def test_signal_is_declared_where_it_stands(signal: Signal) -> None:
    """Behind the signal stands a native one, declared by the module that made it."""
    native = dispatcher.signal("user.created")

    assert native is signal.signal
    assert native.declaration is not None


def test_declaration_is_the_place_of_the_caller(own_process: Any) -> None:
    """The place of the declaration is the line that makes the signal."""
    declaration = Signal("a.b").signal.declaration

    assert declaration is not None
    assert __file__ == declaration.file


@pytest.mark.parametrize("name", [None, "", "  ", 5])
def test_name_has_to_say_something(name: Any) -> None:
    """A name that is none is refused where the signal is made."""
    with pytest.raises(InvalidSignal, match="not a name"):
        Signal(name)


def test_two_signals_of_one_name_share_no_receivers(signal: Signal) -> None:
    """A second signal of the same name is another channel."""
    second = Signal("user.created")
    second.connect(lambda payload: 1 / 0)

    assert [] == run(signal.send())
    assert not signal
    assert second


def test_reload_keeps_the_receivers(own_process: Any, make_module: MakeModule) -> None:
    """A signal of a module that is executed again has the same receivers."""
    text = "from lback.compat.fastkit import Signal\nsaved = Signal('file.saved')\n"
    make_module("declared", text).saved.connect(print)

    assert [print] == make_module("declared", text).saved.receivers


def test_repr_has_name_and_count(signal: Signal) -> None:
    """The text form says which signal it is and how many receive it."""
    signal.connect(print)

    assert "Signal(name='user.created', receivers=1)" == repr(signal)


# --- Connecting -----------------------------------------------------------------


def test_connect_returns_the_function(signal: Signal) -> None:
    """As a bare decorator it leaves the function as it was."""

    @signal.connect
    def receive(payload: Any) -> str:
        return "called"

    assert "called" == receive(None)
    assert [receive] == signal.receivers


def test_connect_with_options_of_native_signals(signal: Signal) -> None:
    """As a decorator with options it connects as a native signal does."""

    @signal.connect
    def second(payload: Any) -> None: ...

    @signal.connect(order=-1)
    def first(payload: Any) -> None: ...

    assert [first, second] == signal.receivers


def test_connect_by_keyword(signal: Signal) -> None:
    """The receiver may be named."""
    signal.connect(receiver=print)

    assert [print] == signal.receivers


def test_connecting_twice_is_once(signal: Signal) -> None:
    """Connecting a function again changes nothing."""
    calls: list[Any] = []

    def receive(payload: Any) -> None:
        calls.append(payload)

    for _ in range(2):
        signal.connect(receive)
    run(signal.send({"id": 1}))

    assert [{"id": 1}] == calls


@pytest.mark.parametrize("wrong", [5, None, "shop.listeners.send_mail"])
def test_what_cannot_be_called_is_refused(signal: Signal, wrong: Any) -> None:
    """The mistake shows where it is made, not at the first send."""
    with pytest.raises(InvalidReceiver, match="not callable"):
        signal.connect(wrong)


def test_disconnect_of_a_stranger_is_fine(signal: Signal) -> None:
    """Disconnecting what is not connected does nothing."""
    signal.connect(print)
    signal.disconnect(len)

    assert [print] == signal.receivers


def test_receivers_are_a_list_of_their_own(signal: Signal) -> None:
    """Changing the list changes no connection."""
    signal.connect(print)
    signal.receivers.clear()

    assert [print] == signal.receivers


def test_receivers_are_held(signal: Signal) -> None:
    """A lambda stays connected."""
    signal.connect(lambda payload: 1 / 0)
    gc.collect()

    assert ["ZeroDivisionError"] == [type(e).__name__ for e in run(signal.send())]


def test_weak_receiver_that_is_gone_is_in_no_list(signal: Signal) -> None:
    """What a native connection held weakly leaves the list with its object."""

    class Mailer:
        def mail(self, payload: Any) -> None: ...

    mailer = Mailer()
    signal.connect(mailer.mail, weak=True)
    before = len(signal.receivers)
    del mailer
    gc.collect()

    assert (1, []) == (before, signal.receivers)


def test_connected_to_ends_with_the_block(signal: Signal) -> None:
    """A receiver of a block is disconnected after it, also after an error."""
    with pytest.raises(KeyError), signal.connected_to(print):
        raise KeyError
    assert [] == signal.receivers


def test_connected_to_leaves_what_was_connected(signal: Signal) -> None:
    """A receiver that was connected before the block stays in its place."""
    signal.connect(print)
    signal.connect(len)
    with signal.connected_to(print):
        inside = signal.receivers

    assert [print, len] == inside == signal.receivers


# --- Sending --------------------------------------------------------------------


def test_errors_are_returned_in_order(signal: Signal) -> None:
    """What receivers raise is returned, and keeps no other from running."""
    calls: list[Any] = []

    @signal.connect
    def first(payload: Any) -> None:
        raise ValueError("first")

    @signal.connect
    async def second(payload: Any) -> None:
        raise KeyError("second")

    signal.connect(calls.append)

    assert [ValueError, KeyError] == [type(error) for error in run(signal.send({}))]
    assert [{}] == calls


def test_results_are_dropped(signal: Signal) -> None:
    """What receivers return is not returned."""
    signal.connect(lambda payload: ValueError("a result, not an error"))

    assert [] == run(signal.send())


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_ends_the_process_is_not_kept(
    signal: Signal, error: type[BaseException]
) -> None:
    """Only exceptions are isolated."""

    @signal.connect
    def stop(payload: Any) -> None:
        raise error

    with pytest.raises(error):
        signal.send().send(None)


def test_native_receiver_may_stop_the_sender(signal: Signal) -> None:
    """A receiver that was connected to raise does so here, too."""

    @receiver(signal.signal, on_error="raise")
    def reserve(payload: Any) -> None:
        raise ValueError("no stock")

    with pytest.raises(ValueError, match="no stock"):
        run(signal.send({}))


def test_keywords_go_to_those_who_name_them(signal: Signal) -> None:
    """A receiver gets the keywords that it has parameters for."""
    calls: list[Any] = []

    @signal.connect
    def all_of_them(payload: Any, **fields: Any) -> None:
        calls.append((payload, fields))

    @signal.connect
    def one(payload: Any, source: str) -> None:
        calls.append((payload, source))

    @signal.connect
    def none(payload: Any) -> None:
        calls.append(payload)

    assert [] == run(signal.send(payload={}, source="api", retry=2))
    assert [({}, {"source": "api", "retry": 2}), ({}, "api"), {}] == calls


def test_keywords_may_have_almost_any_name(signal: Signal) -> None:
    """What the parameters of the send are called does not matter to keywords."""
    received: dict[str, Any] = {}
    signal.connect(lambda payload, **fields: received.update(fields))
    run(signal.send({}, self=1, signal_name=2, receiver=3))

    assert {"self": 1, "signal_name": 2, "receiver": 3} == received


def test_whatever_is_awaitable_is_awaited(signal: Signal) -> None:
    """Coroutine functions, their partials, objects and lambdas all run to their end."""
    calls: list[str] = []

    async def receive(payload: Any, name: str = "function") -> None:
        await asyncio.sleep(0)
        calls.append(name)

    class Receiver:
        async def __call__(self, payload: Any) -> None:
            calls.append("object")

    signal.connect(receive)
    signal.connect(partial(receive, name="partial"))
    signal.connect(Receiver())
    signal.connect(lambda payload: receive(payload, "lambda"))

    assert [] == run(signal.send())
    assert ["function", "partial", "object", "lambda"] == calls


def test_receiver_that_leaves_lets_the_next_one_run(signal: Signal) -> None:
    """A change during a send counts from the next send on."""
    calls: list[str] = []

    @signal.connect
    def once(payload: Any) -> None:
        calls.append("once")
        signal.disconnect(once)

    signal.connect(lambda payload: calls.append("next"))
    for _ in range(2):
        run(signal.send())

    assert ["once", "next", "next"] == calls


def test_muted_natively_is_muted_here(signal: Signal) -> None:
    """Muting works on the signal behind."""
    signal.connect(lambda payload: 1 / 0)
    with signal.signal.muted():
        errors = run(signal.send())

    assert [] == errors


# --- Payloads -------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [None, {}, Created(1), Created, CreatedModel(user_id=1)],
    ids=["none", "dict", "dataclass", "dataclass itself", "pydantic model"],
)
def test_portable_payload_is_not_warned_of(signal: Signal, payload: Any) -> None:
    """None, dicts, dataclasses and pydantic models go through in silence, untouched."""
    received: list[Any] = []
    signal.connect(received.append)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(signal.send(payload))

    assert [payload] == received
    assert received[0] is payload


@pytest.mark.parametrize(
    "payload",
    [5, "text", [1], CreatedTuple(1), SimpleNamespace()],
    ids=lambda payload: type(payload).__name__,
)
def test_other_payload_is_warned_of_and_delivered(signal: Signal, payload: Any) -> None:
    """Anything else gets a warning that names signal and type, and is delivered."""
    received: list[Any] = []
    signal.connect(received.append)
    message = f"'user.created' is of type {type(payload).__name__}, "
    with pytest.warns(UserWarning, match=message):
        run(signal.send(payload))

    assert [payload] == received


def lines_warned_of(source: str, **scope: Any) -> list[tuple[str, int]]:
    """Run *source* and return where warnings pointed to in it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(source, "sender.py", "exec"), scope)  # noqa: S102  # our own
    return [(Path(found.filename).name, found.lineno) for found in caught]


def test_warning_points_at_the_await(signal: Signal) -> None:
    """The line to mend is the one that awaits the send."""
    source = """
async def sender():
    await signal.send({})
    await signal.send(5)
asyncio.run(sender())
"""

    assert [("sender.py", 4)] == lines_warned_of(source, signal=signal, asyncio=asyncio)


@pytest.mark.parametrize(
    "line",
    [
        "asyncio.run(signal.send(5))",
        "asyncio.new_event_loop().run_until_complete(signal.send(5))",
    ],
)
def test_warning_points_at_the_line_that_runs_the_loop(
    signal: Signal, line: str
) -> None:
    """A send that nobody awaits is blamed on a line of the program, not of asyncio."""
    assert [("sender.py", 1)] == lines_warned_of(line, signal=signal, asyncio=asyncio)


# --- Beside native signals ------------------------------------------------------


def test_native_receivers_hear_the_dialect(signal: Signal) -> None:
    """What is connected by name or by decorator gets the payload first."""
    received: list[Any] = []
    dispatcher.connect("user.created", received.append)
    run(signal.send({"id": 1}))

    assert [{"id": 1}] == received
    assert [received.append] == signal.receivers


def test_receiver_decorator_takes_the_signal(signal: Signal) -> None:
    """``@receiver`` accepts a signal of the dialect."""
    decorate: Any = receiver
    decorate(signal)(print)

    assert [print] == signal.receivers


def test_native_send_reaches_the_receivers(signal: Signal) -> None:
    """A native send with a lone argument looks like one of the dialect."""
    received: list[Any] = []
    signal.connect(received.append)
    dispatcher.send("user.created", {"id": 1})

    assert [{"id": 1}] == received


def test_start_up_refuses_a_second_signal_of_a_name(
    own_process: Any, make_module: MakeModule
) -> None:
    """Two modules that declare one name are told so when the project starts."""
    text = "from lback.compat.fastkit import Signal\nSignal('file.saved')\n"
    make_module("one", text)
    make_module("other", text)

    with pytest.raises(DuplicateSignal, match=r"one\.py:2 and again"):
        dispatcher.settle({})
