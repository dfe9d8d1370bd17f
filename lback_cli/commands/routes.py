"""``lback routes``: which view answers which path."""

import contextlib
import inspect
from typing import Any
from typing import TYPE_CHECKING

import click

from lback_cli import _console
from lback_cli import _project

if TYPE_CHECKING:
    from lback.core.router import Route

_HEAD = ("PATH", "METHODS", "NAME", "VIEW", "PLACE")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
def command(as_json: bool) -> None:  # noqa: FBT001  # click passes options by name
    """List the routes."""
    from lback.core._startup import Phase

    project = _project.load(Phase.URLS)
    rows = [_row(route) for route in project.router]
    if as_json:
        _console.say_json(rows)
    elif rows:
        _console.say_table(_HEAD, [_cells(row) for row in rows])
    else:
        _console.say("There are no routes.")


def _row(route: "Route") -> dict[str, Any]:
    from lback.core._receivers import identify

    origin = identify(route.view).origin
    file, line = origin.file, origin.line
    if inspect.isclass(route.view):
        # NOTE: a class that was made by a call has no source of its own.
        with contextlib.suppress(OSError, TypeError):
            file = inspect.getsourcefile(route.view) or ""
            line = inspect.getsourcelines(route.view)[1]
    return {
        "path": route.path,
        "methods": route.methods,
        "name": route.name,
        "view": origin.label,
        "file": file or None,
        "line": line or None,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    methods = ",".join(row["methods"]) if row["methods"] else "ALL"
    place = _console.short_place(row["file"], row["line"])
    return [row["path"], methods, row["name"] or "", row["view"], place]
