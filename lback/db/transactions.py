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


@contextmanager
def separate_unit(*, read_only: bool = False) -> "Iterator[Session]":
    """Begin a unit of work of its own: what it writes stays, whatever happens around.

    It is committed at the end of the block, and rolled back by an exception. Threads
    and scripts begin theirs with it.

    Args:
        read_only: Nothing can be written.

    Raises:
        OneWriter: The database is SQLite, which lets one transaction write at a time,
            and the unit of work around this one has written.
    """
    outer = None if read_only else current_unit()
    with outer.lends_locks() if isinstance(outer, Unit) else nullcontext():
        around = current_unit()
        depth = around.depth if isinstance(around, Unit) else 0
        unit = Unit(Mode.READ_ONLY if read_only else Mode.WRITE, depth=depth)
        try:
            yield unit.session
            unit.commit()
        except BaseException:
            unit.rollback()
            raise
        finally:
            unit.close()


class atomic:  # noqa: N801  # reads as a word of the language, like Django's
    """Write all of a block or nothing of it.

    In a unit of work the block is a savepoint: an exception undoes what the block
    wrote and what it put off until the commit, and whoever catches it can go on.
    Without one it is a unit of work of its own. As a decorator it does so for each
    call, also of async functions; ``async with`` awaits async receivers behind the
    commit of an outermost block.
    """

    __slots__ = ("_alone", "_own", "_savepoint", "_unit")

    def __init__(self) -> None:
        self._alone: AbstractContextManager[None] = nullcontext()
        self._own: Unit | None = None
        self._unit: Unit | None = None
        self._savepoint: SessionTransaction | None = None

    def __enter__(self) -> "Session":
        if self._own is not None or self._unit is not None:
            raise RuntimeError(
                "This atomic() is under way already. Make one for each block."
            )
        unit = current_unit()
        if not isinstance(unit, Unit):
            return self._begin_own()
        # NOTE: first, since beginning the savepoint uses the session.
        unit.touches.enter_block()
        try:
            return self._begin_savepoint(unit)
        except BaseException:
            unit.touches.leave_block()
            raise

    def _begin_own(self) -> "Session":
        own = Unit(Mode.WRITE)
        try:
            session = own.session
        except BaseException:
            own.close()
            raise
        self._own = own
        return session

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
        if self._own is None:
            guard, self._alone = self._alone, nullcontext()
            try:
                self._end_savepoint(error)
            finally:
                guard.__exit__(None, None, None)
            return
        unit, self._own = self._own, None
        try:
            _end(unit, unit.commit if error is None else None)
        finally:
            unit.close()

    async def __aenter__(self) -> "Session":
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._own is None:
            self.__exit__(kind, error, trace)
            return
        unit, self._own = self._own, None
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

    def __call__(self, function: F) -> F:
        """Wrap *function* so that each call of it is such a block."""
        cls = type(self)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **options: Any) -> Any:
                async with cls():
                    return await function(*args, **options)

            return cast("F", awaited)

        @functools.wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            with cls():
                return function(*args, **options)

        return cast("F", called)


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


def _end(unit: Unit, commit: Callable[[], None] | None) -> None:
    """Commit a unit of work, or roll it back if that fails or is not wanted."""
    if commit is None:
        unit.rollback()
        return
    try:
        commit()
    except BaseException:
        unit.rollback()
        raise
