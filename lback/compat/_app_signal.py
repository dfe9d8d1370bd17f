"""One signal of the Flask dialect."""

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from typing import overload
from typing import TypeVar

from typing_extensions import Unpack

from lback.compat._declaring import declared
from lback.compat._positional import ByPosition
from lback.compat._positional import named
from lback.compat._positional import Places
from lback.compat._positional import places_of
from lback.core import signals
from lback.core._connecting import Options
from lback.core._payload import PayloadShape
from lback.core.exceptions import InvalidReceiver

F = TypeVar("F", bound=Callable[..., Any])


class AppSignal:
    """A signal whose values may be sent by position.

    They are named after the fields of the declared payload, else after the parameters
    of the first function that was decorated with the signal, else ``arg1``, ``arg2``.

    Args:
        name: Its name in the process-wide dispatcher.

    Attributes:
        signal: The native signal that this is a face of.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.signal = signals.dispatcher.signal(name)
        self._defined: Places | None = None

    @overload
    def __call__(self, function: F, /) -> F: ...
    @overload
    def __call__(self, *values: Any, **fields: Any) -> signals.Results: ...
    def __call__(self, *values: Any, **fields: Any) -> Any:
        """Connect a lone function, as a decorator does; :meth:`send` anything else."""
        if fields or len(values) != 1 or not _is_function(values[0]):
            return self.send(*values, **fields)
        (function,) = values
        declared(signals.dispatcher, self.name, inspect.getdoc(function))
        if self._defined is None:
            self._defined = places_of(function)
        return self.connect(function)

    def connect(self, function: F, /, **options: Unpack[Options]) -> F:
        """Call *function* whenever the signal is sent.

        If its parameters are not called like the fields, it gets the values by
        position. What it raises reaches the sender, unless ``on_error`` says otherwise.

        Args:
            function: What takes the sender and then the values.
            options: Those of native signals.
        """
        receiver = self._receiver(function)
        self.signal.connect(receiver, **_settled(receiver, options))
        return function

    def disconnect(
        self, function: Callable[..., Any], /, **options: Unpack[Options]
    ) -> bool:
        """Stop calling *function*; tell whether it was connected.

        Args:
            function: What was connected.
            options: ``sender`` and ``uid``, if it was connected with them.
        """
        receiver = self._receiver(function)
        known = _settled(receiver, options)
        return self.signal.disconnect(
            receiver, sender=known.get("sender"), uid=known.get("uid")
        )

    def connected_to(
        self, function: Callable[..., Any], /, **options: Unpack[Options]
    ) -> AbstractContextManager[None]:
        """Connect *function* for a block, then restore what was there before."""
        receiver = self._receiver(function)
        return self.signal.connected_to(receiver, **_settled(receiver, options))

    def send(
        self, sender: Any = None, /, *values: Any, **fields: Any
    ) -> signals.Results:
        """Call every receiver with the sender, the values and the fields.

        Raises:
            InvalidPayload: There are too many values, or one of them twice.
        """
        return self.signal.send(
            sender, **named(self.name, self._places, values, fields)
        )

    async def send_async(
        self, sender: Any = None, /, *values: Any, **fields: Any
    ) -> signals.Results:
        """Do what :meth:`send` does, awaiting the receivers that are async."""
        return await self.signal.asend(
            sender, **named(self.name, self._places, values, fields)
        )

    @property
    def _places(self) -> Places | None:
        """What can be sent by position, as far as that is known."""
        payload = self.signal.payload
        return self._defined if payload is None else Places(names=_order_of(payload))

    def _receiver(self, function: Any) -> Any:
        """Return what is connected, or to be connected, for *function*."""
        for known in self.signal.receivers:
            target = known.target()
            if target == function:
                return target
        # NOTE: what cannot be called at all is refused by the native signal.
        if not callable(function) or places_of(function).fit(self._places):
            return function
        return ByPosition(function)

    def __repr__(self) -> str:
        return f"<AppSignal {self.name!r}>"


def _is_function(value: object) -> bool:
    """Tell whether *value* is meant to receive, not to be sent."""
    return inspect.isroutine(value) or isinstance(value, functools.partial)


@functools.lru_cache
def _order_of(payload: Any) -> tuple[str, ...]:
    return PayloadShape(payload).order


def _settled(receiver: Any, options: Options) -> Options:
    """Return the native options for *receiver*."""
    if not isinstance(receiver, ByPosition):
        return {"on_error": "raise", **options}
    if options.get("weak"):
        raise InvalidReceiver(
            f"{receiver.function!r} gets values by position and cannot be connected "
            "with weak=True. Name its parameters like the fields, or leave weak away."
        )
    return {"on_error": "raise", "uid": receiver.uid, **options}
