"""Who is connected changes in the middle of sends and blocks."""

import gc
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import pytest

from lback.core._observers import observe
from lback.core._observers import Observer
from lback.core._observers import stop_observing
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


class Stock:
    """An object with a receiver."""

    # Itself, so that only the garbage collector can take it away.
    itself: "Stock | None" = None

    def reserve(self, sender: Any) -> str:
        """Receive."""
        return "reserved"


@pytest.fixture
def signal(dispatcher: SignalDispatcher) -> Signal:
    """Return a signal without receivers."""
    return dispatcher.signal("x")


def test_a_receiver_may_disconnect_all_and_the_send_goes_on(signal: Signal) -> None:
    """Who was connected when the send began is called, the next send calls nobody."""
    functions: list[Callable[..., Any]] = []

    def disconnect_all(sender: Any) -> int:
        return sum(signal.disconnect(function) for function in functions)

    functions += [disconnect_all, Stock().reserve, lambda sender: "last"]
    for function in functions:
        signal.connect(function)

    assert [3, "reserved", "last"] == signal.send().values
    assert [] == signal.send()


def test_a_receiver_that_is_connected_during_a_send_hears_the_next(
    signal: Signal,
) -> None:
    """A new receiver, even one that comes first, is not called by this send."""
    heard: list[str] = []

    @signal.connect
    def connect_more(sender: Any) -> None:
        heard.append("old")
        signal.connect(lambda sender: heard.append("new"), order=-1)
        signal.connect(lambda sender: heard.append("newer"), order=1)
        signal.disconnect(connect_more)

    signal.send()
    assert ["old"] == heard

    signal.send()
    assert ["old", "new", "newer"] == heard


def test_a_send_inside_a_send_sees_what_changed(signal: Signal) -> None:
    """The next send is also one that a receiver makes."""

    @signal.connect
    def replace(sender: Any) -> Any:
        signal.disconnect(replace)
        signal.connect(lambda sender: "new")
        return signal.send().values

    signal.connect(lambda sender: "old")

    assert [["old", "new"], "old"] == signal.send().values


def test_blocks_that_end_in_another_order_leave_nothing_behind(signal: Signal) -> None:
    """Two tasks that connect the same receiver for a while leave it unconnected."""
    reserve = Stock().reserve
    first, second = signal.connected_to(reserve), signal.connected_to(reserve, order=2)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert [2] == [receiver.order for receiver in signal.receivers]

    second.__exit__(None, None, None)

    assert not signal


def test_blocks_that_end_in_another_order_restore_what_was_there(
    signal: Signal,
) -> None:
    """What was connected before the first block is there after the last one."""
    reserve = Stock().reserve
    signal.connect(reserve, order=7)
    blocks = [signal.connected_to(reserve, order=order) for order in range(3)]
    for block in blocks:
        block.__enter__()
    for place in (1, 0, 2):
        blocks[place].__exit__(None, None, None)

    assert [7] == [receiver.order for receiver in signal.receivers]


def test_a_block_does_not_bring_back_who_is_gone(signal: Signal) -> None:
    """A weak receiver that dies while another has its uid leaves no entry."""
    stock = Stock()
    signal.connect(stock.reserve, weak=True, uid="stock")

    with signal.connected_to(lambda sender: "in its place", uid="stock"):
        del stock
        gc.collect()

    assert not signal


class Log(Observer):
    """Write down what is sent."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def sent(self, signal: Any, sender: Any, fields: Mapping[str, Any]) -> None:
        """Write it down."""
        self.seen.append(sender)


@pytest.fixture
def log() -> Iterator[Log]:
    """Return an observer that does not watch yet, and does not after the test."""
    made = Log()
    yield made
    stop_observing(made)


def test_what_changes_while_a_send_is_prepared_holds_for_the_next(
    dispatcher: SignalDispatcher, log: Log
) -> None:
    """The default of a field may connect, disconnect or watch: nothing is missed."""
    changes: list[Callable[[], object]] = []

    def make_default() -> None:
        if changes:
            changes.pop(0)()

    @dataclass
    class Noted:
        number: int
        note: None = field(default_factory=make_default)

    signal = dispatcher.signal("noted", payload=Noted)
    first = signal.connect(lambda sender, number: number)
    second = Stock().reserve

    changes.append(lambda: signal.connect(second))
    signal.send(number=1)
    assert [2, "reserved"] == signal.send(number=2, note=None).values

    changes.append(lambda: signal.disconnect(first))
    signal.send(number=3)
    assert ["reserved"] == signal.send(number=4, note=None).values

    changes.append(lambda: observe(log))
    signal.send(number=5)
    log.seen.clear()
    signal.send("watched", number=6, note=None)
    assert ["watched"] == log.seen
