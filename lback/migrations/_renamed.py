"""Which renames fit what a comparison has found."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alembic.operations.ops import CreateTableOp
from alembic.operations.ops import DropTableOp

from lback.migrations._compare import Rename

if TYPE_CHECKING:
    from lback.migrations._compare import Comparison


def possible_renames(comparison: "Comparison") -> list[Rename]:
    """Return every rename that can be meant: now, or once a table has its new name."""
    later = [
        rename
        for table in comparison.renames
        if table.table is None
        for rename in _of_columns(table, comparison)
    ]
    return [*comparison.renames, *later]


def _of_columns(rename: Rename, comparison: "Comparison") -> Iterator[Rename]:
    """Yield the renames of columns that the rename of a table leaves to be asked."""
    before = {
        column.name: None
        for step in comparison.steps
        if isinstance(step, DropTableOp)
        and _key(step.schema, step.table_name) == rename.old
        for column in step.to_table().c
    }
    after = {
        column.name: None
        for step in comparison.steps
        if isinstance(step, CreateTableOp)
        and _key(step.schema, step.table_name) == rename.new
        for column in step.to_table().c
    }
    for old in before.keys() - after.keys():
        for new in after.keys() - before.keys():
            yield Rename(rename.new, old, new)


def _key(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name
