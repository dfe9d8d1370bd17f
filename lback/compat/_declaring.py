"""Find the native signal of a name, declared or not."""

from typing import Any

from lback.core.catalogue import AWAITED
from lback.core.signals import dispatcher as process_wide
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


def declared(
    dispatcher: SignalDispatcher, name: str, doc: str | None
) -> Signal[..., Any]:
    """Return the signal *name*, declared for the caller if nobody did before.

    A name that the framework has promised stays the framework's to declare.

    Raises:
        InvalidSignal: The name says nothing.
    """
    is_promised = dispatcher is process_wide and name in AWAITED
    with dispatcher.lock:
        signal = dispatcher.signal(name)
        if signal.declaration is not None or is_promised:
            return signal
        return dispatcher.declare(Signal, name, None, doc)
