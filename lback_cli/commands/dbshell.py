"""``lback dbshell``."""

import os

import click

from lback_cli import _project
from lback_cli._console import warn


@click.command()
@click.argument("name", default="default")
def command(name: str) -> None:
    """Open a database with its own client.

    NAME is one of DATABASES, "default" unless given. SQLite is opened with sqlite3,
    PostgreSQL with psql, which takes the place of this process.
    """
    from lback.core._startup import Phase
    from lback.db.engines import databases
    from lback_cli._dbshell import client_of

    _project.load(Phase.SETTINGS)
    client = client_of(databases.url(name), name)
    if client.remark:
        warn(client.remark)
    os.execvpe(client.words[0], client.words, {**os.environ, **client.environ})  # noqa: S606  # a client, without a shell
