"""Keep receivers from running."""

from typing import Any

from lback.core._observers import Observer
from lback.core._receivers import Receiver
from lback.core.signals import Signal
from lback.testing._choice import Choice
from lback.testing._choice import is_ours
from lback.testing._hold import SendHold


class Muting(SendHold):
    """Receivers that do not run from now on, in whatever thread the signal is sent.

    Nothing is disconnected, so their order stays, and several may overlap.

    Args:
        choice: Which receivers are meant.
        runs: Whether those are the ones that still run, and all others do not.
        local: Whether it holds only for what the current thread or task sends.
    """

    def __init__(self, choice: Choice, *, runs: bool = False, local: bool) -> None:
        super().__init__(_Gate(choice, runs=runs), local=local)


class _Gate(Observer):
    def __init__(self, choice: Choice, *, runs: bool) -> None:
        self._choice = choice
        self._runs = runs

    def lets_run(self, signal: Signal[..., Any], receiver: Receiver) -> bool:
        if is_ours(receiver.target()):
            return True
        return self._choice(signal, receiver) is self._runs
