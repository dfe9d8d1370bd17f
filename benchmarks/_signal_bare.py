"""The limit: the least code that isolates receivers and collects what they return."""

import logging
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

from _signal_sent import CHECKOUT
from _signal_sent import loop
from _signal_sent import ORDER
from _signal_sent import Peer
from _signal_sent import Receiver

_logger = logging.getLogger("benchmark")


class Bare(Peer):
    """A loop over a list."""

    def __init__(self) -> None:
        self._receivers: list[Receiver] = []

    def connect(self, function: Receiver) -> None:
        self._receivers.append(function)

    def send_fields(self, count: int) -> Any:
        receivers = self._receivers
        returned = None
        for _ in range(count):
            returned = _send(receivers, CHECKOUT, order_id=1, total_cents=2)
        return returned

    def send_object(self, count: int) -> Any:
        receivers = self._receivers
        returned = None
        for _ in range(count):
            returned = _send(receivers, ORDER)
        return returned

    def send_async(self, count: int) -> Any:
        receivers = self._receivers

        async def send() -> Any:
            returned = None
            for _ in range(count):
                returned = await _asend(receivers, CHECKOUT, order_id=1, total_cents=2)
            return returned

        return loop.run_until_complete(send())


class BareFilter(Peer):
    """A loop over a list of pairs of sender and receiver."""

    def __init__(self) -> None:
        self._receivers: list[tuple[object, Receiver]] = []

    def connect(self, function: Receiver, sender: object = None) -> None:
        self._receivers.append((sender, function))

    def send_fields(self, count: int) -> Any:
        receivers = self._receivers
        returned = None
        for _ in range(count):
            returned = _filter(receivers, CHECKOUT, order_id=1, total_cents=2)
        return returned


def _send(receivers: list[Receiver], sender: Any, **fields: Any) -> Any:
    results = []
    for receiver in receivers:
        try:
            value = receiver(sender, **fields)
        except Exception as error:
            _logger.exception("%r failed", receiver)
            value = error
        results.append((receiver, value))
    return results


async def _asend(
    receivers: list[Callable[..., Awaitable[Any]]], sender: Any, **fields: Any
) -> Any:
    results = []
    for receiver in receivers:
        try:
            value = await receiver(sender, **fields)
        except Exception as error:
            _logger.exception("%r failed", receiver)
            value = error
        results.append((receiver, value))
    return results


def _filter(
    receivers: list[tuple[object, Receiver]], sender: Any, **fields: Any
) -> Any:
    results = []
    for wanted, receiver in receivers:
        if wanted is not None and wanted is not sender:
            continue
        try:
            value = receiver(sender, **fields)
        except Exception as error:
            _logger.exception("%r failed", receiver)
            value = error
        results.append((receiver, value))
    return results
