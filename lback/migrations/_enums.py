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

from lback.migrations._written import add_value
from lback.migrations._written import create_enum
from lback.migrations._written import drop_enum
from lback.migrations._written import sql_text

if TYPE_CHECKING:
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
