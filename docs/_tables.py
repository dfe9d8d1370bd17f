"""Write the tables of catalogue.md from lback/core/catalogue.py.

    python docs/_tables.py

The page is written by hand, but for what stands between these two lines; "The server"
is a heading of the module, such as ``# --- The server ---``, or one of the two below::

    <!-- generated: The server -->
    <!-- end -->
"""  # noqa: INP001  # a script

import inspect
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import ForwardRef

from lback.core import catalogue
from lback.core.signals import Signal

PAGE = Path(__file__).with_name("catalogue.md")

# What the module's two tables are called on the page.
ALIASES = "Other names"
AWAITED = "Names that nothing sends"

_HEADING = re.compile(r"^# --- (.+?) -*$")
_TABLE = re.compile(r"(<!-- generated: ([^\n]+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def tables() -> dict[str, str]:
    """Return every table of the page, by the name that its place has."""
    sections = {
        heading: _table(
            ("signal", "when it is sent", "fields"),
            ((_code(signal.name), signal.doc, _fields(signal)) for signal in signals),
        )
        for heading, signals in _sections().items()
    }
    aliases = _table(
        ("name", "is"),
        ((_code(name), _code(s.name)) for name, s in catalogue.ALIASES.items()),
    )
    names_of: dict[str, list[str]] = {}
    for name, part in sorted(catalogue.AWAITED.items()):
        names_of.setdefault(part, []).append(_code(name))
    awaited = _table(
        ("comes with", "names"),
        ((part, ", ".join(names)) for part, names in sorted(names_of.items())),
    )
    return {**sections, ALIASES: aliases, AWAITED: awaited}


def filled(page: str, made: Mapping[str, str]) -> str:
    """Return the text of a page with the tables *made* put in their places.

    Raises:
        ValueError: The page has not exactly one place for each table.
    """
    places = [found[2] for found in _TABLE.finditer(page)]
    if sorted(places) != sorted(made):
        raise ValueError(
            f"The page has places for {sorted(places)}, but the tables are "
            f"{sorted(made)}. Put <!-- generated: NAME --> and <!-- end --> "
            "where a table belongs."
        )
    return _TABLE.sub(lambda found: f"{found[1]}\n{made[found[2]]}\n", page)


def _sections() -> dict[str, list[Signal[..., Any]]]:
    """Return the signals under each heading of the module, in its order."""
    lines = inspect.getsource(catalogue).splitlines()
    signals = {
        value.declaration.line: value
        for value in vars(catalogue).values()
        if isinstance(value, Signal) and value.declaration is not None
    }
    sections: dict[str, list[Signal[..., Any]]] = {}
    heading = ""
    for number, line in enumerate(lines, start=1):
        if found := _HEADING.match(line):
            heading = found[1]
        if number in signals:
            sections.setdefault(heading, []).append(signals[number])
    return sections


def _fields(signal: Signal[..., Any]) -> str:
    """Return the fields of *signal* as code, with their types and defaults."""
    if signal.payload is None:
        return "none"
    fields = inspect.signature(signal.payload).parameters.values()
    return ", ".join(_code(_field(field)) for field in fields)


def _field(field: inspect.Parameter) -> str:
    declared = f"{field.name}: {_type(field.annotation)}"
    if field.default is field.empty:
        return declared
    return f"{declared} = {field.default!r}"


def _type(annotation: Any) -> str:
    """Return an annotation as it is written in the module."""
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    return inspect.formatannotation(annotation)


def _code(text: object) -> str:
    # A table's cells end at "|", in code as well.
    escaped = str(text).replace("|", r"\|")
    return f"`{escaped}`"


def _table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table; the lines end with a line break."""
    first, *lines = (f"| {' | '.join(map(str, row))} |\n" for row in (head, *rows))
    return "".join([first, f"|{'---|' * len(head)}\n", *lines])


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(text, tables()), encoding="utf-8")
