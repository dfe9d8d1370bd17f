"""Whatever is done in whatever order, signals do what a plain list would do.

The model is a list of connections and a loop over it. Each step is done to the signals
and to the model, and both must agree: on who is connected, on every call and what it
was called with, on what came back or was raised, was logged, announced and seen.

``LBACK_EXAMPLES=2000 pytest tests/core/signals/test_model.py`` looks for longer.
"""
# NOTE: one long file, because files of tests do not import each other.

import asyncio
import contextvars
import functools
import gc
import logging
import os
from collections import defaultdict
from collections import deque
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from dataclasses import replace
from enum import Enum
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import NotRequired
from typing import TypedDict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize
from hypothesis.stateful import invariant
from hypothesis.stateful import rule
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import run_state_machine_as_test

from lback.core._observers import observe
from lback.core._observers import Observer
from lback.core._observers import stop_observing
from lback.core._receivers import Receiver
from lback.core._signal_depth import nesting as _nesting
from lback.core.exceptions import AsyncReceiverInRunningLoop
from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidReceiver
from lback.core.signals import SignalDispatcher

EXAMPLES = int(os.environ.get("LBACK_EXAMPLES", "60"))

Fields = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A payload with a default."""

    a: int
    b: int = 7


class Loose(TypedDict):
    """A payload with a field that may be missing."""

    a: int
    b: NotRequired[int]


SIGNALS: dict[str, Any] = {"free": None, "typed": Point, "loose": Loose}


class Size(Enum):
    """Senders that are compared by value."""

    SMALL = "small"


class Same:
    """Senders that are equal and yet not the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same)

    def __hash__(self) -> int:
        return 1


# By their places in here: as a filter the first one lets everybody through.
SENDERS = (None, "shop", "".join("shop"), 1, True, Size.SMALL, Same(), Same(), Same)


# What can be done, from outside or by a receiver while it runs.
@dataclass(frozen=True)
class Connect:
    """Connect a receiver."""

    signal: str
    receiver: str
    sender: int = 0
    order: int = 0
    on_error: Literal["log", "raise"] = "log"
    weak: bool = False

    def options(self) -> Fields:
        """Return the options that are not as they are by default."""
        given = {"order": self.order, "on_error": self.on_error, "weak": self.weak}
        options = {k: v for k, v in given.items() if v != getattr(Connect, k)}
        return {**options, "sender": SENDERS[self.sender]} if self.sender else options


@dataclass(frozen=True)
class Disconnect:
    """Disconnect a receiver."""

    signal: str
    receiver: str
    sender: int = 0


@dataclass(frozen=True)
class Send:
    """Send fields, by keyword and in this order or as one argument."""

    signal: str
    sender: int
    fields: tuple[tuple[str, int], ...]
    is_lone: bool

    def arguments(self) -> tuple[Any, Fields]:
        """Return the sender and the keywords that are passed to the signal."""
        fields = dict(self.fields)
        if not self.is_lone:
            return SENDERS[self.sender], fields
        if SIGNALS[self.signal] is not Point:
            return fields, {}
        return Point(fields.get("a", 1), fields.get("b", 2)), {}


@dataclass(frozen=True)
class Fail:
    """Raise."""


Action = Connect | Disconnect | Send | Fail


class Failure(Exception):
    """What a failing receiver raises: the number of the call."""


def told(outcome: Any) -> Any:
    """Say what came back so that it can be compared: exceptions by what they say."""
    if isinstance(outcome, Failure):
        return outcome.args
    return type(outcome) if isinstance(outcome, Exception) else outcome


def who(sender: Any) -> Any:
    """Return the place of a sender, which tells apart senders that are equal."""
    places = (place for place, known in enumerate(SENDERS) if known is sender)
    return next(places, sender)


