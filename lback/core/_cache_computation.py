"""One computation of a value, for which other threads may wait."""

import threading
from collections.abc import Callable
from typing import Any

from lback.core._fork import after_fork
from lback.core.exceptions import CacheLoop

# For which computation each thread waits, in all caches; the lock is held from the
# look for a loop to the entry, so that of two threads one sees the other.
_waiting: dict[int, "Computation"] = {}
# NOTE: reentrant, since the collector may run code that asks a cache anywhere.
_lock = threading.RLock()


class Computation:
    """What the thread that makes it computes, once, for everybody.

    Args:
        key: What is computed, as messages name it.
    """

    __slots__ = ("_end", "_error", "_value", "has_outcome", "key", "thread")

    def __init__(self, key: Any) -> None:
        self.key = key
        # Whether there is something to share. There is not if the thread was
        # interrupted, which is nobody else's error.
        self.has_outcome = False
        self.thread = threading.get_ident()
        self._end = threading.Event()
        self._value: Any = None
        self._error: Exception | None = None

    def run(self, compute: Callable[[], Any]) -> Any:
        """Call *compute* and keep what it returns or raises."""
        try:
            self._value = compute()
        except Exception as error:
            self._error = error
            self.has_outcome = True
            raise
        self.has_outcome = True
        return self._value

    @property
    def is_over(self) -> bool:
        """Whether nobody has to wait any more."""
        return self._end.is_set()

    def end(self) -> None:
        """Let those go on who wait."""
        self._end.set()

    def wait(self) -> None:
        """Wait for the end.

        Raises:
            CacheLoop: The end waits for the calling thread.
        """
        here = threading.get_ident()
        with _lock:
            self._refuse_loop(here)
            _waiting[here] = self
        try:
            self._end.wait()
        finally:
            _waiting.pop(here, None)

    def outcome(self) -> Any:
        """Return the value, or raise the very exception that *compute* raised."""
        if self._error is not None:
            raise self._error
        return self._value

    def _refuse_loop(self, here: int) -> None:
        keys = []
        other: Computation | None = self
        # NOTE: a thread whose wait is over may stand in the table a little longer.
        while other is not None and not other.is_over:
            keys.append(other.key)
            if other.thread == here:
                chain = " -> ".join(repr(key) for key in [other.key, *keys])
                raise CacheLoop(
                    f"A computation waits for itself: {chain}. Compute one of them "
                    "without asking the cache for the other."
                )
            other = _waiting.get(other.thread)


@after_fork
def _forget_waiting() -> None:
    global _lock  # noqa: PLW0603  # the lock of this module
    _lock = threading.RLock()
    _waiting.clear()
