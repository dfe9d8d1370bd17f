"""Whatever is done in whatever order, a cache does what a plain dictionary would do.

The model keeps values in a dictionary, the longest unused first, and looks through all
of them at each step. Each step is done to a cache and to the model, on a clock that is
moved by hand; both must agree on what is returned, on what is there and on the signals.

``LBACK_EXAMPLES=2000 pytest tests/core/test_cache_model.py`` looks for longer.
"""

import itertools
import os
from collections.abc import Callable
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant
from hypothesis.stateful import rule
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import run_state_machine_as_test

from lback.core import catalogue
from lback.core.cache import Cache
from lback.core.signals import Signal

EXAMPLES = int(os.environ.get("LBACK_EXAMPLES", "100"))
ROOM = 3

Event = tuple[Any, ...]

KEYS = st.sampled_from(["a:1", "a:2", "b:1", "A:1", 7])
SOME_KEYS = st.lists(KEYS, max_size=4)
VALUES = st.sampled_from([None, 0, 5, 2.5, "text"])
TIMES = st.sampled_from([None, 1, 2, 3])
PATTERNS = st.sampled_from(["a:*", "?:1", "[ab]:1", "*", "7", "a:1", "none"])

HEARD: list[Signal[..., Any]] = [
    catalogue.cache_cleared,
    catalogue.cache_hit,
    catalogue.cache_item_deleted,
    catalogue.cache_item_evicted,
    catalogue.cache_item_expired,
    catalogue.cache_item_fetched,
    catalogue.cache_item_set,
    catalogue.cache_miss,
]


class Failed(Exception):
    """What a computation may raise."""


class Kept(NamedTuple):
    """A value of the model and when it ends."""

    value: Any
    end: float | None


class Plain:
    """The model: a dictionary, and everything that is to be announced."""

    def __init__(self) -> None:
        self.now = 0
        self.items: dict[Any, Kept] = {}
        self.events: list[Event] = []

    def is_over(self, key: Any) -> bool:
        """Tell whether the item of *key* has expired."""
        end = self.items[key].end
        return end is not None and end <= self.now

    def live(self) -> list[Any]:
        """Return the keys of what has not expired."""
        return [key for key in self.items if not self.is_over(key)]

    def expire(self, keys: list[Any]) -> None:
        """Take those of *keys* out that have expired."""
        met = [key for key in dict.fromkeys(keys) if key in self.items]
        for key in [key for key in met if self.is_over(key)]:
            self.events.append(("cache_item_expired", key, self.items.pop(key).end))

    def get(self, key: Any, default: Any) -> Any:
        """Look for a value."""
        self.expire([key])
        if key not in self.items:
            self.events.append(("cache_miss", key))
            return default
        self.items[key] = self.items.pop(key)
        self.events.append(("cache_item_fetched", key, "hit"))
        self.events.append(("cache_hit", key))
        return self.items[key].value

    def put(self, key: Any, value: Any, ttl: float | None, end: float | None) -> None:
        """Store a value."""
        self.expire([key])
        old = self.items.pop(key, None)
        if old is None and len(self.items) == ROOM:
            self.expire(list(self.items))
            if len(self.items) == ROOM:
                longest_unused = next(iter(self.items))
                del self.items[longest_unused]
                self.events.append(("cache_item_evicted", longest_unused))
        self.items[key] = Kept(value, end)
        self.events.append(("cache_item_set", key, ttl, end))

    def set(self, key: Any, value: Any, ttl: float | None) -> None:
        """Store a value for a time."""
        self.put(key, value, ttl, None if ttl is None else self.now + ttl)

    def get_or_set(self, key: Any, value: Any, ttl: float | None) -> Any:
        """Look for a value, or store one."""
        missing = object()
        found = self.get(key, missing)
        if found is not missing:
            return found
        if value is Failed:
            return Failed
        self.set(key, value, ttl)
        return value

    def incr(self, key: Any, delta: float, ttl: float | None) -> Any:
        """Add to a number."""
        if key not in self.live():
            self.set(key, delta, ttl)
            return delta
        old = self.items[key]
        if not isinstance(old.value, int | float):
            return TypeError
        self.put(key, old.value + delta, None, old.end)
        return old.value + delta

    def delete(self, keys: list[Any]) -> int:
        """Take items out."""
        self.expire(keys)
        there = [key for key in dict.fromkeys(keys) if key in self.items]
        for key in there:
            del self.items[key]
            self.events.append(("cache_item_deleted", key))
        return len(there)

    def clear(self) -> None:
        """Take everything out."""
        self.expire(list(self.items))
        self.events.append(("cache_cleared", len(self.items)))
        self.items.clear()


