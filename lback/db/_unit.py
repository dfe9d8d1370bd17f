"""The unit of work: what is written together, committed or rolled back as one."""

import logging
import sys
from contextlib import nullcontext
from threading import get_ident
from typing import Any
from typing import TYPE_CHECKING

from lback.core import _unit_of_work
from lback.core import catalogue
from lback.core._fork import after_fork
from lback.core._signal_depth import nesting
from lback.core._unit_of_work import current
from lback.core._unit_of_work import Deferred
from lback.core._unit_of_work import NOTHING
from lback.core._unit_of_work import UnitOfWork
from lback.core.exceptions import InsideAtomic
from lback.core.exceptions import NoUnitOfWork
from lback.core.exceptions import ReadOnly
from lback.core.exceptions import UnitOver
from lback.db._after_commit import Queue
from lback.db._pending import Pending
from lback.db._session import Session
from lback.db._touches import Touches
from lback.db.engines import databases
from lback.db.engines import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import SessionTransaction

    from lback.core.catalogue import BulkChange
    from lback.core.types import Request
    from lback.db._observing import Write

logger = logging.getLogger("lback.db")


class Unit:
    """One unit of work; the current one from its making to its :meth:`close`.

    It opens nothing before its session is used.

    Args:
        mode: How its transactions begin.
        request: The request that it belongs to, or None.
        depth: How many commits it is away from the code that nobody put off.
        queue: Where to put what runs after its commit; None to run it at once.

    Attributes:
        thread: The identity of the thread that it belongs to.
    """

    __slots__ = (
        "_commits_also",
        "_committed",
        "_is_closed",
        "_is_ending",
        "_mode",
        "_outer",
        "_pending",
        "_queue",
        "_request",
        "_session",
        "_touches",
        "depth",
        "is_over",
        "thread",
    )

    def __init__(
        self,
        mode: Mode,
        request: "Request | None" = None,
        *,
        depth: int = 0,
        queue: Queue | None = None,
    ) -> None:
        self.thread = get_ident()
        self._mode = mode
        self._request = request
        self.depth = depth
        self._is_closed = self.is_over = self._is_ending = False
        self._commits_also: frozenset[int] | None = None
        self._session: Session | None = None
        self._pending: Pending | None = None
        self._queue = queue
        # The transaction or savepoint that was committed last.
        self._committed: SessionTransaction | None = None
        self._touches: Touches | None = None
        self._outer = current.get()
        current.set(self)

    def __repr__(self) -> str:
        return f"<Unit of work: {self}>"

    def __str__(self) -> str:
        """Say whose unit of work it is, for messages."""
        request = self._request
        if request is None:
            return "A unit of work"
        from lback.db._leaks import describe_view

        return describe_view(request)

    @property
    def session(self) -> Session:
        """The session, opened on first use."""
        if self.thread != get_ident():
            raise NoUnitOfWork(
                f"The session of {self} belongs to another thread. Threads "
                "begin their own: with separate_unit() as session: ..."
            )
        session = self._session
        if session is None:
            session = self._session = self._open()
        if nesting.alarm:
            self.touch()
        return session

    def _open(self) -> Session:
        if self._is_closed:
            raise UnitOver(
                f"{self} has ended, and with it its session. Use: with "
                "separate_unit() as session: ..."
            )
        return Session(self, self._mode)

    # --- The end --------------------------------------------------------------------

    def commits_at(self, status_code: int) -> bool:
        """Tell whether a response of *status_code*, 400 or above, is to commit."""
        return self._commits_also is not None and status_code in self._commits_also

    def commit_also_at(self, statuses: frozenset[int]) -> None:
        """Let responses with these statuses commit, too."""
        self._commits_also = statuses | (self._commits_also or frozenset())

    def commit(self) -> None:
        """Commit, then run what waited for it.

        Raises:
            HalfWritten: A receiver failed after it had begun to write.
        """
        session = self._session
        self._is_ending = True
        if session is not None and session.in_transaction():
            session.commit()
        elif self._pending is not None:
            self._pending.finish(self)
        self.is_over = True
        if self._pending is not None:
            self._pending.call_waiting(self)

    def rollback(self) -> None:
        """Roll back, and forget what waited for the commit."""
        session, pending = self._session, self._pending
        try:
            if pending is not None:
                pending.forget()
            if session is not None and session.in_transaction():
                session.rollback()
        finally:
            self.is_over = True
        if pending is not None:  # of an earlier transaction, committed by hand
            pending.call_waiting(self)

    def close(self) -> None:
        """Give the connection back; the outer unit of work is the current one again."""
        self.is_over = self._is_closed = True
        current.set(self._outer)
        session, self._session = self._session, None
        if session is not None:
            self._close_session(session)
        if databases.is_debug:
            from lback.db._leaks import report_kept

            report_kept(self)
        else:
            # NOTE: the request knows its unit; without the way back none of them
            # needs the collector.
            self._request = None

    def _close_session(self, session: Session) -> None:
        if session.has_changes():
            lost = [*session.new, *session.dirty, *session.deleted]
            logger.error(
                "%s changed these rows after its end, so they were not stored: %s. Use "
                "separate_unit().",
                self,
                ", ".join(type(row).__name__ for row in lost),
            )
        if databases.is_debug:
            from lback.db._leaks import keep_ended

            keep_ended(session, self)
        else:
            session.close()
            session.forbid(self)

    def lends_locks(self) -> "AbstractContextManager[None]":
        """Let another unit of this thread write on SQLite, or raise OneWriter."""
        if self._session is None and self._outer is None:
            return nullcontext()
        from lback.db._sqlite import lent

        return lent(self._chain())

    def _chain(self) -> "Iterator[Session]":
        """Yield the open sessions of this unit and of those around it."""
        unit: Any = self
        while isinstance(unit, Unit):
            if unit._session is not None:  # noqa: SLF001  # its own class
                yield unit._session  # noqa: SLF001  # its own class
            unit = unit._outer  # noqa: SLF001  # its own class

    # --- What waits for the commit ----------------------------------------------------

    @property
    def pending(self) -> Pending:
        """What waits for the commit."""
        if self._pending is None:
            self._pending = Pending(_begin_next, self.depth, self._queue)
        return self._pending

    def on_commit(self, call: Deferred) -> None:
        """Make *call* after the commit, and not if there is none.

        Raises:
            SignalLoop: Calls after the commit put off each other without end.
        """
        pending = self._pending or self.pending
        pending.check(call)
        if self.is_over:
            pending.call([call], self)
        else:
            pending.level(self._session).calls.append(call)

    async def acommit(self) -> None:
        """Do what :meth:`commit` does, awaiting what is async after it."""
        before = self.pending.divert()
        self.commit()
        await self.pending.acall(before, self)

    async def arollback(self) -> None:
        """Do what :meth:`rollback` does, awaiting what an earlier commit left."""
        before = self.pending.divert()
        self.rollback()
        await self.pending.acall(before, self)

    def forget(self) -> None:
        """Forget what waits, since it was rolled back before anything had begun."""
        if self._pending is not None and not self.is_over:
            self._pending.forget()

    # --- What the session tells -------------------------------------------------------

    def before_commit(self) -> None:
        """Raise if a receiver failed amid its writes."""
        if self._touches is not None and self._pending is not None:
            self._pending.level(self._session).check()

    def committed(self, transaction: "SessionTransaction | None") -> None:
        """Take note that a transaction or a savepoint was committed."""
        self._committed = transaction

    def rolled_back(self, session: Session, transaction: "SessionTransaction") -> None:
        """Forget what waited for a commit that does not come."""
        if transaction.nested or transaction.parent is not None or self.is_over:
            return
        if catalogue.db_session_rolled_back.is_heard:
            catalogue.db_session_rolled_back.send(
                self,
                session=session,
                request=self._request,
                exception=sys.exception(),
            )

    def ended(self, session: Session, transaction: "SessionTransaction") -> None:
        """Let what belonged to a savepoint go on, or run what waited for the commit."""
        is_committed = self._committed is transaction
        pending = self._pending
        if transaction.nested:
            if pending is not None:
                pending.end_savepoint(transaction, session, is_kept=is_committed)
            return
        if transaction.parent is not None:
            return
        self._committed = None
        if is_committed:
            self.is_over = self.is_over or self._is_ending
            if catalogue.db_session_committed.is_heard:
                catalogue.db_session_committed.send(
                    self, session=session, request=self._request
                )
            if pending is not None:
                pending.finish(self)
        elif pending is not None:
            pending.forget()

    def note_writes(self, writes: "list[Write]") -> None:
        """Take note of the rows that a flush has written."""
        self.pending.level(self._session).writes.extend(writes)

    def note_bulk(self, change: "BulkChange") -> None:
        """Take note of a statement that changed many rows at once."""
        self.pending.level(self._session).bulk.append(change)

    def check_write(self) -> None:
        """Raise if nothing may be written any more."""
        if self._mode is Mode.READ_ONLY:
            raise ReadOnly(
                f"{self} only reads. To write use: with separate_unit(): ..."
            )
        if self.is_over:
            raise UnitOver(
                f"{self} is over: what is written now would be lost. Use: "
                "with separate_unit(): ..."
            )

    def check_outside(self, what: str) -> None:
        """Raise if a block of ``atomic()`` is under way, which *what* would end."""
        if self._touches is not None and self._touches.is_in_block and not self.is_over:
            raise InsideAtomic(
                f"session.{what}() inside atomic() would end the block, and all "
                "around it. The block ends by itself; to undo it, raise an exception "
                "and catch it outside."
            )

    def leave_to_parent(self) -> Any:
        """Become of no use, in the child of a fork; return the unit around it."""
        if self._session is not None:
            self._session.forbid("The unit of work of the parent process")
            _left.append(self._session)
        self._session = self._pending = None
        self.is_over = self._is_closed = True
        return self._outer

    def explain(self, error: Exception) -> Exception:
        """Return the HTTP error that an error of the database is, or *error*."""
        from lback.db._errors import explained

        return explained(error)

    # --- Receivers that fail ----------------------------------------------------------

    @property
    def touches(self) -> Touches:
        """Which receivers have used the session."""
        if self._touches is None:
            self._touches = Touches()
        return self._touches

    def touch(self) -> None:
        """Take note which receivers use the session."""
        if nesting.alarm:
            self.touches.note()

    def note_failure(self, receiver: Any, results: Any) -> None:
        """Let nothing be committed if *receiver* had used the session."""
        touches = self._touches
        if touches is not None and touches.has(receiver, results) and not self.is_over:
            level = self.pending.level(self._session)
            level.failed = level.failed or receiver


def _begin_next(queue: Queue, depth: int) -> Unit:
    """Begin the unit of work of something that runs after a commit."""
    return Unit(Mode.WRITE, depth=depth, queue=queue)


def _begin_alone() -> UnitOfWork:
    """Begin the unit of work of a receiver that runs outside any other."""
    return Unit(Mode.WRITE) if databases else NOTHING


def _begin_reading(request: "Request | None") -> UnitOfWork:
    """Begin the unit of work of a body that is sent in pieces."""
    return Unit(Mode.READ_ONLY, request) if databases else NOTHING


_unit_of_work.begin_alone = _begin_alone
_unit_of_work.begin_reading = _begin_reading


@after_fork
def _forget_current() -> None:
    """Leave the parent's units of work to the parent."""
    unit: Any = current.get()
    current.set(None)
    while isinstance(unit, Unit):
        unit = unit.leave_to_parent()


# NOTE: the sessions of a parent, kept for ever: ending one, or collecting it, would
# speak on the parent's connection.
_left: list[Any] = []
