"""What a send returns."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NoReturn

from lback.core._receivers import Receiver
from lback.core.exceptions import ReceiversFailed


class Results(list[tuple[Callable[..., Any], Any]]):
    """Pairs of receiver and what it returned, or the exception it raised, in order."""

    # PERF: class attributes, so that a send without a failure sets none of them.
    # bench: benchmarks/signals.py::one_receiver
    signal: str | None = None
    _failures: Sequence[tuple[int, Receiver, Exception]] = ()

    @property
    def errors(self) -> list[Exception]:
        """The exceptions of the receivers that failed."""
        return [error for _, _, error in self._failures]

    @property
    def values(self) -> list[Any]:
        """What the receivers that succeeded returned."""
        failed = {place for place, _, _ in self._failures}
        return [value for place, (_, value) in enumerate(self) if place not in failed]

    def raise_errors(self) -> None:
        """Raise what the receivers raised, as one group; do nothing if none did.

        Raises:
            ReceiversFailed: Names the signal and each receiver with its place.
        """
        if not self._failures:
            return
        for _, receiver, error in self._failures:
            note = f"Receiver: {receiver.describe()}"
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
        failed = ", ".join(receiver.describe() for _, receiver, _ in self._failures)
        raise ReceiversFailed(
            f"Receivers of signal {self.signal!r} failed: {failed}", self.errors
        )

    def add_failure(
        self, signal: str | None, receiver: Receiver, error: Exception
    ) -> None:
        """Remember that the receiver whose result comes next failed."""
        self.signal = signal
        if not isinstance(self._failures, list):
            self._failures = []
        self._failures.append((len(self), receiver, error))


class _Nothing(Results):
    """The results of all sends that nobody heard: one object, so it stays empty."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "Nobody received the signal, and all such sends share these results. "
            "Make a list of your own: list(results)."
        )

    append = extend = insert = add_failure = _refuse
    __setitem__ = __iadd__ = __imul__ = __setattr__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Results, ()


# PERF: making an empty list costs more than the rest of a send that nobody hears.
# bench: benchmarks/signals.py::nobody_listens
NOTHING: Results = _Nothing()
