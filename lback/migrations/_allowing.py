"""Nothing is lost for good unless somebody says that it may be."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lback.core.exceptions import MigrationError
from lback.migrations.history import Migration
from lback.migrations.losses import Loss
from lback.migrations.losses import losses_of
from lback.migrations.planning import Route
from lback.migrations.planning import UP

if TYPE_CHECKING:
    from sqlalchemy import Connection


def refuse_losses(connection: "Connection", route: Route, *, is_allowed: bool) -> None:
    """Refuse to begin a run that takes data away, unless that is allowed.

    Going up counts what the files say, whatever is in the database, so that they mean
    the same everywhere. Going down drops what was made; that counts where rows are.

    Raises:
        MigrationError: Data would be lost; the message lists which.
    """
    if is_allowed:
        return
    found = [
        (migration, loss)
        for migration in route.steps
        for loss in losses_of(migration, route.function)
    ]
    if route.direction != UP:
        found = [(m, loss) for m, loss in found if _has_rows(connection, loss)]
    if found:
        lines = "\n".join(_lines(found))
        raise MigrationError(
            f"Data would be lost for good:\n{lines}\n"
            "Nothing was done. If that is meant: --allow-destructive"
        )


def _lines(found: Iterable[tuple[Migration, Loss]]) -> Iterable[str]:
    for migration, loss in found:
        yield f"  {migration.path.name}:{loss.line} {loss.text}"


def _has_rows(connection: "Connection", loss: Loss) -> bool:
    """Tell whether a table has anything to lose; one that is not there has not."""
    from sqlalchemy import inspect
    from sqlalchemy import select
    from sqlalchemy import table

    if loss.table is None:
        return True
    schema, _, name = loss.table.rpartition(".")
    try:
        if not inspect(connection).has_table(name, schema=schema or None):
            return False
        rows = select(1).select_from(table(name, schema=schema or None)).limit(1)
        return connection.execute(rows).first() is not None
    finally:
        connection.rollback()
