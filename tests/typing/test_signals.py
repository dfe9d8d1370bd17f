"""Sends and payloads as type checkers see them.

Each line that is a mistake carries an ignore with the error it must be, one for mypy
and one for pyright; an ignore that nothing needs is an error as well. Where one checker
cannot see a mistake, only the other's ignore stands there. The functions run, too, so
that what type-checks also works.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from typing import assert_type
from typing import NamedTuple
from typing import NotRequired
from typing import TypedDict

import pytest
from pydantic import BaseModel

from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidSignal
from lback.core.signals import Results
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


@dataclass(frozen=True)
class Paid:
    """A payload as a dataclass."""

    order_id: int
    total_cents: int = 0


class Shipped(NamedTuple):
    """A payload as a named tuple."""

    order_id: int
    total_cents: int = 0


class Returned(TypedDict):
    """A payload as a typed dictionary."""

    order_id: int
    total_cents: NotRequired[int]


class Refunded(BaseModel):
    """A payload as a pydantic model."""

    order_id: int
    total_cents: int = 0


paid = Signal(payload=Paid)
shipped = Signal(payload=Shipped)
returned = Signal(payload=Returned)
refunded = Signal(payload=Refunded)
undeclared = Signal()


def test_fields_are_accepted() -> None:
    """The declared fields may be sent, those with a default left out, in any order."""
    assert_type(paid.send("shop", order_id=1, total_cents=2), Results)
    assert_type(paid.send("shop", total_cents=2, order_id=1), Results)
    assert_type(paid.send(order_id=1), Results)
    assert_type(paid.send(sender="shop", order_id=1), Results)
    assert_type(shipped.send("shop", order_id=1, total_cents=2), Results)
    assert_type(shipped.send(order_id=1), Results)
    assert_type(returned.send("shop", order_id=1, total_cents=2), Results)
    assert_type(returned.send(order_id=1), Results)
    assert_type(refunded.send("shop", order_id=1, total_cents=2), Results)
    assert_type(refunded.send(order_id=1), Results)


def test_lone_instances_are_accepted() -> None:
    """An instance of the payload is the whole payload."""
    assert_type(paid.send(Paid(1)), Results)
    assert_type(shipped.send(Shipped(1)), Results)
    assert_type(returned.send({"order_id": 1}), Results)
    assert_type(returned.send(Returned(order_id=1)), Results)
    assert_type(refunded.send(Refunded(order_id=1)), Results)


def test_undeclared_signals_are_free() -> None:
    """Without a payload any fields are accepted."""
    assert_type(undeclared.send("shop", anything=1), Results)
    assert_type(undeclared.send({"order_id": 1}), Results)
    assert_type(undeclared.send(), Results)


def test_asend_is_typed_like_send() -> None:
    """What is awaited has the same parameters and the same result."""

    async def send() -> None:
        assert_type(await paid.asend("shop", order_id=1), Results)
        assert_type(await paid.asend(Paid(1)), Results)
        assert_type(await undeclared.asend("shop", anything=1), Results)
        await paid.asend("shop", order_id="1")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        with pytest.raises(InvalidPayload):
            await paid.asend("shop", orderid=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]

    asyncio.run(send())


def test_asend_has_to_be_awaited() -> None:
    """Results that were not awaited are no results."""
    coroutine = paid.asend("shop", order_id=1)
    with pytest.raises(AttributeError):
        coroutine.values  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018  # the mistake
    coroutine.close()


def test_a_misspelt_field_is_an_error() -> None:
    """A field of another name is found by the checkers, and when it runs."""
    with pytest.raises(InvalidPayload):
        paid.send("shop", orderid=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidPayload):
        shipped.send("shop", orderid=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidPayload):
        returned.send("shop", orderid=1)  # type: ignore[call-overload]
    with pytest.raises(InvalidPayload):
        refunded.send("shop", orderid=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def test_an_unknown_field_is_an_error() -> None:
    """A field too many is found by the checkers, and when it runs."""
    with pytest.raises(InvalidPayload):
        paid.send("shop", order_id=1, vat=2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidPayload):
        shipped.send("shop", order_id=1, vat=2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidPayload):
        returned.send("shop", order_id=1, vat=2)  # type: ignore[call-overload]
    with pytest.raises(InvalidPayload):
        refunded.send("shop", order_id=1, vat=2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def test_a_missing_field_is_an_error() -> None:
    """A field that is left out is found by the checkers, and when it runs."""
    with pytest.raises(InvalidPayload):
        paid.send("shop")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidPayload):
        shipped.send("shop", total_cents=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidPayload):
        returned.send("shop")  # type: ignore[call-overload]
    with pytest.raises(InvalidPayload):
        refunded.send()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def test_a_value_of_another_type_is_an_error() -> None:
    """A value of another type is found by the checkers."""
    paid.send("shop", order_id="1")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    shipped.send("shop", order_id="1")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    returned.send("shop", order_id="1")  # type: ignore[call-overload]
    refunded.send("shop", order_id="1")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


def test_an_instance_of_another_payload_is_an_error() -> None:
    """A lone argument has to be the signal's own payload."""
    with pytest.raises(InvalidPayload):
        paid.send(Shipped(1))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidPayload):
        shipped.send(Paid(1))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidPayload):
        returned.send({"orderid": 1})  # type: ignore[call-overload]
    with pytest.raises(InvalidPayload):
        refunded.send({"order_id": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


def test_a_field_by_position_is_an_error() -> None:
    """Fields are passed by name; the checkers see it where the payload says so."""
    with pytest.raises(TypeError):
        paid.send("shop", 1)
    with pytest.raises(TypeError):
        shipped.send("shop", 1)
    with pytest.raises(TypeError):
        returned.send("shop", 1)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        refunded.send("shop", 1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError):
        undeclared.send("shop", 1)


def test_a_payload_that_declares_nothing_is_an_error() -> None:
    """What is no type cannot be a payload."""
    with pytest.raises(InvalidSignal):
        Signal(payload=5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    with pytest.raises(InvalidSignal):
        Signal(payload="Paid")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_wrong_parameters_of_a_signal_are_errors() -> None:
    """A misspelt, a positional and a wrong parameter are found by the checkers."""
    with pytest.raises(TypeError):
        Signal("shop.paid", paylod=Paid)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError):
        Signal("shop.paid", Paid)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidSignal):
        Signal(5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


def test_a_signal_may_be_passed_on() -> None:
    """Functions may ask for any signal, or for one of a certain payload."""

    def count(signal: Signal) -> int:
        return len(signal.receivers)

    def send(signal: Signal[Any, Paid]) -> Results:
        return signal.send(Paid(1))

    assert_type(count(paid) + count(returned) + count(undeclared), int)
    assert_type(send(paid), Results)
    with pytest.raises(InvalidPayload):
        send(shipped)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_signals_of_a_dispatcher_are_free() -> None:
    """A signal that is found by name is not typed."""
    dispatcher = SignalDispatcher()

    assert_type(dispatcher.signal("shop.paid", payload=Paid), Signal[..., Any])
    assert_type(dispatcher.send("shop.paid", order_id=1), Results)
    dispatcher.signal("shop.paid").send(order_id="1")
    with pytest.raises(InvalidPayload):
        dispatcher.send("shop.paid", orderid=1)


def test_results_are_typed() -> None:
    """Results are pairs, values of any type, and exceptions."""
    results = paid.send(Paid(1))

    assert_type(results.values, list[Any])
    assert_type(results.errors, list[Exception])
    for function, value in results:
        function(value)
