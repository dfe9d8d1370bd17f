"""What is said where rows do not fit what a migration makes of their table."""

from sqlalchemy.exc import DataError
from sqlalchemy.exc import IntegrityError

from lback.migrations.history import Migration

# What Alembic calls a table while it is copied, before its name.
_COPY = "_alembic_tmp_"


def without_copy(said: str) -> str:
    """Return what a driver said of the copy of a table, as said of the table."""
    return said.replace(_COPY, "")


def rows_hint(error: Exception, migration: Migration | None) -> str:
    """Return what to do about rows that do not fit, if that is it.

    Args:
        error: What a driver said.
        migration: The one that failed; None if the remedy cannot be another one.
    """
    if not isinstance(error, DataError | IntegrityError):
        return ""
    if migration is None:
        return " Correct the rows."
    return f" Correct the rows, or edit or delete {migration.path.name}."
