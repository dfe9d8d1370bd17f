"""The only place that prints."""

import json
import os
from collections.abc import Sequence
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
    # PERF: a Path for each of a thousand rows takes longer than loading the project.
    # bench: benchmarks/startup.py::signals_list
    here = f"{os.getcwd()}{os.sep}"  # noqa: PTH109
    return f"{file.removeprefix(here)}:{line}"


def say_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* in aligned columns under *head*."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [
        "  ".join(map(str.ljust, line, widths)).rstrip()  # each cell to its width
        for line in lines
    ]
    texts[0] = click.style(texts[0], bold=True)
    click.echo("\n".join(texts))
