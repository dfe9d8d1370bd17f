"""Signals as type checkers see them.

Each line that is a mistake carries an ignore with the error it must be; the strict
configuration makes an ignore that nothing needs an error as well. The functions run,
too, so that what type-checks also works.
"""

from dataclasses import dataclass
from typing import Any
from typing import assert_type
from typing import NamedTuple

import pytest

from lback.core.exceptions import InvalidPayload
from lback.core.signals import receiver
from lback.core.signals import Results
from lback.core.signals import Signal


@dataclass(frozen=True)
class OrderPaid:
    """A payload with a default."""

    order_id: int
    total_cents: int = 0


class Shipped(NamedTuple):
    """A payload as a named tuple."""

    order_id: int


order_paid = Signal(payload=OrderPaid)
shipped = Signal(payload=Shipped)
undeclared = Signal()


def test_right_sends_are_typed() -> None:
    """Instances and fields of the declared payload are accepted."""
    assert_type(order_paid.send("checkout", order_id=1, total_cents=2), Results)
    assert_type(order_paid.send(order_id=1), Results)
    assert_type(order_paid.send(sender="checkout", order_id=1), Results)
    assert_type(order_paid.send(OrderPaid(1)), Results)
    assert_type(shipped.send("checkout", order_id=1), Results)
    assert_type(shipped.send(Shipped(1)), Results)


def test_undeclared_signals_are_free() -> None:
    """Without a payload any fields are accepted."""
    assert_type(undeclared.send("checkout", anything=1), Results)
    assert_type(undeclared.send({"order_id": 1}), Results)
    assert_type(undeclared.send(), Results)


def test_wrong_name_is_an_error() -> None:
    """A misspelt field is found by the type checker, and when it runs."""
    with pytest.raises(InvalidPayload):
        order_paid.send("checkout", orderid=1)  # type: ignore[call-overload]


def test_missing_field_is_an_error() -> None:
    """A field that is left out is found by the type checker, and when it runs."""
    with pytest.raises(InvalidPayload):
        order_paid.send("checkout")  # type: ignore[call-overload]


def test_wrong_type_is_an_error() -> None:
    """A value of another type is found by the type checker."""
    order_paid.send("checkout", order_id="1")  # type: ignore[call-overload]


def test_wrong_option_is_an_error() -> None:
    """A misspelt option of a receiver is found by the type checker."""
    with pytest.raises(TypeError):

        @receiver(order_paid, oder=1)  # type: ignore[call-arg]
        def receive(sender: Any) -> None: ...


def test_decorators_keep_the_type_of_the_function() -> None:
    """A receiver is typed as the function it is."""

    @order_paid.connect
    def first(sender: object, order_id: int) -> str:
        return "first"

    @receiver(order_paid, shipped)
    def second(sender: object, order_id: int) -> int:
        return order_id

    assert_type(first(None, 1), str)
    assert_type(second(None, 1), int)
