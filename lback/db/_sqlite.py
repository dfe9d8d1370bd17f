"""Engines of SQLite whose transactions Lback begins itself.

The driver's own handling begins no transaction before a savepoint and none before a
read; both lose writes or fail under load. See ``docs/database.md``.
"""

import sqlite3
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import create_engine
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

_TAKE_LOCK = "BEGIN IMMEDIATE"

_IS_READ_ONLY = "lback_is_read_only"


def make_engines(url: URL, options: dict[str, Any]) -> Engines:
    """Make the engines of an SQLite database; they share their connections."""
    is_file = url.database not in (None, "", ":memory:")
    if not is_file:
        # NOTE: one connection per thread; that pool takes none of these.
        options = {key: options[key] for key in options if key == "echo"}
    url = url.update_query_dict({"timeout": str(_BUSY_TIMEOUT), **url.query})
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "reset", _allow_writes)
    write, read, read_only = (
        engine.execution_options(lback_mode=mode.value) for mode in Mode
    )
    event.listen(write, "begin", _take_lock)
    event.listen(read, "begin", _begin)
    event.listen(read_only, "begin", _begin_to_read)
    return Engines(write, read, read_only)


def _set_up(connection: Any, record: ConnectionPoolEntry) -> None:
    """Prepare a new connection of the driver."""
    # NOTE: the driver begins no transaction any more; _begin() and _take_lock() do.
    connection.isolation_level = None
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode not in {"wal", "memory"}:
        connection.execute("PRAGMA journal_mode = WAL")
    # Enough under WAL: a power cut may undo the last commits, but breaks nothing.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Any) -> None:
    """Begin a transaction that takes the lock when it writes."""
    _execute(connection.connection.dbapi_connection, "BEGIN")


def _begin_to_read(connection: Any) -> None:
    """Let a connection only read until it goes back to the pool."""
    own = connection.connection.dbapi_connection
    own.execute("PRAGMA query_only = ON")
    connection.info[_IS_READ_ONLY] = True
    _execute(own, "BEGIN")


def _take_lock(connection: Any) -> None:
    """Begin a transaction that keeps all others from writing."""
    _execute(connection.connection.dbapi_connection, _TAKE_LOCK)


def _execute(connection: sqlite3.Connection, statement: str) -> None:
    # PERF: past SQLAlchemy, whose own execution takes ten times as long.
    # bench: benchmarks/data.py::get_by_key
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        raise OperationalError(statement, None, error) from error


class Lock:
    """The one write lock of an SQLite database, held by a transaction."""

    __slots__ = ("_changes", "_connection", "_is_lent")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._changes = connection.total_changes
        self._is_lent = False

    def lend(self, *, is_in_savepoint: bool) -> bool:
        """End the transaction, in which nothing was written, to begin it again later.

        Returns:
            Whether it was; a lock that is lent already stays so.

        Raises:
            OneWriter: Something was written in it, or a savepoint needs it.
        """
        if self._is_lent:
            return False
        if is_in_savepoint or self._connection.total_changes != self._changes:
            raise OneWriter(
                "SQLite lets one transaction write at a time, and the unit of work "
                "around this one has written or is inside atomic(), so separate_unit() "
                "would wait for it for ever. Use it before, or use on_commit()."
            )
        self._connection.execute("COMMIT")
        self._is_lent = True
        return True

    def take_back(self, session: Session) -> None:
        """Begin the transaction of *session* again.

        Raises:
            OperationalError: Another one writes for too long; the session is of no
                more use, so that nothing is written outside a transaction.
        """
        self._is_lent = False
        try:
            _execute(self._connection, _TAKE_LOCK)
        except OperationalError:
            session.invalidate()
            raise


@contextmanager
def lent(holders: Iterable[tuple[Session, list[Lock]]]) -> Iterator[None]:
    """Let somebody else write while a block runs.

    Args:
        holders: The open sessions of this thread with the locks that each holds.

    Raises:
        OneWriter: One of them has written, or is in a savepoint.
    """
    held = [(session, lock) for session, locks in holders for lock in locks]
    if databases.pinned:  # all sessions share one transaction
        held = []
    with ExitStack() as given:
        for session, lock in held:
            if lock.lend(is_in_savepoint=session.in_nested_transaction()):
                given.callback(lock.take_back, session)
        yield


def lock_of(connection: Connection) -> Lock | None:
    """Return the write lock that a transaction has taken at its begin, if it has."""
    if connection.get_execution_options().get("lback_mode") != Mode.WRITE:
        return None
    own: Any = connection.connection.dbapi_connection
    return Lock(own)


def _allow_writes(connection: Any, record: Any, state: Any) -> None:
    if record.info.pop(_IS_READ_ONLY, False):
        connection.rollback()
        connection.execute("PRAGMA query_only = OFF")
