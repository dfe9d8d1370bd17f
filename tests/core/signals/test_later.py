"""Deliveries that come later: after the commit, and durable ones, which are refused."""

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import uuid
from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from typing import NamedTuple
from typing import NotRequired
from typing import TypedDict

import pydantic
import pytest

from lback.core._observers import observe
from lback.core._observers import Observer
from lback.core._observers import on_failure
from lback.core._observers import remove_failure_hook
from lback.core._observers import stop_observing
from lback.core._ref import Ref
from lback.core._unit_of_work import current
from lback.core.exceptions import DeliveryUnavailable
from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidReceiver
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]

LISTENERS = """
def send_receipt(sender): return "now"
class Mailer:
    def send(self, sender): pass
    def __call__(self, sender): pass
"""


def test_a_durable_delivery_stops_the_start(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """One error names every receiver that is to be called durably, and the remedy."""
    first = make_module("later_a", LISTENERS)
    second = make_module("later_b", LISTENERS)
    dispatcher.connect("x", first.send_receipt, when="durable")
    dispatcher.connect("y", second.send_receipt, when="durable")

    with pytest.raises(DeliveryUnavailable) as error:
        dispatcher.settle({})

    assert f"later_a.send_receipt ({first.__file__}:2) with when='durable'" in str(
        error.value
    )
    assert "later_b.send_receipt" in str(error.value)
    assert 'Use when="after_commit", or take when= away' in str(error.value)


def test_a_durable_delivery_never_runs_now(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """Without a start-up the send says what is missing; nobody has run."""
    ran: list[str] = []
    listeners = make_module("later_c", LISTENERS)
    dispatcher.connect("x", lambda sender: ran.append("first"))
    dispatcher.connect("x", lambda sender: ran.append("2nd"), when="after_commit")
    dispatcher.connect("x", listeners.send_receipt, when="durable")

    with pytest.raises(DeliveryUnavailable, match=r"later_c\.send_receipt"):
        dispatcher.send("x")

    assert [] == ran


def test_a_durable_delivery_after_the_start_is_refused(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """When start-up is over the connect itself raises, and connects nothing."""
    listeners = make_module("later_d", LISTENERS)
    dispatcher.settle({})

    with pytest.raises(DeliveryUnavailable):
        dispatcher.connect("x", listeners.send_receipt, when="durable")

    assert not dispatcher.signal("x")


@pytest.mark.parametrize("kind", ["lambda", "method", "object"])
def test_a_durable_receiver_must_be_findable(
    dispatcher: SignalDispatcher, make_module: MakeModule, kind: str
) -> None:
    """What another process could not find by name cannot be durable."""
    mailer = make_module("later_e", LISTENERS).Mailer()
    functions: dict[str, Any] = {
        "lambda": lambda sender: None,
        "method": mailer.send,
        "object": mailer,
    }

    with pytest.raises(InvalidReceiver, match="cannot find it by name"):
        dispatcher.connect("x", functions[kind], when="durable")


def test_a_start_takes_after_commit(dispatcher: SignalDispatcher) -> None:
    """A receiver after the commit stops no start, and may come behind it."""
    dispatcher.connect("x", lambda sender: None, when="after_commit")
    dispatcher.settle({})
    dispatcher.connect("x", lambda sender: None, when="after_commit")

    assert 2 == len(dispatcher.signal("x").receivers)


@pytest.mark.parametrize("options", [{"on_error": "raise"}, {"weak": True}])
def test_what_nobody_waits_for_cannot_raise_or_go(
    dispatcher: SignalDispatcher, make_module: MakeModule, options: Any
) -> None:
    """Later receivers are held strongly and keep their errors from the sender."""
    listeners = make_module("later_f", LISTENERS)

    with pytest.raises(InvalidReceiver, match="when='after_commit'"):
        dispatcher.connect("x", listeners.send_receipt, when="after_commit", **options)


def test_without_a_unit_it_runs_behind_the_others(dispatcher: SignalDispatcher) -> None:
    """A send that nothing will commit calls later receivers last, in their order."""
    ran: list[str] = []
    dispatcher.connect("x", lambda sender: ran.append("c"), when="after_commit")
    dispatcher.connect("x", lambda sender: ran.append("a"))
    dispatcher.connect("x", lambda sender: ran.append("d"), when="after_commit")
    dispatcher.connect("x", lambda sender: ran.append("b"))
    results = dispatcher.send("x")

    assert ["a", "b", "c", "d"] == ran
    assert 4 == len(results)


class Waiting:
    """A unit of work that keeps what waits for its commit."""

    session = None

    def __init__(self) -> None:
        import threading

        self.thread = threading.get_ident()
        self.calls: list[Any] = []
        self.failed: list[Any] = []

    def on_commit(self, call: Any) -> None:
        """Keep it."""
        self.calls.append(call)

    def note_failure(self, receiver: Any, *more: Any) -> None:
        """Keep it."""
        self.failed.append(receiver)

    def finish(self) -> None:
        """Make every call."""
        calls, self.calls = self.calls, []
        for call in calls:
            call()


@pytest.fixture
def unit() -> Iterator[Waiting]:
    """Let the test be in a unit of work."""
    made = Waiting()
    token = current.set(made)  # type: ignore[arg-type]  # what a send needs of it
    yield made
    current.reset(token)


def test_in_a_unit_it_waits(dispatcher: SignalDispatcher, unit: Waiting) -> None:
    """The results of a send have only those receivers that it has called."""
    ran: list[str] = []
    dispatcher.connect("x", lambda sender: ran.append("now"))
    dispatcher.connect("x", lambda sender: ran.append("later"), when="after_commit")
    results = [dispatcher.send("x") for _ in range(3)]

    assert ["now"] * 3 == ran
    assert [1, 1, 1] == [len(result) for result in results]
    assert 3 == len(unit.calls)


def test_filters_count_when_it_is_sent(
    dispatcher: SignalDispatcher, unit: Waiting
) -> None:
    """Who hears it is settled by the send: not by the state at the commit."""
    ran: list[str] = []
    sender = object()

    def gone(who: Any) -> None:
        ran.append("gone")

    dispatcher.connect("x", gone, when="after_commit")
    dispatcher.connect(
        "x", lambda who: ran.append("mine"), when="after_commit", sender=sender
    )
    dispatcher.connect(
        "x", lambda who: ran.append("other"), when="after_commit", sender="other"
    )
    dispatcher.send("x", sender)
    dispatcher.disconnect("x", gone)
    dispatcher.connect("x", lambda who: ran.append("late"), when="after_commit")
    unit.finish()

    assert ["gone", "mine"] == ran


def test_muted_when_sent_is_never_run(
    dispatcher: SignalDispatcher, unit: Waiting
) -> None:
    """A muted send puts nothing off; muting at the commit comes too late."""
    ran: list[int] = []
    signal = dispatcher.signal("x")
    signal.connect(lambda sender, n: ran.append(n), when="after_commit")
    with signal.muted():
        signal.send(n=1)
    signal.send(n=2)
    with signal.muted():
        unit.finish()

    assert [2] == ran


def test_observers_see_the_send_and_stop_receivers(
    dispatcher: SignalDispatcher, unit: Waiting
) -> None:
    """A send is recorded once, when it is sent, and a gate holds for later ones."""
    seen: list[Any] = []
    ran: list[str] = []

    class Watching(Observer):
        def sent(self, signal: Any, sender: Any, fields: Any) -> None:
            seen.append(dict(fields))

        def lets_run(self, signal: Any, receiver: Any) -> bool:
            return not receiver.name.endswith("stopped")

    def stopped(sender: Any) -> None:
        ran.append("stopped")

    dispatcher.connect("x", stopped, when="after_commit")
    dispatcher.connect("x", lambda sender: ran.append("ran"), when="after_commit")
    watching = Watching()
    observe(watching)
    try:
        dispatcher.send("x", a=[1])
        unit.finish()
    finally:
        stop_observing(watching)

    assert [{"a": [1]}] == seen
    assert ["ran"] == ran


@pytest.mark.parametrize("is_in_unit", [False, True])
def test_changes_behind_the_send_are_not_seen(
    dispatcher: SignalDispatcher, request: pytest.FixtureRequest, *, is_in_unit: bool
) -> None:
    """Every later receiver gets the values as they were sent, each its own copy."""
    unit = request.getfixturevalue("unit") if is_in_unit else None
    seen: list[Any] = []

    def change(sender: Any, things: Any) -> None:
        seen.append([list(x) if isinstance(x, list) else dict(x) for x in things])
        things[0].append("changed")
        things.append({})

    dispatcher.connect("x", change, when="after_commit")
    dispatcher.connect("x", functools.partial(change))
    dispatcher.connect("x", functools.partial(change), when="after_commit")
    things: list[Any] = [[1], {"a": [2]}]
    dispatcher.send("x", things=things)
    if unit is not None:
        unit.finish()

    assert [[[1], {"a": [2]}]] * 3 == seen


class Color(enum.Enum):
    """An enum."""

    RED = "red"


@dataclasses.dataclass(frozen=True)
class Point:
    """A dataclass in a payload."""

    x: int
    tags: list[str] = dataclasses.field(default_factory=list)


class Pair(NamedTuple):
    """A named tuple in a payload."""

    left: Any
    right: Any = None


class Person(pydantic.BaseModel):
    """A pydantic model in a payload."""

    name: str
    tags: list[str] = []


class Anything(TypedDict):
    """A payload of one field."""

    value: Any


class Row:
    """What looks like a row of the database."""

    __mapper__: Any

    def __init__(self, *key: Any) -> None:
        self._sa_instance_state = object()
        self.key = key


class _Mapper:
    @staticmethod
    def primary_key_from_instance(row: Row) -> list[Any]:
        return list(row.key)


Row.__mapper__ = _Mapper

UTC = dt.UTC
SIMPLE: list[Any] = [None, True, 1, 1.5, "x", [], {}, [1, [2]], {"a": {"b": [None]}}]
DECLARED: list[Any] = [
    b"x",
    dt.datetime(2026, 1, 1, tzinfo=UTC),
    dt.date(2026, 1, 1),
    dt.time(1, 2),
    dt.timedelta(1),
    decimal.Decimal("1.10"),
    uuid.UUID(int=1),
    Ref(Row, 1),
    Color.RED,
    {1, 2},
    frozenset({"a"}),
    (1, (2, [3])),
    {1: "a", (1, 2): "b"},
    Point(1, ["a"]),
    Pair([1], Point(2)),
    Person(name="a", tags=["b"]),
    [{"deep": {"a": Point(1), "b": {decimal.Decimal(1)}}}],
]
REFUSED: list[Any] = [
    Row(1),
    [Row(1)],
    {"a": Row(1)},
    object(),
    len,
    iter([]),
    bytearray(b"x"),
    defaultdict(list),
    int,
    ValueError(),
]


def _received(dispatcher: SignalDispatcher, unit: Waiting, value: Any) -> Any:
    seen: list[Any] = []
    dispatcher.connect("x", lambda s, value: seen.append(value), when="after_commit")
    dispatcher.send("x", value=value)
    unit.finish()
    return seen[0]


@pytest.mark.parametrize("value", SIMPLE, ids=repr)
def test_json_can_wait(dispatcher: SignalDispatcher, unit: Waiting, value: Any) -> None:
    """Without a declared payload the types of JSON go through, equal."""
    assert value == _received(dispatcher, unit, value)


@pytest.mark.parametrize("value", [*DECLARED[:-6], *DECLARED[-4:]], ids=repr)
def test_what_only_a_type_brings_back_is_refused(
    dispatcher: SignalDispatcher, unit: Waiting, value: Any
) -> None:
    """Without a declared payload other types are refused; the message says how."""
    with pytest.raises(InvalidPayload, match=r"value.*cannot wait"):
        _received(dispatcher, unit, value)

    assert [] == unit.calls


@pytest.mark.parametrize("value", [*SIMPLE, *DECLARED], ids=repr)
def test_declared_values_can_wait(
    dispatcher: SignalDispatcher, unit: Waiting, value: Any
) -> None:
    """With a declared payload they arrive equal and with their types."""
    dispatcher.signal("x", payload=Anything)
    received = _received(dispatcher, unit, value)

    assert value == received
    assert type(value) is type(received)


@pytest.mark.parametrize("is_declared", [False, True])
@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
def test_what_is_alive_is_refused(
    dispatcher: SignalDispatcher, unit: Waiting, value: Any, *, is_declared: bool
) -> None:
    """Live rows and objects are refused by the send, before anybody has run."""
    ran: list[str] = []
    if is_declared:
        dispatcher.signal("x", payload=Anything)
    dispatcher.connect("x", lambda sender: ran.append("now"))

    with pytest.raises(InvalidPayload, match=r"'x'.*value"):
        _received(dispatcher, unit, value)

    assert [] == ran
    assert [] == unit.calls


class Holder(pydantic.BaseModel):
    """A model that may hold anything."""

    value: Any


@dataclasses.dataclass
class Box:
    """A dataclass that may hold anything."""

    value: Any


@pytest.mark.parametrize("wrap", [Box, Pair, Holder, lambda v: Holder(value=[v])])
def test_a_row_inside_is_found(
    dispatcher: SignalDispatcher, unit: Waiting, wrap: Any
) -> None:
    """A live row is refused however deep it is in a declared payload."""
    dispatcher.signal("x", payload=Anything)
    value = wrap(value=Row(1)) if wrap is Holder else wrap(Row(1))

    with pytest.raises(InvalidPayload, match="Row"):
        _received(dispatcher, unit, value)


def test_a_value_inside_itself_is_refused(
    dispatcher: SignalDispatcher, unit: Waiting
) -> None:
    """What has no end cannot be copied; the sender is told so, not the stack."""
    value: list[Any] = []
    value.append(value)

    with pytest.raises(InvalidPayload, match="value"):
        _received(dispatcher, unit, value)


@pytest.mark.parametrize("value", [Point(1, ["a"]), Pair(["a"]), Person(name="a")])
def test_objects_are_copied(
    dispatcher: SignalDispatcher, unit: Waiting, value: Any
) -> None:
    """What a receiver gets is another object, whose insides are others, too."""
    dispatcher.signal("x", payload=Anything)
    received = _received(dispatcher, unit, value)
    inside = [
        getattr(v, "tags", None) or getattr(v, "left", None) for v in (value, received)
    ]

    assert value is not received
    assert inside[0] is not inside[1] or inside == [None, None]


@dataclasses.dataclass
class Order:
    """A declared payload with defaults."""

    number: int
    lines: list[str] = dataclasses.field(default_factory=lambda: ["none"])


class Optional(TypedDict):
    """A declared payload with a field that may be left out."""

    number: int
    note: NotRequired[str]


class Named(NamedTuple):
    """A declared payload as a named tuple."""

    number: int
    note: str = "none"


class Checked(pydantic.BaseModel):
    """A declared payload as a pydantic model."""

    number: int
    note: str = "none"


@pytest.mark.parametrize("is_instance", [False, True])
@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (Order, {"number": 1, "lines": ["none"]}),
        (Optional, {"number": 1}),
        (Named, {"number": 1, "note": "none"}),
        (Checked, {"number": 1, "note": "none"}),
    ],
)
def test_every_kind_of_payload_can_wait(
    dispatcher: SignalDispatcher,
    unit: Waiting,
    payload: Any,
    expected: dict[str, Any],
    *,
    is_instance: bool,
) -> None:
    """Fields and lone instances arrive alike, with their defaults, time and again."""
    seen: list[Any] = []
    signal = dispatcher.signal("x", payload=payload)
    signal.connect(lambda sender, **fields: seen.append(fields), when="after_commit")
    signal.connect(lambda sender, number: seen.append(number), when="after_commit")
    for _ in range(2):
        if is_instance:
            signal.send(payload(number=1))
        else:
            signal.send(number=1)
    unit.finish()

    assert [expected, 1, expected, 1] == seen


SENDERS: list[Any] = [
    (None, None),
    ("shop", "shop"),
    (Row, Row),
    (5, int),
    (Color.RED, Color),
    (Row(7), Ref(Row, 7)),
    (Row(1, 2), Ref(Row, (1, 2))),
    (Point(1), Point),
]


@pytest.mark.parametrize(("sender", "expected"), SENDERS)
@pytest.mark.parametrize("is_in_unit", [False, True])
def test_senders_do_not_arrive_alive(
    dispatcher: SignalDispatcher,
    request: pytest.FixtureRequest,
    sender: Any,
    expected: Any,
    *,
    is_in_unit: bool,
) -> None:
    """Nobody, a text and a class stay what they are; the rest is a Ref or its class."""
    unit = request.getfixturevalue("unit") if is_in_unit else None
    seen: list[Any] = []
    dispatcher.connect("x", seen.append, when="after_commit")
    dispatcher.send("x", sender)
    if unit is not None:
        unit.finish()

    assert [expected] == seen


def test_a_sender_without_a_key_is_refused(
    dispatcher: SignalDispatcher, unit: Waiting
) -> None:
    """A row that is not written yet has nothing that could stand for it."""
    dispatcher.connect("x", lambda sender: None, when="after_commit")

    with pytest.raises(InvalidPayload, match=r"flush\(\)"):
        dispatcher.send("x", Row(None))


def test_a_failure_is_told(
    dispatcher: SignalDispatcher, unit: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    """What a later call raised is logged, announced, and given to tools."""
    told: list[Any] = []
    announced: list[Any] = []

    def broken(sender: Any) -> None:
        """Not fail here."""

    def hook(signal: Any, receiver: Any, error: Exception) -> None:
        told.append((signal.name, receiver.target(), error))

    dispatcher.connect("x", broken, when="after_commit")
    dispatcher.connect(
        "receiver_failed", lambda s, receiver, exception: announced.append(receiver)
    )
    dispatcher.send("x")
    error = ValueError("canary")
    on_failure(hook)
    try:
        unit.calls[0].fail(error)
    finally:
        remove_failure_hook(hook)

    assert [("x", broken, error)] == told
    assert [broken] == announced
    assert "canary" in caplog.text
    assert unit.calls[0].name.endswith("broken")
