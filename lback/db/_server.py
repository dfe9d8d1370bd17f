"""Engines of databases that are servers: PostgreSQL, and what SQLAlchemy knows else."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy import URL
from sqlalchemy.exc import NoSuchModuleError

from lback.core.exceptions import MissingExtra
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import TransactionAborted
from lback.db.engines import Engines

# The package behind each driver that Lback has an extra for.
_EXTRAS = {"psycopg": ("psycopg", "postgresql")}

# What libpq calls a transaction that an error has aborted.
_INERROR = 3


def make_engines(url: URL, options: dict[str, Any], name: str) -> Engines:
    """Make the engines of a database; they share their connections.

    Raises:
        SettingsBroken: SQLAlchemy does not know what the URL names.
        MissingExtra: The driver is not installed.
    """
    try:
        engine = create_engine(url, **options)
    except NoSuchModuleError as error:
        raise SettingsBroken(
            f'DATABASES["{name}"] names {url.drivername!r}, which SQLAlchemy does not '
            'know. Use "postgresql" or "sqlite".'
        ) from error
    except ModuleNotFoundError as error:
        if error.name in _EXTRAS:
            package, extra = _EXTRAS[error.name]
            raise MissingExtra(package=package, extra=extra) from error
        raise SettingsBroken(
            f'DATABASES["{name}"] names {url.drivername!r}, whose driver '
            f"{error.name!r} is not installed."
        ) from error
    if engine.dialect.name != "postgresql":
        return Engines(engine, engine, engine)
    if engine.dialect.driver == "psycopg":
        # PERF: in place of a listener of "commit": an engine that has one looks for
        # others at each step. bench: benchmarks/data.py::insert_commit
        commit = _careful(engine.dialect.do_commit)
        engine.dialect.do_commit = commit  # type: ignore[method-assign,assignment]
    read_only = engine.execution_options(postgresql_readonly=True)
    return Engines(engine, engine, read_only)


def _careful(commit: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return *commit*, which does not believe in a commit that stores nothing."""

    def careful(connection: Any) -> None:
        """Commit.

        Raises:
            TransactionAborted: PostgreSQL would answer with a silent rollback, since an
                error of the database was caught and gone on from.
        """
        own = connection.dbapi_connection
        if own.pgconn.transaction_status == _INERROR:
            connection.rollback()  # SQLAlchemy holds a failed commit for an end
            raise TransactionAborted(
                "An error of the database was caught, and PostgreSQL stores nothing of "
                "a transaction behind one. Wrap what may fail in: with atomic(): ..."
            )
        commit(connection)

    return careful
