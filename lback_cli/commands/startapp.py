"""``lback startapp``."""

import click

from lback_cli._console import say
from lback_cli._project import find_root
from lback_cli._writing import write_app


@click.command()
@click.argument("name")
@click.option("--no-wire", is_flag=True, help="Leave settings and urls alone.")
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
def command(name: str, no_wire: bool, dry_run: bool) -> None:  # noqa: FBT001  # click's
    """Create an app that is already wired.

    NAME is the app and its package in the project's folder. It is added to
    INSTALLED_APPS, and its urls to the project's, with everything else kept.
    """
    from lback_cli._app_plan import plan_app

    plan = plan_app(name, find_root(), wire=not no_wire)
    if not dry_run:
        write_app(plan.files, plan.folder, plan.edits)
    for line in plan.report(done=not dry_run):
        say(line)
