"""Engines of SQLite whose transactions Lback begins itself.

The driver's own handling begins no transaction before a savepoint and none before a
read; both lose writes or fail under load. See ``docs/database.md``.
"""

import sqlite3
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from lback.core.exceptions import OneWriter
from lback.db.engines import databases
from lback.db.engines import Engines
from lback.db.engines import Mode

# Seconds that a transaction waits for the one that writes.
_BUSY_TIMEOUT = 5

# The option of an engine that says how its transactions begin.
_MODE = "lback_mode"

# What a connection notes about its transaction: how much had been written at its begin,
# whether its lock is lent, and whether it may only read.
_CHANGES = "lback_changes"
_IS_LENT = "lback_is_lent"
_IS_READ_ONLY = "lback_is_read_only"


def make_engines(url: URL, options: dict[str, Any]) -> Engines:
    """Make the engines of an SQLite database; they share their connections."""
    is_file = url.database not in {None, "", ":memory:"}
    echo = {key: options[key] for key in options if key == "echo"}
    # NOTE: in memory there is one connection per thread; that pool takes no option.
    own = options if is_file else echo
    url = url.update_query_dict({"timeout": str(_BUSY_TIMEOUT), **url.query})
    write = create_engine(url, execution_options={_MODE: Mode.WRITE}, **own)
    event.listen(write, "connect", _set_up)
    event.listen(write, "reset", _restore)
    read, read_only = (
        create_engine(url, execution_options={_MODE: mode}, pool=write.pool, **echo)
        for mode in (Mode.READ, Mode.READ_ONLY)
    )
    engines = Engines(write, read, read_only)
    for mode, engine in zip(Mode, engines, strict=True):
        event.listen(engine, "engine_disposed", engines.share_pool)
        if is_file:
            _begin_in_dialect(engine, _BEGINNINGS[mode])
        else:
            _begin_in_listener(engine, _BEGINNINGS[mode])
    return engines


def _begin_in_dialect(engine: Engine, begin: Callable[[Any], None]) -> None:
    # PERF: an engine with a listener of "begin" looks for others at each step; that of
    # its disposal is heard without the flag. bench: benchmarks/data.py::insert_commit
    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]
    vars(engine).pop("_has_events", None)  # the class keeps its own


def _begin_in_listener(engine: Engine, begin: Callable[[Any], None]) -> None:
    # NOTE: an error of the dialect is followed by a rollback, which in memory would be
    # that of another transaction of the thread: they have one connection.
    @event.listens_for(engine, "begin")
    def listener(connection: Connection) -> None:
        begin(connection.connection)


def _set_up(connection: Any, record: ConnectionPoolEntry) -> None:
    """Prepare a new connection of the driver."""
    # NOTE: the driver begins no transaction any more; _BEGINNINGS do.
    connection.isolation_level = None
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode not in {"wal", "memory"}:
        connection.execute("PRAGMA journal_mode = WAL")
    # Enough under WAL: a power cut may undo the last commits, but breaks nothing.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _take_lock(taken: Any) -> None:
    """Begin a transaction that keeps all others from writing."""
    own = taken.dbapi_connection
    _execute(own, "BEGIN IMMEDIATE")
    taken.info[_CHANGES] = own.total_changes


def _wait_to_write(taken: Any) -> None:
    """Begin a transaction that takes the lock when it writes."""
    _execute(taken.dbapi_connection, "BEGIN")


def _only_read(taken: Any) -> None:
    """Begin a transaction on a connection that only reads until it is given back."""
    own = taken.dbapi_connection
    own.execute("PRAGMA query_only = ON")
    taken.info[_IS_READ_ONLY] = True
    _execute(own, "BEGIN")


def _execute(own: sqlite3.Connection, statement: str) -> None:
    try:
        own.execute(statement)
    except sqlite3.OperationalError as error:
        raise OperationalError(statement, None, error) from error


_BEGINNINGS: dict[Mode, Callable[[Any], None]] = {
    Mode.WRITE: _take_lock,
    Mode.READ: _wait_to_write,
    Mode.READ_ONLY: _only_read,
}


@contextmanager
def lent(sessions: Iterable[Session]) -> Iterator[None]:
    """Let somebody else write while a block runs.

    A transaction that has taken the one write lock and not written is ended, and begun
    again behind the block.

    Args:
        sessions: The open sessions of this thread.

    Raises:
        OneWriter: One of them has written, or is in a savepoint.
        OperationalError: Another one writes for too long behind the block; the session
            is of no more use then, so that nothing is written outside a transaction.
    """
    held = [(own, connection) for own in sessions for connection in _locking(own)]
    with ExitStack() as given:
        for own, connection in held:
            _lend(own, connection)
            given.callback(_take_back, own, connection)
        yield


def _locking(session: Session) -> list[Connection]:
    """Return those connections of a transaction that have taken the lock."""
    transaction = session.get_transaction()
    if transaction is None or databases.pinned:  # all sessions share one transaction
        return []
    held = {taken[0] for taken in transaction._connections.values()}  # noqa: SLF001  # there is no public way
    return [
        connection
        for connection in held
        if connection.get_execution_options().get(_MODE) == Mode.WRITE
        and not connection.info.get(_IS_LENT)  # by a block around this one
    ]


def _lend(session: Session, connection: Connection) -> None:
    own: Any = connection.connection.dbapi_connection
    has_written = own.total_changes != connection.info[_CHANGES]
    if has_written or session.in_nested_transaction():
        raise OneWriter(
            "SQLite lets one transaction write at a time, and the unit of work around "
            "this one has written or is inside atomic(), so separate_unit() would wait "
            "for it for ever. Use it before, or use on_commit()."
        )
    own.execute("COMMIT")
    connection.info[_IS_LENT] = True


def _take_back(session: Session, connection: Connection) -> None:
    connection.info[_IS_LENT] = False
    try:
        _take_lock(connection.connection)
    except OperationalError:
        session.invalidate()
        raise


def _restore(connection: Any, record: Any, state: Any) -> None:
    """Make a connection that is given back what it was."""
    # NOTE: SQLAlchemy sets the driver's own handling behind AUTOCOMMIT.
    if connection.isolation_level is not None:
        connection.isolation_level = None
    if record is not None and record.info.pop(_IS_READ_ONLY, False):
        connection.rollback()
        connection.execute("PRAGMA query_only = OFF")
