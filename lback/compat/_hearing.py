"""Connect so that a receiver is called once, whichever of its senders sends.

A native signal calls a function once for each connection that fits the sender; in the
blinker dialect one function is one receiver with several senders.
"""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import Final

from lback.core._receivers import Receiver
from lback.core.exceptions import InvalidReceiver
from lback.core.signals import Signal


class _Any:
    """Any sender."""

    def __repr__(self) -> str:
        return "ANY"


ANY: Final = _Any()


def connections(signal: Signal[..., Any], receiver: Any) -> list[Receiver]:
    """Return how *receiver* is connected: once for each sender, or once for any."""
    return [known for known in signal.receivers if known.target() == receiver]


def targets(receivers: Iterable[Receiver]) -> list[Callable[..., Any]]:
    """Return the functions of *receivers* that are still there."""
    found = [known.target() for known in receivers]
    return [function for function in found if function is not None]


def hear(signal: Signal[..., Any], receiver: Any, sender: Any, *, weak: bool) -> None:
    """Connect *receiver* to what *sender* sends, unless it hears that already.

    Raises:
        InvalidReceiver: It could never be called, or *sender* is None.
    """
    if sender is None:
        raise InvalidReceiver(
            f"{receiver!r} cannot hear the sender None alone: None stands for any. "
            "Leave the sender away, or send with a name, such as 'system'."
        )
    known = connections(signal, receiver)
    heard = next((each for each in known if each.wants(sender)), None)
    if heard is not None and (weak or not heard.is_weak):
        return
    wanted = None if sender is ANY else sender
    if heard is not None:  # weakly so far
        wanted = heard.sender
    for each in known:
        if wanted is None or each is heard:
            signal.disconnect(receiver, sender=each.sender)
    connect = signal.connect_any_weakly if weak else signal.connect
    connect(receiver, sender=wanted, on_error="raise")


def forget(signal: Signal[..., Any], receiver: Any, sender: Any) -> None:
    """Stop calling *receiver* when *sender* sends; ANY stands for all senders."""
    for known in connections(signal, receiver):
        if sender is ANY or (known.sender is not None and known.wants(sender)):
            signal.disconnect(receiver, sender=known.sender)


def restore(signal: Signal[..., Any], receiver: Any, before: list[Receiver]) -> None:
    """Connect *receiver* again as it was, where it is not connected any more."""
    for known in before:
        sender = ANY if known.sender is None else known.sender
        hear(signal, receiver, sender, weak=known.is_weak)
