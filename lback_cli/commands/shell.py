"""``lback shell``."""

import sys
from typing import TYPE_CHECKING

import click

from lback_cli import _project
from lback_cli._console import warn

if TYPE_CHECKING:
    from lback.db._interactive import InteractiveUnit
    from lback_cli._shell import Namespace


@click.command()
@click.option("-c", "source", metavar="CODE", help="Run CODE and leave.")
@click.option("--sql", is_flag=True, help="Print every SQL statement.")
@click.pass_context
def command(ctx: click.Context, source: str | None, sql: bool) -> None:  # noqa: FBT001  # click passes options by name
    """Try things out with the project loaded.

    Models, session, select, settings and dispatcher are at hand. CODE, and a script on
    standard input, is committed if it comes to its end; at the prompt nothing is
    committed but by session.commit().
    """
    from contextlib import nullcontext

    from lback.core._startup import Phase
    from lback.db import _interactive
    from lback_cli import _console
    from lback_cli import _shell

    project = _project.load(Phase.READY)
    models = _shell.models_by_name(project.apps)
    names = {**models, **_tools()}
    if source is None and not sys.stdin.isatty():
        source = sys.stdin.read()
    shown = _interactive.echoed(_console.say) if sql else nullcontext()
    with shown, _interactive.begun() as unit:
        if source is not None:
            ctx.exit(_run(source, names, unit))
        text = f"{project.root.name}: {_shell.banner(names, models)}"
        try:
            _shell.interact(names, text, unit.release)
        finally:
            if unit.has_changes:
                warn("What was not committed was rolled back.")


def _tools() -> "Namespace":
    """Return what is at hand besides models; no session without a database."""
    from lback.core.config import settings
    from lback.core.dispatcher_instance import dispatcher
    from lback.db.engines import databases

    tools: Namespace = {"settings": settings, "dispatcher": dispatcher}
    if databases:
        from sqlalchemy import select

        from lback.db.session import session

        tools = {"session": session, "select": select, **tools}
    return tools


def _run(source: str, names: "Namespace", unit: "InteractiveUnit") -> int:
    """Run a script, commit if it comes to its end, and return the exit code."""
    from lback_cli._shell import Script

    script = Script({"__name__": "__main__", **names})
    try:
        is_done = script.run(source)
    except SystemExit as leaving:
        if leaving.code:
            raise
        is_done = True
    if isinstance(script.error, KeyboardInterrupt):
        raise click.Abort
    if is_done:
        unit.commit()
    return 0 if is_done else 1
