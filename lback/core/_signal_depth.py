"""Stop signals that send each other for ever."""

import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from types import CodeType
from types import FrameType
from typing import Any
from typing import NamedTuple

from lback.core._fork import after_fork
from lback.core.exceptions import SignalLoop

LIMIT = 64

# A signal that is sent so often inside itself when the stack is full has filled it; a
# receiver that recurses by itself does so below a few sends.
_OFTEN = 8


class Mark:
    """An awaited send, for the tasks that are made while it is under way.

    Attributes:
        signal: What is sent.
        parent: The mark of the awaited send that led to this one, or None.
        is_over: It has ended.
    """

    __slots__ = ("is_over", "parent", "receiver", "results", "signal")

    signal: Any
    parent: "Mark | None"
    is_over: bool
    receiver: Any
    results: Any


_innermost: ContextVar[Mark | None] = ContextVar("lback_send", default=None)


def leave_mark(signal: Any) -> Mark:
    """Mark an awaited send of *signal* in this context, which new tasks inherit.

    The mark stays when the send is over, and is passed over from then on.
    """
    # PERF: no __init__, since each awaited send makes one.
    # bench: benchmarks/signals.py::async_receivers
    mark = Mark()
    mark.signal = signal
    mark.parent = _under_way()
    mark.is_over = False
    mark.receiver = mark.results = None
    _innermost.set(mark)
    return mark


def _under_way() -> Mark | None:
    """Return the mark of the innermost awaited send that waits for this one."""
    mark = _innermost.get()
    while mark is not None and mark.is_over:
        mark = mark.parent
    return mark


class Loop(NamedTuple):
    """A loop that was found and is being left.

    Attributes:
        entrance: The outermost send that belongs to it: its frame or its mark.
        signals: The signals that send each other.
    """

    entrance: FrameType | Mark
    signals: list[Any]


class Nesting:
    """How many sends are under way, and which of them wait for this one.

    ``alarm`` counts the sends under way in all threads and tasks; each send adds one
    and takes it away again. Only when it passes the limit are the frames of the
    calling thread looked at, and they decide: they are exact under threads, tasks and
    greenlets, but reading them for each send would cost more than the send. A task's
    frames do not show who waits for the task; so awaited sends leave a mark.

    While a loop that was found is being left, further sends of its signals below its
    entrance are refused. Otherwise two receivers that both send their own signal would
    run 2 to the power of 64 times.
    """

    __slots__ = ("_lock", "_senders", "alarm", "loops")

    def __init__(self) -> None:
        self.alarm = 0
        self.loops: list[Loop] = []
        self._senders: frozenset[CodeType] = frozenset()
        # NOTE: reentrant, since the collector may end an abandoned send anywhere.
        self._lock = threading.RLock()
        after_fork(self._renew)

    def watch(self, *functions: Any) -> None:
        """Say which functions send; they must call their signal ``self``."""
        self._senders = frozenset(function.__code__ for function in functions)

    def check(self, mark: Mark | None = None) -> None:
        """Stop the calling send if it is one of a loop.

        Args:
            mark: Its mark, if it is awaited.

        Raises:
            SignalLoop: Names the signals of the loop.
        """
        waiting = list(_chain(_under_way() if mark is None else mark.parent))
        if not self.loops and len(waiting) <= LIMIT and not _is_deep():
            return
        frames = self._sends_above()
        signals = [frame.f_locals["self"] for frame in frames]
        if len(frames) > LIMIT:
            self._found(frames, signals)
        elif len(waiting) > LIMIT:
            signals = [signals[0], *(other.signal for other in waiting)]
            self._found([frames[0], *waiting], signals)
        elif not self._is_refused([*frames, *waiting], signals[0]):
            return
        chain = " -> ".join(str(s.name) for s in reversed(_loop_in(signals)))
        raise SignalLoop(
            f"Signals send each other without end (stopped {LIMIT} deep): {chain}. "
            "Break the loop in one of their receivers."
        )

    def leave(self, mark: Mark | None = None) -> None:
        """Forget the loops whose entrance the calling send is."""
        over = (mark, sys._getframe(1))  # noqa: SLF001  # the walk needs a start
        with self._lock:
            self.loops = [loop for loop in self.loops if loop.entrance not in over]

    def calls(self) -> list[tuple[Any, Any]]:
        """Return the calls that this thread or task is in, the innermost first.

        Each is a receiver and the results of the send that called it, which tell one
        call of a receiver from the next.
        """
        if not self.alarm:
            return []
        found = [
            (frame.f_locals.get("receiver"), frame.f_locals.get("results"))
            for frame in self._sends_above()
        ]
        # NOTE: the frames of a task do not lead to the send that waits for it.
        found += [(mark.receiver, mark.results) for mark in _chain(_under_way())]
        return [call for call in found if call[0] is not None]

    def overflow(self, signal: Any) -> None:
        """Notice a loop that has filled the stack before it was 64 deep.

        Args:
            signal: What the innermost send sends that saw the stack overflow.
        """
        frames = self._sends_above()
        signals = [frame.f_locals["self"] for frame in frames]
        if signals.count(signal) >= _OFTEN:
            self._found(frames, signals)

    def _found(self, sends: list[Any], signals: list[Any]) -> None:
        """Remember a loop until its entrance is left."""
        looping = _loop_in(signals)
        entrance = max(n for n, signal in enumerate(signals) if signal in looping)
        with self._lock:
            self.loops = [*self.loops, Loop(sends[entrance], looping)]

    def _is_refused(self, sends: list[Any], signal: Any) -> bool:
        """Tell whether a send of *signal* would go on with a loop that was found."""
        return any(
            signal in loop.signals and any(loop.entrance is send for send in sends)
            for loop in self.loops
        )

    def _sends_above(self) -> list[FrameType]:
        """Return the frames of this thread's sends, the innermost first."""
        frames = []
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # the walk needs a start
        while frame is not None:
            if frame.f_code in self._senders:
                frames.append(frame)
            frame = frame.f_back
        return frames

    def _renew(self) -> None:
        """Forget the sends of other threads, which are not in the child of a fork."""
        self._lock = threading.RLock()
        self.alarm = len(self._sends_above())
        self.loops = []


def _is_deep() -> bool:
    """Tell whether the stack has room for more sends than the limit.

    Each send is one frame at least. Many sends may be under way that have nothing to
    do with each other, and then most of them are answered here.
    """
    try:
        sys._getframe(LIMIT)  # noqa: SLF001  # only whether there is one
    except ValueError:
        return False
    return True


def _chain(mark: Mark | None) -> Iterator[Mark]:
    """Yield the marks of the awaited sends that wait, the innermost first."""
    while mark is not None:
        if not mark.is_over:
            yield mark
        mark = mark.parent


def _loop_in(signals: list[Any]) -> list[Any]:
    """Return the signals, innermost first, back to the last time it was sent."""
    again = next((n for n in range(1, len(signals)) if signals[n] is signals[0]), None)
    return signals if again is None else signals[: again + 1]


nesting = Nesting()
