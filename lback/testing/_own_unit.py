"""The unit of work of a test: on one connection that is rolled back, or a real one."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import ExitStack
from threading import get_ident
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy import inspect

from lback.core._unit_of_work import current_unit
from lback.core.exceptions import DatabaseRefused
from lback.db._session import Session
from lback.db._unit import Unit
from lback.db.engines import databases
from lback.db.engines import Mode
from lback.testing import client
from lback.testing._nesting import Nesting
from lback.testing._own_databases import refusing

if TYPE_CHECKING:
    from sqlalchemy import Connection

# A failure is shown at the line of the test, not in here.
__tracebackhide__ = True

_OTHER_CONNECTION = (
    "With the fixture 'db' a test has one connection, and an engine would open another "
    "one that sees nothing of the test. Use db.connection(), or let the test have "
    "'transactional_db' in place of 'db'."
)
_OTHER_THREAD = (
    "With the fixture 'db' a test has one connection, for its own thread; this is "
    "another one. Let the test have 'transactional_db' in place of 'db'."
)


class Pins(Mapping[str, "Connection"]):
    """The connections of a test, for one thread alone."""

    def __init__(self, connections: "Mapping[str, Connection]") -> None:
        self._connections = connections
        self._thread = get_ident()

    def __getitem__(self, name: str) -> "Connection":
        if get_ident() != self._thread:
            raise DatabaseRefused(_OTHER_THREAD)
        return self._connections[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._connections)

    def __len__(self) -> int:
        return len(self._connections)


class OwnUnit:
    """The unit of work that a test itself is in, and what it is to the others.

    Rows of the test that it has not changed are loaded again after another unit of
    work has committed, in the same thread.
    """

    def __init__(self, mode: Mode) -> None:
        self._unit = Unit(mode)
        self.session = self._unit.session

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Be the current unit of work; nothing of it is committed at the end."""
        client.arounds.append(self.around_request)
        event.listen(Session, "after_commit", self._load_again)
        try:
            yield
        finally:
            event.remove(Session, "after_commit", self._load_again)
            client.arounds.remove(self.around_request)
            # NOTE: what a test leaves behind is no mistake to be logged.
            self.session.expunge_all()
            self._unit.close()

    @contextmanager
    def around_request(self) -> Iterator[None]:
        """Commit what the test has done: a request sees no more than that.

        In a block of ``atomic()`` nothing can be committed; what it has written is
        seen all the same, on one connection.
        """
        if current_unit() is not self._unit:
            yield
        elif self.session.in_nested_transaction():
            self.session.flush()
            yield
        else:
            self.session.commit()
            yield
            # What the test rolls back later on is not to take the request along.
            self.session.commit()

    def _load_again(self, session: Session) -> None:
        mine = self.session
        if session is mine or get_ident() != self._unit.thread:
            return
        changed = {id(row) for row in (*mine.dirty, *mine.deleted)}
        for row in list(mine.identity_map.values()):
            if id(row) not in changed:
                # NOTE: by name, since a whole row would take along those that it has
                # in a relationship, with their changes.
                mine.expire(row, list(inspect(row).mapper.attrs.keys()))


@contextmanager
def one_connection(groups: Sequence[Sequence[str]]) -> Iterator[Session]:
    """Let everybody use one connection to each database, and roll back at the end.

    Args:
        groups: The names of the databases, those of one database together.
    """
    with ExitStack() as stack:
        pinned: dict[str, Connection] = {}
        with refusing(None):
            for names in groups:
                connection = databases.engine(names[0]).connect()
                stack.enter_context(connection).begin()
                pinned.update(dict.fromkeys(names, connection))
        stack.enter_context(refusing(_OTHER_CONNECTION))
        stack.enter_context(_pinned(Pins(pinned)))
        unit = OwnUnit(Mode.WRITE)
        stack.enter_context(unit.in_force())
        connections = [pinned[names[0]] for names in groups]
        for connection in connections:
            # NOTE: before sessions end their savepoints one by one, of which an error
            # may have left none.
            stack.callback(connection.rollback)
        stack.enter_context(Nesting(unit.session, connections).in_force())
        yield unit.session


@contextmanager
def real_commits() -> Iterator[Session]:
    """Let everybody use databases as in production."""
    with refusing(None):
        # NOTE: it takes the write lock of SQLite only when it writes; a test that
        # reads is not to stop the threads that it started.
        unit = OwnUnit(Mode.READ)
        with unit.in_force():
            yield unit.session


@contextmanager
def _pinned(pins: Pins) -> Iterator[None]:
    databases.pinned = pins
    try:
        yield
    finally:
        databases.pinned = {}
