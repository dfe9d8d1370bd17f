"""``lback rollback``: undo the last migrations."""

import click

from lback_cli import _migration_project


@click.command()
@click.argument("steps", type=click.IntRange(min=1), default=1)
@click.option(
    "--allow-destructive", is_flag=True, help="Tables with rows in them may go."
)
@_migration_project.database_option
def command(*, steps: int, allow_destructive: bool, database: str | None) -> None:
    """Undo the last migrations, 1 unless STEPS is given.

    Going back drops what was made. If there are rows in it, that has to be allowed.
    """
    from lback.migrations.planning import route_back
    from lback.migrations.running import Options

    found, _ = _migration_project.load(database)
    having = _migration_project.with_history(found)
    if len(having) > 1:
        names = ", ".join(target.name for target in having)
        raise click.ClickException(
            f"Which database? There are {names}. Say --database NAME."
        )
    if not having:
        raise click.ClickException("There are no migrations, so none can be undone.")
    options = Options(allow_destructive)
    _migration_project.run(having, lambda state: route_back(state, steps), options)
