"""What waits for a commit runs once, in order, behind the outermost one."""

import functools
import logging
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lback.core.signals import SignalDispatcher
from lback.db import atomic
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session
from lback.db._unit import Unit
from lback.db.engines import Mode
from lback.signals import db_session_committed
from lback.signals import db_session_rolled_back

Put = Callable[[str], None]


@pytest.fixture
def calls() -> list[str]:
    """Return the list that everybody writes to."""
    return []


@pytest.fixture(params=["on_commit", "after_commit"])
def put(
    request: pytest.FixtureRequest, calls: list[str], dispatcher: SignalDispatcher
) -> Put:
    """Return a function that lets a word be written down after the commit."""
    if request.param == "on_commit":
        return lambda word: on_commit(lambda: calls.append(word))
    dispatcher.connect(
        "x", lambda sender, word: calls.append(word), when="after_commit"
    )
    return lambda word: void(dispatcher.send("x", word=word))


def void(value: object) -> None:
    """Return nothing."""


def test_it_waits_for_the_commit(store: Any, put: Put, calls: list[str]) -> None:
    """Nothing runs before the end of the unit, all of it then, in order."""
    with separate_unit():
        put("a")
        put("b")
        before = list(calls)

    assert [] == before
    assert ["a", "b"] == calls


def test_a_rollback_drops_it(store: Any, put: Put, calls: list[str]) -> None:
    """An exception takes along what waited."""
    with suppress(KeyError), separate_unit() as own:
        own.scalar(select(1))
        put("a")
        raise KeyError

    assert [] == calls


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("end", ["rollback", "close", "reset", "invalidate"])
def test_ending_by_hand_drops_it(  # noqa: PLR0913  # what it depends on
    sqlite: Any,
    models: SimpleNamespace,
    put: Put,
    calls: list[str],
    end: str,
    *,
    begins: bool,
) -> None:
    """A transaction that is ended without a commit takes along what waited."""
    with separate_unit() as own:
        if begins:
            own.add(models.Basket(name="lost"))
            own.flush()
        put("lost")
        getattr(own, end)()
        put("kept")

    assert ["kept"] == calls
    assert [] == sqlite.names()


def test_each_commit_by_hand_counts(store: Any, put: Put, calls: list[str]) -> None:
    """Several commits in one unit run what waited for each of them."""
    seen: list[list[str]] = []
    with separate_unit() as own:
        for word in ("a", "b"):
            own.scalar(select(1))
            put(word)
            own.commit()
            seen.append(list(calls))
        put("c")
        own.rollback()
        put("d")

    assert [["a"], ["a", "b"]] == seen
    assert ["a", "b", "d"] == calls


def test_a_commit_without_a_transaction_counts(
    store: Any, put: Put, calls: list[str]
) -> None:
    """Nothing had to be stored, and it was said all the same."""
    with separate_unit() as own:
        put("a")
        own.commit()
        during = list(calls)

    assert ["a"] == during
    assert ["a"] == calls


def test_a_begin_block_counts(store: Any, put: Put, calls: list[str]) -> None:
    """The end of ``with session.begin()`` is a commit, and an empty one is none."""
    with separate_unit() as own:
        with own.begin():
            put("a")
        after_one = list(calls)
        with own.begin():
            pass
        with suppress(KeyError), own.begin():
            put("b")
            raise KeyError

    assert ["a"] == after_one
    assert ["a"] == calls


def test_a_commit_inside_a_begin_block_runs_it_once(
    store: Any, models: SimpleNamespace, put: Put, calls: list[str]
) -> None:
    """``session.commit()`` in the block is the commit; its end is no second one."""
    with separate_unit() as own, own.begin():
        own.add(models.Basket(name="a"))
        put("a")
        own.commit()

    assert ["a"] == calls
    assert ["a"] == store.names()


@pytest.mark.parametrize("block", ["atomic", "begin_nested"])
def test_savepoints_merge_or_drop(
    store: Any, put: Put, calls: list[str], block: str
) -> None:
    """Released at any depth it goes on, in order; rolled back it is dropped."""

    def savepoint(own: Any) -> Any:
        return atomic() if block == "atomic" else own.begin_nested()

    with separate_unit() as own:
        put("1")
        with savepoint(own):
            put("2")
            with suppress(KeyError), savepoint(own):
                put("lost")
                with savepoint(own):
                    put("lost, too")
                raise KeyError
            with savepoint(own):
                put("3")
            put("4")
        put("5")
        before = list(calls)

    assert [] == before
    assert ["1", "2", "3", "4", "5"] == calls


