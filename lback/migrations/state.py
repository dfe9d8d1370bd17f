"""Where a database stands in its history, without Alembic."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback.core.exceptions import FrameworkException
from lback.core.exceptions import MigrationError
from lback.db.engines import Mode
from lback.migrations import _note
from lback.migrations._note import Note
from lback.migrations.history import History
from lback.migrations.history import Migration
from lback.migrations.history import read_history
from lback.migrations.target import known_targets
from lback.migrations.target import reached
from lback.migrations.target import Target

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lback.db.engines import Databases

VERSION_TABLE = "alembic_version"


class State(NamedTuple):
    """What a database has of its migrations.

    Attributes:
        target: The database.
        history: Its migrations.
        current: The revision it is at; None before the first.
        note: What a run that has not ended left behind.
    """

    target: Target
    history: History
    current: str | None
    note: Note | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether the database is at a revision that no file has."""
        return self.current is not None and self.current not in self.history

    @property
    def pending(self) -> tuple[Migration, ...]:
        """The migrations that the database does not have yet."""
        return self.history.after(self.current)

    def check_known(self) -> None:
        """Refuse to go on from a revision that no file has.

        Raises:
            MigrationError: The files and the database do not fit.
        """
        if self.is_unknown:
            raise MigrationError(
                f"The database {self.target.name!r} is at {self.current!r}, but no "
                f"file in {self.target.folder} has that revision. Another version of "
                "the project has migrated it: bring its file back, or go back there "
                "with the version that has it."
            )


def read_state(target: Target) -> State:
    """Read the files of a database, and what it has of them.

    An SQLite database whose file is not there is not made by this.

    Raises:
        MigrationError: The files are no history, or the database cannot be reached.
    """
    history = history_of(target)
    if target.file is not None and not target.file.exists():
        return State(target, history, None)
    with reached(target, Mode.READ) as connection:
        return state_on(connection, target, history)


def history_of(target: Target) -> History:
    """Read the files of a database; it is asked only where they have several heads.

    Raises:
        MigrationError: The files are no history.
    """

    def applied() -> str | None:
        if target.file is not None and not target.file.exists():
            return None
        try:
            with reached(target, Mode.READ) as connection:
                return current_revision(connection, target)
        except MigrationError:  # what is wrong with the files can be said without it
            return None

    return read_history(target.folder, applied)


def state_on(connection: "Connection", target: Target, history: History) -> State:
    """Ask a connection where its database stands.

    Raises:
        MigrationError: It stands at more than one revision.
    """
    note = _note.read(connection)
    return State(target, history, current_revision(connection, target), note)


def current_revision(connection: "Connection", target: Target) -> str | None:
    """Return the revision that a database is at.

    Raises:
        MigrationError: It is at more than one.
    """
    from sqlalchemy import inspect

    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608  # a constant
    found = sorted(str(row[0]) for row in rows)
    if len(found) > 1:
        raise MigrationError(
            f"The database {target.name!r} is at {len(found)} revisions at once: "
            f"{', '.join(found)}. Leave the one in {VERSION_TABLE} that is right."
        )
    return found[0] if found else None


def behind(root: Path, databases: "Databases") -> str | None:
    """Say in a sentence how the databases of a project differ from its files.

    A database that cannot be reached, and files that are no history, are a sentence,
    too; nothing is raised for either.

    Args:
        root: The folder of settings.py.
        databases: Its databases.

    Returns:
        None if there is nothing to do, or no migration at all.
    """
    said = [_difference(target) for target in _with_files(root, databases)]
    return " ".join(filter(None, said)) or None


def _with_files(root: Path, databases: "Databases") -> Iterable[Target]:
    if not databases:
        return []
    every = known_targets(root, databases)
    return [target for target in every if any(target.folder.glob("*.py"))]


def _difference(target: Target) -> str | None:
    try:
        state = read_state(target)
        state.check_known()
    except FrameworkException as error:
        return str(error)
    count = len(state.pending)
    if not count:
        return None
    which = "The database" if target.name == "default" else f"Database {target.name!r}"
    migrations = "migration" if count == 1 else "migrations"
    return f"{which} is {count} {migrations} behind. Run: lback migrate"
