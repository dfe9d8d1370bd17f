"""What the core knows of a unit of work, and the one that has nothing to do."""

from collections.abc import Callable
from typing import Protocol


class UnitOfWork(Protocol):
    """What a request writes, committed or rolled back as one.

    It exists from the start of a request and opens no connection before it is used.
    """

    def commit(self) -> None:
        """Make what was written last; an error here is an error of the view."""

    def rollback(self) -> None:
        """Undo what was written."""

    def close(self) -> None:
        """Give everything back; called once, whatever happened."""


class NullUnitOfWork:
    """The unit of work of a project without a database."""

    __slots__ = ()

    def commit(self) -> None:
        """Do nothing."""

    def rollback(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


NOTHING = NullUnitOfWork()

BeginUnit = Callable[[], UnitOfWork]


def begin_nothing() -> UnitOfWork:
    """Begin a unit of work that has nothing to do."""
    return NOTHING
