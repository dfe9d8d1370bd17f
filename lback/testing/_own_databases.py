"""Databases that tests do with as they like, in the place of the project's own."""

import sqlite3
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import closing
from contextlib import contextmanager
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from typing import Protocol
from typing import TYPE_CHECKING

from lback.core.exceptions import DatabaseRefused
from lback.db.engines import databases

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy import URL

REFUSAL = (
    "Tests use no database unless they ask for one, so that the project's own stays as "
    "it is. Let the test have the fixture 'db', or 'transactional_db' for threads and "
    "several connections: def test_it(db): ... While the project is loaded there is "
    "none yet: what an app's ready() wants from it, ask for in the first request."
)

# Seconds to wait for a transaction that somebody has left open.
_PATIENCE = 5


class OwnDatabase(Protocol):
    """A database of the tests.

    Attributes:
        url: Where it is.
    """

    url: "URL"

    def create(self) -> None:
        """Make it, empty, whatever was left of an earlier run."""

    def keep(self, engine: "Engine") -> None:
        """Remember what is in it now."""

    def reset(self, engine: "Engine") -> None:
        """Make it what it was when it was kept."""

    def drop(self) -> None:
        """Remove it."""


class SQLiteFile:
    """A file that pytest removes with its folder.

    Args:
        url: Where the project's own is.
        path: Where to make the file; there is none yet.
    """

    def __init__(self, url: "URL", path: Path) -> None:
        self.url = url.set(database=str(path), query={})
        self._path = path
        self._kept = path.with_name(f"{path.name}.kept")

    def create(self) -> None:
        """Leave it to the first connection."""

    def keep(self, engine: "Engine") -> None:
        """Copy the file."""
        _copy(self._path, self._kept)

    def reset(self, engine: "Engine") -> None:
        """Copy the file back."""
        _copy(self._kept, self._path)

    def drop(self) -> None:
        """Leave it to pytest, which keeps the last ones to look at."""


def _copy(source: Path, target: Path) -> None:
    """Make an SQLite file what another one is, under the locks of SQLite."""
    waited = 0.0

    def give_up(status: int, left: int, total: int) -> None:
        nonlocal waited
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            waited += pause
            if waited > _PATIENCE:
                raise DatabaseRefused(
                    f"The test is over, but somebody still writes to {target.name}: "
                    "a thread that it has not waited for, or a connection that it has "
                    "not given back."
                )

    pause = 0.05
    with (
        closing(sqlite3.connect(source)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new, progress=give_up, sleep=pause)


@contextmanager
def refusing(text: str | None) -> Iterator[None]:
    """Let nobody open a connection, saying *text*; or everybody, if that is None."""
    before, databases.refusal = databases.refusal, text
    try:
        yield
    finally:
        databases.refusal = before


class OwnDatabases:
    """The databases of the tests, by the names that DATABASES has.

    Two names of one database are names of one database in tests, too.
    """

    def __init__(self, by_name: Mapping[str, OwnDatabase]) -> None:
        self._by_name = by_name

    @property
    def groups(self) -> list[list[str]]:
        """The names, those of one database together."""
        groups: dict[int, list[str]] = {}
        for name, own in self._by_name.items():
            groups.setdefault(id(own), []).append(name)
        return list(groups.values())

    def reset(self) -> None:
        """Make all of them what they were before the first test."""
        for name, *_ in self.groups:
            self._by_name[name].reset(databases.engine(name))


@contextmanager
def own_databases(
    root: Path, folder: Path, worker: str, settings: Mapping[str, Any]
) -> Iterator[OwnDatabases]:
    """Let the loaded project use databases of the tests, with its tables in them.

    Args:
        root: The folder of the project.
        folder: Where to put files.
        worker: The process among several that run tests; empty if it is the only one.
        settings: The setting DATABASES.

    Raises:
        SettingsBroken: The project has no database.
        DatabaseRefused: One is of a kind that tests cannot make.
    """
    databases.check_known()
    by_name = _planned(folder, worker)
    own = OwnDatabases(by_name)
    is_debug = databases.is_debug
    with ExitStack() as stack:
        stack.callback(databases.configure, settings, root, is_debug=is_debug)
        for name, *_ in own.groups:
            by_name[name].create()
            stack.callback(by_name[name].drop)
        stack.callback(databases.dispose)
        databases.configure(
            {n: _moved(settings[n], by_name[n].url) for n in by_name},
            root,
            is_debug=is_debug,
        )
        with refusing(None):
            _make_tables(root)
            for name, *_ in own.groups:
                by_name[name].keep(databases.engine(name))
        yield own


def _planned(folder: Path, worker: str) -> dict[str, OwnDatabase]:
    """Say which database is to be made for each name."""
    by_name: dict[str, OwnDatabase] = {}
    by_url: dict[str, OwnDatabase] = {}
    for name in databases:
        url = databases.url(name)
        is_in_memory = url.database in {None, "", ":memory:"} and not url.host
        # NOTE: with its password; a text of a URL hides it.
        place = name if is_in_memory else url.render_as_string(hide_password=False)
        if place not in by_url:
            by_url[place] = _own(name, url, folder / f"{name}.sqlite3", worker)
        by_name[name] = by_url[place]
    return by_name


def _own(name: str, url: "URL", file: Path, worker: str) -> OwnDatabase:
    """Return the database of the tests for the project's one at *url*."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        return SQLiteFile(url, file)
    if kind == "postgresql":
        from lback.testing._postgresql import PostgreSQLDatabase

        return PostgreSQLDatabase(url, worker, databases.dispose)
    raise DatabaseRefused(
        f"DATABASES[{name!r}] is of the kind {kind!r}. Tests can make databases of the "
        "kinds sqlite and postgresql."
    )


def _make_tables(root: Path) -> None:
    """Make the tables: by the project's migrations, or without any as models say."""
    from lback.db.models import Model
    from lback.migrations.history import read_history
    from lback.migrations.target import known_targets
    from lback.migrations.target import tables_of

    for target in known_targets(root, databases):
        if len(read_history(target.folder)):
            from lback.migrations.planning import route_to
            from lback.migrations.running import Options
            from lback.migrations.running import run

            run(target, route_to, Options(allow_destructive=True), _say_nothing)
        else:
            with databases.engine(target.name).begin() as connection:
                tables = tables_of(target, Model.metadata)
                Model.metadata.create_all(connection, tables=tables)


def _say_nothing(line: str) -> None:
    """Keep the progress of migrations out of the output of a test."""


def _moved(database: Any, url: "URL") -> dict[str, Any]:
    """Return the settings of a database with another place."""
    options = dict(database) if isinstance(database, Mapping) else {}
    return {**options, "URL": url.render_as_string(hide_password=False)}
