"""One run at a time: a lock that ends with the process that holds it."""

import logging
import os
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from lback.core.exceptions import MigrationError
from lback.migrations.target import Target

if TYPE_CHECKING:
    from sqlalchemy import Connection

logger = logging.getLogger(__name__)

# Any number will do, as long as it is always the same and nobody else's.
_ADVISORY_KEY = 0x6C6261636B_6D6967  # "lbackmig"

_PAUSE = 0.1


@contextmanager
def alone(
    target: Target, connection: "Connection", on_wait: Callable[[], None]
) -> Iterator[None]:
    """Be the only run on a database, waiting for one that is at work.

    Args:
        target: The database.
        connection: The connection that the migrations will use. On PostgreSQL it
            holds the lock itself: a server that still works for a killed run still
            has its lock, too.
        on_wait: Called once if there is somebody to wait for.
    """
    with ExitStack() as stack:
        if target.kind == "postgresql":
            stack.enter_context(_advisory_lock(connection, on_wait))
        elif target.file is not None:
            stack.enter_context(_file_lock(lock_path(target.file), on_wait))
        yield


def lock_path(file: Path) -> Path:
    """Return the hidden file beside an SQLite database that runs lock."""
    return file.with_name(f".{file.name}.migrate.lock")


@contextmanager
def _advisory_lock(
    connection: "Connection", on_wait: Callable[[], None]
) -> Iterator[None]:
    # NOTE: asked for again and again, since waiting inside the server would hold a
    # snapshot that CREATE INDEX CONCURRENTLY of the other run waits for.
    _wait(lambda: _ask(connection, "pg_try_advisory_lock"), on_wait)
    try:
        yield
    finally:
        _let_go(connection)


def _let_go(connection: "Connection") -> None:
    """Unlock a database, and end the connection whatever state it is in."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        connection.rollback()
        _ask(connection, "pg_advisory_unlock")
    except SQLAlchemyError as error:
        # NOTE: the lock ends with the connection, which is lost already.
        logger.debug("The lock was not given back: %s", error)
    finally:
        connection.invalidate()


def _ask(connection: "Connection", function: str) -> bool:
    answer = connection.exec_driver_sql(f"SELECT {function}({_ADVISORY_KEY})").scalar()
    connection.commit()
    return bool(answer)


@contextmanager
def _file_lock(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    import fcntl

    held: list[int] = []

    def try_it() -> bool:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MigrationError(
                f"The lock {path} cannot be made: {error.strerror}. It keeps two "
                "migrates from working at once, so the folder has to be writable."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        if not _is_still(path, descriptor):
            os.close(descriptor)
            return False
        held.append(descriptor)
        return True

    _wait(try_it, on_wait)
    try:
        yield
    finally:
        # NOTE: removed while it is locked; who has opened it meanwhile sees that.
        path.unlink(missing_ok=True)
        os.close(held[0])


def _is_still(path: Path, descriptor: int) -> bool:
    """Tell whether the file that was opened is the one in its place now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _wait(try_it: Callable[[], bool], on_wait: Callable[[], None]) -> None:
    if try_it():
        return
    on_wait()
    while not try_it():
        time.sleep(_PAUSE)
