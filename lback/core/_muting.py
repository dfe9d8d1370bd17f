"""Which signals are silent in the current context."""

from contextvars import ContextVar
from typing import Any


class Mute:
    """A block that silences a signal.

    Attributes:
        signal: The silent one.
        is_over: The block has ended.
    """

    __slots__ = ("is_over", "signal")

    def __init__(self, signal: Any) -> None:
        self.signal = signal
        self.is_over = False


# NOTE: a block says itself that it is over, and is not taken out of the context: a task
# that was made in it has its own context, and a generator may be closed in another.
_mutes: ContextVar[tuple[Mute, ...]] = ContextVar("lback_mutes", default=())


def mute(signal: Any) -> Mute:
    """Silence *signal* in this context until what is returned is over."""
    made = Mute(signal)
    _mutes.set((*(known for known in _mutes.get() if not known.is_over), made))
    return made


def is_muted(signal: Any) -> bool:
    """Tell whether *signal* is silent in this context."""
    return any(known.signal is signal and not known.is_over for known in _mutes.get())
