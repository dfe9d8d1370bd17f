"""Watch every send of the process, for tests and tools.

Signals are told when somebody starts or stops to watch, so that a send that nobody
watches pays nothing for it.
"""

import threading
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Protocol
from weakref import WeakSet

from lback.core._fork import after_fork
from lback.core._receivers import Receiver


class Observer:
    """What is told of every send; the methods of this class do nothing."""

    def sent(self, signal: Any, sender: Any, fields: Mapping[str, Any]) -> None:
        """Take note of a send before its receivers run; there may be none."""

    def lets_run(self, signal: Any, receiver: Receiver) -> bool:
        """Tell whether *receiver* may run in this send."""
        return True


FailureHook = Callable[[Any, Receiver, Exception], object]


class Observable(Protocol):
    """What has to know whether anybody watches: a dispatcher with its signals."""

    def renew(self) -> None:
        """Prepare the next send of every signal anew."""


# Replaced as a whole, never changed, so that senders read them without a lock.
active: tuple[Observer, ...] = ()
failure_hooks: tuple[FailureHook, ...] = ()

_dispatchers: WeakSet[Observable] = WeakSet()
_lock = threading.RLock()


def announce(dispatcher: Observable) -> None:
    """Let *dispatcher* be told when somebody starts or stops to watch."""
    with _lock:
        _dispatchers.add(dispatcher)


def observe(observer: Observer) -> None:
    """Tell *observer* of every send from now on, in all threads and dispatchers."""
    global active  # noqa: PLW0603  # the state of this module
    with _lock:
        active = (*active, observer)
    _renew()


def stop_observing(observer: Observer) -> None:
    """Do not tell *observer* any more; not having told it is fine, too."""
    global active  # noqa: PLW0603  # the state of this module
    with _lock:
        active = tuple(known for known in active if known is not observer)
    _renew()


def on_failure(hook: FailureHook) -> None:
    """Call *hook* with signal, receiver and exception of each isolated failure."""
    global failure_hooks  # noqa: PLW0603  # the state of this module
    with _lock:
        failure_hooks = (*failure_hooks, hook)


def remove_failure_hook(hook: FailureHook) -> None:
    """Do not call *hook* any more; not having called it is fine, too."""
    global failure_hooks  # noqa: PLW0603  # the state of this module
    with _lock:
        failure_hooks = tuple(known for known in failure_hooks if known != hook)


def _renew() -> None:
    with _lock:
        dispatchers = tuple(_dispatchers)
    for dispatcher in dispatchers:
        dispatcher.renew()


@after_fork
def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  # the lock of this module
    _lock = threading.RLock()
