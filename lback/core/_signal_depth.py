"""Stop signals that send each other for ever."""

import sys
from types import CodeType
from types import FrameType
from typing import Any

from lback.core.exceptions import SignalLoop

LIMIT = 64


class Nesting:
    """How many sends are under way, and which of them wait for this one.

    ``alarm`` counts the sends under way in all threads and tasks; each send adds one
    and takes it away again. Only when it passes the limit are the frames of the
    calling thread looked at, and they alone decide: they are exact under threads,
    tasks and greenlets, but reading them for each send would cost more than the send.

    After a loop was found, every further send below the same outermost one is refused
    too, until that one is done. Otherwise two receivers that both send their own
    signal would run 2 to the power of 64 times.
    """

    __slots__ = ("_senders", "alarm", "tripped")

    def __init__(self) -> None:
        self.alarm = 0
        self.tripped: list[FrameType] = []
        self._senders: frozenset[CodeType] = frozenset()

    def watch(self, *functions: Any) -> None:
        """Say which functions send; they must call their signal ``self``."""
        self._senders = frozenset(function.__code__ for function in functions)

    def check(self) -> None:
        """Raise if the calling thread is really nested deeper than the limit.

        Raises:
            SignalLoop: Names the signals of the loop.
        """
        frames = self._sends_above()
        outermost = frames[-1]
        is_known = any(outermost is frame for frame in self.tripped)
        if len(frames) <= LIMIT and not is_known:
            return
        if not is_known:
            self.tripped.append(outermost)
            self.alarm += LIMIT
        names = [str(frame.f_locals["self"].name) for frame in reversed(frames)]
        raise SignalLoop(
            f"Signals send each other without end (stopped {LIMIT} deep): "
            f"{_loop_in(names)}. Break the loop in one of their receivers."
        )

    def leave(self) -> None:
        """Forget the loop if the calling send is the outermost one of it."""
        frame = sys._getframe(1)  # noqa: SLF001  # the walk needs a start
        for place, known in enumerate(self.tripped):
            if known is frame:
                del self.tripped[place]
                self.alarm -= LIMIT
                return

    def _sends_above(self) -> list[FrameType]:
        """Return the frames of this thread's sends, the innermost first."""
        frames = []
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # the walk needs a start
        while frame is not None:
            if frame.f_code in self._senders:
                frames.append(frame)
            frame = frame.f_back
        return frames


def _loop_in(names: list[str]) -> str:
    """Write the chain from the last time the innermost signal was sent."""
    last = len(names) - 1
    start = next((i for i in range(last - 1, -1, -1) if names[i] == names[last]), 0)
    return " -> ".join(names[start:])
