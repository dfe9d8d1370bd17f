"""What may be connected, how it is known again, and how it is taken away."""

import functools
import gc
from collections.abc import Callable
from types import ModuleType
from typing import Any
from typing import TypedDict

import pytest

from lback.core._connecting import check_fields
from lback.core.exceptions import DuplicateReceiver
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.core.signals import receiver
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]


class Stock:
    """Receivers of every kind that a class can hold."""

    def reserve(self, sender: Any) -> str:
        """Receive as a bound method."""
        return "method"

    @classmethod
    def reserve_class(cls, sender: Any) -> str:
        """Receive as a class method."""
        return "class method"

    @staticmethod
    def reserve_static(sender: Any) -> str:
        """Receive as a static method."""
        return "static method"

    def __call__(self, sender: Any) -> str:
        """Receive as a callable object."""
        return "object"


def plain(sender: Any) -> str:
    """Receive as a function of a module."""
    return "function"


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap *function* the usual way."""

    @functools.wraps(function)
    def wrapper(*args: Any, **fields: Any) -> Any:
        return function(*args, **fields)

    return wrapper


KINDS: dict[str, Callable[..., Any]] = {
    "function": plain,
    "method": Stock().reserve,
    "class method": Stock.reserve_class,
    "static method": Stock.reserve_static,
    "object": Stock(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_callable_can_receive(dispatcher: SignalDispatcher, kind: str) -> None:
    """Functions, methods and callable objects are receivers."""
    dispatcher.connect("x", KINDS[kind])

    assert [kind] == dispatcher.send("x", order_id=1).values


def test_partial_can_receive(dispatcher: SignalDispatcher) -> None:
    """A partial is called with what is left to fill."""
    dispatcher.connect("x", functools.partial(lambda add, sender: sender + add, 1))

    assert [3] == dispatcher.send("x", 2, order_id=1).values


def test_decorated_function_gets_the_fields_of_the_inner_one(
    dispatcher: SignalDispatcher,
) -> None:
    """A wrapper made with ``functools.wraps`` is asked what its inside wants."""
    dispatcher.connect("x", decorated(lambda sender, total: total))

    assert [2] == dispatcher.send("x", order_id=1, total=2).values


@pytest.mark.parametrize("wrong", [5, None, "shop.listeners.send_mail", object()])
def test_what_cannot_be_called_is_refused_at_once(
    dispatcher: SignalDispatcher, wrong: Any
) -> None:
    """Connecting something that is not callable raises and names it."""
    signal = dispatcher.signal("x")

    with pytest.raises(InvalidReceiver, match=r"is not callable|not a"):
        receiver(signal)(wrong)

    assert not signal


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: None,
        lambda *, total: None,
        lambda **fields: None,
    ],
)
def test_receiver_without_a_place_for_the_sender_is_refused(
    dispatcher: SignalDispatcher, wrong: Any
) -> None:
    """A receiver takes the sender first, or is refused when it is connected."""
    with pytest.raises(InvalidReceiver, match="sender first"):
        dispatcher.connect("x", wrong)


def test_argument_that_can_never_be_filled_is_refused(
    dispatcher: SignalDispatcher,
) -> None:
    """Fields are passed by name, so a second positional-only argument stays empty."""

    def wrong(sender: Any, total: int, /) -> None: ...

    with pytest.raises(InvalidReceiver, match="'total'"):
        dispatcher.connect("x", wrong)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"oder": 1}, "no option 'oder'"),
        ({"order": "first"}, "order='first'"),
        ({"order": True}, "order=True"),
        ({"on_error": "ignore"}, "on_error='ignore'"),
        ({"when": "later"}, "when='later'"),
        ({"when": "durable", "on_error": "raise"}, "does not wait"),
        ({"when": "after_commit", "weak": True}, "may be gone"),
        ({"uid": ""}, "uid=''"),
        ({"weak": 1}, "weak=1"),
        ({"before": "shop.f", "after": "shop.f"}, "both before and after 'shop.f'"),
        ({"before": "mail"}, "before='mail'"),
    ],
)
def test_wrong_option_is_refused_by_name(
    dispatcher: SignalDispatcher, options: dict[str, Any], message: str
) -> None:
    """Every wrong option raises where it is written, with its value."""
    with pytest.raises(InvalidReceiver, match=message):
        dispatcher.connect("x", plain, **options)


def test_bare_decorator_returns_the_function(dispatcher: SignalDispatcher) -> None:
    """``@signal.connect`` leaves the function callable as it was."""

    @dispatcher.signal("x").connect
    def receive(sender: Any) -> str:
        return "heard"

    assert "heard" == receive(None)
    assert ["heard"] == dispatcher.send("x").values


def test_decorator_with_options_returns_the_function(
    dispatcher: SignalDispatcher,
) -> None:
    """``@signal.connect(order=1)`` connects with the options given."""

    @dispatcher.signal("x").connect(order=1)
    def receive(sender: Any) -> None: ...

    assert receive is dispatcher.signal("x").receivers[0].target()
    assert 1 == dispatcher.signal("x").receivers[0].order


def test_receiver_connects_to_several_signals() -> None:
    """``@receiver(a, b)`` hears both."""
    first, second = Signal(), Signal()

    @receiver(first, second)
    def receive(sender: Any) -> str:
        return "heard"

    assert ["heard"] == first.send().values
    assert ["heard"] == second.send().values


def test_receiver_without_a_signal_is_refused() -> None:
    """``@receiver()`` and ``@receiver`` without a call say what is missing."""
    with pytest.raises(InvalidSignal, match="Say which signal"):
        receiver()
    with pytest.raises(InvalidSignal, match="is not a signal"):
        receiver(plain)  # type: ignore[arg-type]  # the mistake under test


def test_connecting_again_keeps_the_place(dispatcher: SignalDispatcher) -> None:
    """The same callable is connected once, where it was first."""
    bound = Stock()
    dispatcher.connect("x", plain)
    dispatcher.connect("x", bound.reserve)
    dispatcher.connect("x", lambda sender: "last")
    dispatcher.connect("x", plain)
    dispatcher.connect("x", bound.reserve)

    assert ["function", "method", "last"] == dispatcher.send("x").values


def test_methods_of_two_instances_are_two_receivers(
    dispatcher: SignalDispatcher,
) -> None:
    """A bound method is known by its instance and its function."""
    first, second = Stock(), Stock()
    dispatcher.connect("x", first.reserve)
    dispatcher.connect("x", second.reserve)

    assert 2 == len(dispatcher.send("x"))


def test_class_method_of_two_classes_are_two_receivers(
    dispatcher: SignalDispatcher,
) -> None:
    """An inherited class method is another receiver for each class."""

    class Warehouse(Stock):
        pass

    dispatcher.connect("x", Stock.reserve_class)
    dispatcher.connect("x", Warehouse.reserve_class)

    assert 2 == len(dispatcher.send("x"))


def test_lambdas_of_one_line_are_two_receivers(dispatcher: SignalDispatcher) -> None:
    """Lambdas and inner functions are known by the object, not by their name."""
    for number in (1, 2):
        dispatcher.connect("x", lambda sender, n=number: n)

    assert [1, 2] == dispatcher.send("x").values


def test_reload_replaces_the_receivers_of_a_module(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """A receiver of a reloaded module takes the place of its former self."""
    before = make_module("listeners_a", "def receive(sender): return 'old'")
    dispatcher.connect("x", before.receive)
    dispatcher.connect("x", lambda sender: "other")
    after = make_module("listeners_a", "\n\ndef receive(sender): return 'new'")
    dispatcher.connect("x", after.receive)

    assert ["new", "other"] == dispatcher.send("x").values


def test_reload_replaces_class_methods_too(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """A class method is known by its class's name, not by the class object."""
    text = "class A:\n    @classmethod\n    def receive(cls, sender): return {!r}"
    before = make_module("listeners_b", text.format("old"))
    dispatcher.connect("x", before.A.receive)
    after = make_module("listeners_b", text.format("new"))
    dispatcher.connect("x", after.A.receive)

    assert ["new"] == dispatcher.send("x").values


