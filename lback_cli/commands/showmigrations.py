"""``lback showmigrations``: which migrations there are, and which are applied."""

from typing import Any
from typing import TYPE_CHECKING

import click

from lback_cli import _console
from lback_cli import _migration_project

if TYPE_CHECKING:
    from lback.migrations.state import State


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@_migration_project.database_option
def command(*, as_json: bool, database: str | None) -> None:
    """List the migrations, and say which the database has."""
    from lback.migrations.state import read_state

    found, _ = _migration_project.load(database)
    states = [read_state(target) for target in found]
    if as_json:
        _console.say_json([row for state in states for row in _rows(state)])
        return
    for state in states:
        _show(state)


def _rows(state: "State") -> list[dict[str, Any]]:
    from lback.migrations.losses import losses_of

    applied = _applied(state)
    return [
        {
            "database": state.target.name,
            "revision": migration.revision,
            "name": migration.name,
            "file": str(migration.path),
            "applied": migration.revision in applied,
            "destructive": [loss.text for loss in losses_of(migration)],
        }
        for migration in state.history
    ]


def _show(state: "State") -> None:
    from lback.migrations.losses import losses_of

    applied = _applied(state)
    _console.say(f"{state.target.name} ({state.target.place})")
    for migration in state.history:
        box = "[X]" if migration.revision in applied else "[ ]"
        mark = "  (destructive)" if losses_of(migration) else ""
        _console.say(f"  {box} {migration.name}{mark}")
    if not state.history:
        _console.say("  no migrations")
    if state.is_unknown:
        _console.warn(f"The database is at {state.current!r}, which no file has.")
    if state.note is not None:
        at = f"at {state.note.revision}" if state.note.revision else "between two"
        _console.warn(f"A migrate has begun and not ended; it was {at}.")


def _applied(state: "State") -> set[str]:
    if state.is_unknown:
        return set()
    return {m.revision for m in state.history.until(state.current)}
