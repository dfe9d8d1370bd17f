"""What a declared payload promises to senders and receivers."""

from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import NamedTuple
from typing import NotRequired
from typing import TypedDict

import pytest

from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


@dataclass(frozen=True)
class OrderPaid:
    """A payload with one required field and two that have defaults."""

    order_id: int
    total_cents: int = 0
    tags: list[str] = field(default_factory=list)


class OrderTuple(NamedTuple):
    """The same as a named tuple."""

    order_id: int
    total_cents: int = 0


class OrderDict(TypedDict):
    """The same as a typed dictionary."""

    order_id: int
    total_cents: NotRequired[int]


@dataclass(frozen=True)
class Nothing:
    """A payload without fields."""


def hear(signal: Signal[..., Any]) -> list[Any]:
    """Collect what *signal* sends."""
    heard: list[Any] = []
    signal.connect(lambda sender, **fields: heard.append((sender, fields)))
    return heard


def test_fields_arrive_with_their_defaults(dispatcher: SignalDispatcher) -> None:
    """A field that is left out arrives with the default of the payload type."""
    signal = dispatcher.signal("x", payload=OrderPaid)
    heard = hear(signal)

    signal.send("shop", order_id=1)

    assert [("shop", {"order_id": 1, "total_cents": 0, "tags": []})] == heard


def test_lone_instance_is_the_payload(dispatcher: SignalDispatcher) -> None:
    """An instance of the payload type is unpacked; the sender is None."""
    signal = dispatcher.signal("x", payload=OrderPaid)
    heard = hear(signal)

    signal.send(OrderPaid(order_id=1, total_cents=2))

    assert [(None, {"order_id": 1, "total_cents": 2, "tags": []})] == heard


def test_lone_dictionary_is_the_payload_of_a_typed_dict(
    dispatcher: SignalDispatcher,
) -> None:
    """For a TypedDict the instance is a dictionary."""
    signal = dispatcher.signal("x", payload=OrderDict)
    heard = hear(signal)

    signal.send({"order_id": 1})

    assert [(None, {"order_id": 1})] == heard


def test_named_tuple_is_a_payload(dispatcher: SignalDispatcher) -> None:
    """A NamedTuple declares fields like a dataclass."""
    signal = dispatcher.signal("x", payload=OrderTuple)
    heard = hear(signal)

    signal.send(OrderTuple(1))
    signal.send("shop", order_id=2)

    assert [
        (None, {"order_id": 1, "total_cents": 0}),
        ("shop", {"order_id": 2, "total_cents": 0}),
    ] == heard


def test_payload_without_fields_may_be_sent_both_ways(
    dispatcher: SignalDispatcher,
) -> None:
    """An empty payload type is fine, with and without an instance."""
    signal = dispatcher.signal("x", payload=Nothing)
    heard = hear(signal)

    signal.send("shop")
    signal.send(Nothing())

    assert [("shop", {}), (None, {})] == heard


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "'order_id' is missing"),
        ({"orderid": 1}, "'orderid' is not declared.*'order_id' is missing"),
        ({"order_id": 1, "vat": 2}, "'vat' is not declared.*total_cents"),
    ],
)
def test_wrong_fields_raise_at_the_send_though_nobody_listens(
    dispatcher: SignalDispatcher, fields: dict[str, Any], message: str
) -> None:
    """A missing or unknown field is an error of the sender, told at once."""
    signal = dispatcher.signal("x", payload=OrderPaid)

    with pytest.raises(InvalidPayload, match=message):
        signal.send("shop", **fields)


@pytest.mark.parametrize("payload", [int, "OrderPaid", OrderPaid(1), 5])
def test_payload_must_declare_fields(
    dispatcher: SignalDispatcher, payload: Any
) -> None:
    """Something without declared fields cannot be a payload type."""
    with pytest.raises(InvalidSignal, match="declares no fields"):
        dispatcher.signal("x", payload=payload)


def test_payload_may_not_use_the_reserved_field(dispatcher: SignalDispatcher) -> None:
    """``sender`` is the one name that a payload cannot have."""

    @dataclass
    class Wrong:
        sender: str

    with pytest.raises(InvalidSignal, match="Rename the field"):
        dispatcher.signal("x", payload=Wrong)


def test_receiver_of_an_unknown_field_is_refused(dispatcher: SignalDispatcher) -> None:
    """A misspelt field is an error when the receiver is connected."""
    signal = dispatcher.signal("x", payload=OrderPaid)

    with pytest.raises(InvalidReceiver, match=r"wants 'total'.*order_id, tags"):
        signal.connect(lambda sender, total: None)


def test_unknown_field_with_a_default_is_fine(dispatcher: SignalDispatcher) -> None:
    """A receiver may have arguments of its own if they have defaults."""
    signal = dispatcher.signal("x", payload=OrderPaid)
    signal.connect(lambda sender, order_id, copies=2: order_id * copies)

    assert [6] == signal.send(order_id=3).values


def test_forgotten_sender_is_noticed(dispatcher: SignalDispatcher) -> None:
    """A receiver whose first argument is a field has forgotten the sender."""
    signal = dispatcher.signal("x", payload=OrderPaid)

    with pytest.raises(InvalidReceiver, match="'sender' in front"):
        signal.connect(lambda order_id, total_cents: None)


def test_payload_declared_later_is_checked_against_earlier_receivers(
    dispatcher: SignalDispatcher,
) -> None:
    """A receiver that was connected by name is checked when the signal is declared."""
    dispatcher.connect("x", lambda sender, total: None)

    with pytest.raises(InvalidReceiver, match="wants 'total'"):
        dispatcher.signal("x", payload=OrderPaid)

    assert dispatcher.signal("x").payload is None
