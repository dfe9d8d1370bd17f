"""What the models have that the database does not, and the other way round."""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

from alembic.operations import Operations
from alembic.operations.ops import AddColumnOp
from alembic.operations.ops import CreateTableOp
from alembic.operations.ops import DropColumnOp
from alembic.operations.ops import DropTableOp
from alembic.operations.ops import MigrateOperation
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Enum

from lback.migrations._defaults import let_spellings_pass
from lback.migrations._enums import enum_steps
from lback.migrations._enums import enums_of_type
from lback.migrations._found import differences
from lback.migrations._order import in_order
from lback.migrations._replay import enum_name
from lback.migrations._replay import Replay
from lback.migrations._written import split
from lback.migrations.state import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy import Connection
    from sqlalchemy import MetaData
    from sqlalchemy import Table
    from sqlalchemy.types import TypeEngine

# Types of which one may hold what the other held.
_FAMILIES = (
    {"BIGINT", "INT", "INTEGER", "SMALLINT"},
    {"CHAR", "TEXT", "VARCHAR"},
    {"DECIMAL", "DOUBLE", "FLOAT", "NUMERIC", "REAL"},
    {"DATETIME", "TIMESTAMP"},
    {"JSON", "JSONB"},
)

# How much of two tables must be alike for a question: that many columns of all.
_ALIKE = 0.5


class Rename(NamedTuple):
    """A name that went, and one that came.

    Attributes:
        table: The table of a column; None for the name of a table.
        old: The name that went.
        new: The name that came.
    """

    table: str | None
    old: str
    new: str

    @property
    def old_path(self) -> str:
        """The old name, with the table of a column."""
        return self.old if self.table is None else f"{self.table}.{self.old}"


class Comparison(NamedTuple):
    """How the models and the database differ.

    Attributes:
        steps: What makes the database as the models are, in order.
        renames: Pairs that look like one thing with two names.
    """

    steps: list[MigrateOperation]
    renames: list[Rename]


class Comparer:
    """Somebody who compares the tables of models with those of a database.

    Args:
        connection: A connection to the database, outside any transaction.
        metadata: Of the models.
        tables: Their tables that are in this database.
        replay: What the migrations have made: nothing else is ever dropped.
    """

    def __init__(
        self,
        connection: "Connection",
        metadata: "MetaData",
        tables: "Sequence[Table]",
        replay: Replay,
    ) -> None:
        self._connection = connection
        self._metadata = metadata
        self._tables = {str(table.key): table for table in tables}
        self._replay = replay
        self._schemas = {table.schema for table in tables} | {None}

    @property
    def unmanaged(self) -> list[str]:
        """The tables of models that are in the database without any migration."""
        from sqlalchemy import inspect

        inspector = inspect(self._connection)
        found = [
            key
            for key, table in self._tables.items()
            if key not in self._replay.tables
            and table.name not in self._replay.words
            and inspector.has_table(table.name, schema=table.schema)
        ]
        self._connection.rollback()
        return found

    def compare(
        self, renames: Sequence[Rename], *, without: Collection[str] = ()
    ) -> Comparison:
        """Compare as if *renames* had happened; nothing of the database is changed.

        Args:
            renames: Tables and columns with their old and new names.
            without: Tables to leave alone.
        """
        try:
            with self._connection.begin() as transaction:
                self._rename(renames)
                context = self.context(without)
                compared = [t for key, t in self._tables.items() if key not in without]
                found = differences(context, self._metadata, compared)
                transaction.rollback()
        finally:
            self._connection.rollback()
        steps = in_order(found)
        unseen = [self._tables[key] for key in without]
        enums = enum_steps(self._tables.values(), self._replay.enums, unseen)
        renamed = list(_find_renames(steps, self._connection))
        return Comparison([*enums.before, *steps, *enums.after], renamed)

    def adopt(self, tables: Collection[str]) -> list[MigrateOperation]:
        """Return what makes *tables*, which the database has already."""
        wanted = [t for t in self._metadata.sorted_tables if str(t.key) in tables]
        steps: list[MigrateOperation] = [CreateTableOp.from_table(t) for t in wanted]
        steps += [_indexes(table) for table in wanted if table.indexes]
        enums = enum_steps(wanted, self._replay.enums, [])
        return [*enums.before, *in_order(steps)]

    def settle(self, renames: Sequence[Rename]) -> None:
        """Note that things have other names from now on."""
        for rename in renames:
            if rename.table is None:
                self._replay.rename_table(rename.old, rename.new)
            else:
                self._replay.rename_column(rename.table, rename.old, rename.new)

    def _rename(self, renames: Sequence[Rename]) -> None:
        operations = Operations(self.context(()))
        for rename in renames:
            if rename.table is None:
                schema, old = split(rename.old)
                operations.rename_table(old, split(rename.new)[1], schema=schema)
            else:
                schema, table = split(rename.table)
                operations.alter_column(
                    table, rename.old, new_column_name=rename.new, schema=schema
                )

    def _types_differ(
        self,
        context: MigrationContext,
        inspected: "Column[Any]",
        column: "Column[Any]",
        there: "TypeEngine[Any]",
        wanted: "TypeEngine[Any]",
    ) -> bool | None:
        """Tell enums from each other by what migrations made; else let Alembic judge.

        SQLite has only texts to show for them, the length of which does not matter.
        """
        made = self._replay.tables.get(str(column.table.key), {}).get(column.name)
        known = None if made is None else enum_name(made)
        own = next(enums_of_type(wanted), None)
        if own is None and known is None:
            return None
        if own is None or made is None:
            return True if made is not None else None
        return own.name != known

    def context(self, without: Collection[str] = ()) -> MigrationContext:
        """Return what Alembic compares by."""
        known = {*self._tables, *self._replay.tables} - {*without}

        def include_name(name: str | None, kind: str, parents: Any) -> bool:
            if kind == "schema":
                return name in self._schemas
            if kind == "table":
                return _key(parents.get("schema_name"), name) in known
            return True

        def include_object(
            thing: Any,
            name: str | None,
            kind: str,
            is_reflected: bool,  # noqa: FBT001  # Alembic's signature
            other: Any,
        ) -> bool:
            if kind != "table" or is_reflected:
                return True
            return str(thing.key) in self._tables and str(thing.key) not in without

        context = MigrationContext.configure(
            self._connection,
            opts={
                "compare_server_default": True,
                "compare_type": self._types_differ,
                "include_name": include_name,
                "include_object": include_object,
                "include_schemas": self._schemas != {None},
                "target_metadata": self._metadata,
                "version_table": VERSION_TABLE,
            },
        )
        let_spellings_pass(context)
        return context


