"""The note that a run leaves in the database while it works.

It is a table of its own, made when a run begins and dropped when it ends. So whoever
finds it, while nobody holds the lock, knows that a run was cut off, and where: the
line about a migration goes away in the migration's own transaction.
"""

from typing import NamedTuple
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Table

TABLE = "lback_migrate_run"


class Note(NamedTuple):
    """How far a run got.

    Attributes:
        direction: ``"up"`` or ``"down"``.
        revision: The migration that it was at; None between two.
        done: How many it had finished.
        total: How many it had to do.
    """

    direction: str
    revision: str | None
    done: int
    total: int


def _table() -> "Table":
    from sqlalchemy import Column
    from sqlalchemy import Integer
    from sqlalchemy import MetaData
    from sqlalchemy import String
    from sqlalchemy import Table

    return Table(
        TABLE,
        MetaData(),
        Column("direction", String(10), nullable=False),
        Column("revision", String(100)),
        Column("done", Integer, nullable=False),
        Column("total", Integer, nullable=False),
    )


def read(connection: "Connection") -> Note | None:
    """Return the note that a run has left, if there is one."""
    from sqlalchemy import inspect

    if not inspect(connection).has_table(TABLE):
        return None
    row = connection.execute(_table().select()).first()
    return None if row is None else Note(*row)


def write(connection: "Connection", note: Note) -> None:
    """Put *note* in the place of the one before, in the transaction at hand."""
    table = _table()
    table.create(connection, checkfirst=True)
    connection.execute(table.delete())
    connection.execute(table.insert().values(note._asdict()))


def remove(connection: "Connection") -> None:
    """Take the note away, in the transaction at hand."""
    _table().drop(connection, checkfirst=True)