class Journal:
    """What happened, and what receivers are to do when they are called next."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, Fields]] = []
        self.failures: list[tuple[str | None, Any, Any]] = []
        self.logged: list[tuple[str, str]] = []
        self.seen: list[tuple[str | None, Any, Fields]] = []
        self.plans: dict[str, deque[Action]] = defaultdict(deque)

    def note(self, name: str, sender: Any, fields: Fields) -> tuple[int, Action | None]:
        """Write down a call; return its number and what it is to do."""
        self.calls.append((name, who(sender), fields))
        plan = self.plans[name]
        return len(self.calls), plan.popleft() if plan else None

    def pages(self) -> tuple[Any, ...]:
        """Return all that happened, and begin a new page."""
        happened = self.calls, self.failures, self.logged, self.seen
        self.calls, self.failures, self.logged, self.seen = [], [], [], []
        return happened


# The signals themselves, and receivers of all kinds.
class Real(Observer):
    """Signals, and the journal that their receivers write."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.dispatcher = SignalDispatcher()
        self.signals = {
            name: self.dispatcher.signal(name, payload=payload, doc=name)
            for name, payload in SIGNALS.items()
        }
        self.receivers = {name: kind.make() for name, kind in KINDS.items()}
        self.closed: frozenset[str] = frozenset()
        self.dispatcher.connect("receiver_failed", self.announced)

    def logged(self, record: logging.LogRecord) -> bool:
        """Take note of a log record; let nobody keep it, for it keeps receivers."""
        assert isinstance(record.args, tuple)
        self.journal.logged.append((str(record.args[1]), str(record.args[2])))
        return False

    def announced(self, signal: Any, receiver: Any, exception: Exception) -> None:
        """Take note of a failure that is announced."""
        said = (signal.name, self.name_of(receiver), told(exception))
        self.journal.failures.append(said)

    def sent(self, signal: Any, sender: Any, fields: Mapping[str, Any]) -> None:
        """Take note of a send that is observed."""
        if signal.name in SIGNALS:
            self.journal.seen.append((signal.name, who(sender), dict(fields)))

    def lets_run(self, signal: Any, receiver: Receiver) -> bool:
        """Keep the receivers from running that are closed."""
        is_ours = signal.name in SIGNALS
        return not is_ours or self.name_of(receiver.target()) not in self.closed

    def name_of(self, function: Any) -> str:
        """Return the name of one of the receivers."""
        return next(name for name, f in self.receivers.items() if f == function)

    def do(self, action: Action | None) -> Any:
        """Do *action* as synchronous code does it."""
        if not isinstance(action, Send):
            return self._change(action)
        sender, fields = action.arguments()
        return self._read(self.signals[action.signal].send(sender, **fields))

    async def ado(self, action: Action | None) -> Any:
        """Do *action* as asynchronous code does it."""
        if not isinstance(action, Send):
            return self._change(action)
        sender, fields = action.arguments()
        signal = self.signals[action.signal]
        return self._read(await signal.asend(sender=sender, **fields))

    def _change(self, action: Action | None) -> bool | None:
        if isinstance(action, Fail):
            raise Failure(len(self.journal.calls))
        if isinstance(action, Connect):
            receiver = self.receivers[action.receiver]
            self.signals[action.signal].connect(receiver, **action.options())
        if isinstance(action, Disconnect):
            return self.signals[action.signal].disconnect(
                self.receivers[action.receiver], sender=SENDERS[action.sender]
            )
        return None

    def _read(self, results: Any) -> Any:
        pairs = [(self.name_of(function), told(value)) for function, value in results]
        return pairs, results.values, [told(error) for error in results.errors]


# NOTE: functions of a module cannot be made anew for each example, so that they have to
# look for the journal to write.
stage: list[Real] = []


def hear(name: str, sender: Any, **fields: Any) -> int:
    """Be called; return the number of the call."""
    number, action = stage[-1].journal.note(name, sender, fields)
    stage[-1].do(action)
    return number


async def hear_async(name: str, sender: Any, **fields: Any) -> int:
    """Be called and awaited; return the number of the call."""
    await asyncio.sleep(0)
    number, action = stage[-1].journal.note(name, sender, fields)
    await stage[-1].ado(action)
    return number


# ruff: noqa: D102, D103  # they are nothing but their parameters
def function(sender: Any, a: Any) -> int:
    return hear("function", sender, a=a)


def function_of_all(sender: Any, **fields: Any) -> int:
    return hear("function of all", sender, **fields)


async def coroutine(sender: Any, b: Any = None) -> int:
    return await hear_async("coroutine", sender, b=b)


def passed_on(inner: Callable[..., int]) -> Callable[..., int]:
    @functools.wraps(inner)
    def wrapper(*args: Any, **fields: Any) -> int:
        return inner(*args, **fields)

    return wrapper


