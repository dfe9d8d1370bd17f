"""The session of a unit of work."""

from collections.abc import Mapping
from typing import Any
from typing import Protocol
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy import orm
from sqlalchemy.orm import SessionTransaction

from lback.core import catalogue
from lback.core._signal_depth import nesting
from lback.core.exceptions import UnitOver
from lback.db._observing import is_observed
from lback.db._observing import observe_bulk
from lback.db._observing import observed_flush
from lback.db.engines import databases
from lback.db.engines import Mode

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Engine

    from lback.db._observing import Write


# How often rows that receivers add are written before SQLAlchemy goes on by itself, and
# says that it does not end.
_FLUSHES = 100


class Owner(Protocol):
    """What a session needs of its unit of work.

    Attributes:
        is_over: Nothing is committed any more.
    """

    is_over: bool

    def touch(self) -> None:
        """Take note that the session is used."""

    def check_write(self) -> None:
        """Raise if nothing may be written any more."""

    def check_outside(self, what: str) -> None:
        """Raise if a block of ``atomic()`` is under way, which *what* would end."""

    def before_commit(self) -> None:
        """Raise if the transaction must not be committed."""

    def forget(self) -> None:
        """Take note that what waits is not committed, though nothing has begun."""

    def committed(self, transaction: SessionTransaction | None) -> None:
        """Take note that a transaction or a savepoint was committed."""

    def rolled_back(self, session: Any, transaction: SessionTransaction) -> None:
        """Take note that a transaction was rolled back by hand or by an error."""

    def ended(self, session: Any, transaction: SessionTransaction) -> None:
        """Take note that a transaction or a savepoint has ended."""

    def note_writes(self, writes: "list[Write]") -> None:
        """Take note of the rows that a flush has written."""

    def note_bulk(self, change: catalogue.BulkChange) -> None:
        """Take note of a statement that changed many rows at once."""


