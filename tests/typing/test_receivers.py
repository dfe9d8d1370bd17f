"""Receivers as type checkers see them; see ``test_signals`` for how mistakes are told.

What a receiver takes is not typed: it may name any of the fields, which no checker can
express. It is checked when the receiver is connected.
"""

from dataclasses import dataclass
from typing import Any
from typing import assert_type

import pytest

from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.core.signals import receiver
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


@dataclass(frozen=True)
class Paid:
    """A payload."""

    order_id: int
    total_cents: int = 0


@pytest.fixture
def paid() -> Signal[Any, Paid]:
    """Return a signal that nobody else has."""
    return Signal(payload=Paid)


def reserve(sender: object, order_id: int) -> str:
    """Receive."""
    return "reserved"


def test_decorators_keep_the_type_of_the_function(paid: Signal[Any, Paid]) -> None:
    """A receiver is typed as the function it is."""

    @paid.connect
    def first(sender: object, order_id: int) -> str:
        return "first"

    @paid.connect(order=1, on_error="raise")
    def second(sender: object) -> int:
        return 2

    @receiver(paid, "shop.paid", sender="shop", before="shop.mail")
    async def third(sender: object, total_cents: int) -> float:
        return 3.0

    @SignalDispatcher().connect("shop.paid")
    def fourth(sender: object) -> bytes:
        return b""

    assert_type(first(None, 1), str)
    assert_type(second(None), int)
    assert_type(fourth(None), bytes)
    coroutine = third(None, 1)
    coroutine.close()
    assert_type(paid.connect(reserve)(None, 1), str)


def test_connecting_is_typed(paid: Signal[Any, Paid]) -> None:
    """What the other methods take and return."""
    with paid.connected_to(reserve, order=1), paid.muted():
        assert_type(paid.disconnect(reserve), bool)
    assert_type(paid.disconnect(uid="reserve"), bool)
    assert_type(paid.has_receivers("shop"), bool)
    assert_type([known.order for known in paid.receivers], list[int])


def test_what_cannot_be_called_is_an_error(paid: Signal[Any, Paid]) -> None:
    """A receiver has to be callable."""
    with pytest.raises(InvalidReceiver):
        paid.connect(5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidReceiver):
        receiver(paid)("reserve")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


def test_what_is_no_signal_is_an_error() -> None:
    """A receiver is connected to signals, or to their names."""
    with pytest.raises(InvalidSignal):
        receiver(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidSignal):
        SignalDispatcher().connect(5, reserve)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


def test_a_misspelt_option_is_an_error(paid: Signal[Any, Paid]) -> None:
    """Options are known by name wherever they are given."""
    with pytest.raises(InvalidReceiver):
        paid.connect(reserve, oder=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidReceiver):
        receiver(paid, oder=1)(reserve)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidReceiver), paid.connected_to(reserve, oder=1):  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        pass
    with pytest.raises(InvalidReceiver):
        SignalDispatcher().connect("x", reserve, oder=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError):
        paid.disconnect(reserve, order=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_wrong_option_is_an_error(paid: Signal[Any, Paid]) -> None:
    """Each option has its type."""
    with pytest.raises(InvalidReceiver):
        paid.connect(reserve, order="1")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidReceiver):
        paid.connect(reserve, on_error="ignore")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidReceiver):
        paid.connect(reserve, when="later")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidReceiver):
        paid.connect(reserve, uid=5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidReceiver):
        paid.connect(reserve, weak="yes")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidReceiver):
        paid.connect(reserve, before=[5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def test_parameters_of_a_receiver_are_checked_when_it_is_connected(
    paid: Signal[Any, Paid],
) -> None:
    """A field that the payload lacks passes the checkers and is refused."""
    with pytest.raises(InvalidReceiver):

        @paid.connect
        def receive(sender: object, orderid: int) -> None: ...