@passed_on
def wrapped(sender: Any, b: Any, a: Any = None) -> int:
    return hear("wrapped", sender, a=a, b=b)


class Stock:
    """Receivers that a class holds."""

    def method(self, sender: Any, b: Any = None) -> int:
        return hear("method", sender, b=b)

    @classmethod
    def of_class(cls, sender: Any, a: Any = None, b: Any = None) -> int:
        return hear("class method", sender, a=a, b=b)

    @staticmethod
    def static(sender: Any) -> int:
        return hear("static method", sender)

    def __call__(self, sender: Any, *, a: Any = None) -> int:
        return hear("object", sender, a=a)


class AsyncStock:
    """An object whose call is a coroutine."""

    async def __call__(self, sender: Any, **fields: Any) -> int:
        return await hear_async("async object", sender, **fields)


class Kind(NamedTuple):
    """A receiver as the model knows it: what it takes, and how it runs."""

    make: Callable[[], Callable[..., Any]]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    takes_all: bool = False
    is_async: bool = False
    turns_async: bool = False
    can_be_weak: bool = True
    can_go: bool = False


KINDS = {
    "function": Kind(lambda: function, ("a",)),
    "function of all": Kind(lambda: function_of_all, takes_all=True),
    "wrapped": Kind(lambda: wrapped, ("b",), ("a",)),
    "method": Kind(lambda: Stock().method, may=("b",), can_go=True),
    "class method": Kind(lambda: Stock.of_class, may=("a", "b")),
    "static method": Kind(lambda: Stock.static),
    "object": Kind(Stock, may=("a",), can_go=True),
    "partial": Kind(
        lambda: functools.partial(hear, "partial"), takes_all=True, can_be_weak=False
    ),
    "lambda": Kind(
        lambda: lambda sender, c: hear("lambda", sender, c=c),
        ("c",),
        can_be_weak=False,
    ),
    "coroutine": Kind(lambda: coroutine, may=("b",), is_async=True),
    "async object": Kind(AsyncStock, takes_all=True, is_async=True, can_go=True),
    "async lambda": Kind(
        lambda: lambda sender: hear_async("async lambda", sender),
        turns_async=True,
        can_be_weak=False,
    ),
}


# The model.
def is_same(wanted: Any, sender: Any) -> bool:
    """Compare as a filter does: texts, numbers and enums by value, else by identity."""
    by_value = (str, int, Enum)
    if isinstance(wanted, by_value) and isinstance(sender, by_value):
        return bool(wanted == sender)
    return wanted is sender


@dataclass(eq=False)
class Connection:
    """A connected receiver."""

    wish: Connect
    number: int

    def hears(self, sender: Any) -> bool:
        """Tell whether a send of *sender* is for it."""
        wanted = SENDERS[self.wish.sender]
        return wanted is None or is_same(wanted, sender)

    def is_for(self, other: Connect | Disconnect) -> bool:
        """Tell whether *other* means this connection."""
        mine, its = SENDERS[self.wish.sender], SENDERS[other.sender]
        return self.wish.receiver == other.receiver and is_same(mine, its)


