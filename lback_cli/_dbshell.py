"""Which program opens a database, and with which words."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import URL


# What a URL may say to the driver that psql does not know, or that is a secret for
# which libpq has no variable; psql asks for it.
_NOT_FOR_PSQL = ("autocommit", "prepare_threshold", "sslpassword")


class Client(NamedTuple):
    """A program to run.

    Attributes:
        words: Its command line, which other users of the machine can see.
        environ: What it needs in its environment, the password among it.
        remark: What the user should know, or "".
    """

    words: list[str]
    environ: Mapping[str, str]
    remark: str = ""


def client_of(url: "URL", name: str) -> Client:
    """Return the program that opens the database at *url*.

    Args:
        url: Where the database is.
        name: What it is called in DATABASES, for messages.

    Raises:
        ClickException: There is no program, or nothing for it to open.
    """
    kind = url.get_backend_name()
    if kind == "sqlite":
        return _sqlite(url, name)
    if kind == "postgresql":
        return _postgresql(url)
    raise click.ClickException(
        f"The database {name!r} is {kind}; dbshell opens SQLite and PostgreSQL. Use "
        "its own client."
    )


def _sqlite(url: "URL", name: str) -> Client:
    # NOTE: SQLAlchemy knows how a URL of the form file:... becomes a name.
    (arguments, _) = url.get_dialect()().create_connect_args(url)
    file = str(arguments[0])
    if file == ":memory:":
        raise click.ClickException(
            f"The database {name!r} is in the memory of each process; there is nothing "
            "to open."
        )
    if not file.startswith("file:") and not Path(file).exists():
        raise click.ClickException(
            f"The database {name!r} is not there yet: {file}. Run: lback migrate"
        )
    if shutil.which("sqlite3"):
        return Client(["sqlite3", file], {})
    if importlib.util.find_spec("sqlite3.__main__"):
        remark = "The program sqlite3 is not installed; this is Python's own."
        return Client([sys.executable, "-m", "sqlite3", file], {}, remark)
    raise click.ClickException(
        "The program sqlite3 is not installed, and this Python has none of its own "
        "(3.12 and newer have). Install it, on Debian with: apt install sqlite3"
    )


def _postgresql(url: "URL") -> Client:
    if not shutil.which("psql"):
        raise click.ClickException(
            "The program psql is not installed. Install PostgreSQL's client, on Debian "
            "with: apt install postgresql-client"
        )
    place = url.translate_connect_args(username="user", database="dbname")
    place |= {key: _one(value) for key, value in url.query.items()}
    password = str(place.pop("password", ""))
    known = {key: place[key] for key in place if key not in _NOT_FOR_PSQL}
    words = ["psql", _connection_words(known)]
    return Client(words, {"PGPASSWORD": password} if password else {})


def _one(value: str | tuple[str, ...]) -> str:
    """Return what a query says of one key; libpq has commas between several."""
    return value if isinstance(value, str) else ",".join(value)


def _connection_words(place: Mapping[str, object]) -> str:
    """Return a connection string that libpq reads these values from."""
    escaped = {
        key: str(value).replace("\\", r"\\").replace("'", r"\'")
        for key, value in place.items()
    }
    return " ".join(f"{key}='{value}'" for key, value in escaped.items())
