"""``lback signals``: who sends, who listens."""

from typing import Any
from typing import TYPE_CHECKING

import click

from lback_cli import _console
from lback_cli import _project
from lback_cli._lazy import HelpfulGroup
from lback_cli.commands import signals_check
from lback_cli.commands import signals_graph
from lback_cli.commands import signals_show

if TYPE_CHECKING:
    from collections.abc import Callable

    from lback.core._receivers import Receiver
    from lback.core._startup import Project
    from lback.core.signals import Signal

    LabelOf = Callable[[str], str | None]

_HEAD = ("SIGNAL", "APP", "RECEIVER", "PLACE", "ORDER", "WHEN", "KIND", "SENDER")
_KEYS = (
    "signal",
    "app",
    "receiver",
    "file",
    "line",
    "order",
    "when",
    "kind",
    "sender",
)


@click.group(cls=HelpfulGroup)
def group() -> None:
    """Look at signals and their receivers."""


group.add_command(signals_check.command, "check")
group.add_command(signals_graph.command, "graph")
group.add_command(signals_show.command, "show")


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.option("--app", help="Only receivers of this app.")
@click.option("--signal", "pattern", help="Only signals like this, such as 'shop.*'.")
@click.option("--unheard", is_flag=True, help="Only signals that nobody receives.")
@click.option("--framework", is_flag=True, help="The framework's own signals, too.")
def list_signals(
    as_json: bool,  # noqa: FBT001  # click passes options by name
    app: str | None,
    pattern: str | None,
    unheard: bool,  # noqa: FBT001  # click passes options by name
    framework: bool,  # noqa: FBT001  # click passes options by name
) -> None:
    """List signals with their receivers, in order."""
    from lback.core._startup import Phase
    from lback_cli._signal_rows import chosen_signals

    label_of = _labels(_project.load(Phase.LISTENERS))
    rows = [
        row
        for signal in chosen_signals(pattern, framework=framework)
        for row in _rows(signal, label_of)
        if (app is None or row["app"] == app)
        and (not unheard or row["receiver"] is None)
    ]
    if as_json:
        _console.say_json(rows)
    elif rows:
        _console.say_table(_HEAD, [_cells(row) for row in rows])
    else:
        _console.say("There are no such signals.")


def _rows(signal: "Signal[..., Any]", label_of: "LabelOf") -> list[dict[str, Any]]:
    """Describe each receiver of *signal*, or the signal alone if it has none."""
    if not signal.receivers:
        return [_unheard(signal, label_of)]
    return [_heard(signal, receiver, label_of) for receiver in signal.receivers]


def _unheard(signal: "Signal[..., Any]", label_of: "LabelOf") -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_KEYS)
    place = signal.declaration
    if place is not None:
        row |= {"file": place.file or None, "line": place.line or None}
        row["app"] = label_of(place.module)
    return {**row, "signal": signal.name}


def _heard(
    signal: "Signal[..., Any]", receiver: "Receiver", label_of: "LabelOf"
) -> dict[str, Any]:
    from lback_cli._signal_rows import describe_receiver

    shown = describe_receiver(receiver, label_of(receiver.origin.module))
    return {key: {**shown, "signal": signal.name}[key] for key in _KEYS}


def _labels(project: "Project") -> "LabelOf":
    """Return what finds the label of the app that a module belongs to."""
    from lback.core._receiver_order import AppOrder

    return AppOrder(project.apps.labels).label_of


def _cells(row: dict[str, Any]) -> list[str]:
    shown = {
        **row,
        "place": _console.short_place(row["file"], row["line"]),
        "receiver": row["receiver"] or "(nobody)",
    }
    values = [shown[name.lower()] for name in _HEAD]
    return ["" if value is None else str(value) for value in values]
