"""Enum types: made before the first column that uses them, dropped after the last.

PostgreSQL keeps an enum as a type of its own; SQLite keeps a text and needs nothing.
What is there already is read from the migrations, so a file comes out the same
wherever it is made.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

from alembic.operations.ops import MigrateOperation
from sqlalchemy import ARRAY
from sqlalchemy import Enum
from sqlalchemy import make_url
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from lback.core.exceptions import MigrationError
from lback.migrations._replay import enum_name
from lback.migrations._replay import Replay
from lback.migrations._written import add_value
from lback.migrations._written import create_enum
from lback.migrations._written import drop_enum
from lback.migrations._written import sql_text

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy import Table
    from sqlalchemy.types import TypeEngine

_POSTGRESQL = make_url("postgresql://").get_dialect()()


class EnumSteps(NamedTuple):
    """What has to happen to enum types.

    Attributes:
        before: What comes before the tables change.
        after: What comes after.
    """

    before: list[MigrateOperation]
    after: list[MigrateOperation]


def enum_steps(
    tables: Iterable["Table"], known: dict[str, list[str]], unseen: Iterable["Table"]
) -> EnumSteps:
    """Return what makes the enum types as the models have them.

    Args:
        tables: The tables of the models.
        known: The values by name of the types that migrations have made.
        unseen: Tables that no migration makes yet; their types are left alone.
    """
    later = {enum.name for table in unseen for enum in enums_of(table)}
    wanted = {enum.name: enum for table in tables for enum in enums_of(table)}
    before: list[MigrateOperation] = []
    for name, enum in wanted.items():
        if name is None or name in later - {*known}:
            continue
        if name not in known:
            before.append(create_enum(name, enum.enums, enum.schema))
        else:
            before += _new_values(enum, known[name])
    gone = [name for name in known if name not in wanted]
    return EnumSteps(before, [drop_enum(name, known[name]) for name in gone])


def check_enums(tables: Iterable["Table"], replay: Replay) -> None:
    """Refuse two enums of one name: PostgreSQL can keep only one type of that name.

    Args:
        tables: The tables of the models.
        replay: What the migrations have made.

    Raises:
        MigrationError: They have different values, in the models or in a migration.
    """
    first: dict[str, tuple[Column[Any], Enum]] = {}
    uses = [
        (column, enum)
        for table in tables
        for column in table.columns
        for enum in enums_of_type(column.type)
    ]
    for column, enum in uses:
        there, known = first.setdefault(str(enum.name), (column, enum))
        if {*known.enums} != {*enum.enums}:
            raise MigrationError(
                f"{_used(there, known)} and {_used(column, enum)} have different "
                f"values, but both are the type {enum.name!r}, which PostgreSQL keeps "
                f"once. {_remedy(column, enum)}"
            )
    for column, enum in uses:
        makers = _makers(replay, str(enum.name))
        is_theirs = makers.isdisjoint(_path(c) for c, e in uses if e.name == enum.name)
        values = replay.enums.get(str(enum.name), [])
        # NOTE: one that is moved or renamed keeps some of its values.
        if makers and is_theirs and {*values}.isdisjoint(enum.enums):
            raise MigrationError(
                f"The migrations have made the type {enum.name!r} of other values "
                f"({', '.join(values)}) for {', '.join(sorted(makers))}, so "
                f"{_used(column, enum)} cannot be of that type. {_remedy(column, enum)}"
            )


def enums_of(table: "Table") -> Iterator[Enum]:
    """Yield the enum types of a table that PostgreSQL keeps as types."""
    for column in table.columns:
        yield from enums_of_type(column.type)


def is_named_enum(kind: "TypeEngine[Any]") -> bool:
    """Tell whether a type is an enum that PostgreSQL keeps as a type."""
    return isinstance(kind, Enum) and kind.native_enum and kind.name is not None


def enums_of_type(kind: "TypeEngine[Any]") -> Iterator[Enum]:
    """Yield the enum types in a type: itself, or what it is a list or a form of."""
    if isinstance(kind, Enum):
        if is_named_enum(kind):
            yield kind
    elif isinstance(kind, TypeDecorator):
        yield from enums_of_type(kind.load_dialect_impl(_POSTGRESQL))
    elif isinstance(kind, ARRAY | postgresql.ARRAY):
        yield from enums_of_type(kind.item_type)


def _makers(replay: Replay, name: str) -> set[str]:
    """Return the columns for which migrations made the enum type *name*."""
    return {
        f"{table}.{column}"
        for table, columns in replay.tables.items()
        for column, made in columns.items()
        if enum_name(made) == name
    }


def _path(column: "Column[Any]") -> str:
    return f"{column.table.key}.{column.name}"


def _used(column: "Column[Any]", enum: Enum) -> str:
    """Name a column, and the class of its values if there is one."""
    kind = enum.enum_class
    of = f" ({kind.__module__}.{kind.__qualname__})" if kind is not None else ""
    return f"{_path(column)}{of}"


def _remedy(column: "Column[Any]", enum: Enum) -> str:
    kind = enum.enum_class
    values = ", ".join(map(repr, enum.enums)) if kind is None else kind.__name__
    name = f"{column.table.name}_{enum.name}"
    return (
        f"Give {_path(column)} a type of another name: "
        f'mapped_column(Enum({values}, name="{name}")).'
    )


def _new_values(enum: Enum, known: list[str]) -> Iterator[MigrateOperation]:
    """Yield a step for each value that an enum has got since."""
    name = _POSTGRESQL.identifier_preparer.quote(str(enum.name))
    there = set(known)
    for number, value in enumerate(enum.enums):
        if value in there:
            continue
        before = [each for each in enum.enums[:number] if each in there]
        behind = [each for each in enum.enums[number + 1 :] if each in there]
        place = ""
        if before:
            place = f"AFTER {sql_text(before[-1])}"
        elif behind:
            place = f"BEFORE {sql_text(behind[0])}"
        there.add(value)
        yield add_value(name, value, place)
