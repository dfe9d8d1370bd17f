"""``lback signals show``: everything about one signal."""

from collections.abc import Sequence
from typing import Any
from typing import TYPE_CHECKING

import click

from lback_cli import _console
from lback_cli import _project

if TYPE_CHECKING:
    from lback.core.signals import Signal

_FIELDS = ("FIELD", "TYPE", "DEFAULT")
_SENT_FROM = ("SENT BY", "APP", "PLACE")
_RECEIVERS = (
    "RECEIVER",
    "APP",
    "PLACE",
    "ORDER",
    "WHEN",
    "KIND",
    "SENDER",
    "ON_ERROR",
)


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def command(name: str, as_json: bool) -> None:  # noqa: FBT001  # click passes options by name
    """Show a signal: its fields, who sends it, who receives it."""
    from lback.core._startup import Phase
    from lback_cli._signal_rows import describe_signal
    from lback_cli._signal_survey import survey
    from lback_cli._signal_survey import tell_unread

    project = _project.load(Phase.LISTENERS)
    signal = _find(name)
    looked = survey(project)
    shown = describe_signal(signal, looked)
    tell_unread(looked.unread)
    if as_json:
        _console.say_json(shown)
    else:
        _say(shown)


def _find(name: str) -> "Signal[..., Any]":
    """Return the signal *name*, which may be a second name.

    Raises:
        ClickException: There is none, or none yet.
    """
    from lback.core._near import did_you_mean
    from lback.core.catalogue import ALIASES
    from lback.core.catalogue import AWAITED
    from lback.core.dispatcher_instance import dispatcher

    signal = dispatcher.get(name)
    if signal is not None:
        return signal
    if name in AWAITED:
        raise click.ClickException(
            f"Nothing sends {name!r} yet; it comes with {AWAITED[name]}."
        )
    declared = [str(s.name) for s in dispatcher if s.declaration is not None]
    known = [*declared, *ALIASES, *AWAITED]
    hint = did_you_mean(name, known) or " Run: lback signals list --framework"
    raise click.ClickException(f"No signal is called {name!r}.{hint}")


def _say(shown: dict[str, Any]) -> None:
    """Print what is known of a signal for people."""
    from lback_cli._signal_survey import BLIND_SPOTS

    _console.say(" = ".join([shown["signal"], *shown["aliases"]]))
    if shown["doc"]:
        _console.say(shown["doc"])
    place = _place(shown)
    _console.say(f"Declared at {place}." if place else "Nobody declares it.")
    _console.say()
    if shown["payload"] is None:
        _console.say("It has no declared payload; any fields may be sent.")
    else:
        fields = [_field_cells(field) for field in shown["fields"]]
        _say_rows(_FIELDS, fields, none=f"{shown['payload']} has no fields.")
    _console.say()
    sends = [(s["by"], s["app"] or "", _place(s)) for s in shown["sent_from"]]
    _say_rows(_SENT_FROM, sends, none="No place was found that sends it.")
    if shown["handed_on"]:
        places = ", ".join(dict.fromkeys(map(_place, shown["handed_on"])))
        _console.say(f"It may be sent unseen where it is handed on: {places}.")
    _console.say()
    receivers = [_receiver_cells(row) for row in shown["receivers"]]
    _say_rows(_RECEIVERS, receivers, none="Nobody receives it.")
    _console.say()
    _console.say(BLIND_SPOTS)


def _say_rows(head: Sequence[str], rows: Sequence[Sequence[str]], *, none: str) -> None:
    if rows:
        _console.say_table(head, rows)
    else:
        _console.say(none)


def _place(shown: dict[str, Any]) -> str:
    return _console.short_place(shown["file"], shown["line"])


def _field_cells(field: dict[str, Any]) -> list[str]:
    default = field["default"]
    if default is None:
        default = "" if field["required"] else "(may be left out)"
    return [field["name"], field["type"], default]


def _receiver_cells(row: dict[str, Any]) -> list[str]:
    shown = {**row, "place": _place(row)}
    values = [shown[name.lower()] for name in _RECEIVERS]
    return ["" if value is None else str(value) for value in values]
