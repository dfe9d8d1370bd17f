"""The only place that prints."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click


def say(text: str = "") -> None:
    """Print *text* to standard output."""
    click.echo(text)


def warn(text: str) -> None:
    """Print *text* to standard error as a warning."""
    click.echo(f"{click.style('warning:', fg='yellow')} {text}", err=True)


def complain(text: str) -> None:
    """Print *text* to standard error as the reason of a failure."""
    click.echo(f"{click.style('lback:', fg='red')} {text}", err=True)


def say_json(value: Any) -> None:
    """Print *value* as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def short_place(file: str | None, line: int | None) -> str:
    """Write ``file:line``, relative to the current folder where that is shorter."""
    if not file:
        return ""
    path = Path(file)
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{shown}:{line}"


def say_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* in aligned columns under *head*."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for number, line in enumerate(lines):
        cells = (cell.ljust(w) for cell, w in zip(line, widths, strict=True))
        text = "  ".join(cells).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 else text)