class Session(orm.Session):
    """SQLAlchemy's session, which tells its unit of work what becomes of it.

    Attributes:
        unit: The unit of work that it belongs to.
        is_observing: Receivers of ``pre_save`` or ``pre_delete`` are running.
    """

    def __init__(self, unit: Owner, mode: Mode) -> None:
        bind = databases.bind(mode)
        binds: Mapping[Any, Engine | Connection] = databases.binds(mode)
        self.unit = unit
        self.is_observing = False
        self._over: object = None
        self._only = None if binds else bind
        self._only_reads = False
        self._is_watched = False
        super().__init__(
            bind=bind,
            binds=dict(binds) or None,
            # NOTE: rows stay as they are after a commit: nobody pays for loading them
            # again, and receivers after the commit cannot stumble over it.
            expire_on_commit=False,
            join_transaction_mode=(
                "create_savepoint" if databases.pinned else "conditional_savepoint"
            ),
        )

    def execute(self, *args: Any, **options: Any) -> Any:
        """Execute a statement; see SQLAlchemy."""
        self._watch()
        return super().execute(*args, **options)

    def scalar(self, *args: Any, **options: Any) -> Any:
        """Execute a statement and return one value; see SQLAlchemy."""
        self._watch()
        return super().scalar(*args, **options)

    def scalars(self, *args: Any, **options: Any) -> Any:
        """Execute a statement and return values; see SQLAlchemy."""
        self._watch()
        return super().scalars(*args, **options)

    def _watch(self) -> None:
        """Take note of bulk statements from now on, if somebody wants to know."""
        if catalogue.changes_committed.is_heard and not self._is_watched:
            self._is_watched = True
            observe_bulk(self)

    def rollback(self) -> None:
        """Roll back; see SQLAlchemy.

        Raises:
            InsideAtomic: A block of ``atomic()`` is under way.
        """
        self.unit.check_outside("rollback")
        if not self.in_transaction():
            self.unit.forget()
        super().rollback()

    def _close_impl(self, *args: Any, **options: Any) -> None:
        # NOTE: what close(), reset() and invalidate() have in common.
        if not self.in_transaction():
            self.unit.forget()
        super()._close_impl(*args, **options)

    def end(self, what: object) -> None:
        """Give the connection back, and let nothing more be loaded.

        Args:
            what: Whose session it was, for the error of a later load.
        """
        self._over = what
        transaction = self.get_nested_transaction() or self.get_transaction()
        while transaction is not None:
            parent = transaction.parent
            transaction.close()
            transaction = parent

    def commit(self) -> None:
        """Commit, down to the outermost transaction; see SQLAlchemy.

        Raises:
            InsideAtomic: A block of ``atomic()`` is under way.
        """
        self.unit.check_outside("commit")
        if is_observed():
            self.write_all()
        super().commit()

    def write_all(self) -> None:
        """Flush, if somebody wants to know of it, until nothing is left to write.

        Receivers then run before a commit or a savepoint begins its work, where they
        may use the session in every way.
        """
        for _ in range(_FLUSHES):
            if not is_observed() or not self.has_changes():
                return
            self.flush()

    def has_changes(self) -> bool:
        """Tell whether anything is left to write, or rows were changed."""
        # PERF: the public ways to ask build three sets at each flush and each end.
        # bench: benchmarks/data.py::get_by_key
        return not self._is_clean()

    def forbid(self, what: object) -> None:
        """Let nothing be done any more, and leave the connection as it is.

        Args:
            what: Whose session it was, for the error of a later use.
        """
        self._over = what

    def add(self, instance: object, *args: Any, **options: Any) -> None:
        """Put *instance* into the session; see SQLAlchemy."""
        if nesting.alarm:
            self.unit.touch()
        super().add(instance, *args, **options)

    def delete(self, instance: object) -> None:
        """Mark *instance* as deleted; see SQLAlchemy."""
        self.unit.touch()
        super().delete(instance)

    def flush(self, objects: Any = None) -> None:
        """Write what has changed; see SQLAlchemy."""
        if self.has_changes():
            unit = self.unit
            if nesting.alarm:
                unit.touch()
            unit.check_write()
            if is_observed():
                observed_flush(self, objects, super().flush)
                return
        super().flush(objects)

    def get_bind(self, mapper: Any = None, **options: Any) -> "Engine | Connection":
        """Return the database of a statement; every use of one comes through here."""
        if self._over is not None:
            raise UnitOver(
                f"{self._over} has ended, and something of it was to be loaded only "
                "now. Load it there, for example with selectinload(), or load the row "
                "again."
            )
        unit = self.unit
        if nesting.alarm:
            unit.touch()
        if unit.is_over and not self._only_reads:
            self._only_read()
        clause = options.get("clause")
        if clause is not None and getattr(clause, "is_dml", False):
            unit.check_write()
        # PERF: SQLAlchemy's own search takes longer than the rest of this.
        # bench: benchmarks/data.py::get_by_key
        if self._only is not None and options.get("bind") is None:
            return self._only
        return super().get_bind(mapper, **options)

    def _only_read(self) -> None:
        """Work on engines that only read: nothing would be committed any more."""
        self._only_reads = True
        binds = databases.binds(Mode.READ_ONLY)
        self.bind = databases.bind(Mode.READ_ONLY)
        self._only = None if binds else self.bind
        for table, engine in binds.items():
            self.bind_table(table, engine)


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    session.unit.before_commit()


@event.listens_for(Session, "after_commit")
def _after_commit(session: Session) -> None:
    session.unit.committed(
        session.get_nested_transaction() or session.get_transaction()
    )


@event.listens_for(Session, "after_soft_rollback")
def _after_soft_rollback(session: Session, transaction: SessionTransaction) -> None:
    session.unit.rolled_back(session, transaction)


@event.listens_for(Session, "after_transaction_end")
def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    session.unit.ended(session, transaction)
