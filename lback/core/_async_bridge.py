"""Run a coroutine from synchronous code, on this thread's own event loop."""

import atexit
import contextlib
import contextvars
import os
import selectors
import sys
import threading
from collections.abc import Awaitable
from typing import Any
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_threads = threading.local()
_UNSET = object()


class _Loop:
    """The event loop of one thread in one process."""

    def __init__(self) -> None:
        import asyncio

        self.process = os.getpid()
        self._is_closed = False
        self.runner = asyncio.Runner(loop_factory=_make_loop)

    def close(self) -> None:
        """Close the loop; after a fork only the child's copy of its descriptors."""
        if self._is_closed:
            return
        self._is_closed = True
        loop = self.runner.get_loop()
        if loop.is_closed():  # by somebody else
            return
        if self.process == os.getpid():
            self.runner.close()
        elif not loop.is_running():
            loop.close()

    def __del__(self) -> None:
        # NOTE: this is how the loop of a finished thread is closed. While the
        # interpreter ends, nothing it needs is there any more.
        if not sys.is_finalizing():
            self.close()


def _make_loop() -> "asyncio.AbstractEventLoop":
    """Make a loop that a fork does not share with the child.

    An epoll object would be shared: a child that closes its copy of the loop takes
    the parent's wake-up pipe out of it, and the parent waits for ever.
    """
    import asyncio

    poll = getattr(selectors, "PollSelector", None)
    if poll is None:  # no fork on this system either
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(poll())


@atexit.register
def _close_main_thread() -> None:
    loop: _Loop | None = _threads.__dict__.pop("loop", None)
    if loop is not None:
        # NOTE: Python 3.12 starts no thread at exit any more, not even the one that
        # waits for the loop's pool; the loop is closed all the same.
        with contextlib.suppress(RuntimeError):
            loop.close()


def running_loop() -> "asyncio.AbstractEventLoop | None":
    """Return the event loop that runs on this thread now, or None."""
    # PERF: where nobody has imported asyncio no loop can be running, and importing
    # it would double the start-up time of a command.
    # bench: benchmarks/startup.py::signals_list
    events = sys.modules.get("asyncio.events")
    if events is None:
        return None
    loop: asyncio.AbstractEventLoop | None = events._get_running_loop()  # noqa: SLF001  # asyncio documents it for this use
    return loop


def is_scheduled(value: object) -> bool:
    """Tell whether *value* is a task or a future, which needs nobody to run it."""
    import asyncio

    return asyncio.isfuture(value)


def run(awaitable: Awaitable[Any]) -> Any:
    """Wait for *awaitable* on this thread's own event loop and return its result.

    Context variables that it sets are set in the caller's context afterwards.
    """
    runner = _runner_of_thread()
    # NOTE: the caller's context is entered already, and a context cannot be entered
    # twice; so the task runs in a copy whose changes are brought back.
    context = contextvars.copy_context()
    try:
        return runner.run(_wait(awaitable), context=context)
    finally:
        for variable, value in context.items():
            if variable.get(_UNSET) is not value:
                variable.set(value)


def _runner_of_thread() -> "asyncio.Runner":
    """Return what runs coroutines on this thread."""
    # NOTE: apart from run(), whose frame an exception may keep alive: the loop of a
    # thread is to end with the thread.
    loop: _Loop | None = getattr(_threads, "loop", None)
    if loop is None or loop.process != os.getpid():
        loop = _threads.loop = _Loop()
    return loop.runner


async def _wait(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
