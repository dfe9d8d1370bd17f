"""``lback sqlmigrate``: the SQL of one migration."""

import click

from lback_cli import _console
from lback_cli import _migration_project


@click.command()
@click.argument("revision", metavar="REV")
@click.option("--backwards", is_flag=True, help="The SQL that undoes it.")
@_migration_project.database_option
def command(*, revision: str, backwards: bool, database: str | None) -> None:
    """Print the SQL of a migration; the database is not touched."""
    from lback.migrations.sql import sql_of

    found, _ = _migration_project.load(database)
    target = _migration_project.one_with(found, revision)
    _console.say(sql_of(target, revision, backwards=backwards).rstrip())
