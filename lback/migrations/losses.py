"""Which steps of a migration take data away for good."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from lback.migrations._statements import called
from lback.migrations._statements import Step
from lback.migrations._statements import steps_in
from lback.migrations._statements import steps_of
from lback.migrations.history import Migration

MARK = "DESTRUCTIVE"

_SQL = re.compile(
    r"\b(drop\s+(?:table|column|schema|database)|truncate)\b", re.IGNORECASE
)

# Types that hold the same kind of thing, by what a file calls them. Whatever is not
# here is a kind of its own.
_FAMILIES = {
    "whole number": {
        "BIGINT",
        "BIGINTEGER",
        "INT",
        "INTEGER",
        "SMALLINT",
        "SMALLINTEGER",
    },
    "number": {"DECIMAL", "DOUBLE", "DOUBLE_PRECISION", "FLOAT", "NUMERIC", "REAL"},
    "text": {"CHAR", "ENUM", "NCHAR", "NVARCHAR", "STRING", "TEXT", "UNICODE"}
    | {"UNICODETEXT", "VARCHAR"},
    "moment": {"DATETIME", "TIMESTAMP"},
    "json": {"JSON", "JSONB"},
}

# What becomes something else without a loss, besides all that becomes a text.
_WIDER = {
    ("BOOLEAN", "number"),
    ("BOOLEAN", "whole number"),
    ("whole number", "number"),
}


class Loss(NamedTuple):
    """A step that takes data away.

    Attributes:
        text: What it does, such as ``drops the table shop_order``.
        table: The table, if it can be told.
        column: The column, if only that goes.
        line: Where the step stands in its file.
        is_whole: Whether everything that is in there goes.
    """

    text: str
    table: str | None
    column: str | None
    line: int
    is_whole: bool = True


def losses_of(migration: Migration, function: str = "upgrade") -> list[Loss]:
    """Return the steps of a migration that take data away, in order."""
    return list(_found(steps_of(migration, function)))


def losses_in(statement: ast.stmt, around: ast.With | None = None) -> list[Loss]:
    """Return what one statement takes away, which may stand inside a ``with``."""
    if around is None:
        return list(_found(steps_in([statement])))
    alone = ast.With(items=around.items, body=[statement])
    return list(_found(steps_in([ast.copy_location(alone, statement)])))


def _found(steps: Iterator[Step]) -> Iterator[Loss]:
    for step in steps:
        line = getattr(step.call, "lineno", 0)
        if step.name == "drop_table":
            name = step.table or _source(step.call.args)
            yield Loss(f"drops the table {name}", step.table, None, line)
        elif step.name == "drop_column":
            table = step.table or _source(step.call.args)
            column = step.text("column_name", 0)
            name = column or _source(step.args)
            yield Loss(f"drops the column {table}.{name}", step.table, column, line)
        elif step.name == "alter_column":
            yield from _in_types(step, line)
        else:
            yield from _in_sql(step, line)


def _in_types(step: Step, line: int) -> Iterator[Loss]:
    """Find what does not fit into another type.

    NOTE: PostgreSQL refuses it. SQLite makes a number of everything but a text: 0, or
    the year of a date.
    """
    old, new = step.value("existing_type"), step.value("type_")
    if old is None or new is None:
        return
    families = _family(old), _family(new)
    if families[0] == families[1] or families[1] == "text" or families in _WIDER:
        return
    table = step.table or _source(step.call.args)
    column = step.text("column_name", 0)
    name = column or _source(step.args)
    text = (
        f"turns {table}.{name} from {_type_name(old)} into {_type_name(new)}; "
        "what does not fit becomes 0 on SQLite"
    )
    yield Loss(text, step.table, column, line, is_whole=False)


def _family(node: ast.expr) -> str:
    name = _type_name(node).upper()
    for family, names in _FAMILIES.items():
        if name in names:
            return family
    # NOTE: what a made file gives a name to is an enum, which is a text on SQLite.
    return "text" if isinstance(node, ast.Name) else name


def _type_name(node: ast.expr) -> str:
    """Return the last name of a type, such as ``String`` of ``sa.String(20)``."""
    while isinstance(node, ast.Call):
        is_variant = called(node) == "with_variant"
        function = node.func
        node = (
            function.value
            if is_variant and isinstance(function, ast.Attribute)
            else function
        )
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


def _in_sql(step: Step, line: int) -> Iterator[Loss]:
    """Find what SQL takes away that is written out as an argument."""
    for argument in (*step.call.args, *(k.value for k in step.call.keywords)):
        parts = [argument]
        if isinstance(argument, ast.JoinedStr):
            parts = argument.values
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                found = _SQL.search(part.value)
                if found is not None:
                    words = " ".join(part.value.split())
                    start = words[:60] + ("..." if len(words) > 60 else "")  # noqa: PLR2004  # enough to know it by
                    yield Loss(f"runs {start!r}", None, None, line)


def _source(nodes: list[ast.expr]) -> str:
    return ast.unparse(nodes[0]) if nodes else "?"
