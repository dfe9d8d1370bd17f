"""The databases of a project: one engine each, made on first use."""

import atexit
import threading
from collections.abc import Iterator
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback.core._database_uri import database_uri
from lback.core._fork import after_fork
from lback.core._settings_known import did_you_mean
from lback.core.exceptions import DatabaseRefused
from lback.core.exceptions import SettingsBroken

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Engine
    from sqlalchemy import Table
    from sqlalchemy import URL

DEFAULT = "default"

# Seconds that a request waits for a free connection before it is refused.
_POOL_TIMEOUT = 5

# What a dictionary in DATABASES may say besides where the database is, each with the
# argument of SQLAlchemy's create_engine() and its type.
_OPTIONS: dict[str, tuple[str, type]] = {
    "ECHO": ("echo", bool),
    "MAX_OVERFLOW": ("max_overflow", int),
    "POOL_PRE_PING": ("pool_pre_ping", bool),
    "POOL_RECYCLE": ("pool_recycle", int),
    "POOL_SIZE": ("pool_size", int),
    "POOL_TIMEOUT": ("pool_timeout", int),
}
_PLACE = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "URL")


class Mode(StrEnum):
    """How the transactions of a unit of work begin.

    SQLite takes its one write lock at the start of a ``WRITE``, so that reading first
    and writing then waits for other writers instead of failing; a ``READ`` takes it
    when it writes; ``READ_ONLY`` cannot write at all. PostgreSQL tells only the last
    one from the others.
    """

    WRITE = "write"
    READ = "read"
    READ_ONLY = "read_only"


class Engines(NamedTuple):
    """The engine of one database, once for each mode; they share the connections."""

    write: "Engine"
    read: "Engine"
    read_only: "Engine"

    def share_pool(self, disposed: "Engine") -> None:
        """Let all take the connections of *disposed*, which has begun a new pool."""
        for engine in self:
            engine.pool = disposed.pool


