"""The dialect of FastKit's events: receivers get a payload, senders a list of errors.

::

    from lback.compat.fastkit import Signal

    user_created = Signal("user.created")

    @user_created.connect
    async def welcome(payload): ...

    errors = await user_created.send({"id": 1})

Every use of a signal looks up the backend in force, so one that is put in place later
counts for signals that exist already::

    import lback.compat.fastkit as signal_module

    signal_module._backend_instance = RecordingBackend()
    signal_module._backend_instance = None  # the usual one again
"""

import functools
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from typing import overload
from typing import TypeVar

from typing_extensions import Unpack

from lback.compat._backends import BaseSignalBackend
from lback.compat._backends import InProcessBackend
from lback.compat._backends import RecordingBackend
from lback.compat._portable import is_portable
from lback.compat._portable import warn_of
from lback.core import signals
from lback.core._connectable import MISSING
from lback.core._connecting import Options
from lback.core.exceptions import InvalidSignal

__all__ = ["BaseSignalBackend", "InProcessBackend", "RecordingBackend", "Signal"]

F = TypeVar("F", bound=Callable[..., Any])

# NOTE: users set this name, as their document says. None stands for the usual backend.
_backend_instance: BaseSignalBackend | None = None


class Signal:
    """A named channel whose receivers get a payload.

    Declare it once, at the top of ``signals.py``. A second one of the same name shares
    no receivers with it, and start-up refuses it.

    Args:
        name: ``"module.event"``.

    Attributes:
        signal: The native signal that this is a face of.

    Raises:
        InvalidSignal: The name says nothing.
    """

    def __init__(self, name: str) -> None:
        if name is None:
            raise InvalidSignal("None is not a name of a signal. Use a text.")
        signal: signals.Signal[..., Any] = signals.Signal(name)
        self.name = name
        self.signal = signal
        self._usual = InProcessBackend(lambda _: signal)

    @overload
    def connect(self, receiver: F, **options: Unpack[Options]) -> F: ...
    @overload
    def connect(self, **options: Unpack[Options]) -> Callable[[F], F]: ...
    def connect(self, receiver: Any = MISSING, **options: Unpack[Options]) -> Any:
        """Call *receiver* with the payload of every send; also a decorator.

        Options are those of native signals; a backend of your own may take none.
        """
        if receiver is MISSING:
            return functools.partial(self.connect, **options)
        backend: Any = self._backend
        backend.connect(self.name, receiver, **options)
        return receiver

    def disconnect(self, receiver: Callable[..., Any]) -> None:
        """Stop calling *receiver*; one that is not connected is fine."""
        self._backend.disconnect(self.name, receiver)

    @contextmanager
    def connected_to(self, receiver: Callable[..., Any]) -> Iterator[None]:
        """Connect *receiver* for a block; one that was connected before stays."""
        backend = self._backend
        was_connected = receiver in backend.receivers(self.name)
        backend.connect(self.name, receiver)
        try:
            yield
        finally:
            if not was_connected:
                backend.disconnect(self.name, receiver)

    async def send(self, /, payload: Any = None, **kwargs: Any) -> list[Exception]:
        """Call all receivers with *payload*, one after another, in order.

        Returns:
            What receivers raised. None of it reaches the sender, unless a receiver
            was connected with ``on_error="raise"``.
        """
        if not is_portable(payload):
            warn_of(self.name, payload)
        if _backend_instance is not None:
            return await _backend_instance.send(self.name, payload, **kwargs)
        # NOTE: not by the usual backend, whose arguments could not be keywords too.
        results = await self.signal.asend(payload, **kwargs)
        return results.errors

    @property
    def receivers(self) -> list[Callable[..., Any]]:
        """What is connected, in the order in which it is called."""
        return self._backend.receivers(self.name)

    @property
    def _backend(self) -> BaseSignalBackend:
        return self._usual if _backend_instance is None else _backend_instance

    def __bool__(self) -> bool:
        """Tell whether any receiver is connected."""
        # NOTE: while a tool watches every send, a native signal says yes in any case.
        return bool(self.signal if _backend_instance is None else self.receivers)

    def __repr__(self) -> str:
        return f"Signal(name={self.name!r}, receivers={len(self.receivers)})"
