"""References on SQLite, whose tables are changed by making them anew.

Dropping the old table would delete, or refuse to leave, the rows that refer to it. So
references are not enforced while a migration runs, and checked before it is committed.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lback.core.exceptions import MigrationError

if TYPE_CHECKING:
    from sqlalchemy import Connection

Broken = Counter[tuple[str, str]]


class ForeignKeys:
    """The references of an SQLite database, which migrations must not break more of.

    Args:
        connection: A connection outside any transaction.
    """

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._known, _ = self._broken()
        connection.rollback()

    def check(self) -> None:
        """Compare with the last time, inside the transaction of a migration.

        Raises:
            MigrationError: Rows refer to others that are gone.
        """
        broken, problem = self._broken()
        before, self._known = self._known, broken
        if before is None:
            return
        if broken is None:
            raise MigrationError(f"It leaves a reference that cannot work: {problem}")
        new = broken - before
        if new:
            (table, parent), count = new.most_common(1)[0]
            rows = "row" if count == 1 else "rows"
            raise MigrationError(
                f"It leaves {count} {rows} of {table} that refer to nothing in {parent}"
            )

    def _broken(self) -> tuple[Broken | None, str]:
        """Count the rows that refer to nothing, by their table and the other one.

        Returns:
            The count; None, and why, if a reference can never work.
        """
        from sqlalchemy.exc import OperationalError

        try:
            rows = self._connection.exec_driver_sql("PRAGMA foreign_key_check")
            return Counter((str(row[0]), str(row[2])) for row in rows), ""
        except OperationalError as error:
            return None, str(error.orig)


@contextmanager
def unenforced(connection: "Connection") -> Iterator[None]:
    """Let references be broken for a while, on a connection outside a transaction."""
    # NOTE: past SQLAlchemy, which would begin a transaction, in which SQLite takes no
    # notice of this.
    driver = connection.connection.dbapi_connection
    if driver is None:
        raise AssertionError("A connection that was just opened has no driver.")
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")
