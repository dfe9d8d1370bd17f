"""What the blocks of ``atomic()`` and ``separate_unit()`` have in common."""

import functools
import inspect
from abc import ABC
from abc import abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any
from typing import cast
from typing import TYPE_CHECKING
from typing import TypeVar

from lback.db._unit import Unit
from lback.db.engines import Mode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

F = TypeVar("F", bound=Callable[..., Any])


class Block(ABC):
    """A block of code, plain or async, or the whole of a decorated function."""

    __slots__ = ()

    @abstractmethod
    def _again(self) -> "Block":
        """Return another block like this one, for one call of a function."""

    @abstractmethod
    def __enter__(self) -> "Session":
        """Begin, and return the session."""

    @abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it: for good without an error, undone with one."""

    async def __aenter__(self) -> "Session":
        return self.__enter__()

    @abstractmethod
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, awaiting async receivers that waited for the commit."""

    def __call__(self, function: F) -> F:
        """Wrap *function* so that each call of it is such a block.

        Raises:
            TypeError: It is a generator, whose body runs when the block is over.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(
            function
        ):
            raise TypeError(
                f"{function.__name__} is a generator: its body would run when the "
                "block is over. Write the block inside it."
            )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **options: Any) -> Any:
                async with self._again():
                    return await function(*args, **options)

            return cast("F", awaited)

        @functools.wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            with self._again():
                return function(*args, **options)

        return cast("F", called)


class OwnUnit:
    """A unit of work that is the current one from its making to its end."""

    __slots__ = ("_unit", "session")

    def __init__(self, mode: Mode, depth: int = 0) -> None:
        self._unit = Unit(mode, depth=depth)
        try:
            self.session = self._unit.session
        except BaseException:
            self._unit.close()
            raise

    def end(self, error: BaseException | None) -> None:
        """Commit it, or roll it back if there was an error or that fails."""
        unit = self._unit
        try:
            if error is not None:
                unit.rollback()
                return
            try:
                unit.commit()
            except BaseException:
                unit.rollback()
                raise
        finally:
            unit.close()

    async def aend(self, error: BaseException | None) -> None:
        """Do what :meth:`end` does, awaiting what is async behind the commit."""
        unit = self._unit
        try:
            if error is not None:
                await unit.arollback()
                return
            try:
                await unit.acommit()
            except BaseException:
                unit.rollback()
                raise
        finally:
            unit.close()
