"""Steps that are written as they will stand in the file, and back again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alembic.operations.ops import MigrateOperation

from lback.migrations._layout import quoted

if TYPE_CHECKING:
    from lback.migrations._compare import Rename


class Written(MigrateOperation):
    """A step as source.

    Args:
        source: What it does, in Python.
        back: What undoes it; empty if nothing has to.
        says: What it does, in words.
    """

    def __init__(self, source: str, back: str = "", says: str = "") -> None:
        self.source = source
        self.back = back
        self.says = says

    def reverse(self) -> "Written":
        """Return the step that undoes this one."""
        return Written(self.back, self.source, self.says)


def rename(names: "Rename") -> Written:
    """Return the step that gives a table or a column another name."""
    if names.table is None:
        schema, old = split(names.old)
        new = split(names.new)[1]

        def change(old: str, new: str) -> str:
            return f"op.rename_table({quoted(old)}, {quoted(new)}{_in(schema)})"

        says = f"rename {old} to {new}"
    else:
        schema, table = split(names.table)
        old, new = names.old, names.new

        def change(old: str, new: str) -> str:
            # NOTE: no batch, so that SQLite renames in place, in references too.
            return (
                f"op.alter_column({quoted(table)}, {quoted(old)}, "
                f"new_column_name={quoted(new)}{_in(schema)})"
            )

        says = f"rename {old} to {new} in {table}"
    return Written(change(old, new), change(new, old), says)


def forget_default(schema: str | None, table: str, column: str) -> Written:
    """Return the step that takes a default away again that only old rows needed."""
    source = (
        f"with op.batch_alter_table({quoted(table)}{_in(schema)}) as batch_op:\n"
        f"    batch_op.alter_column({quoted(column)}, server_default=None)"
    )
    return Written(source)


def split(key: str) -> tuple[str | None, str]:
    """Return the schema and the name of a table."""
    schema, _, name = key.rpartition(".")
    return schema or None, name


def _in(schema: str | None) -> str:
    return f", schema={quoted(schema)}" if schema else ""


def enum_source(name: str, values: Sequence[str], schema: str | None = None) -> str:
    """Return an enum type as it is written in a migration.

    PostgreSQL's own type is what SQLite makes a text of, and the only one that
    leaves the creation of the type to the file.
    """
    parts = [*map(quoted, values), f"name={quoted(name)}"]
    if schema is not None:
        parts.append(f"schema={quoted(schema)}")
    return f"postgresql.ENUM({', '.join(parts)}, create_type=False)"


def create_enum(name: str, values: Sequence[str], schema: str | None) -> Written:
    """Return the step that makes an enum type."""
    enum = enum_source(name, values, schema)
    return Written(
        f"{enum}.create(op.get_bind(), checkfirst=True)",
        f"{enum}.drop(op.get_bind(), checkfirst=True)",
        f"create the type {name}",
    )


def drop_enum(name: str, values: Sequence[str]) -> Written:
    """Return the step that drops an enum type that nothing uses any more."""
    step = create_enum(name, values, None).reverse()
    step.says = f"drop the type {name}"
    return step


def add_value(name: str, value: str, place: str) -> Written:
    """Return the step that adds a value to an enum type of PostgreSQL.

    Args:
        name: The type, quoted for SQL if it has to be.
        value: The new value.
        place: Where it goes, such as ``AFTER 'paid'``.
    """
    sql = f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {sql_text(value)} {place}"
    source = (
        'if op.get_context().dialect.name == "postgresql":\n'
        f"    op.execute({quoted(sql.replace(':', chr(92) + ':'))})"
    )
    return Written(source, says=f"add {value} to {name}")


def sql_text(value: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"
