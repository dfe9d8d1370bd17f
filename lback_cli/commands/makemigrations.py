"""``lback makemigrations``: write down what the models have got since the last time."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from lback_cli import _console
from lback_cli import _migration_project

if TYPE_CHECKING:
    from lback.apps import AppConfig
    from lback.migrations.making import NoChanges
    from lback.migrations.making import Plan


class _Pair(click.ParamType[tuple[str, str]]):
    """Two words with an equals sign between them."""

    name = "A=B"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Read the words, or fail with what they should look like."""
        old, equals, new = str(value).partition("=")
        if not old or not equals:
            self.fail(f"{value!r} is not of the form OLD=NEW.", param, ctx)
        return old, new


@click.command()
@click.option("-m", "--message", help="What it is about; names the file, too.")
@click.option("--empty", is_flag=True, help="Write the steps yourself.")
@click.option("--adopt", is_flag=True, help="Make the tables that are there already.")
@click.option(
    "--rename",
    "renames",
    metavar="TABLE.OLD=NEW",
    type=_Pair(),
    multiple=True,
    help="This column was renamed, or, without a dot, this table.",
)
@click.option("--no-rename", is_flag=True, help="Nothing else was renamed.")
@click.option(
    "--fill",
    "fills",
    metavar="TABLE.COLUMN=VALUE",
    type=_Pair(),
    multiple=True,
    help="What old rows get in a new column that cannot be empty.",
)
@_migration_project.database_option
def command(  # noqa: PLR0913  # one for each option
    *,
    message: str | None,
    empty: bool,
    adopt: bool,
    renames: tuple[tuple[str, str], ...],
    no_rename: bool,
    fills: tuple[tuple[str, str], ...],
    database: str | None,
) -> None:
    """Write down what the models have got since the last migration.

    The models of all installed apps are compared with the database, which must have
    every migration so far. What is missing in it becomes one file in migrations/, to
    be read, changed if need be, and kept in version control.
    """
    from datetime import datetime
    from datetime import UTC

    from lback.db.models import Model
    from lback.migrations._answers import Answers
    from lback.migrations.making import NoChanges
    from lback.migrations.making import plan_migration
    from lback.migrations.making import Wish
    from lback.migrations.making import write

    found, apps = _migration_project.load(database)
    if empty and database is None:
        found = found[:1]
    ask = _ask if sys.stdin.isatty() else None
    answers = Answers(dict(renames), dict(fills), refuses_renames=no_rename, ask=ask)
    wish = Wish(message, is_empty=empty, adopts=adopt)
    plans = [
        plan_migration(target, Model.metadata, answers, wish, datetime.now(UTC))
        for target in found
    ]
    answers.check_used()
    for plan in plans:
        if isinstance(plan, NoChanges):
            _say_nothing(plan, apps)
        else:
            write(plan)
            _say_made(plan)
    is_all_nothing = all(isinstance(plan, NoChanges) for plan in plans)
    if not (is_all_nothing or empty):
        _console.say("Look at what it does, then run: lback migrate")


def _ask(question: str) -> str:
    return str(click.prompt(question, default="", show_default=False))


def _say_nothing(plan: "NoChanges", apps: "Iterable[AppConfig]") -> None:
    from lback.migrations.models_seen import lines_of
    from lback.migrations.models_seen import models_seen
    from lback.migrations.models_seen import why_nothing

    seen = models_seen(apps, plan.target.name)
    _console.say(f"No changes for {plan.target.name}. Models seen:")
    for line in lines_of(seen):
        _console.say(line)
    _console.say(why_nothing(seen, plan.unmanaged, plan.target.place))


def _say_made(plan: "Plan") -> None:
    from lback.migrations.models_seen import about_unmanaged

    _console.say(f"Made {_migration_project.short_path(plan.path)}")
    for line in plan.says:
        _console.say(f"  {line}")
    if plan.unmanaged:
        _console.warn(about_unmanaged(plan.unmanaged))
