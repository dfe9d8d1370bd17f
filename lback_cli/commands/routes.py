"""``lback routes``: which view answers which path."""

import contextlib
import inspect
from typing import Any
from typing import TYPE_CHECKING
from urllib.parse import unquote

import click

from lback_cli import _console
from lback_cli import _project

if TYPE_CHECKING:
    from lback.core.router import Route
    from lback.core.router import Router

# How many routes are shown that did not match.
_NEAREST = 10

_HEAD = ("PATH", "METHODS", "NAME", "VIEW", "PLACE")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.option("--explain", "path", metavar="PATH", help="Say what answers a path.")
@click.option("--method", default="GET", show_default=True, help="With --explain.")
@click.pass_context
def command(
    ctx: click.Context, path: str | None, method: str, *, as_json: bool
) -> None:
    """List the routes."""
    from lback.core._startup import Phase

    project = _project.load(Phase.URLS)
    if path is not None:
        found = _explain(project.router, _plain(path), method.upper(), as_json=as_json)
        ctx.exit(0 if found else 1)
    rows = [_row(route) for route in project.router]
    if as_json:
        _console.say_json(rows)
    elif rows:
        _console.say_table(_HEAD, [_cells(row) for row in rows])
    else:
        _console.say("There are no routes.")


def _plain(path: str) -> str:
    """Return a path as routes see it: without the query, decoded once."""
    if not path.startswith("/"):
        raise click.UsageError(f"{path!r} is no path; it begins with a slash.")
    return unquote(path.partition("?")[0])


def _explain(router: "Router", path: str, method: str, *, as_json: bool) -> bool:
    """Say which route answers a path, or why none does; tell whether one does."""
    from lback.core._near_routes import nearest
    from lback.core.exceptions import MethodNotAllowed
    from lback.core.exceptions import RouteNotFound

    try:
        route, values = router.find(path, method)
    except (RouteNotFound, MethodNotAllowed) as error:
        rows = [
            {**_row(near.route), "reason": near.reason}
            for near in nearest(router, path, method)
        ]
        if as_json:
            _console.say_json({"route": None, "nearest": rows})
        else:
            _console.say(f"{method} {path}: {_missed(error)}")
            lines = [(r["path"], _methods(r), r["reason"]) for r in rows[:_NEAREST]]
            if lines:
                _console.say_table(("PATH", "METHODS", "WHY NOT"), lines)
        return False
    row = _row(route)
    if as_json:
        shown = {name: str(value) for name, value in values.items()}
        _console.say_json({"route": row, "values": shown, "nearest": []})
        return True
    _console.say_table(_HEAD, [_cells(row)])
    for name, value in values.items():
        _console.say(f"  {name} = {value!r}")
    return True


def _missed(error: Exception) -> str:
    from lback.core.exceptions import MethodNotAllowed

    if isinstance(error, MethodNotAllowed):
        return f"405; allowed: {', '.join(error.allowed_methods)}."
    return "404; no route has this path. The nearest:"


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
    place = _console.short_place(row["file"], row["line"])
    return [row["path"], _methods(row), row["name"] or "", row["view"], place]


def _methods(row: dict[str, Any]) -> str:
    return ",".join(row["methods"]) if row["methods"] else "ALL"
