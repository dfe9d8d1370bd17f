"""What the core knows of a unit of work, and the one that has nothing to do."""

from collections.abc import Callable
from contextvars import ContextVar
from threading import get_ident
from typing import Any
from typing import Protocol


class Deferred(Protocol):
    """A call that waits for the commit."""

    @property
    def name(self) -> str:
        """The name of what is called, for messages."""

    @property
    def is_async(self) -> bool:
        """Whether calling it is known to return a coroutine."""

    def __call__(self) -> Any:
        """Make the call; something awaitable may come back."""

    def fail(self, error: Exception) -> None:
        """Tell of a failure, which nobody is there to hear any more."""

    async def afail(self, error: Exception) -> None:
        """Do what :meth:`fail` does, awaiting async receivers of the failure."""


class UnitOfWork(Protocol):
    """What a request writes, committed or rolled back as one.

    It exists from the start of a request and opens no connection before it is used.
    """

    @property
    def thread(self) -> int:
        """The identity of the thread that it belongs to."""

    @property
    def session(self) -> Any:
        """The database session, opened on first use; None without a database."""

    def commits_at(self, status_code: int) -> bool:
        """Tell whether a response of *status_code*, 400 or above, is to commit."""

    def commit(self) -> None:
        """Make what was written last; an error here is an error of the view."""

    def rollback(self) -> None:
        """Undo what was written."""

    def close(self) -> None:
        """Give everything back; called once, whatever happened."""

    def on_commit(self, call: Deferred) -> None:
        """Make *call* after the commit, and not if there is none."""

    def note_failure(self, receiver: Any, results: Any) -> None:
        """Take note of a receiver that failed and was isolated."""

    def explain(self, error: Exception) -> Exception:
        """Return the HTTP error that an error of the database is, or *error*."""


class NullUnitOfWork:
    """The unit of work of a project without a database."""

    __slots__ = ()

    thread = 0
    session = None

    def commits_at(self, status_code: int) -> bool:
        """Return False: there is nothing to commit."""
        return False

    def commit(self) -> None:
        """Do nothing."""

    def rollback(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def explain(self, error: Exception) -> Exception:
        """Return *error*."""
        return error

    def on_commit(self, call: Deferred) -> None:
        """Refuse: it is never the current one."""
        raise AssertionError("Nothing is committed here.")

    def note_failure(self, receiver: Any, results: Any) -> None:
        """Do nothing."""


NOTHING = NullUnitOfWork()

BeginUnit = Callable[[Any], UnitOfWork]


def begin_nothing(request: Any) -> UnitOfWork:
    """Begin a unit of work that has nothing to do."""
    return NOTHING


# The unit of work that the code of this context is in.
current: ContextVar[UnitOfWork | None] = ContextVar("lback_unit", default=None)


def current_unit() -> UnitOfWork | None:
    """Return the unit of work that the calling code is in, or None.

    A thread is in none that it has not begun itself, not even where it was given a
    copy of its parent's context: a database session belongs to one thread.
    """
    unit = current.get()
    return unit if unit is None or unit.thread == get_ident() else None


def begin_nothing_alone() -> UnitOfWork:
    """Begin the unit of work of a receiver that runs outside any other."""
    return NOTHING


# What begins the unit of work of a receiver that runs after a commit where there was
# none to wait for; the data layer puts its own here.
begin_alone: Callable[[], UnitOfWork] = begin_nothing_alone


# What begins the unit of work of a body that is sent in pieces, which only reads; the
# data layer puts its own here.
begin_reading: BeginUnit = begin_nothing
