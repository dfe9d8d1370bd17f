"""Errors of the database that are no fault of the view."""

import re
import shlex
import sys

from lback.core.exceptions import ServiceUnavailable

# Seconds after which a client may try again.
_RETRY_AFTER = 5

# The words of libpq and of its resolver.
_MISSING_DATABASE = re.compile(r'database "(.+)" does not exist')
_UNREACHED = re.compile(
    "Is the server running|resolve host|translate host name|Name or service not known"
)
_UNKNOWN_USER = re.compile(
    'authentication failed|no password supplied|role ".+" does not exist'
)


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
    if isinstance(error, OperationalError | ProgrammingError):
        remedy = remedy_for(error)
        if remedy is not None:
            error.add_note(remedy)
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


def remedy_for(error: Exception) -> str | None:
    """Say what mends an error of a database that cannot be reached or lacks a table.

    Args:
        error: What SQLAlchemy raised.
    """
    orig = getattr(error, "orig", None)
    said = str(orig)
    # The words of SQLite and of libpq, and the codes of PostgreSQL.
    if (
        "no such table" in said
        or "no such column" in said
        or "has no column named" in said
        or getattr(orig, "sqlstate", "") in {"42P01", "42703"}
    ):
        return (
            "If a model has it, run: lback migrate (and before that, if the model is "
            "new or was changed: lback makemigrations)"
        )
    if getattr(error, "statement", None) is not None:
        return None
    return _remedy_for_connecting(said)


def _remedy_for_connecting(said: str) -> str | None:
    if "unable to open database file" in said:
        return (
            "Is its folder there, and may you write in it? The file is made for you, "
            "its folder is not."
        )
    missing = _MISSING_DATABASE.search(said)
    if missing is not None:
        return f"Make it: createdb {shlex.quote(missing[1])}"
    if _UNREACHED.search(said):
        return "Is the server running, and are HOST and PORT in DATABASES right?"
    if _UNKNOWN_USER.search(said):
        return "Are USER and PASSWORD in DATABASES right?"
    return None
