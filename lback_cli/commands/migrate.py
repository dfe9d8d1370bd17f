"""``lback migrate``: bring databases to where the migrations are."""

from typing import TYPE_CHECKING

import click

from lback_cli import _console
from lback_cli import _migration_project

if TYPE_CHECKING:
    from lback.migrations.target import Target


@click.command()
@click.argument("revision", metavar="[REV]", default="head")
@click.option(
    "--allow-destructive", is_flag=True, help="Data may be lost for good, as marked."
)
@click.option("--fake", is_flag=True, help="Record migrations without running them.")
@click.option(
    "--lock-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    help="How long a statement may wait for a lock on PostgreSQL; 0: for ever.",
)
@_migration_project.database_option
def command(
    *,
    revision: str,
    allow_destructive: bool,
    fake: bool,
    lock_timeout: float,
    database: str | None,
) -> None:
    """Bring the database to where the migrations are.

    REV is the id or the name of a migration, or the beginning of it: the database then
    goes up or down until it is the last one it has. "zero" undoes all of them.

    Each migration is one transaction: if it fails, it leaves nothing behind. While a
    statement waits for a lock, everybody behind it waits as well, so it gives up after
    a while, see --lock-timeout.
    """
    from lback.migrations.planning import route_to
    from lback.migrations.running import Options

    found, _ = _migration_project.load(database)
    chosen = _chosen(_migration_project.with_history(found), revision)
    if not chosen:
        _console.say("There are no migrations. Run: lback makemigrations")
        return
    options = Options(allow_destructive, fake, lock_timeout)
    _migration_project.run(chosen, lambda state: route_to(state, revision), options)


def _chosen(found: "list[Target]", revision: str) -> "list[Target]":
    """Return the databases that a revision may be of.

    Raises:
        ClickException: It does not say which.
    """
    from lback.migrations.history import HEAD
    from lback.migrations.history import ZERO

    if revision == HEAD or len(found) < 2:  # noqa: PLR2004  # nothing to choose
        return found
    if revision == ZERO:
        names = ", ".join(target.name for target in found)
        raise click.ClickException(
            f"Which database? There are {names}. Say --database NAME."
        )
    return [_migration_project.one_with(found, revision)]
