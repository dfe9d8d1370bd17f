"""What a unit of work has put off until its commit."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lback.core import _async_bridge
from lback.core._signal_depth import LIMIT
from lback.core._unit_of_work import Deferred
from lback.db import _after_commit
from lback.db._after_commit import Announcement
from lback.db._after_commit import Begin
from lback.db._after_commit import Queue
from lback.db._level import Level

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from sqlalchemy.orm import SessionTransaction


class Pending:
    """What is to be called after the commit, by savepoint, and how it is called.

    Args:
        begin: Begins the unit of work of one call.
        depth: How many commits it is away from the code that nobody put off.
        queue: Where to put what is to be called; None to call it at once.
    """

    __slots__ = ("_begin", "_depth", "_queue", "_root", "_savepoints", "_waiting")

    def __init__(self, begin: Begin, depth: int, queue: Queue | None) -> None:
        self._begin = begin
        self._depth = depth
        self._queue = queue
        self._root: Level | None = None
        self._savepoints: dict[SessionTransaction, Level] = {}
        # What could not be called in a running event loop.
        self._waiting: Queue = deque()

    def check(self, call: Deferred) -> None:
        """Refuse *call* if commits lead to each other without end.

        Raises:
            SignalLoop: They do.
        """
        if self._depth >= LIMIT:
            _after_commit.refuse_depth(call)

    def level(self, session: "Session | None") -> Level:
        """Return what belongs to the innermost savepoint of *session*, or to all."""
        savepoint = None if session is None else session.get_nested_transaction()
        if savepoint is not None:
            return self._savepoints.setdefault(savepoint, Level())
        if self._root is None:
            self._root = Level()
        return self._root

    def end_savepoint(
        self, savepoint: "SessionTransaction", session: "Session", *, is_kept: bool
    ) -> None:
        """Pass what belongs to a savepoint on to what is around it, or forget it."""
        level = self._savepoints.pop(savepoint, None)
        if level is not None and is_kept:
            self.level(session).take_in(level)

    def forget(self) -> None:
        """Forget what belongs to a transaction that is not committed."""
        self._root = None
        self._savepoints.clear()

    def finish(self, what: object) -> None:
        """Call what waited for the commit of *what*, which is done."""
        level, self._root = self._root, None
        if level is None:
            return
        calls = level.calls
        if level.writes or level.bulk:
            from lback.db._observing import net_changes

            changes = net_changes(level.writes, level.bulk)
            if changes is not None:
                calls = [Announcement(changes), *calls]
        self.call(calls, what)

    def call(self, calls: Iterable[Deferred], what: object) -> None:
        """Make calls now, or as soon as they can be made."""
        queue = deque([(call, self._depth + 1) for call in calls])
        if self._queue is not None:
            # What runs after the commit of such a call runs after the others.
            self._queue.extend(queue)
        elif _async_bridge.running_loop() is None:
            _after_commit.run(queue, self._begin, what)
        else:
            self._call_in_loop(queue, what)

    def _call_in_loop(self, queue: Queue, what: object) -> None:
        """Call what is not async; the rest waits until it can be awaited.

        From the first async one on all wait, so that the order stays.
        """
        ready: Queue = deque()
        while queue and not self._waiting and not queue[0][0].is_async:
            ready.append(queue.popleft())
        self._waiting.extend(queue)
        _after_commit.run(ready, self._begin, what)

    def call_waiting(self, what: object) -> None:
        """Call what could not be called in a running event loop."""
        if self._waiting:
            waiting, self._waiting = self._waiting, deque()
            _after_commit.run(waiting, self._begin, what)

    def divert(self) -> Queue | None:
        """Collect from now on what is to be called; return where it went before."""
        before, self._queue = self._queue, self._waiting
        self._waiting = deque()
        return before

    async def acall(self, before: Queue | None, what: object) -> None:
        """Call what was collected, awaiting what is async.

        Args:
            before: What :meth:`divert` returned.
            what: Whose commit it was, for messages.
        """
        collected, self._queue = self._queue, before
        if collected and before is not None:
            before.extend(collected)
        elif collected:
            await _after_commit.arun(collected, self._begin, what)
