"""Which steps of a migration take data away for good."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from lback.migrations._statements import Step
from lback.migrations._statements import steps_in
from lback.migrations._statements import steps_of
from lback.migrations.history import Migration

MARK = "DESTRUCTIVE"

_SQL = re.compile(
    r"\b(drop\s+(?:table|column|schema|database)|truncate)\b", re.IGNORECASE
)


class Loss(NamedTuple):
    """A step that takes data away.

    Attributes:
        text: What it does, such as ``drops the table shop_order``.
        table: The table, if it can be told.
        column: The column, if only that goes.
        line: Where the step stands in its file.
    """

    text: str
    table: str | None
    column: str | None
    line: int


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
        else:
            yield from _in_sql(step, line)


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
