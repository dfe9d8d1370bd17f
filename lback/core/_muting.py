"""Which signals are silent in the current context."""

from contextvars import ContextVar
from typing import Any

# A signal stands in it once for each block that mutes it.
_muted: ContextVar[tuple[Any, ...]] = ContextVar("lback_muted_signals", default=())


def mute(signal: Any) -> None:
    """Silence *signal* in this context once more."""
    _muted.set((*_muted.get(), signal))


def unmute(signal: Any) -> None:
    """Take back one :func:`mute` of *signal*."""
    # NOTE: not reset(token): a generator may be closed in another context than the
    # one it was started in, and a token is good for its own only.
    muted = list(_muted.get())
    if signal in muted:
        muted.remove(signal)
    _muted.set(tuple(muted))


def is_muted(signal: Any) -> bool:
    """Tell whether *signal* is silent in this context."""
    return signal in _muted.get()
