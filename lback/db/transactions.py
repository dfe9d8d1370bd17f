"""What views, receivers and commands say about their unit of work."""

import functools
import inspect
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from contextlib import nullcontext
from types import TracebackType
from typing import Any
from typing import cast
from typing import TYPE_CHECKING
from typing import TypeVar

from lback.core import _async_bridge
from lback.core._unit_of_work import current_unit
from lback.core.exceptions import DatabaseRefused
from lback.core.exceptions import HTTPException
from lback.core.exceptions import NoUnitOfWork
from lback.db._after_commit import Function
from lback.db._blocks import Block
from lback.db._blocks import OwnUnit
from lback.db._tasks import alone
from lback.db._unit import Unit
from lback.db.engines import databases
from lback.db.engines import Mode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from sqlalchemy.orm import SessionTransaction

F = TypeVar("F", bound=Callable[..., Any])


def get_session() -> "Session":
    """Return the database session of the current unit of work.

    Raises:
        NoUnitOfWork: There is none.
        DatabaseRefused: This is a test that has not asked for a database.
    """
    unit = current_unit()
    if isinstance(unit, Unit):
        return unit.session
    if databases.refusal is not None and not databases.pinned:
        raise DatabaseRefused(databases.refusal)
    databases.check_known()
    raise NoUnitOfWork(
        "There is no unit of work here, so there is no database session. Requests, "
        "receivers after a commit and 'lback shell' have one; elsewhere, as in a "
        "thread or a script, use: with separate_unit() as session: ..."
    )


class separate_unit(Block):  # noqa: N801  # reads as a word of the language
    """Begin a unit of work of its own: what it writes stays, whatever happens around.

    It is committed at the end of the block, and rolled back by an exception. Threads
    and scripts begin theirs with it. Inside a running event loop ``async with`` awaits
    the async receivers behind its commit. As a decorator it does so for each call.

    Args:
        read_only: Nothing can be written.

    Raises:
        OneWriter: The database is SQLite, which lets one transaction write at a time,
            and the unit of work around this one has written.
    """

    __slots__ = ("_lent", "_own", "_read_only")

    def __init__(self, *, read_only: bool = False) -> None:
        self._lent: AbstractContextManager[None] = nullcontext()
        self._own: OwnUnit | None = None
        self._read_only = read_only

    def _again(self) -> "separate_unit":
        return separate_unit(read_only=self._read_only)

    def __enter__(self) -> "Session":
        if self._own is not None:
            raise RuntimeError(
                "This separate_unit() is under way already. Make one for each block."
            )
        outer = current_unit()
        if isinstance(outer, Unit) and not self._read_only:
            self._lent = outer.lends_locks()
        self._lent.__enter__()
        mode = Mode.READ_ONLY if self._read_only else Mode.WRITE
        try:
            self._own = OwnUnit(mode, outer.depth if isinstance(outer, Unit) else 0)
        except BaseException:
            self._lent.__exit__(None, None, None)
            raise
        return self._own.session

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        own, lent = self._taken()
        try:
            own.end(error)
        finally:
            lent.__exit__(None, None, None)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        own, lent = self._taken()
        try:
            await own.aend(error)
        finally:
            lent.__exit__(None, None, None)

    def _taken(self) -> tuple[OwnUnit, AbstractContextManager[None]]:
        own, self._own = self._own, None
        if own is None:
            raise RuntimeError("This block was not entered. Use: with separate_unit():")
        lent, self._lent = self._lent, nullcontext()
        return own, lent


