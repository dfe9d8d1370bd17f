"""Keep the tasks of an event loop from writing in one session at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lback.core import _async_bridge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Where a session says which task is writing in it.
_WRITER = "lback_writer"


@contextmanager
def alone(session: "Session") -> Iterator[None]:
    """Let one task at a time write in a session; outside a loop nothing is to be done.

    The blocks of two tasks would not end in the order in which savepoints have to, and
    what one of them undoes would be kept by the other.

    Raises:
        RuntimeError: Another task is writing.
    """
    if _async_bridge.running_loop() is None:
        yield
        return
    import asyncio

    task = asyncio.current_task()
    outer = session.info.get(_WRITER, task)
    if outer is not task:
        raise RuntimeError(
            "Two tasks write in one unit of work at the same time. Await one after the "
            "other, or give each task its own: with separate_unit(): ..."
        )
    was_writing = _WRITER in session.info
    session.info[_WRITER] = task
    try:
        yield
    finally:
        if not was_writing:
            del session.info[_WRITER]
