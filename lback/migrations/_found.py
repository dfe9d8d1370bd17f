"""What Alembic finds, made right where it finds too much or too little."""

import warnings
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic.autogenerate import produce_migrations
from alembic.operations.ops import AlterColumnOp
from alembic.operations.ops import CreateIndexOp
from alembic.operations.ops import MigrateOperation
from alembic.operations.ops import ModifyTableOps
from alembic.util.sqla_compat import is_expression_index
from sqlalchemy import Identity

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection
    from sqlalchemy import MetaData
    from sqlalchemy import Table


def differences(
    context: "MigrationContext", metadata: "MetaData", tables: "Iterable[Table]"
) -> list[MigrateOperation]:
    """Return the steps from the database to the models, in no order.

    Args:
        context: What Alembic compares by.
        metadata: Of the models.
        tables: Those of its tables that are compared.
    """
    with expressions_unseen():
        script = produce_migrations(context, metadata)
    steps = list(script.upgrade_ops.ops) if script.upgrade_ops else []
    if not context.dialect.supports_identity_columns:
        _forget_identities(steps)
    if context.dialect.name == "sqlite" and context.connection is not None:
        _add_expressions(steps, context.connection, tables)
    return steps


@contextmanager
def expressions_unseen() -> Iterator[None]:
    """Let nobody be told that SQLite does not tell about indexes on expressions.

    Their names are compared here, and they are kept where a table is made anew.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"autogenerate skipping .*expression-based")
        warnings.filterwarnings("ignore", r"Skipped unsupported .*expression-based")
        yield


def _add_expressions(
    steps: list[MigrateOperation], connection: "Connection", tables: "Iterable[Table]"
) -> None:
    """Add the indexes on expressions that SQLite lacks; Alembic passes over them."""
    changed = {
        (step.schema, step.table_name): step
        for step in steps
        if isinstance(step, ModifyTableOps)
    }
    for table in tables:
        wanted = [index for index in table.indexes if is_expression_index(index)]
        there = _index_names(connection, table.schema) if wanted else set()
        for index in wanted:
            if str(index.name) in there:
                continue
            key = (table.schema, table.name)
            if key not in changed:
                changed[key] = ModifyTableOps(table.name, [], schema=table.schema)
                steps.append(changed[key])
            changed[key].ops.append(CreateIndexOp.from_index(index))


def _index_names(connection: "Connection", schema: str | None) -> set[str]:
    where = connection.dialect.identifier_preparer.quote_schema(schema or "main")
    rows = connection.exec_driver_sql(
        f"SELECT name FROM {where}.sqlite_master WHERE type = 'index'"  # noqa: S608  # quoted
    )
    return {str(name) for (name,) in rows}


def _forget_identities(steps: list[MigrateOperation]) -> None:
    """Take out what makes an identity of a column, for a database that has none."""
    for step in steps:
        for op in step.ops if isinstance(step, ModifyTableOps) else []:
            if isinstance(op, AlterColumnOp) and isinstance(
                op.modify_server_default, Identity
            ):
                op.modify_server_default = False
