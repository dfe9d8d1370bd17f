"""Errors of the database that are no fault of the view."""

import sys

from lback.core.exceptions import ServiceUnavailable

# Seconds after which a client may try again.
_RETRY_AFTER = 5


def explained(error: Exception) -> Exception:
    """Return the 503 that an overloaded database is, or *error* itself."""
    if "sqlalchemy.exc" not in sys.modules:
        return error
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.exc import PendingRollbackError
    from sqlalchemy.exc import ProgrammingError
    from sqlalchemy.exc import TimeoutError as PoolTimeout

    if isinstance(error, PoolTimeout):
        return _unavailable("All connections to the database are in use.", error)
    if isinstance(error, OperationalError):
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_BUSY_SNAPSHOT":
            error.add_note(
                "This unit of work had read before something else was written, so on "
                "SQLite it can write no more. Write first, or let it be a POST."
            )
        elif _is_overloaded(error):
            return _unavailable("The database is busy.", error)
    if isinstance(error, OperationalError | ProgrammingError) and _lacks_something(
        error
    ):
        error.add_note(
            "If a model has it, run: lback migrate (and before that, if the model is "
            "new or was changed: lback makemigrations)"
        )
    if isinstance(error, PendingRollbackError):
        error.add_note(
            "An error of the database was caught before. Wrap what may fail in: with "
            "atomic(): ..."
        )
    return error


def _unavailable(message: str, error: Exception) -> ServiceUnavailable:
    answer = ServiceUnavailable(message, _RETRY_AFTER)
    answer.__cause__ = error
    return answer


def _is_overloaded(error: Exception) -> bool:
    """Tell whether the database refuses for now: locked, full, or still starting."""
    orig = getattr(error, "orig", None)
    said = str(orig)
    return (
        "database is locked" in said
        or getattr(orig, "sqlstate", None) in {"53300", "57P03"}
        or "too many clients" in said
        or "remaining connection slots" in said
        or "the database system is starting up" in said
    )


def _lacks_something(error: Exception) -> bool:
    """Tell whether a table or a column is not there."""
    orig = getattr(error, "orig", None)
    said = str(orig)
    # The words of SQLite, and the codes of PostgreSQL.
    return (
        "no such table" in said
        or "no such column" in said
        or "has no column named" in said
        or getattr(orig, "sqlstate", "") in {"42P01", "42703"}
    )