def tidied(events: list[Event]) -> Iterator[list[Event]]:
    """Yield runs of events; those that expire together do so in no certain order."""
    for name, found in itertools.groupby(events, key=lambda event: event[0]):
        run = list(found)
        yield sorted(run, key=repr) if name == "cache_item_expired" else run


class Machine(RuleBasedStateMachine):
    """A cache beside the model."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = Plain()
        self.cache = Cache(ROOM, clock=lambda: self.plain.now)
        self.heard: list[Event] = []
        self.receivers = [(signal, self.hear(signal.name)) for signal in HEARD]
        for signal, function in self.receivers:
            signal.connect(function)

    def hear(self, name: str | None) -> Callable[..., None]:
        """Return a receiver that writes down what it hears of this cache."""

        def write_down(sender: Any, **fields: Any) -> None:
            if sender is self.cache:
                self.heard.append((name, *fields.values()))

        return write_down

    def teardown(self) -> None:
        """Leave no receivers behind."""
        for signal, function in self.receivers:
            signal.disconnect(function)

    @rule(seconds=st.integers(1, 3))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.plain.now += seconds

    @rule(key=KEYS, value=VALUES, ttl=TIMES)
    def set(self, key: Any, value: Any, ttl: float | None) -> None:
        """Store a value."""
        self.plain.set(key, value, ttl)
        self.cache.set(key, value, ttl)

    @rule(values=st.dictionaries(KEYS, VALUES, max_size=5), ttl=TIMES)
    def set_many(self, values: dict[Any, Any], ttl: float | None) -> None:
        """Store several values."""
        for key, value in values.items():
            self.plain.set(key, value, ttl)
        self.cache.set_many(values, ttl)

    @rule(key=KEYS)
    def get(self, key: Any) -> None:
        """Look for a value."""
        assert self.plain.get(key, "none") == self.cache.get(key, "none")

    @rule(keys=SOME_KEYS)
    def get_many(self, keys: list[Any]) -> None:
        """Look for several values."""
        missing = object()
        expected = {key: self.plain.get(key, missing) for key in dict.fromkeys(keys)}
        found = {k: v for k, v in expected.items() if v is not missing}

        assert found == self.cache.get_many(keys)

    @rule(key=KEYS, value=VALUES | st.just(Failed), ttl=TIMES)
    def get_or_set(self, key: Any, value: Any, ttl: float | None) -> None:
        """Look for a value, and compute it if there is none."""

        def compute() -> Any:
            if value is Failed:
                raise Failed
            return value

        found: Any
        try:
            found = self.cache.get_or_set(key, compute, ttl)
        except Failed:
            found = Failed

        assert self.plain.get_or_set(key, value, ttl) == found

    @rule(key=KEYS, delta=st.integers(-2, 2), ttl=TIMES)
    def incr(self, key: Any, delta: int, ttl: float | None) -> None:
        """Add to a number."""
        found: Any
        try:
            found = self.cache.incr(key, delta, ttl)
        except TypeError:
            found = TypeError

        assert self.plain.incr(key, delta, ttl) == found

    @rule(key=KEYS)
    def delete(self, key: Any) -> None:
        """Delete an item."""
        assert self.plain.delete([key]) == self.cache.delete(key)

    @rule(keys=SOME_KEYS)
    def delete_many(self, keys: list[Any]) -> None:
        """Delete several items."""
        assert self.plain.delete(keys) == self.cache.delete_many(keys)

    @rule(pattern=PATTERNS)
    def invalidate(self, pattern: str) -> None:
        """Delete what is like a pattern."""
        texts = [key for key in self.plain.items if isinstance(key, str)]
        keys = [key for key in texts if fnmatchcase(key, pattern)]

        assert self.plain.delete(keys) == self.cache.invalidate(pattern)

    @rule()
    def clear(self) -> None:
        """Delete everything."""
        self.plain.clear()
        self.cache.clear()

        assert [] == self.cache._store._ends

    @invariant()
    def the_same_is_there(self) -> None:
        """The same keys are there, in the order in which they were used."""
        live = self.plain.live()

        assert live == self.cache.keys()
        assert all(self.cache.has(key) == (key in live) for key in self.plain.items)

    @invariant()
    def the_same_was_announced(self) -> None:
        """The signals told what happened, in the same order."""
        assert list(tidied(self.plain.events)) == list(tidied(self.heard))

    @invariant()
    def it_stays_small(self) -> None:
        """Nothing is remembered for ever of what has gone."""
        assert not self.cache._computations
        assert len(self.cache._store._ends) <= 2 * ROOM


def test_a_cache_does_what_the_model_does() -> None:
    """However the steps are mixed, values, room and signals agree with the model."""
    run_state_machine_as_test(
        Machine,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=40, deadline=None),
    )
