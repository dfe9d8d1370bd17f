"""The unit of work of somebody who types: it loses nothing unseen, locks nobody out."""

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy.sql.selectable import Select

from lback.core._unit_of_work import current_unit
from lback.core._unit_of_work import Deferred
from lback.db._unit import Unit
from lback.db.engines import Mode

if TYPE_CHECKING:
    from sqlalchemy.orm import SessionTransaction

    from lback.db._session import Session

# How statements begin that only mark places in a transaction.
_MARKS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


class InteractiveUnit(Unit):
    """A unit of work that knows whether it has anything to lose.

    Attributes:
        is_changed: Something was written, locked or put off since the last commit.
    """

    __slots__ = ("is_changed",)

    def __init__(self) -> None:
        super().__init__(Mode.WRITE)
        self.is_changed = False

    @property
    def has_changes(self) -> bool:
        """Whether a rollback would lose something, also what was not flushed yet."""
        session = self._session
        return self.is_changed or (
            session is not None
            and bool(session.new or session.dirty or session.deleted)
        )

    def on_commit(self, call: Deferred) -> None:
        """Make *call* after the commit; until then there is something to lose."""
        self.is_changed = True
        super().on_commit(call)

    def ended(self, session: "Session", transaction: "SessionTransaction") -> None:
        """Begin anew behind an outermost commit or rollback."""
        if transaction.parent is None:
            self.is_changed = False
        super().ended(session, transaction)

    def release(self) -> None:
        """Give the connection back unless there is something to lose.

        What was only read must neither hold SQLite's one write lock nor hide what
        others write meanwhile.
        """
        session = self._session
        if session is not None and session.in_transaction() and not self.has_changes:
            session.rollback()


@contextmanager
def begun() -> Iterator[InteractiveUnit]:
    """Begin such a unit; what is not committed at the end is rolled back."""
    unit = InteractiveUnit()

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        if current_unit() is unit and not _only_reads(statement, others[1]):
            unit.is_changed = True

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield unit
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        unit.rollback()
        unit.close()


@contextmanager
def echoed(show: Callable[[str], None]) -> Iterator[None]:
    """Show every statement that is sent to a database, with its parameters."""

    def note(
        connection: Any, cursor: Any, statement: str, parameters: Any, *others: Any
    ) -> None:
        show(f"{statement}\n-- {parameters!r}" if parameters else statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _only_reads(statement: str, context: Any) -> bool:
    """Tell whether a statement leaves nothing behind that a rollback would undo."""
    invoked = getattr(context, "invoked_statement", None)
    if isinstance(invoked, Select):
        return invoked._for_update_arg is None  # noqa: SLF001  # no public name
    return statement.startswith(_MARKS)
