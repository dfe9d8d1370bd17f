"""What old rows get in a new column that cannot be empty."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import Enum as PythonEnum
from typing import Any
from uuid import UUID

from alembic.operations.ops import AddColumnOp
from alembic.operations.ops import MigrateOperation
from alembic.operations.ops import ModifyTableOps
from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import Enum
from sqlalchemy import false
from sqlalchemy import true

from lback.core.exceptions import MigrationError
from lback.migrations._answers import Answers
from lback.migrations._typed import stored
from lback.migrations._typed import typed
from lback.migrations._written import forget_default


def fill_in(
    steps: Sequence[MigrateOperation], answers: Answers
) -> list[MigrateOperation]:
    """Give every new column that cannot be empty a value for the rows that exist.

    It is a default of the database while the column is added, and none afterwards.

    Raises:
        MigrationError: Nobody says which value.
    """
    filled: list[MigrateOperation] = []
    for step in steps:
        filled.append(step)
        if isinstance(step, ModifyTableOps):
            for op in step.ops:
                if isinstance(op, AddColumnOp) and _needs_value(op.column):
                    _fill(op, answers)
                    filled.append(
                        forget_default(step.schema, step.table_name, op.column.name)
                    )
    return filled


def _needs_value(column: "Column[Any]") -> bool:
    return not (column.nullable or column.server_default or column.computed)


def _fill(op: AddColumnOp, answers: Answers) -> None:
    """Put a copy of the column, with a default, into the step."""
    column, path = op.column, f"{op.table_name}.{op.column.name}"
    value = _own_default(column)
    if value is None:
        value = typed(column, answers.fill(path, str(column.type)), path)
    op.column = Column(
        column.name,
        column.type,
        server_default=_default(column, value, path),
        nullable=False,
        comment=column.comment,
    )


def _own_default(column: "Column[Any]") -> Any:
    """Return the plain value that the model gives new rows, if it does."""
    default = column.default
    if default is None or not default.is_scalar:
        return None
    return getattr(default, "arg", None)


def _default(column: "Column[Any]", value: Any, path: str) -> Any:
    """Return a value as a default of the database.

    Raises:
        MigrationError: The column cannot hold it.
    """
    if isinstance(stored(column.type), Boolean):
        return true() if typed(column, str(value), path) else false()
    text = _text(value, column)
    if isinstance(column.type, Enum) and text not in column.type.enums:
        raise MigrationError(
            f"{path} is one of {', '.join(column.type.enums)}, not {value!r}."
        )
    return text


def _text(value: Any, column: "Column[Any]") -> str:
    """Return a value as a database writes it between quotes."""
    match value:
        case PythonEnum():
            kind = column.type
            is_named = isinstance(kind, Enum) and value.name in kind.enums
            text = value.name if is_named else str(value.value)
        case datetime():
            text = value.isoformat(" ")
        case dict() | list():
            text = json.dumps(value)
        case UUID():
            text = value.hex
        case _:
            text = str(value)
    return text
