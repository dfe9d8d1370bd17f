"""What is sent, and what all contestants have in common."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import Literal

Receiver = Callable[..., Any]
Run = Callable[[int], Any]

_LOGGERS = ("benchmark", "django.dispatch", "fastkit_core.events", "lback.signals")


class Checkout:
    """Sends orders; Django's cache wants an object that can be weakly referenced."""


@dataclass(frozen=True)
class OrderPaid:
    """The payload, where it is one object."""

    order_id: int
    total_cents: int


CHECKOUT = Checkout()
FIELDS = {"order_id": 1, "total_cents": 2}
ORDER = OrderPaid(**FIELDS)

# The one that is running whenever something is awaited.
loop = asyncio.new_event_loop()


class Peer:
    """One signal of one library.

    The other methods stand where they are timed: ``send_fields(count)``,
    ``send_object(count)`` and ``send_async(count)`` send so often and return what the
    last send returned, ``connect_and_disconnect(function, count)`` does both so often.

    Attributes:
        sender: What a receiver of fields gets first.
        payload: What a receiver of an object gets.
        collects: What a send returns: pairs of receiver and value or exception, a
            list of exceptions, or nothing of the sort.
    """

    sender: Any = CHECKOUT
    payload: Any = ORDER
    collects: Literal["pairs", "errors", "nothing"] = "pairs"

    def connect(self, function: Receiver) -> None:
        """Connect *function* so that the signal keeps it alive."""
        raise NotImplementedError


def quieten() -> None:
    """Let every library log failures, and throw the records away."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
