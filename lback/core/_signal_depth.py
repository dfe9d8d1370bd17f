"""Stop signals that send each other for ever."""

import sys
from types import CodeType
from types import FrameType
from typing import Any
from typing import NamedTuple

from lback.core.exceptions import SignalLoop

LIMIT = 64


class Loop(NamedTuple):
    """A loop that was found and is being left.

    Attributes:
        entrance: The frame of the outermost send that belongs to it.
        signals: The signals that send each other.
    """

    entrance: FrameType
    signals: list[Any]


class Nesting:
    """How many sends are under way, and which of them wait for this one.

    ``alarm`` counts the sends under way in all threads and tasks; each send adds one
    and takes it away again. Only when it passes the limit are the frames of the
    calling thread looked at, and they alone decide: they are exact under threads,
    tasks and greenlets, but reading them for each send would cost more than the send.

    While a loop that was found is being left, further sends of its signals below its
    entrance are refused. Otherwise two receivers that both send their own signal would
    run 2 to the power of 64 times.
    """

    __slots__ = ("_senders", "alarm", "loops")

    def __init__(self) -> None:
        self.alarm = 0
        self.loops: list[Loop] = []
        self._senders: frozenset[CodeType] = frozenset()

    def watch(self, *functions: Any) -> None:
        """Say which functions send; they must call their signal ``self``."""
        self._senders = frozenset(function.__code__ for function in functions)

    def check(self) -> None:
        """Raise if the calling send is one of a loop.

        Raises:
            SignalLoop: Names the signals of the loop.
        """
        frames = self._sends_above()
        signals = [frame.f_locals["self"] for frame in frames]
        if len(frames) > LIMIT:
            looping = _loop_in(signals)
            entrance = max(n for n, signal in enumerate(signals) if signal in looping)
            self.loops.append(Loop(frames[entrance], looping))
        elif not self._is_refused(frames, signals[0]):
            return
        else:
            looping = _loop_in(signals)
        chain = " -> ".join(str(signal.name) for signal in reversed(looping))
        raise SignalLoop(
            f"Signals send each other without end (stopped {LIMIT} deep): {chain}. "
            "Break the loop in one of their receivers."
        )

    def leave(self) -> None:
        """Forget the loops whose entrance the calling send is."""
        frame = sys._getframe(1)  # noqa: SLF001  # the walk needs a start
        self.loops = [loop for loop in self.loops if loop.entrance is not frame]

    def _is_refused(self, frames: list[FrameType], signal: Any) -> bool:
        """Tell whether a send of *signal* would go on with a loop that was found."""
        return any(
            signal in loop.signals and any(loop.entrance is frame for frame in frames)
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


def _loop_in(signals: list[Any]) -> list[Any]:
    """Return the signals, innermost first, back to the last time it was sent."""
    again = next((n for n in range(1, len(signals)) if signals[n] is signals[0]), None)
    return signals if again is None else signals[: again + 1]