class Model:
    """What signals are to do, in the plainest words."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.connected: dict[str, list[Connection]] = {name: [] for name in SIGNALS}
        self.muted: list[str] = []
        self.closed: frozenset[str] = frozenset()
        self.is_watched = False
        self.blocks: list[Block] = []
        self._count = 0

    def blocks_of(self, wish: Connect) -> "list[Block]":
        """Return the blocks under way that connect what *wish* connects."""
        return [
            block
            for block in self.blocks
            if block.made.wish.signal == wish.signal and block.made.is_for(wish)
        ]

    def in_order(self, signal: str) -> list[Connection]:
        """Return the connections of *signal* in the order in which they run."""
        return sorted(self.connected[signal], key=lambda c: (c.wish.order, c.number))

    def find(self, wish: Connect | Disconnect) -> Connection | None:
        """Return the connection that *wish* means."""
        found = (c for c in self.connected[wish.signal] if c.is_for(wish))
        return next(found, None)

    def take(self, wish: Connect | Disconnect) -> Connection | None:
        """Take the connection away that *wish* means, and return it."""
        found = self.find(wish)
        if found is not None:
            self.connected[wish.signal].remove(found)
        return found

    def do(self, action: Action | None, *, is_sync: bool, in_loop: bool) -> Any:
        """Do *action*, with or without an event loop that runs."""
        if isinstance(action, Send):
            return self._send(action, is_sync=is_sync, in_loop=in_loop)
        if isinstance(action, Fail):
            raise Failure(len(self.journal.calls))
        if isinstance(action, Disconnect):
            return self.take(action) is not None
        if isinstance(action, Connect):
            self._connect(action)
        return None

    def _connect(self, wish: Connect) -> None:
        kind, payload = KINDS[wish.receiver], SIGNALS[wish.signal]
        if wish.weak and not kind.can_be_weak:
            raise InvalidReceiver
        if payload is not None and not {"a", "b"}.issuperset(kind.needs):
            raise InvalidReceiver
        known = self.find(wish)
        if known is None:
            self._count += 1
            self.connected[wish.signal].append(Connection(wish, self._count))
        elif not known.wish.options().items() >= self._compared(wish).items():
            raise InvalidReceiver
        else:  # it stays when the blocks that connect it have ended
            for block in self.blocks_of(wish)[:1]:
                block.before = known

    def _compared(self, wish: Connect) -> Fields:
        """Return the options that a known connection must have, too."""
        return {k: v for k, v in wish.options().items() if k != "sender"}

    def _fitted(self, send: Send) -> tuple[Any, Fields]:
        """Return what receivers are called with."""
        sender, fields = send.arguments()
        payload = SIGNALS[send.signal]
        if payload is None:
            return sender, fields
        if send.is_lone:
            fields = sender if payload is Loose else vars(sender)
            sender = None
        if "a" not in fields or not fields.keys() <= {"a", "b"}:
            raise InvalidPayload
        return sender, {"b": 7, **fields} if payload is Point else fields

    def _send(self, send: Send, *, is_sync: bool, in_loop: bool) -> Any:
        sender, fields = self._fitted(send)
        if self.is_watched:
            self.journal.seen.append((send.signal, who(sender), fields))
        running = [c for c in self.in_order(send.signal) if c.hears(sender)]
        if self.is_watched:
            running = [c for c in running if c.wish.receiver not in self.closed]
        if send.signal in self.muted:
            running = []
        names = [c.wish.receiver for c in running]
        if is_sync and in_loop and any(KINDS[name].is_async for name in names):
            raise AsyncReceiverInRunningLoop
        pairs, values, errors = [], [], []
        for connection, name in zip(running, names, strict=True):
            try:
                outcome = self._call(name, sender, fields, is_sync, in_loop)
                values.append(outcome)
            except Exception as error:
                if connection.wish.on_error == "raise":
                    raise
                outcome = told(error)
                errors.append(outcome)
                self.journal.failures.append((send.signal, name, outcome))
                self.journal.logged.append((send.signal, type(error).__name__))
            pairs.append((name, outcome))
        return pairs, values, errors

    def _call(
        self, name: str, sender: Any, fields: Fields, is_sync: bool, in_loop: bool
    ) -> int:
        kind = KINDS[name]
        if not fields.keys() >= set(kind.needs):
            raise TypeError
        if kind.turns_async and is_sync and in_loop:
            raise AsyncReceiverInRunningLoop
        got = {field: fields.get(field) for field in (*kind.needs, *kind.may)}
        number, action = self.journal.note(
            name, sender, dict(fields) if kind.takes_all else got
        )
        awaits = kind.is_async or kind.turns_async
        self.do(action, is_sync=not awaits, in_loop=in_loop or awaits)
        return number


# The machine that does the same to both.
PLACES = st.sampled_from([0] * 12 + list(range(1, len(SENDERS))))
NAMES = st.sampled_from(sorted(SIGNALS))
CONNECTS = st.builds(
    Connect,
    signal=NAMES,
    receiver=st.sampled_from(sorted(KINDS)),
    sender=PLACES,
    order=st.integers(-1, 1),
    on_error=st.sampled_from(["log", "log", "raise"]),
    weak=st.sampled_from([False, False, True]),
)
# Mostly fields that every payload has, in both orders.
FIELD_NAMES = st.sampled_from(["a", "ab", "ab", "ba", "abc", "cba", "b", ""])
SENDS = st.builds(
    Send,
    signal=NAMES,
    sender=PLACES,
    fields=FIELD_NAMES.map(lambda names: tuple((n, ord(n)) for n in names)),
    is_lone=st.booleans(),
)


@dataclass(eq=False)
class Block:
    """A block for which a receiver is connected."""

    real: AbstractContextManager[None]
    made: Connection
    before: Connection | None

    def is_like(self, other: "Block") -> bool:
        """Tell whether another block connects the same receiver."""
        mine, its = self.made.wish, other.made.wish
        return mine.signal == its.signal and self.made.is_for(its)


class Machine(RuleBasedStateMachine):
    """Signals and their model, sent to by ``send``."""

    is_sync = True

    def __init__(self) -> None:
        super().__init__()
        self.real = Real()
        self.model = Model()
        self.mutes: list[tuple[str, AbstractContextManager[None]]] = []
        self.blocks = self.model.blocks
        stage.append(self.real)
        logging.getLogger("lback.signals").addFilter(self.real.logged)

    def teardown(self) -> None:
        """Leave nothing of this example behind."""
        stop_observing(self.real)
        while self.blocks:
            self.leave(self.blocks[-1])
        for _, mute in self.mutes:
            mute.__exit__(None, None, None)
        logging.getLogger("lback.signals").removeFilter(self.real.logged)
        stage.remove(self.real)

    def really(self, action: Action) -> Any:
        """Do *action* to the signals."""
        return self.real.do(action)

    def agree(self, real: Callable[[], Any], model: Callable[[], Any]) -> bool:
        """Do the same to both; tell whether it went without an error."""
        outcomes = []
        for act in (model, real):
            try:
                outcomes.append(("returned", act()))
            except Exception as error:  # noqa: BLE001  # compared
                outcomes.append(("raised", told(error)))
        assert outcomes[0] == outcomes[1]
        assert self.model.journal.pages() == self.real.journal.pages()
        return outcomes[0][0] == "returned"

    def both(self, action: Action) -> None:
        """Do *action* to the signals and to the model."""
        self.agree(
            lambda: self.really(action),
            lambda: self.model.do(
                action, is_sync=self.is_sync, in_loop=not self.is_sync
            ),
        )

    def some_connection(self, data: st.DataObject) -> Disconnect:
        """Choose one of the connections there are, if there are any."""
        wishes = [c.wish for some in self.model.connected.values() for c in some]
        known = [Disconnect(w.signal, w.receiver, w.sender) for w in wishes]
        return data.draw(st.sampled_from(known or [Disconnect("free", "function")]))

    @initialize(wishes=st.lists(CONNECTS, min_size=6, max_size=12))
    def begin_with_some(self, wishes: list[Connect]) -> None:
        """Begin with some receivers."""
        for wish in wishes:
            self.both(wish)

    @rule(sends=st.lists(SENDS, min_size=1, max_size=4))
    def send(self, sends: list[Send]) -> None:
        """Send some signals."""
        for send in sends:
            self.both(send)

    @rule(wish=CONNECTS, send=SENDS)
    def connect(self, wish: Connect, send: Send) -> None:
        """Connect a receiver, perhaps once more."""
        self.both(wish)
        self.both(send)

    @rule(data=st.data(), send=SENDS)
    def disconnect(self, data: st.DataObject, send: Send) -> None:
        """Disconnect a receiver."""
        self.both(self.some_connection(data))
        self.both(send)

    @rule(
        data=st.data(),
        action=st.one_of(st.just(Fail()), CONNECTS, SENDS, st.none()),
        send=SENDS,
    )
    def let_a_receiver_act(
        self, data: st.DataObject, action: Action | None, send: Send
    ) -> None:
        """Have a receiver do something when it is called next."""
        chosen = self.some_connection(data)
        action = action or self.some_connection(data)
        for journal in (self.real.journal, self.model.journal):
            journal.plans[chosen.receiver].append(action)
        self.both(replace(send, signal=chosen.signal))

    @rule(wish=CONNECTS)
    def enter_a_block(self, wish: Connect) -> None:
        """Connect a receiver for a block."""
        signal, receiver = self.real.signals[wish.signal], wish.receiver
        real = signal.connected_to(self.real.receivers[receiver], **wish.options())
        before = self.model.take(wish)
        if self.agree(
            real.__enter__, lambda: self.model.do(wish, is_sync=True, in_loop=False)
        ):
            made = self.model.find(wish)
            assert made is not None
            self.blocks.append(Block(real, made, before))
        elif before is not None:
            self.model.connected[wish.signal].append(before)

    @rule(data=st.data())
    def leave_a_block(self, data: st.DataObject) -> None:
        """Leave a block, in whatever order they were entered."""
        if self.blocks:
            self.leave(data.draw(st.sampled_from(self.blocks)))

    def leave(self, block: "Block") -> None:
        """Leave *block*; what was connected before it is connected again."""
        block.real.__exit__(None, None, None)
        wish, place = block.made.wish, self.blocks.index(block)
        del self.blocks[place]
        inside = [b for b in self.blocks[place:] if b.is_like(block)]
        if not inside:
            self.model.take(wish)
            if block.before is not None:
                self.model.connected[wish.signal].append(block.before)
        elif inside[0].before is block.made:
            inside[0].before = block.before

    @rule(name=NAMES, is_twice=st.booleans())
    def mute(self, name: str, is_twice: bool) -> None:
        """Mute a signal, perhaps once more; or end a mute, in whatever order."""
        known = [mute for mute in self.mutes if mute[0] == name]
        if known and not is_twice:
            self.mutes.remove(known[0])
            self.model.muted.remove(name)
            known[0][1].__exit__(None, None, None)
        else:
            mute = self.real.signals[name].muted()
            mute.__enter__()
            self.mutes.append((name, mute))
            self.model.muted.append(name)

    @rule(closed=st.frozensets(st.sampled_from(sorted(KINDS)), max_size=3))
    def watch(self, closed: frozenset[str]) -> None:
        """Begin to watch all sends and to keep some receivers from running, or end."""
        is_on = self.model.is_watched = not self.model.is_watched
        self.real.closed = self.model.closed = closed
        (observe if is_on else stop_observing)(self.real)

    @rule(name=st.sampled_from([name for name, kind in KINDS.items() if kind.can_go]))
    def let_go(self, name: str) -> None:
        """Let go of an object that is connected weakly at most; another one comes."""
        wishes = [c.wish for some in self.model.connected.values() for c in some]
        holding = [wish.receiver for wish in wishes if not wish.weak]
        holding += [block.made.wish.receiver for block in self.blocks]
        if name not in holding:
            self.real.receivers[name] = KINDS[name].make()
            gc.collect()
            for connections in self.model.connected.values():
                connections[:] = [c for c in connections if c.wish.receiver != name]

    @invariant()
    def the_same_are_connected(self) -> None:
        """Who is connected, in which order, and who would be heard."""
        for name, signal in self.real.signals.items():
            expected = self.model.in_order(name)
            names = [self.real.name_of(r.target()) for r in signal.receivers]
            hearing = [any(c.hears(sender) for c in expected) for sender in SENDERS]
            assert [c.wish.receiver for c in expected] == names
            assert hearing == [signal.has_receivers(sender) for sender in SENDERS]
            assert (bool(expected) or self.model.is_watched) == bool(signal)

    @invariant()
    def no_send_is_left(self) -> None:
        """The depth guard has nothing to guard between the steps."""
        assert 0 == _nesting.alarm
        assert not _nesting.loops


class AsyncMachine(Machine):
    """Signals and their model, sent to by ``asend``."""

    is_sync = False

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()

    def teardown(self) -> None:
        """Leave no event loop behind, either."""
        super().teardown()
        self.runner.close()

    def really(self, action: Action) -> Any:
        """Do *action* to the signals, in a running loop."""
        context = contextvars.copy_context()
        return self.runner.run(self.real.ado(action), context=context)


@pytest.fixture
def quick_collection() -> Iterator[None]:
    """Have the garbage collector pass over what was there before the test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("quick_collection")
@pytest.mark.parametrize("machine", [Machine, AsyncMachine])
def test_signals_agree_with_a_plain_model(machine: type[Machine]) -> None:
    """However the steps are mixed, signals do what the model does."""
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None),
    )
