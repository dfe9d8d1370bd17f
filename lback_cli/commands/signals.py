"""``lback signals``: who sends, who listens."""

import fnmatch
from collections.abc import Iterator
from enum import Enum
from typing import Any
from typing import TYPE_CHECKING

import click

from lback_cli import _console
from lback_cli import _project
from lback_cli._lazy import HelpfulGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from lback.core._receivers import Receiver
    from lback.core._startup import Project
    from lback.core.signals import Signal

    LabelOf = Callable[[str], str | None]

_HEAD = ("SIGNAL", "APP", "RECEIVER", "PLACE", "ORDER", "WHEN", "KIND", "SENDER")


@click.group(cls=HelpfulGroup)
def group() -> None:
    """Look at signals and their receivers."""


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

    label_of = _labels(_project.load(Phase.LISTENERS))
    rows = [
        row
        for signal in _chosen(pattern, framework=framework)
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


def _chosen(pattern: str | None, *, framework: bool) -> "Iterator[Signal[..., Any]]":
    """Yield the project's signals, and those of the framework that are heard."""
    from lback.core.dispatcher_instance import catalogue
    from lback.core.dispatcher_instance import dispatcher

    own = vars(catalogue).values()
    ours = {id(value) for value in own}
    for signal in sorted(dispatcher, key=lambda signal: str(signal.name)):
        if id(signal) in ours and not framework and not signal:
            continue
        if pattern is None or fnmatch.fnmatchcase(str(signal.name), pattern):
            yield signal


def _rows(signal: "Signal[..., Any]", label_of: "LabelOf") -> list[dict[str, Any]]:
    """Describe each receiver of *signal*, or the signal alone if it has none."""
    if not signal.receivers:
        return [_row(signal, None, label_of)]
    return [_row(signal, receiver, label_of) for receiver in signal.receivers]


def _row(
    signal: "Signal[..., Any]", receiver: "Receiver | None", label_of: "LabelOf"
) -> dict[str, Any]:
    origin = receiver.origin if receiver else signal.declaration
    module = origin.module if origin else ""
    return {
        "signal": signal.name,
        "app": label_of(module),
        "receiver": receiver.name if receiver else None,
        "file": (origin.file or None) if origin else None,
        "line": (origin.line or None) if origin else None,
        "order": receiver.order if receiver else None,
        "when": receiver.when if receiver else None,
        "kind": _kind(receiver) if receiver else None,
        "sender": _sender(receiver) if receiver else None,
    }


def _kind(receiver: "Receiver") -> str:
    return "async" if receiver.is_async else "sync"


def _sender(receiver: "Receiver") -> str | None:
    """Write a sender filter so that any object can be shown."""
    sender = receiver.sender
    if sender is None:
        return None
    kind = type(sender)
    if kind in {str, int, bool}:
        return repr(sender)
    if issubclass(kind, Enum):
        return f"{kind.__qualname__}.{sender.name}"
    return (sender if issubclass(kind, type) else kind).__qualname__


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
