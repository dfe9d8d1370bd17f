"""SQLite under Lback's own transactions, and units of work that only read."""

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import OperationalError

from lback.core.exceptions import ReadOnly
from lback.db import atomic
from lback.db import databases
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session
from lback.db._unit import Unit
from lback.db.engines import Mode


def test_connections_are_set_up(sqlite: Any) -> None:
    """A connection has a write-ahead log, foreign keys, and waits five seconds."""
    names = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
    with databases.engine().connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names
        ]

    assert ["wal", 1, 5000, 1] == found


def test_foreign_keys_are_held(sqlite: Any, models: SimpleNamespace) -> None:
    """A row without its parent is refused."""
    with pytest.raises(IntegrityError), separate_unit() as own:
        own.add(models.BasketItem(label="x", basket_id=99))


def test_a_savepoint_first_is_no_commit(sqlite: Any, models: SimpleNamespace) -> None:
    """A unit whose first statement is a savepoint leaves nothing if it fails."""
    with suppress(KeyError), separate_unit() as own:
        with own.begin_nested():
            own.add(models.Basket(name="a"))
        with atomic():
            own.add(models.Basket(name="b"))
        raise KeyError

    assert [] == sqlite.names()


def test_read_then_write_waits(sqlite: Any, models: SimpleNamespace) -> None:
    """A unit that reads and then writes waits for another writer, and loses nothing."""
    with separate_unit() as own:
        own.add(models.Basket(id=1, name="0"))

    def count_up() -> None:
        for _ in range(20):
            with separate_unit() as own:
                row = own.get_one(models.Basket, 1)
                row.name = str(int(row.name) + 1)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["80"] == sqlite.names()
    assert 0 == sqlite.taken()


def test_a_read_does_not_wait_for_a_writer(
    sqlite: Any, models: SimpleNamespace
) -> None:
    """A unit that began to read sees what was committed before, at once."""
    found: list[Any] = []

    def read() -> None:
        for mode in (Mode.READ, Mode.READ_ONLY):
            unit = Unit(mode)
            found.append(len(session.scalars(select(models.Basket)).all()))
            unit.rollback()
            unit.close()

    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        own.flush()
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()

    assert [0, 0] == found


def test_a_busy_database_is_a_503(
    sqlite: Any, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that cannot get the write lock is told to come back."""
    monkeypatch.setattr("lback.db._sqlite._BUSY_TIMEOUT", 0)
    databases.dispose()
    site.add("/", lambda request: str(session.scalar(select(1))), "POST")
    answers: list[Any] = []

    with separate_unit() as own:
        own.scalar(select(1))
        thread = threading.Thread(target=lambda: answers.append(site.post("/")))
        thread.start()
        thread.join()

    assert 503 == answers[0].status_code
    assert "5" == answers[0].headers["Retry-After"]
    assert 200 == site.post("/").status_code
    assert 0 == sqlite.taken()


def test_many_processes_may_open_a_new_file(sqlite: Any, tmp_path: Path) -> None:
    """Processes that meet at a file nobody has opened yet do not fail."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from lback.db import databases, separate_unit\n"
        "from sqlalchemy import text\n"
        "databases.configure({'default': 'sqlite:///new.sqlite3'}, Path())\n"
        "engine = databases.engine()\n"
        "sys.stdin.readline()\n"
        "with separate_unit() as own:\n"
        "    own.execute(text('CREATE TABLE IF NOT EXISTS t (x)'))\n"
        "    own.execute(text('INSERT INTO t VALUES (1)'))\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[1] for process in started]

    assert [""] * 6 == said


def _orm(own: Any, models: SimpleNamespace) -> None:
    own.add(models.Basket(name="a"))
    own.flush()


def _core(own: Any, models: SimpleNamespace) -> None:
    own.execute(insert(models.Basket).values(name="a", total=0))


def _raw(own: Any, models: SimpleNamespace) -> None:
    own.execute(text("INSERT INTO dbtests_basket (name, total) VALUES ('a', 0)"))


def _driver(own: Any, models: SimpleNamespace) -> None:
    own.connection().exec_driver_sql(
        "INSERT INTO dbtests_basket (name, total) VALUES ('a', 0)"
    )


def _table(own: Any, models: SimpleNamespace) -> None:
    own.execute(text("CREATE TABLE never (x INTEGER)"))


def _hand_commit(own: Any, models: SimpleNamespace) -> None:
    own.scalar(select(1))
    own.commit()
    _raw(own, models)


WRITES = [_orm, _core, _raw, _driver, _table, _hand_commit]


@pytest.mark.parametrize("write", WRITES)
def test_read_only_cannot_write(
    store: Any, models: SimpleNamespace, write: Any
) -> None:
    """Whatever writes in a unit that only reads is refused."""
    with (
        pytest.raises((ReadOnly, DBAPIError), match=r"(?i)read"),
        separate_unit(read_only=True) as own,
    ):
        write(own, models)

    assert [] == store.names()
    assert 0 == store.taken()


@pytest.mark.parametrize("is_ok", [True, False])
def test_its_connection_can_write_again(
    store: Any, models: SimpleNamespace, *, is_ok: bool
) -> None:
    """A connection that only read, or failed to write, is a usual one afterwards."""
    for _ in range(3):
        with suppress(DBAPIError), separate_unit(read_only=True) as own:
            own.scalars(select(models.Basket)).all()
            if not is_ok:
                _raw(own, models)
        with separate_unit() as own:
            own.add(models.Basket(name="a"))

    pool: Any = databases.engine().pool

    assert ["a", "a", "a"] == store.names()
    assert 1 == pool.checkedin()


def test_reading_apart_works_inside_a_writer(
    store: Any, models: SimpleNamespace
) -> None:
    """A unit that only reads does not see, nor wait for, the one around it."""
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        own.flush()
        with separate_unit(read_only=True) as reader:
            seen = reader.scalars(select(models.Basket.name)).all()

    assert [] == seen
    assert ["a"] == store.names()


def test_what_waits_runs_behind_a_reader(store: Any, models: SimpleNamespace) -> None:
    """What a unit that only reads put off can write, in a unit of its own."""

    def write() -> None:
        session.add(models.Basket(name="late"))

    with separate_unit(read_only=True) as own:
        own.scalar(select(1))
        on_commit(write)

    assert ["late"] == store.names()


def test_memory_works(tmp_path: Path, models: SimpleNamespace) -> None:
    """A database in memory has the same transactions, and one thread."""
    databases.configure({"default": "sqlite://"}, tmp_path)
    table = models.Basket.__table__
    table.create(databases.engine())
    with suppress(KeyError), separate_unit() as own:
        with atomic():
            own.add(models.Basket(name="lost"))
        raise KeyError
    with separate_unit() as own:
        own.add(models.Basket(name="kept"))
    with (
        pytest.raises(OperationalError, match="readonly"),
        separate_unit(read_only=True) as own,
    ):
        _raw(own, models)
    with separate_unit() as own:
        names = own.scalars(select(models.Basket.name)).all()
    databases.configure({}, tmp_path)

    assert ["kept"] == names
