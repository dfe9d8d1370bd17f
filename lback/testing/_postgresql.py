"""A database of the tests on a PostgreSQL server."""

import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy import NullPool
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import OperationalError

from lback.core.exceptions import DatabaseRefused

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Engine
    from sqlalchemy import URL

# What PostgreSQL cuts names down to, in bytes.
_LONGEST = 63

# What databases of tests are known by, so that nobody else's is ever dropped.
_MARK = "Made by the tests of a Lback project."

# Seconds to wait for others to leave a database.
_PATIENCE = 5

_IN_USE = "55006"
_LOCKED = "55P03"

# The tables of a database, but for the note of how far its migrations are.
_TABLES = text(
    """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname <> 'information_schema' AND schemaname NOT LIKE 'pg\\_%'
    AND tablename <> 'alembic_version'
    """
)


class PostgreSQLDatabase:
    """A database beside the project's own, called ``test_`` and the name of that.

    Args:
        url: Where the project's own is.
        worker: The process among several that run tests; empty if it is the only one.
        disconnect: Closes the connections of the engine that the tests use.
    """

    def __init__(self, url: "URL", worker: str, disconnect: Callable[[], None]) -> None:
        query_name = url.query.get("dbname")
        given = query_name if isinstance(query_name, str) else url.database
        suffix = f"_{worker}" if worker else ""
        self._name = _shortened(f"test_{given or url.username or 'lback'}", suffix)
        self._kept = _shortened(self._name.removesuffix(suffix), f"{suffix}_kept")
        # NOTE: in the query it would go before the name in the URL.
        self._own = url.difference_update_query(["dbname"])
        self._fallback = given
        self.url = self._own.set(database=self._name)
        self._disconnect = disconnect
        self._has_rows = False

    def create(self) -> None:
        """Make it, empty; one that a killed run has left is dropped.

        Raises:
            DatabaseRefused: There is one of this name that is not of such a run, or
                that is in use.
        """
        with self._server() as server:
            _drop_left(server, self._name)
            _drop_left(server, self._kept)
            _create(server, self._name)

    def keep(self, engine: "Engine") -> None:
        """Note whether it has rows; if so, keep them in a database of their own."""
        with engine.connect() as connection:
            self._has_rows = any(
                connection.scalar(text(f"SELECT EXISTS (SELECT FROM {table})"))  # noqa: S608  # quoted by the server
                for table in connection.scalars(_TABLES).all()
            )
        if self._has_rows:
            self._disconnect()
            with self._server() as server:
                _create(server, self._kept, template=self._name)

    def reset(self, engine: "Engine") -> None:
        """Empty the tables, or copy the rows back that were there when it was kept."""
        if self._has_rows:
            self._disconnect()
            with self._server() as server:
                _drop(server, self._name)
                _create(server, self._name, template=self._kept)
            return
        with engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}s'"))
            tables = connection.scalars(_TABLES).all()
            if tables:
                _truncate(connection, ", ".join(tables))

    def drop(self) -> None:
        """Remove it."""
        with self._server() as server:
            _drop(server, self._name)
            if self._has_rows:
                _drop(server, self._kept)

    @contextmanager
    def _server(self) -> "Iterator[Connection]":
        """Hold a connection to another database of the server."""
        first = self._own.set(database="postgres")
        try:
            connection = _connected(first)
        except OperationalError as error:
            try:
                connection = _connected(self._own.set(database=self._fallback))
            except OperationalError:
                error.add_note(
                    f"Tests make a database {self._name!r} of their own on this "
                    "server. Start it, or correct DATABASES."
                )
                raise error from None
        with connection:
            yield connection


def _connected(url: "URL") -> "Connection":
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    return engine.connect()


def _truncate(connection: "Connection", tables: str) -> None:
    try:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    except DBAPIError as error:
        if _state(error) != _LOCKED:
            raise
        raise DatabaseRefused(
            "The test is over, but somebody still uses a table of it: a thread that it "
            "has not waited for, or a connection that it has not given back."
        ) from error


def _create(server: "Connection", name: str, template: str = "") -> None:
    like = f" TEMPLATE {_quoted(server, template)}" if template else ""
    server.execute(text(f"CREATE DATABASE {_quoted(server, name)}{like}"))
    server.execute(text(f"COMMENT ON DATABASE {_quoted(server, name)} IS '{_MARK}'"))


def _drop(server: "Connection", name: str) -> None:
    """Drop a database of this run, with connections that a test has forgotten."""
    drop = f"DROP DATABASE IF EXISTS {_quoted(server, name)} WITH (FORCE)"
    server.execute(text(drop))


def _drop_left(server: "Connection", name: str) -> None:
    """Drop a database that an earlier run has left, if nobody uses it."""
    mark = text(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        "WHERE datname = :name"
    )
    found = server.execute(mark, {"name": name}).first()
    if found is None:
        return
    if found[0] != _MARK:
        raise DatabaseRefused(
            f"Tests would make the database {name!r}, but the server has one that no "
            "test has made. Rename it, or drop it if nobody needs it: "
            f"DROP DATABASE {_quoted(server, name)}"
        )
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            server.execute(text(f"DROP DATABASE IF EXISTS {_quoted(server, name)}"))
        except DBAPIError as error:
            if _state(error) != _IN_USE:
                raise
            if time.monotonic() > until:
                raise DatabaseRefused(
                    f"The database {name!r} of the tests is in use: by another run of "
                    "them, or by somebody who looks at what they did. Wait for it, or "
                    "end it."
                ) from error
            time.sleep(0.1)
        else:
            return


def _quoted(server: "Connection", name: str) -> str:
    return server.dialect.identifier_preparer.quote(name)


def _state(error: DBAPIError) -> str:
    """Return the SQLSTATE of an error; psycopg 2 calls it pgcode."""
    orig = error.orig
    return str(getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", ""))


def _shortened(name: str, suffix: str) -> str:
    """Return *name* with *suffix*, within what PostgreSQL takes."""
    raw = name.encode()[: _LONGEST - len(suffix)]
    return raw.decode(errors="ignore") + suffix
