"""``lback migrations``: look for mistakes in the migrations."""

import click

from lback_cli import _console
from lback_cli import _migration_project
from lback_cli._lazy import HelpfulGroup


@click.group(cls=HelpfulGroup)
def group() -> None:
    """Look for mistakes in the migrations."""


@group.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@_migration_project.database_option
@click.pass_context
def check(ctx: click.Context, *, as_json: bool, database: str | None) -> None:
    """Look whether files, models and database fit together; exit with 1 if not.

    For CI: the files must form one line, the database must have all of them, and its
    tables must be what the models say. The models are compared with the database of
    the settings, so run lback migrate first, on an empty one.
    """
    from lback.db.models import Model
    from lback.migrations.checking import check as check_one

    found, _ = _migration_project.load(database)
    findings = [each for t in found for each in check_one(t, Model.metadata)]
    if as_json:
        _console.say_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            _console.say(f"error: {finding.text} ({finding.id})")
        if not findings:
            _console.say("Migrations, models and database fit together.")
    ctx.exit(1 if findings else 0)
