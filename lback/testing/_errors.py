"""Notice receivers that fail while a test runs."""

import threading
import traceback
from collections.abc import Sequence
from types import TracebackType
from typing import Any
from typing import NamedTuple

from lback.core._observers import on_failure
from lback.core._observers import remove_failure_hook
from lback.core._receivers import Receiver
from lback.core.signals import Signal
from lback.testing._hold import Hold

# So many failures are shown with their traceback; the rest is counted.
_SHOWN = 5

_ADVICE = (
    "The sends went on, as in production. If a test is to have this, write "
    "'with signals.allow_errors():' around it, or mark the test with "
    "@pytest.mark.allow_errors."
)


class Failure(NamedTuple):
    """A receiver that failed and was isolated.

    Attributes:
        signal: What was sent.
        receiver: Who failed.
        error: What it raised.
        thread: The name of the thread, empty for the main one.
    """

    signal: Signal[..., Any]
    receiver: Receiver
    error: Exception
    thread: str

    def summary(self) -> str:
        """Say in one line what happened."""
        lines = str(self.error).splitlines()
        reason = f": {lines[0]}" if lines else ""
        return (
            f"Receiver {self.receiver.name} of signal {self.signal.name!r} failed: "
            f"{type(self.error).__name__}{reason}"
        )

    def details(self) -> str:
        """Return the summary with place, thread and the receiver's traceback."""
        where = f"({self.receiver.place})"
        if self.thread:
            where = f"({self.receiver.place}, in thread {self.thread!r})"
        trace = _from_receiver_on(self.error.__traceback__, self.receiver)
        lines = traceback.format_exception(type(self.error), self.error, trace)
        return f"{self.summary()}\n{where}\n{''.join(lines)}"


class AllowedErrors(Hold):
    """Receivers may fail from now on, in whatever thread.

    Attributes:
        errors: What they raised.
    """

    def __init__(self, guard: "ErrorGuard") -> None:
        super().__init__()
        self.errors: list[Exception] = []
        self._guard = guard
        guard.allowed = (*guard.allowed, self)

    def _end(self) -> None:
        guard = self._guard
        guard.allowed = tuple(known for known in guard.allowed if known is not self)


class ErrorGuard:
    """What is told of every isolated failure of the process while a test runs.

    Attributes:
        allowed: The blocks in which receivers may fail; replaced as a whole, never
            changed, since any thread may read it.
    """

    def __init__(self) -> None:
        self.allowed: tuple[AllowedErrors, ...] = ()
        self._failures: list[Failure] = []
        # NOTE: one object for both calls; each self._note would be another one.
        self._hook = self._note

    def start(self) -> None:
        """Take note of failures from now on."""
        on_failure(self._hook)

    def stop(self) -> None:
        """Take note no more."""
        remove_failure_hook(self._hook)

    def allow(self) -> AllowedErrors:
        """Let receivers fail from now on."""
        return AllowedErrors(self)

    def take(self) -> list[Failure]:
        """Return what failed since this was last called."""
        taken, self._failures = self._failures, []
        return taken

    def _note(self, signal: Any, receiver: Receiver, error: Exception) -> None:
        allowed = self.allowed
        for block in allowed:
            block.errors.append(error)
        if not allowed:
            thread = threading.current_thread()
            is_main = thread is threading.main_thread()
            name = "" if is_main else thread.name
            self._failures.append(Failure(signal, receiver, error, name))


def report(failures: Sequence[Failure]) -> str:
    """Return what a test says that fails because receivers failed."""
    parts = [failure.details() for failure in failures[:_SHOWN]]
    if len(failures) > _SHOWN:
        parts.append(f"... and {len(failures) - _SHOWN} more\n")
    if len(failures) > 1:
        parts.insert(0, f"{len(failures)} receivers failed, one by one:\n")
    return "\n".join([*parts, _ADVICE])


def _from_receiver_on(
    trace: TracebackType | None, receiver: Receiver
) -> TracebackType | None:
    """Leave out of a traceback what led to the receiver: Lback's own frames."""
    found = trace
    while found is not None:
        if found.tb_frame.f_code.co_filename == receiver.origin.file:
            return found
        found = found.tb_next
    return trace
