"""Run what waited for a commit: in order, each call in a unit of work of its own."""

import inspect
import logging
import time
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import NoReturn

from lback.core import _async_bridge
from lback.core import _observers
from lback.core._parameters import Parameters
from lback.core._receivers import identify
from lback.core._receivers import Receiver
from lback.core._signal_depth import LIMIT
from lback.core._unit_of_work import Deferred
from lback.core._unit_of_work import UnitOfWork
from lback.core.catalogue import changes_committed
from lback.core.catalogue import ChangesCommitted
from lback.core.exceptions import AsyncReceiverInRunningLoop
from lback.core.exceptions import SignalLoop
from lback.core.signals import SignalDispatcher

logger = logging.getLogger("lback.db")

# A response that waits longer than this, in seconds, for receivers is worth a warning.
_LONG = 0.1

# What tools are told a function was receiving that was given to on_commit().
_ON_COMMIT = SignalDispatcher().signal("on_commit")

# What is still to be called, each with how many commits deep it was put off.
Queue = deque[tuple[Deferred, int]]
Begin = Callable[[Queue, int], UnitOfWork]


class Function:
    """A function that was given to ``on_commit()``."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function

    @property
    def is_async(self) -> bool:
        """Whether the function is known to be async."""
        return identify(self._function).is_async

    @property
    def name(self) -> str:
        """The dotted name of the function."""
        return identify(self._function).origin.label

    def __call__(self) -> Any:
        """Call it; something awaitable may come back."""
        return self._function()

    def fail(self, error: Exception) -> None:
        """Log what it raised, and tell the tools that watch."""
        origin = identify(self._function).origin
        logger.error(
            "%s, called after the commit, failed: %s",
            origin.describe(),
            type(error).__name__,
            exc_info=error,
        )
        receiver = Receiver(
            held=self._function,
            key=None,
            parameters=Parameters(None),
            origin=origin,
            number=0,
            when="after_commit",
        )
        for hook in _observers.failure_hooks:
            hook(_ON_COMMIT, receiver, error)

    async def afail(self, error: Exception) -> None:
        """Do what :meth:`fail` does."""
        self.fail(error)


class Announcement:
    """The send of the one signal that tells what a unit of work has changed."""

    __slots__ = ("_changes",)

    name = "changes_committed"

    def __init__(self, changes: ChangesCommitted) -> None:
        self._changes = changes

    @property
    def is_async(self) -> bool:
        """Whether the signal has an async receiver."""
        return any(receiver.is_async for receiver in changes_committed.receivers)

    def __call__(self) -> Any:
        """Send it, awaitable where a loop is running."""
        if _async_bridge.running_loop() is None:
            return changes_committed.send(self._changes)
        return changes_committed.asend(self._changes)

    def fail(self, error: Exception) -> None:
        """Log why nothing of what its receivers wrote is there."""
        logger.error(
            "What receivers of changes_committed wrote is not stored: %s",
            error,
            exc_info=error,
        )

    async def afail(self, error: Exception) -> None:
        """Do what :meth:`fail` does."""
        self.fail(error)


def refuse_depth(call: Deferred) -> NoReturn:
    """Refuse to put off *call*, since commits lead to each other without end.

    Raises:
        SignalLoop: So many commits led to this one.
    """
    raise SignalLoop(
        f"What runs after a commit leads to another commit, {LIMIT} times in a row; "
        f"the last one was to call {call.name}. Break the loop in one of the receivers."
    )


def run(queue: Queue, begin: Begin, what: object) -> None:
    """Make every call of *queue*, and those that they put off in turn.

    Args:
        queue: The calls; it is empty afterwards.
        begin: Begins the unit of work of one call.
        what: Whose commit it was, for messages.
    """
    began, calls = time.perf_counter(), list(queue)
    try:
        while queue:
            call, depth = queue.popleft()
            error = _make(call, begin(queue, depth))
            if error is not None:
                call.fail(error)
    finally:
        seconds = time.perf_counter() - began
        if queue or seconds > _LONG:
            _report(queue, calls, seconds, what)


async def arun(queue: Queue, begin: Begin, what: object) -> None:
    """Do what :func:`run` does, awaiting what is async."""
    began, calls = time.perf_counter(), list(queue)
    try:
        while queue:
            call, depth = queue.popleft()
            error = await _amake(call, begin(queue, depth))
            if error is not None:
                await call.afail(error)
    finally:
        seconds = time.perf_counter() - began
        if queue or seconds > _LONG:
            _report(queue, calls, seconds, what)


def _make(call: Deferred, unit: UnitOfWork) -> Exception | None:
    """Make one call in *unit*; return what went wrong."""
    try:
        value = call()
        if value is not None and inspect.isawaitable(value):
            _wait(call, value)
        unit.commit()
    except Exception as error:  # noqa: BLE001  # logged and announced by the caller
        unit.rollback()
        return error
    finally:
        unit.close()
    return None


async def _amake(call: Deferred, unit: UnitOfWork) -> Exception | None:
    """Do what :func:`_make` does, awaiting what is async."""
    try:
        value = call()
        if value is not None and inspect.isawaitable(value):
            await value
        unit.commit()
    except Exception as error:  # noqa: BLE001  # logged and announced by the caller
        unit.rollback()
        return error
    finally:
        unit.close()
    return None


def _wait(call: Deferred, value: Any) -> None:
    """Run what an async receiver returned until it is done."""
    if _async_bridge.running_loop() is None:
        _async_bridge.run(value)
        return
    if _async_bridge.is_scheduled(value):
        return  # it runs without anybody waiting
    if hasattr(value, "close"):
        value.close()
    raise AsyncReceiverInRunningLoop(
        f"{call.name} is async and was to run after a commit inside a running event "
        "loop, where nobody can wait for it. Use: async with separate_unit(): ..."
    )


def _report(left: Queue, calls: list[Any], seconds: float, what: object) -> None:
    """Log what took long, and what an exit kept from being called."""
    if left:
        missed = _names(left)
        logger.error("%s was committed, but not called: %s", what, missed)
    if seconds > _LONG:
        logger.warning(
            "%s waited %d ms for what runs after its commit: %s",
            what,
            seconds * 1000,
            _names(calls),
        )


def _names(calls: Iterable[tuple[Deferred, int]]) -> str:
    return ", ".join(call.name for call, _ in calls)
