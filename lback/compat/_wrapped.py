"""Send to receivers that somebody wraps first, as blinker's sends can.

A plain send wraps the receivers that are async, an async send those that are not. All
else is as in the sends of native signals.
"""

from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from typing import Any
from typing import NamedTuple

from lback.core._parameters import way_for
from lback.core._receivers import Receiver
from lback.core.signals import Results
from lback.core.signals import Signal

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


class _Call(NamedTuple):
    """One call of a send.

    Attributes:
        make: Makes it, with sender and fields.
        function: What was connected.
        receiver: Whose call it is.
        is_wrapped: The wrapper has a part in it.
    """

    make: Callable[[], Any]
    function: Any
    receiver: Receiver
    is_wrapped: bool


def send_wrapped(
    signal: Signal[..., Any], wrap: Wrapper, sender: Any, fields: dict[str, Any]
) -> Results:
    """Send *signal*, with ``wrap(function)`` in place of async receivers."""
    results = Results()
    for call in _calls(signal, wrap, sender, fields, wraps_async=True):
        try:
            value = call.make()
            if not call.is_wrapped and hasattr(value, "__await__"):
                value = signal._wait(call.receiver, value)  # noqa: SLF001  # our own
        except Exception as error:  # noqa: BLE001  # logged and returned
            value = signal._failed(call.receiver, error, results)  # noqa: SLF001  # our own
        results.append((call.function, value))
    return results


async def asend_wrapped(
    signal: Signal[..., Any], wrap: Wrapper, sender: Any, fields: dict[str, Any]
) -> Results:
    """Send *signal*, with ``wrap(function)`` in place of receivers that are not async.

    What the wrapper makes is awaited.
    """
    results = Results()
    for call in _calls(signal, wrap, sender, fields, wraps_async=False):
        try:
            value = call.make()
            if call.is_wrapped or hasattr(value, "__await__"):
                value = await value
        except Exception as error:  # noqa: BLE001  # logged and returned
            value = await signal._afailed(call.receiver, error, results)  # noqa: SLF001  # our own
        results.append((call.function, value))
    return results


def _calls(
    signal: Signal[..., Any],
    wrap: Wrapper,
    sender: Any,
    fields: dict[str, Any],
    *,
    wraps_async: bool,
) -> Iterator[_Call]:
    """Yield what a send of *signal* calls; a call is made when it is asked for."""
    sender, fields, values, calls = signal._prepare(sender, fields, is_sync=False)  # noqa: SLF001  # our own
    for call, pick, function, receiver in calls:
        # NOTE: what was to run after a commit brings its own values along.
        is_wrapped = receiver.is_async is wraps_async and receiver.when == "now"
        to_call = call
        if is_wrapped:
            wrapped = wrap(function)
            names = tuple(fields)
            to_call = (
                wrapped if pick else way_for(receiver.parameters, names).of(wrapped)
            )
        make = (
            partial(to_call, sender, *pick(values))
            if pick
            else partial(to_call, sender, **fields)
        )
        yield _Call(make, function, receiver, is_wrapped)