def alike(one: "TypeEngine[Any]", other: "TypeEngine[Any]", dialect: Any) -> bool:
    """Tell whether two types are the same but for their length or size."""
    names = [
        str(kind.compile(dialect)).upper().replace("(", " ").split()[0]
        for kind in (one, other)
    ]
    if any(isinstance(kind, Enum) for kind in (one, other)):
        texts = {"CHAR", "TEXT", "VARCHAR"}
        return names[0] == names[1] or not texts.isdisjoint(names)
    return names[0] == names[1] or any(set(names) <= family for family in _FAMILIES)


def _key(schema: str | None, name: str | None) -> str:
    return f"{schema}.{name}" if schema else str(name)


def _indexes(table: "Table") -> ModifyTableOps:
    from alembic.operations.ops import CreateIndexOp

    steps = [
        CreateIndexOp.from_index(index)
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    return ModifyTableOps(table.name, steps, schema=table.schema)


def _find_renames(
    steps: Sequence[MigrateOperation], connection: "Connection"
) -> Iterator[Rename]:
    """Yield pairs of a drop and an add that look alike, the likeliest first."""
    dialect = connection.dialect
    dropped = [step for step in steps if isinstance(step, DropTableOp)]
    created = [step for step in steps if isinstance(step, CreateTableOp)]
    for new in created:
        pairs = [(_likeness(old, new, dialect), old) for old in dropped]
        for likeness, old in sorted(pairs, key=lambda pair: -pair[0]):
            if likeness >= _ALIKE and old.schema == new.schema:
                yield Rename(
                    None,
                    _key(old.schema, old.table_name),
                    _key(new.schema, new.table_name),
                )
    for step in steps:
        if isinstance(step, ModifyTableOps):
            yield from _renamed_columns(step, dialect)


def _renamed_columns(step: ModifyTableOps, dialect: Any) -> Iterator[Rename]:
    from difflib import SequenceMatcher

    added = [op for op in step.ops if isinstance(op, AddColumnOp)]
    dropped = [op for op in step.ops if isinstance(op, DropColumnOp)]
    for new in added:
        name = str(new.column.name)
        fitting = [
            old
            for old in dropped
            if alike(old.to_column().type, new.column.type, dialect)
        ]

        def distance(old: DropColumnOp, name: str = name) -> float:
            return -SequenceMatcher(None, old.column_name, name).ratio()

        for old in sorted(fitting, key=distance):
            yield Rename(_key(step.schema, step.table_name), old.column_name, name)


def _likeness(old: DropTableOp, new: CreateTableOp, dialect: Any) -> float:
    """Return which part of the columns two tables have in common."""
    before, after = old.to_table().c, new.to_table().c
    same = [
        column
        for column in after
        if column.name in before
        and alike(before[column.name].type, column.type, dialect)
    ]
    return len(same) / max(len(before), len(after), 1)