class atomic(Block):  # noqa: N801  # reads as a word of the language, like Django's
    """Write all of a block or nothing of it.

    In a unit of work the block is a savepoint: an exception undoes what the block
    wrote and what it put off until the commit, and whoever catches it can go on.
    Without one it is a unit of work of its own. As a decorator it does so for each
    call, also of async functions; ``async with`` awaits async receivers behind the
    commit of an outermost block.
    """

    __slots__ = ("_alone", "_own", "_savepoint", "_unit")

    def __init__(self, function: None = None) -> None:
        if function is not None:
            raise TypeError("Write it with brackets: @atomic()")
        self._alone: AbstractContextManager[None] = nullcontext()
        self._own: OwnUnit | None = None
        self._unit: Unit | None = None
        self._savepoint: SessionTransaction | None = None

    def _again(self) -> "atomic":
        return atomic()

    def __enter__(self) -> "Session":
        if self._own is not None or self._unit is not None:
            raise RuntimeError(
                "This atomic() is under way already. Make one for each block."
            )
        unit = current_unit()
        if not isinstance(unit, Unit):
            self._own = OwnUnit(Mode.WRITE)
            return self._own.session
        # NOTE: first, since beginning the savepoint uses the session.
        unit.touches.enter_block()
        try:
            return self._begin_savepoint(unit)
        except BaseException:
            unit.touches.leave_block()
            raise

    def _begin_savepoint(self, unit: Unit) -> "Session":
        session = unit.session
        is_in_loop = _async_bridge.running_loop() is not None
        guard = alone(session) if is_in_loop else nullcontext()
        guard.__enter__()
        try:
            session.write_all()
            self._savepoint = session.begin_nested()
        except BaseException:
            guard.__exit__(None, None, None)
            raise
        self._alone, self._unit = guard, unit
        return session

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        own, self._own = self._own, None
        if own is not None:
            own.end(error)
            return
        guard, self._alone = self._alone, nullcontext()
        try:
            self._end_savepoint(error)
        finally:
            guard.__exit__(None, None, None)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        own, self._own = self._own, None
        if own is not None:
            await own.aend(error)
        else:
            self.__exit__(kind, error, trace)

    def _end_savepoint(self, error: BaseException | None) -> None:
        savepoint, unit = self._savepoint, self._unit
        self._savepoint = self._unit = None
        if savepoint is None or unit is None:
            raise RuntimeError("This block was not entered. Use: with atomic(): ...")
        try:
            self._finish(unit, savepoint, error)
        finally:
            unit.touches.leave_block()

    @staticmethod
    def _finish(
        unit: Unit, savepoint: "SessionTransaction", error: BaseException | None
    ) -> None:
        """Release a savepoint, or roll it back."""
        if not savepoint.is_active:  # an error of the database has ended it
            if error is None:
                savepoint.commit()  # says so
            elif unit.session.in_nested_transaction():
                savepoint.rollback()
            return
        if error is not None:
            savepoint.rollback()
            return
        try:
            unit.session.write_all()
            savepoint.commit()
        except BaseException:
            if savepoint.is_active:
                savepoint.rollback()
            raise


def on_commit(function: Callable[[], Any]) -> None:
    """Call *function* after the current unit of work was committed, or not at all.

    A savepoint that is rolled back takes it along. Without a unit of work it is
    called at once. What it raises is logged; what comes after it runs all the same.

    Args:
        function: Takes nothing; it may be async.

    Raises:
        TypeError: *function* is not callable.
    """
    if not callable(function):
        raise TypeError(
            f"{function!r} cannot be called after the commit. Give a function: "
            "on_commit(lambda: ...)."
        )
    unit = current_unit()
    if unit is None:
        unit = Unit(Mode.WRITE)
        try:
            unit.on_commit(Function(function))
            unit.commit()
        finally:
            unit.close()
    else:
        unit.on_commit(Function(function))


def commit_on(*statuses: int) -> Callable[[F], F]:
    """Let responses of a view with these statuses commit, too.

    A response of 400 or above rolls back otherwise. It holds for a response that the
    view returns and for an HTTP exception that it raises.

    Args:
        statuses: HTTP statuses of 400 or above.

    Raises:
        TypeError: The view is a class; its methods can be decorated.
        ValueError: A status is none of these.
    """
    wrong = [s for s in statuses if not isinstance(s, int) or not 400 <= s <= 599]  # noqa: PLR2004  # HTTP's errors
    if wrong or not statuses:
        raise ValueError(
            f"commit_on{statuses!r}: give statuses from 400 to 599, such as "
            "commit_on(422). Responses below 400 commit anyway."
        )
    also = frozenset(statuses)

    def decorate(view: F) -> F:
        if inspect.isclass(view):
            raise TypeError(
                f"commit_on() decorates functions; {view.__name__} is a class. "
                "Decorate its methods."
            )
        if inspect.iscoroutinefunction(view):

            @functools.wraps(view)
            async def awaited(*args: Any, **params: Any) -> Any:
                with _committing(also):
                    return await view(*args, **params)

            return cast("F", awaited)

        @functools.wraps(view)
        def called(*args: Any, **params: Any) -> Any:
            with _committing(also):
                return view(*args, **params)

        return cast("F", called)

    return decorate


@contextmanager
def _committing(statuses: frozenset[int]) -> Iterator[None]:
    unit = current_unit()
    if not isinstance(unit, Unit):
        yield
        return
    unit.commit_also_at(statuses)
    try:
        yield
    except HTTPException as error:
        if error.status_code in statuses:
            unit.commit()
        raise
