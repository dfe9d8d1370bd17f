"""Several sessions on one connection, each with a savepoint inside those before it."""

import warnings
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import ExitStack
from typing import Any
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from lback.core.exceptions import DatabaseRefused
from lback.db._session import Session

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import SessionTransaction

# A failure is shown at the line of the test, not in here.
__tracebackhide__ = True

_OVERLAP = (
    "A unit of work was to be committed before one that began inside of it has ended. "
    "With the fixture 'db' both are on one connection, where that cannot be. Let the "
    "test have 'transactional_db' in place of 'db'."
)
_UNDONE = (
    "A unit of work that had written was rolled back, and with it what another one had "
    "committed inside of it, such as separate_unit(). That is so with the fixture "
    "'db', which has one connection, and nowhere else. Let the test have "
    "'transactional_db' in its place."
)

# How statements begin that leave nothing to be undone.
_HARMLESS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")


class Nesting:
    """Keep the savepoints of all sessions inside each other.

    The first of them is that of the test: it begins at the latest when another one
    does, so whatever the test does meanwhile does not end with the other one.

    Args:
        session: The session of the test.
        connections: What it works on.
    """

    def __init__(self, session: Session, connections: "Sequence[Connection]") -> None:
        self._session = session
        self._connections = connections
        # Transactions and savepoints, the outer ones first.
        self._open: list[SessionTransaction] = []
        # Those that have written; those in which another session has committed writes.
        self._writing: set[SessionTransaction] = set()
        self._around: set[SessionTransaction] = set()
        # The savepoints of those that are only around.
        self._savepoints: dict[Any, SessionTransaction] = {}

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Look after all sessions."""
        hooks: list[tuple[Any, str, Callable[..., None]]] = [
            (Session, "after_transaction_create", self._begin_mine),
            (Session, "after_begin", self._note_begin),
            (Session, "before_commit", self._check),
            (Session, "after_commit", self._note_commit),
            (Session, "after_transaction_end", self._note_end),
        ]
        for connection in self._connections:
            hooks.append((connection, "after_cursor_execute", self._note))
            hooks.append((connection, "rollback_savepoint", self._save_inner))
        with ExitStack() as stack:
            for hook in hooks:
                event.listen(*hook)
                stack.callback(event.remove, *hook)
            yield

    def _begin_mine(self, session: Session, transaction: "SessionTransaction") -> None:
        mine = self._session
        if session is not mine and transaction.parent is None and mine.is_active:
            for connection in self._connections:
                mine.connection(bind_arguments={"bind": connection})

    def _note_begin(
        self,
        session: Session,
        transaction: "SessionTransaction",
        connection: "Connection",
    ) -> None:
        if transaction not in self._open:
            self._open.append(transaction)
        self._savepoints[connection.get_nested_transaction()] = transaction

    def _note(self, *execution: Any) -> None:
        """Take note of a statement, which is of the innermost transaction."""
        statement: str = execution[2]
        if self._open and not statement.lstrip().upper().startswith(_HARMLESS):
            self._writing.add(self._open[-1])

    def _save_inner(self, connection: "Connection", name: str, _: None) -> None:
        """Let a rollback of one that has only read leave what others have committed."""
        transaction = self._savepoints.get(connection.get_nested_transaction())
        if transaction is None or transaction not in self._around - self._writing:
            return
        try:
            # NOTE: the rollback that comes now finds the second of them, empty.
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")
            connection.exec_driver_sql(f"SAVEPOINT {name}")
        except DBAPIError:  # PostgreSQL does nothing more after an error
            self._writing.add(transaction)

    def _check(self, session: Session) -> None:
        inner = self._open[self._place_of(session) + 1 :]
        if any(transaction.session is not session for transaction in inner):
            raise DatabaseRefused(_OVERLAP)

    def _note_commit(self, session: Session) -> None:
        place = self._place_of(session)
        if place == len(self._open):
            return
        # NOTE: here and not at its end, before which receivers after the commit run.
        own, outer = self._open.pop(place), self._open[:place]
        self._around.discard(own)
        if own in self._writing:
            self._writing.remove(own)
            self._writing.update(t for t in outer if t.session is session)
            self._around.update(t for t in outer if t.session is not session)

    def _note_end(self, session: Session, transaction: "SessionTransaction") -> None:
        if transaction not in self._open:
            return
        self._open.remove(transaction)
        is_lost = transaction in self._around and transaction in self._writing
        self._around.discard(transaction)
        self._writing.discard(transaction)
        self._savepoints = {
            s: t for s, t in self._savepoints.items() if t in self._open
        }
        if is_lost:
            warnings.warn(_UNDONE, stacklevel=2)

    def _place_of(self, session: Session) -> int:
        """Return where the transaction of a session is; behind all if it has none."""
        own = session.get_nested_transaction() or session.get_transaction()
        return self._open.index(own) if own in self._open else len(self._open)