class Databases:
    """The databases that the setting DATABASES names.

    Nothing is imported or opened before an engine is asked for.

    Attributes:
        is_debug: Who takes a connection is noted, to name who keeps it.
        pinned: The connections that all sessions share, by name; tests set them.
        refusal: Why nobody may use a database now, or None; tests set it.
    """

    def __init__(self) -> None:
        self.is_debug = False
        self.pinned: Mapping[str, Connection] = {}
        self.refusal: str | None = None
        self._settings: Mapping[str, Any] = {}
        self._is_configured = False
        self._base = Path()
        self._is_disposed_at_exit = False
        self._made: dict[str, Engines] = {}
        # What binds() answers, and of how many tables.
        self._bound: dict[Mode, tuple[int, dict[Table, Engine | Connection]]] = {}
        self._lock = threading.RLock()

    def configure(self, settings: Any, base: Path, *, is_debug: bool = False) -> None:
        """Take over the setting DATABASES; engines made from another one are disposed.

        Args:
            settings: URLs or dictionaries by name, see ``docs/database.md``.
            base: The folder that relative file names belong to.
            is_debug: Note who takes a connection, to name who forgets to give it back.

        Raises:
            SettingsBroken: The setting is none that engines can be made from.
        """
        if not isinstance(settings, Mapping):
            database_uri(settings, base)  # says what is wrong
        for name, database in settings.items():
            _check(name, database)
            database_uri(settings, base, name)
        if settings and DEFAULT not in settings:
            raise SettingsBroken(
                f"DATABASES has no {DEFAULT!r}, the one of every model that names no "
                f"other. It has: {', '.join(map(str, settings))}."
            )
        self.dispose()
        self._settings, self._base, self.is_debug = settings, base, is_debug
        self._is_configured = True

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, ``"default"`` first."""
        return iter(sorted(self._settings, key=lambda name: name != DEFAULT))

    def __contains__(self, name: object) -> bool:
        return name in self._settings

    def __bool__(self) -> bool:
        return bool(self._settings)

    def __repr__(self) -> str:
        return f"<Databases: {', '.join(self) or 'none'}>"

    def url(self, name: str = DEFAULT) -> "URL":
        """Return where a database is; as a text it hides the password.

        Raises:
            SettingsBroken: There is no such database.
        """
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        self.check_known(name)
        try:
            url = make_url(database_uri(self._settings, self._base, name))
        except (ArgumentError, ValueError):
            # NOTE: without its cause, which may show a part of the password.
            raise SettingsBroken(
                f'The URL of DATABASES["{name}"] cannot be read. Write it like '
                '"postgresql://user:password@host:5432/name" or "sqlite:///db.sqlite3".'
            ) from None
        if url.host and "@" in url.host:
            raise SettingsBroken(
                f'The URL of DATABASES["{name}"] has two @. One that belongs to the '
                "user or the password is written %40."
            )
        password = url.query.get("password")
        if isinstance(password, str):  # where nobody would hide it
            url = url.difference_update_query(["password"]).set(password=password)
        return url

    def engine(self, name: str = DEFAULT, mode: Mode = Mode.WRITE) -> "Engine":
        """Return the engine of a database, made on first use.

        Raises:
            SettingsBroken: There is no such database.
            MissingExtra: Its driver is not installed.
        """
        if self.refusal is not None:
            raise DatabaseRefused(self.refusal)
        made = self._made.get(name)
        if made is None:
            with self._lock:
                made = self._made.get(name) or self._make(name)
        engine: Engine = getattr(made, mode)
        return engine

    def bind(self, mode: Mode) -> "Engine | Connection":
        """Return what a session of this mode works on."""
        return self.pinned.get(DEFAULT) or self.engine(DEFAULT, mode)

    def binds(self, mode: Mode) -> "dict[Table, Engine | Connection]":
        """Return what a session works on for each table of another database."""
        if len(self._settings) < 2:  # noqa: PLR2004  # the default alone
            return {}
        from lback.db.models import database_of
        from lback.db.models import Model

        tables = Model.metadata.tables
        count, known = self._bound.get(mode, (0, {}))
        if count == len(tables) and not self.pinned:
            return known
        found = {
            table: self.pinned.get(name) or self.engine(name, mode)
            for table in tables.values()
            if (name := database_of(table)) != DEFAULT
        }
        if not self.pinned:
            self._bound[mode] = len(tables), found
        return found

    def forget_binds(self) -> None:
        """Look anew which table is in which database."""
        self._bound = {}

    def dispose(self) -> None:
        """Close all connections that nobody uses; the next use makes new engines."""
        with self._lock:
            made, self._made, self._bound = self._made, {}, {}
        for engines in made.values():
            engines.write.dispose()

    def check_known(self, name: str = DEFAULT) -> None:
        """Raise if there is no database of this name.

        Raises:
            SettingsBroken: The message says which there are.
        """
        if name in self._settings:
            return
        if not self._is_configured:
            raise SettingsBroken(
                "No project is loaded, so there is no database. A script begins with: "
                "from lback.core.wsgi_entry import create_wsgi_app; create_wsgi_app()"
            )
        if not self._settings:
            raise SettingsBroken(
                "The project has no database. Add to settings.py: "
                'DATABASES = {"default": "sqlite:///db.sqlite3"}'
            )
        hint = did_you_mean(name, self._settings)
        raise SettingsBroken(
            f"There is no database {name!r} in DATABASES; it has: "
            f"{', '.join(self)}.{hint}"
        )

    def _make(self, name: str) -> Engines:
        """Make the engines of a database. Needs the lock."""
        url = self.url(name)
        options = _engine_options(self._settings[name])
        if url.get_backend_name() == "sqlite":
            from lback.db._sqlite import make_engines

            made = make_engines(url, options)
        else:
            from lback.db import _server

            made = _server.make_engines(url, options, name)
        if self.is_debug:
            from lback.db._leaks import note_checkouts

            note_checkouts(made.write)
        if not self._is_disposed_at_exit:
            self._is_disposed_at_exit = True
            atexit.register(self.dispose)
        self._made[name] = made
        return made

    def leave_to_parent(self) -> None:
        """Give up the connections, in the child of a fork: they are the parent's."""
        self._lock = threading.RLock()
        for engines in self._made.values():
            engines.write.dispose(close=False)


def _engine_options(database: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"pool_timeout": _POOL_TIMEOUT}
    if isinstance(database, Mapping):
        for key, (argument, _) in _OPTIONS.items():
            if key in database:
                options[argument] = database[key]
    return options


def _check(name: object, database: Any) -> None:
    """Refuse what cannot be the settings of one database."""
    if not isinstance(name, str) or not name.isidentifier():
        raise SettingsBroken(f"The name {name!r} in DATABASES must be a plain word.")
    if not isinstance(database, Mapping):
        return
    for key, value in database.items():
        if key in _PLACE:
            continue
        if key not in _OPTIONS:
            known = [*_PLACE, *_OPTIONS]
            raise SettingsBroken(
                f'DATABASES["{name}"] has no option {key!r}.'
                f"{did_you_mean(str(key), known)} Options are: {', '.join(known)}."
            )
        kind = _OPTIONS[key][1]
        if type(value) is not kind:
            raise SettingsBroken(
                f'DATABASES["{name}"]["{key}"] must be {kind.__name__}, not {value!r}.'
            )


databases = Databases()
after_fork(databases.leave_to_parent)