def test_a_commit_goes_through_open_savepoints(
    store: Any, put: Put, calls: list[str]
) -> None:
    """``session.commit()`` with open savepoints runs what waited for all of them."""
    with separate_unit() as own:
        put("1")
        own.begin_nested()
        put("2")
        own.begin_nested()
        put("3")
        own.commit()
        during = list(calls)

    assert ["1", "2", "3"] == during
    assert ["1", "2", "3"] == calls


def test_a_rollback_goes_through_open_savepoints(
    store: Any, put: Put, calls: list[str]
) -> None:
    """``session.rollback()`` in a savepoint is that of the whole, and drops all."""
    with separate_unit() as own:
        put("1")
        own.begin_nested()
        put("2")
        own.rollback()
        put("3")

    assert ["3"] == calls


def test_a_savepoint_ended_by_the_database_drops_it(
    store: Any, models: SimpleNamespace, put: Put, calls: list[str]
) -> None:
    """An error of a flush undoes the block; whoever catches it can go on."""
    with separate_unit() as own:
        own.add(models.Basket(id=1, name="a"))
        put("1")
        with suppress(IntegrityError), atomic():
            put("lost")
            own.execute(models.Basket.__table__.insert().values(id=1, total=0))
        put("2")

    assert ["1", "2"] == calls
    assert ["a"] == store.names()


def test_each_call_has_a_unit_of_its_own(
    store: Any, models: SimpleNamespace, calls: list[str]
) -> None:
    """What one writes is committed; what a failing one writes is not."""

    def write(name: str, *, fails: bool = False) -> None:
        session.add(models.Basket(name=name))
        session.flush()
        calls.append(name)
        if fails:
            raise ValueError(name)

    with separate_unit() as own:
        own.add(models.Basket(name="first"))
        on_commit(functools.partial(write, "second"))
        on_commit(functools.partial(write, "broken", fails=True))
        on_commit(functools.partial(write, "third"))

    assert ["second", "broken", "third"] == calls
    assert ["first", "second", "third"] == store.names()
    assert 0 == store.taken()


def test_it_works_with_one_connection(store: Any, models: SimpleNamespace) -> None:
    """The connection is back in the pool before the first call."""
    seen: list[int] = []
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        on_commit(lambda: seen.append(store.taken()))

    assert [0] == seen


def test_without_a_unit_it_runs_at_once(calls: list[str]) -> None:
    """A function is called at once where nothing is to be committed."""
    on_commit(lambda: calls.append("a"))

    assert ["a"] == calls


def test_a_receiver_without_a_unit_has_a_session(
    store: Any, models: SimpleNamespace, dispatcher: SignalDispatcher
) -> None:
    """A receiver after the commit can write, whoever sends and from where."""
    dispatcher.connect(
        "x",
        lambda sender: session.add(models.Basket(name="a")),
        when="after_commit",
    )
    dispatcher.send("x")

    assert ["a"] == store.names()


@pytest.mark.parametrize("word", [None, "x", 5])
def test_only_functions_wait(word: Any) -> None:
    """What cannot be called is refused at once."""
    with pytest.raises(TypeError, match="on_commit"):
        on_commit(word)


def test_what_is_long_is_logged(store: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A response that waits over 100 ms for receivers is worth a warning."""
    clock = iter((0.0, 0.2))
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("lback.db._after_commit.time.perf_counter", lambda: next(clock))
        with separate_unit():
            on_commit(functools.partial(void, None))

    assert "200 ms" in caplog.text


@pytest.mark.parametrize("mode", list(Mode))
def test_a_unit_without_a_session_commits(
    store: Any, calls: list[str], mode: Mode
) -> None:
    """What waits runs even if the unit never opened anything."""
    unit = Unit(mode)
    on_commit(lambda: calls.append("a"))
    unit.commit()
    unit.close()

    assert ["a"] == calls
    assert 0 == store.taken()


def test_session_signals_are_sent_once(
    store: Any, models: SimpleNamespace, hear: Any
) -> None:
    """Each transaction is told of once, savepoints are not."""
    heard = hear(db_session_committed, db_session_rolled_back)
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        with atomic():
            own.add(models.Basket(name="b"))
        own.commit()
        own.add(models.Basket(name="c"))
        own.rollback()

    assert ["db_session_committed", "db_session_rolled_back"] == [h[0] for h in heard]


def test_a_receiver_of_the_commit_loses_nothing(
    store: Any, models: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    """What a receiver of db_session_committed writes is stored, or the log says no."""

    def write(sender: Any, session: Any) -> None:
        if not heard:
            heard.append("once")
            session.add(models.Basket(name="late"))
            session.flush()

    heard: list[str] = []
    with db_session_committed.connected_to(write), separate_unit() as own:
        own.add(models.Basket(name="a"))

    assert "late" in store.names() or "ERROR" in {r.levelname for r in caplog.records}
