"""Which database is meant, where its migrations are, and how it is reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback.core._secrets import MASK
from lback.core._secrets import secret_texts
from lback.core.exceptions import MigrationError
from lback.db._errors import remedy_for
from lback.db.engines import DEFAULT
from lback.db.engines import Mode

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import MetaData
    from sqlalchemy import Table

    from lback.db.engines import Databases

FOLDER = "migrations"


class Target(NamedTuple):
    """A database and the folder of its migrations.

    Attributes:
        name: What it is called in DATABASES.
        folder: Where its migrations are; it need not be there yet.
        databases: Whoever knows how to reach it.
    """

    name: str
    folder: Path
    databases: "Databases"

    @property
    def kind(self) -> str:
        """What the database is, such as ``sqlite``."""
        return self.databases.url(self.name).get_backend_name()

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None for one that has none."""
        url = self.databases.url(self.name)
        if self.kind != "sqlite" or url.database in (None, "", ":memory:"):
            return None
        path = str(url.database).removeprefix("file:").partition("?")[0]
        return Path(path).absolute()

    @property
    def place(self) -> str:
        """Where the database is, without its password."""
        url = self.databases.url(self.name)
        if url.host is None:
            return f"{self.kind} {self.file or url.database or 'in memory'}"
        port = f":{url.port}" if url.port else ""
        return f"{self.kind} {url.database} at {url.host}{port}"


@contextmanager
def reached(target: Target, mode: Mode = Mode.WRITE) -> Iterator["Connection"]:
    """Hold a connection to a database that may not be there, or not answer.

    Args:
        target: The database.
        mode: How its transactions begin; to look only, SQLite needs no lock.

    Raises:
        MigrationError: It cannot be reached or used; the password is not in what is
            said.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        connection = target.databases.engine(target.name, mode).connect()
    except SQLAlchemyError as error:
        remedy = remedy_for(error)
        raise MigrationError(
            f"The database {target.name!r} ({target.place}) cannot be reached: "
            f"{first_line(error, target)}{f'. {remedy}' if remedy else ''}"
        ) from None
    try:
        with connection:
            yield connection
    except SQLAlchemyError as error:
        said = first_line(error, target)
        raise MigrationError(
            f"The database {target.name!r} ({target.place}) could not be used: "
            f"{said}.{lock_hint(said)}"
        ) from error


def first_line(error: BaseException, target: Target) -> str:
    """Return what a driver said, in one line and without the password."""
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    url = target.databases.url(target.name)
    password = str(url.password or "")
    line = said.splitlines()[0]
    # NOTE: a short one stands in harmless words, and one that is also a name, such as
    # "postgres", is no secret where that name is meant.
    if password not in {url.username, url.database, url.host}:
        for secret in secret_texts({"password": password}):
            line = line.replace(secret, MASK)
    return line.replace(f":{password}@", f":{MASK}@") if password else line


def lock_hint(said: str) -> str:
    """Return what to do about a lock that somebody else holds, if that is it."""
    if "lock timeout" in said:
        return (
            " Somebody else uses the table all this time: try again when there is "
            "less to do, or say --lock-timeout SECONDS."
        )
    if "database is locked" in said:
        return " Another process is writing to it: try again when it is done."
    return ""


def targets(root: Path, databases: "Databases", metadata: "MetaData") -> list[Target]:
    """Return the databases of a project that have tables or migrations.

    Raises:
        SettingsBroken: A table is in a database that DATABASES does not have.
    """
    from lback.db.models import database_of

    used = {database_of(table) for table in metadata.tables.values()}
    for name in used:
        databases.check_known(name)
    every = known_targets(root, databases)
    return [t for t in every if t.name in {DEFAULT, *used} or t.folder.is_dir()]


def known_targets(root: Path, databases: "Databases") -> list[Target]:
    """Return every database that DATABASES names, ``default`` first."""
    names = list(databases) or [DEFAULT]
    return [Target(name, folder_of(root, name), databases) for name in names]


def folder_of(root: Path, name: str) -> Path:
    """Return the folder of the migrations of one database."""
    return root / FOLDER if name == DEFAULT else root / FOLDER / name


def tables_of(target: Target, metadata: "MetaData") -> list["Table"]:
    """Return the tables that models have in one database, by name."""
    from lback.db.models import database_of

    tables = sorted(metadata.tables.values(), key=lambda table: str(table.key))
    return [table for table in tables if database_of(table) == target.name]
