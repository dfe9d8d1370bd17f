"""``lback settings``: work with the settings of a project."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from typing import TYPE_CHECKING

import click

from lback_cli._console import say
from lback_cli._console import say_json
from lback_cli._console import warn
from lback_cli._lazy import HelpfulGroup
from lback_cli._project import find_root

if TYPE_CHECKING:
    from lback.core.config_manager import SyncResult

_WIDEST = 60


@click.group(cls=HelpfulGroup)
def group() -> None:
    """Work with the settings."""


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def sync(*, as_json: bool) -> None:
    """Write config.json once and say what changed."""
    from lback.core.config_manager import sync_settings_to_config

    with _stopped_in_order():
        result = sync_settings_to_config(find_root() / "settings.py", accept_cut=True)
    if as_json:
        say_json(_as_json(result))
    else:
        _say_result(result)
    if result.unwritten:
        raise click.ClickException(result.unwritten)


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """End by an exception when asked to, so that the child that judges ends, too."""
    previous = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _as_json(result: "SyncResult") -> dict[str, Any]:
    fields = asdict(result)
    return {
        "path": str(fields["path"]),
        **{k: fields[k] for k in ("written", "added", "changed", "removed")},
        "warnings": fields["warnings"],
    }


def _say_result(result: "SyncResult") -> None:
    for warning in result.warnings:
        if warning != result.unwritten:
            warn(warning)
    for name in result.added:
        say(f"added {name} = {_short(result.values[name])}")
    for name in result.changed:
        say(f"changed {name} = {_short(result.values[name])}")
    for name in result.removed:
        say(f"removed {name}")
    if result.written:
        say(f"Wrote {result.path}.")
    elif not result.unwritten:
        say(f"{result.path} is up to date.")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
