"""What lasts from the call that makes it to the end of its block or of the test."""

from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any
from typing import Self

from lback.core._observers import observe
from lback.core._observers import Observer
from lback.core._observers import stop_observing
from lback.core._receivers import Receiver
from lback.core.signals import Signal

# A failure is shown at the line of the test, not in here.
__tracebackhide__ = True


class Hold:
    """Something that is in force from now on until :meth:`stop`.

    It is a context manager as well, whose block ends with :meth:`stop`. The block is
    not needed: the fixture that made it stops it when the test is over.
    """

    def __init__(self) -> None:
        self._is_over = False

    def stop(self) -> None:
        """End it; what has ended stays so."""
        if not self._is_over:
            self._is_over = True
            self._end()

    def _end(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        if self._is_over:
            raise RuntimeError(
                f"This {type(self).__name__} is over; a block would do nothing. "
                "Make another one."
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class SendHold(Hold):
    """A hold that watches sends.

    Args:
        observer: What is told of them.
        local: Whether only those of the current thread or task count, and of the
            tasks that it starts from now on.
    """

    def __init__(self, observer: Observer, *, local: bool) -> None:
        super().__init__()
        self._observer = _Here(observer) if local else observer
        observe(self._observer)

    def _end(self) -> None:
        stop_observing(self._observer)
        # NOTE: if this is another context, the one it was made in keeps it, unasked.
        _here.set(_here.get() - {self._observer})


# NOTE: one variable for all, not one for each, which the context would keep for ever.
_here: ContextVar[frozenset[Observer]] = ContextVar(
    "lback_testing", default=frozenset()
)


class _Here(Observer):
    """An observer that is told only of what the current context sends."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        _here.set(_here.get() | {self})

    def sent(
        self, signal: Signal[..., Any], sender: Any, fields: Mapping[str, Any]
    ) -> None:
        if self in _here.get():
            self._observer.sent(signal, sender, fields)

    def lets_run(self, signal: Signal[..., Any], receiver: Receiver) -> bool:
        return self not in _here.get() or self._observer.lets_run(signal, receiver)