def test_two_functions_of_one_name_are_an_error(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """A name that is defined twice in one module names both lines."""
    text = "def receive(sender): pass\nfirst = receive\ndef receive(sender): pass\n"
    module = make_module("listeners_c", text)
    dispatcher.connect("x", module.first)

    with pytest.raises(DuplicateReceiver, match=r":1.*:3.*uid="):
        dispatcher.connect("x", module.receive)


def test_uid_tells_two_functions_of_one_name_apart(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """A uid stands in place of file and name, and disconnects as well."""
    text = "def receive(sender): pass\nfirst = receive\ndef receive(sender): pass\n"
    module = make_module("listeners_d", text)
    dispatcher.connect("x", module.first, uid="first")
    dispatcher.connect("x", module.receive, uid="second")

    assert 2 == len(dispatcher.signal("x").receivers)
    assert dispatcher.disconnect("x", uid="first")
    assert 1 == len(dispatcher.signal("x").receivers)


def test_disconnect_tells_whether_it_was_connected(
    dispatcher: SignalDispatcher,
) -> None:
    """``disconnect`` answers True once, then False."""
    dispatcher.connect("x", plain)

    assert dispatcher.disconnect("x", plain)
    assert not dispatcher.disconnect("x", plain)
    assert not dispatcher.disconnect("unknown", plain)


@pytest.mark.parametrize(
    ("wanted", "sent", "is_heard"),
    [
        ("checkout", str(b"checkout", "ascii"), True),
        ("checkout", "cart", False),
        (1000, int("1000"), True),
        (Stock, Stock, True),
        (Stock, Stock(), False),
        ([1], [1], False),
    ],
)
def test_sender_filter(
    dispatcher: SignalDispatcher, wanted: Any, sent: Any, is_heard: bool
) -> None:
    """Texts and numbers are compared by value, everything else by identity."""
    dispatcher.connect("x", plain, sender=wanted)

    assert is_heard is bool(dispatcher.send("x", sent))
    assert is_heard is dispatcher.signal("x").has_receivers(sent)


def test_one_function_with_two_senders_is_two_receivers(
    dispatcher: SignalDispatcher,
) -> None:
    """The sender filter belongs to what makes a receiver the same one."""
    dispatcher.connect("x", plain, sender="a")
    dispatcher.connect("x", plain, sender="b")

    assert 2 == len(dispatcher.signal("x").receivers)
    assert dispatcher.disconnect("x", plain, sender="a")
    assert [] == dispatcher.send("x", "a")


def test_receivers_are_kept_alive(dispatcher: SignalDispatcher) -> None:
    """A receiver that nobody else holds stays connected."""
    dispatcher.connect("x", Stock().reserve)
    gc.collect()

    assert ["method"] == dispatcher.send("x").values


def test_weak_receiver_goes_with_its_object(dispatcher: SignalDispatcher) -> None:
    """A weak bound method is gone when its instance is."""
    stock = Stock()
    dispatcher.connect("x", stock.reserve, weak=True)
    assert ["method"] == dispatcher.send("x").values

    del stock
    gc.collect()

    assert [] == dispatcher.send("x")
    assert not dispatcher.signal("x")


@pytest.mark.parametrize(
    "wrong",
    [lambda sender: None, functools.partial(plain), decorated(lambda sender: None)],
)
def test_weak_reference_to_a_short_lived_function_is_refused(
    dispatcher: SignalDispatcher, wrong: Any
) -> None:
    """A weak lambda, partial or inner function would be gone at once."""
    with pytest.raises(InvalidReceiver, match="weak=True"):
        dispatcher.connect("x", wrong, weak=True)


def test_connected_to_connects_for_a_block(dispatcher: SignalDispatcher) -> None:
    """The receiver is gone after the block, also after an error in it."""
    signal = dispatcher.signal("x")

    def fail() -> None:
        with signal.connected_to(plain):
            heard.extend(signal.send().values)
            raise KeyError

    heard: list[Any] = []
    with pytest.raises(KeyError):
        fail()

    assert ["function"] == heard
    assert not signal


def test_connected_to_leaves_a_receiver_that_was_there(
    dispatcher: SignalDispatcher,
) -> None:
    """What was connected before the block is connected after it."""
    signal = dispatcher.signal("x")
    signal.connect(plain)

    with signal.connected_to(plain):
        pass

    assert ["function"] == signal.send().values


def test_connecting_is_announced(dispatcher: SignalDispatcher) -> None:
    """Connecting and disconnecting send signals of their own, once each."""
    heard: list[Any] = []
    for name in ("receiver_connected", "receiver_disconnected"):
        dispatcher.connect(
            name,
            lambda sender, receiver, name=name: heard.append((name, sender, receiver)),
        )

    dispatcher.connect("x", plain)
    dispatcher.connect("x", plain)
    dispatcher.disconnect("x", plain)

    signal = dispatcher.get("x")
    assert [
        ("receiver_connected", signal, plain),
        ("receiver_disconnected", signal, plain),
    ] == heard


def test_leaking_receiver_is_noticed_once(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A function that is made anew and connected a thousand times is a leak."""
    for _ in range(1100):
        dispatcher.connect("x", lambda sender: None)

    assert 1 == len(caplog.records)
    assert "was connected 1001 times" in caplog.records[0].getMessage()


def test_receivers_that_are_disconnected_again_are_no_leak(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Connecting for a block, however often, warns about nothing."""
    for _ in range(1100):
        with dispatcher.signal("x").connected_to(lambda sender: None):
            pass

    assert [] == caplog.records


def test_connected_to_restores_what_the_block_took_away(
    dispatcher: SignalDispatcher,
) -> None:
    """A receiver that was there is there again, with the options it had."""
    signal = dispatcher.signal("x")
    signal.connect(plain, order=3)
    signal.connect(lambda sender: "other")

    with signal.connected_to(plain, order=-1, on_error="raise"):
        inside = [(r.order, r.on_error) for r in signal.receivers]
        signal.disconnect(plain)

    assert [(-1, "raise"), (0, "log")] == inside
    assert [(0, "log"), (3, "log")] == [
        (receiver.order, receiver.on_error) for receiver in signal.receivers
    ]


def test_one_uid_for_two_functions_is_an_error(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """Another function under a uid that is taken is no reload."""
    first = make_module("listeners_e", "def receive(sender): pass")
    second = make_module("listeners_f", "def receive(sender): pass")
    dispatcher.connect("x", first.receive, uid="audit")

    with pytest.raises(DuplicateReceiver, match=r"listeners_e.*listeners_f"):
        dispatcher.connect("x", second.receive, uid="audit")


def test_declaring_survives_a_weak_receiver_that_goes(
    dispatcher: SignalDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weak receiver that is collected while the payload is checked is passed over."""
    stocks = [Stock(), Stock()]
    for stock in stocks:
        dispatcher.connect("x", stock.reserve, weak=True)
    del stock

    class Payload(TypedDict):
        order_id: int

    def collect_then_check(*given: Any) -> None:
        stocks.clear()
        gc.collect()
        check_fields(*given)

    monkeypatch.setattr("lback.core._cell.check_fields", collect_then_check)

    signal = dispatcher.signal("x", payload=Payload)

    assert not signal


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"order": 5}, "with order=1"),
        ({"on_error": "log"}, "with on_error='raise'"),
        ({"weak": True}, "with weak=False"),
        ({"order": 5, "after": "a.b"}, r"with order=1, after=\(\)"),
    ],
)
def test_connecting_again_with_other_options_is_refused(
    dispatcher: SignalDispatcher, options: Any, told: str
) -> None:
    """What would be ignored is an error that tells how it is connected."""
    dispatcher.connect("x", plain, order=1, on_error="raise")

    with pytest.raises(InvalidReceiver, match=told):
        dispatcher.connect("x", plain, **options)

    assert [(1, "raise")] == [
        (known.order, known.on_error) for known in dispatcher.signal("x").receivers
    ]


def test_connecting_again_with_the_same_options_changes_nothing(
    dispatcher: SignalDispatcher,
) -> None:
    """The same options, or fewer of them, contradict nothing."""
    dispatcher.connect("x", plain, order=1, before=["a.b"])

    dispatcher.connect("x", plain, order=1, before="a.b")
    dispatcher.connect("x", plain)

    assert 1 == len(dispatcher.signal("x").receivers)


def test_a_receiver_cannot_run_before_itself(dispatcher: SignalDispatcher) -> None:
    """An order that names the receiver itself is refused at connect."""
    with pytest.raises(InvalidReceiver, match="before or after itself"):
        dispatcher.connect("x", plain, after=f"{__name__}.plain")


def test_dialects_may_hold_anything_weakly(dispatcher: SignalDispatcher) -> None:
    """An inner function that somebody else keeps can be held weakly after all."""
    signal = dispatcher.signal("x")

    def inner(sender: Any) -> str:
        return "inner"

    signal.connect_any_weakly(inner)

    assert ["inner"] == signal.send().values
    del inner
    gc.collect()
    assert not signal


def test_what_allows_no_weak_reference_is_refused(dispatcher: SignalDispatcher) -> None:
    """An object without weak references says so, whatever the dialect."""

    class Slotted:
        __slots__ = ()

        def __call__(self, sender: Any) -> None: ...

    with pytest.raises(InvalidReceiver, match="does not allow weak"):
        dispatcher.signal("x").connect_any_weakly(Slotted())


def test_a_method_of_a_builtin_is_one_receiver(dispatcher: SignalDispatcher) -> None:
    """``heard.append`` is another object at each look, and the same receiver."""
    heard: list[Any] = []
    others: list[Any] = []
    signal = dispatcher.signal("x")
    signal.connect(heard.append)
    signal.connect(heard.append)
    signal.connect(others.append)

    signal.send("once")

    assert [["once"], ["once"]] == [heard, others]
    assert signal.disconnect(heard.append)
    assert 1 == len(signal.receivers)


def test_signals_that_are_gone_are_no_leak(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A leak is counted for each signal: many signals of one receiver are none."""
    for number in range(1001):
        dispatcher.connect(f"x.{number}", lambda sender: None)

    assert [] == caplog.messages
