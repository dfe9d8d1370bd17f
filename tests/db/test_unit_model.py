"""Whatever is done in whatever order, a unit of work does what plain copies would do.

The model keeps a dictionary of rows and a list of calls, a copy of both for each open
savepoint. Each step is done to a unit of work and to the model, and both must agree: on
the rows that are seen, stored and announced, and on every call and its place.

``LBACK_EXAMPLES=2000 pytest tests/db/test_unit_model.py`` looks for longer.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant
from hypothesis.stateful import precondition
from hypothesis.stateful import rule
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import select

from lback.core.catalogue import ChangesCommitted
from lback.core.signals import SignalDispatcher
from lback.db import atomic
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session
from lback.signals import changes_committed

EXAMPLES = int(os.environ.get("LBACK_EXAMPLES", "60"))

Event = tuple[Any, ...]


class Stop(Exception):
    """What leaves a block that is to be rolled back."""


@dataclass
class Level:
    """What a savepoint would restore, and what waits since it began.

    Attributes:
        rows: The total of each row when it began, by key.
        calls: What waits for the commit since.
        block: The block of atomic(), the savepoint, or None for the whole.
    """

    rows: dict[int, int]
    calls: list[Event] = field(default_factory=list)
    block: Any = None


class Units(RuleBasedStateMachine):
    """One unit of work after the other, beside the model."""

    store: Any
    models: SimpleNamespace

    def __init__(self) -> None:
        super().__init__()
        self.store.ask("DELETE FROM dbtests_basket")
        self.happened: list[Event] = []
        self.expected: list[Event] = []
        self.stored: dict[int, int] = {}
        self.rows: dict[int, int] = {}
        self.levels: list[Level] = []
        self.numbers = iter(range(1, 10_000))
        self.unit: Any = None
        dispatcher = SignalDispatcher()
        self.signal = dispatcher.signal("x")
        self.signal.connect(self.receive, when="after_commit")
        changes_committed.connect(self.note_changes)
        self.begin()

    # --- What happens -----------------------------------------------------------------

    def receive(self, sender: Any, word: int, depth: int) -> None:
        """Write down the call, and send again as long as it is told to."""
        self.happened.append(("received", word, depth))
        if depth:
            self.signal.send(word=word, depth=depth - 1)

    def note_changes(self, sender: Any, **groups: Any) -> None:
        """Write down the keys of what was changed."""
        changes = ChangesCommitted(**groups)
        rows = (changes.created, changes.changed, changes.deleted)
        keys = [sorted(ref.key for ref in group) for group in rows]
        self.happened.append(("changes", *keys))

    def teardown(self) -> None:
        """End the last unit."""
        changes_committed.disconnect(self.note_changes)
        error = Stop()
        for level in reversed(self.blocks):
            level.block.__exit__(Stop, error, error.__traceback__)
        with suppress(Stop):
            self.unit.__exit__(Stop, error, error.__traceback__)

    # --- What is expected -------------------------------------------------------------

    @property
    def blocks(self) -> list[Level]:
        """The open savepoints, the outermost first."""
        return self.levels[1:]

    def begin(self) -> None:
        """Begin a unit."""
        self.unit = separate_unit()
        self.unit.__enter__()
        self.begin_level()

    def begin_level(self) -> None:
        """Expect a new transaction."""
        self.levels = [Level(dict(self.rows))]

    def expect_commit(self) -> None:
        """Expect what runs behind a commit."""
        old, new = self.stored, self.rows
        created = sorted(new.keys() - old.keys())
        deleted = sorted(old.keys() - new.keys())
        changed = sorted(key for key in old if key in new and old[key] != new[key])
        if created or changed or deleted:
            self.expected.append(("changes", created, changed, deleted))
        waiting = [call for level in self.levels for call in level.calls]
        while waiting:
            call = waiting.pop(0)
            self.expected.append(call)
            if call[0] == "received" and call[2]:
                waiting.append((*call[:2], call[2] - 1))
        self.stored = dict(new)
        self.begin_level()

    def expect_rollback(self) -> None:
        """Expect that nothing is left."""
        self.rows = dict(self.stored)
        self.begin_level()

    # --- The steps --------------------------------------------------------------------

    @rule(depth=st.integers(0, 2))
    def send(self, depth: int) -> None:
        """Send to a receiver after the commit."""
        word = next(self.numbers)
        self.signal.send(word=word, depth=depth)
        self.levels[-1].calls.append(("received", word, depth))

    @rule()
    def put_off(self) -> None:
        """Put off a function."""
        word = next(self.numbers)
        on_commit(lambda: self.happened.append(("called", word)))
        self.levels[-1].calls.append(("called", word))

    @rule(flushes=st.booleans())
    def add(self, *, flushes: bool) -> None:
        """Add a row."""
        key = next(self.numbers)
        session.add(self.models.Basket(id=key, total=key))
        if flushes:
            session.flush()
        self.rows[key] = key

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), flushes=st.booleans())
    def change(self, data: Any, *, flushes: bool) -> None:
        """Change a row."""
        key = data.draw(st.sampled_from(sorted(self.rows)))
        self.rows[key] = next(self.numbers)
        session.get_one(self.models.Basket, key).total = self.rows[key]
        if flushes:
            session.flush()

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        """Delete a row."""
        key = data.draw(st.sampled_from(sorted(self.rows)))
        del self.rows[key]
        session.delete(session.get_one(self.models.Basket, key))
        session.flush()

    @rule()
    def read(self) -> None:
        """Look at all rows."""
        basket = self.models.Basket
        found = session.execute(select(basket.id, basket.total))

        assert self.rows == {row.id: row.total for row in found}

    @precondition(lambda self: len(self.levels) < 5)
    @rule(by_hand=st.booleans())
    def enter(self, *, by_hand: bool) -> None:
        """Begin a savepoint."""
        block: Any = session.begin_nested() if by_hand else atomic()
        block.__enter__()
        self.levels.append(Level(dict(self.rows), block=block))

    @precondition(lambda self: self.blocks)
    @rule(is_ok=st.booleans())
    def leave(self, *, is_ok: bool) -> None:
        """End the innermost savepoint."""
        level = self.levels.pop()
        if is_ok:
            level.block.__exit__(None, None, None)
            self.levels[-1].calls += level.calls
            return
        error = Stop()
        level.block.__exit__(Stop, error, error.__traceback__)
        self.rows = level.rows

    @precondition(lambda self: not self.blocks)
    @rule()
    def commit(self) -> None:
        """Commit by hand."""
        session.commit()
        self.expect_commit()

    @precondition(lambda self: not self.blocks)
    @rule()
    def rollback(self) -> None:
        """Roll back by hand."""
        session.rollback()
        self.expect_rollback()

    @precondition(lambda self: not self.blocks)
    @rule()
    def close(self) -> None:
        """Close the session by hand."""
        session.close()
        self.expect_rollback()

    @precondition(lambda self: not self.blocks)
    @rule(is_ok=st.booleans())
    def end(self, *, is_ok: bool) -> None:
        """End the unit, and begin the next one."""
        if is_ok:
            self.unit.__exit__(None, None, None)
            self.expect_commit()
        else:
            error = Stop()
            with suppress(Stop):
                self.unit.__exit__(Stop, error, error.__traceback__)
            self.expect_rollback()
        self.begin()

    @invariant()
    def it_happened(self) -> None:
        """What happened is what was expected, in the same order."""
        assert self.expected == self.happened

    @invariant()
    def it_is_stored(self) -> None:
        """What is stored is what was committed."""
        rows = self.store.ask("SELECT id, total FROM dbtests_basket")

        assert self.stored == dict(rows)


def test_units_do_what_the_model_does(sqlite: Any, models: SimpleNamespace) -> None:
    """Units of work, savepoints and what waits for commits agree with the model."""

    class Machine(Units):
        store = sqlite

    Machine.models = models
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert 0 == sqlite.taken()
