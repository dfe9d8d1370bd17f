"""How the signals of the FastKit dialect are delivered, and who receives them."""

from abc import ABC
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from typing_extensions import Unpack

from lback.compat._hearing import targets
from lback.core import signals
from lback.core._connecting import Options


class BaseSignalBackend(ABC):
    """What delivers signals and knows their receivers."""

    @abstractmethod
    async def send(
        self, signal_name: str, payload: Any, **kwargs: Any
    ) -> list[Exception]:
        """Deliver to all receivers; return what those that failed raised."""

    @abstractmethod
    def connect(self, signal_name: str, receiver: Callable[..., Any]) -> None:
        """Call *receiver* whenever the signal is sent."""

    @abstractmethod
    def disconnect(self, signal_name: str, receiver: Callable[..., Any]) -> None:
        """Stop calling *receiver*; one that is not connected is fine."""

    @abstractmethod
    def receivers(self, signal_name: str) -> list[Callable[..., Any]]:
        """Return what is connected, in the order in which it is called."""


class InProcessBackend(BaseSignalBackend):
    """Deliver at once, to the native signal of the name.

    Args:
        find: Returns the native signal of a name; by default the process-wide one.
    """

    def __init__(
        self,
        find: Callable[[str], signals.Signal[..., Any]] = signals.dispatcher.signal,
    ) -> None:
        self._find = find

    async def send(
        self, signal_name: str, payload: Any, **kwargs: Any
    ) -> list[Exception]:
        """Call all receivers in order; return what those that failed raised."""
        results = await self._find(signal_name).asend(payload, **kwargs)
        return results.errors

    def connect(
        self,
        signal_name: str,
        receiver: Callable[..., Any],
        **options: Unpack[Options],
    ) -> None:
        """Call *receiver* whenever the signal is sent; options as for native ones."""
        self._find(signal_name).connect(receiver, **options)

    def disconnect(self, signal_name: str, receiver: Callable[..., Any]) -> None:
        """Stop calling *receiver*; one that is not connected is fine."""
        self._find(signal_name).disconnect(receiver)

    def receivers(self, signal_name: str) -> list[Callable[..., Any]]:
        """Return what is connected, in the order in which it is called."""
        return targets(self._find(signal_name).receivers)


class RecordingBackend(InProcessBackend):
    """Write down what is sent and call nobody, for tests.

    Receivers are connected as ever, so that ``if signal:`` answers as ever.

    Attributes:
        dispatched: Pairs of signal name and payload, in the order of sending.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dispatched: list[tuple[str, Any]] = []

    async def send(
        self, signal_name: str, payload: Any, **kwargs: Any
    ) -> list[Exception]:
        """Write down the signal; return no errors."""
        self.dispatched.append((signal_name, payload))
        return []
