"""The dialect of blinker: namespaces, weak receivers, errors that reach the sender.

::

    from lback.compat.blinker import signal

    user_created = signal("user.created")

    @user_created.connect
    def welcome(sender, **fields): ...

    user_created.send("signup", user_id=1)
"""

from lback.compat._blinker_signal import Signal
from lback.compat._declaring import declared
from lback.compat._hearing import ANY
from lback.core import signals

__all__ = ["ANY", "NamedSignal", "Namespace", "Signal", "default_namespace", "signal"]


class NamedSignal(Signal):
    """A signal of a namespace.

    Args:
        name: Its name there.
        doc: What happened when it is sent.
        dispatcher: Where the native signal is; by default it stands alone.

    Raises:
        InvalidSignal: The name says nothing.
    """

    def __init__(
        self,
        name: str,
        doc: str | None = None,
        *,
        dispatcher: signals.SignalDispatcher | None = None,
    ) -> None:
        if dispatcher is None:
            dispatcher = signals.SignalDispatcher()
        self.name = name
        self._speak_for(declared(dispatcher, name, doc))


class Namespace(dict[str, NamedSignal]):
    """Signals by name; two namespaces share nothing.

    Args:
        dispatcher: Where the native signals are; by default one of its own.
    """

    def __init__(self, dispatcher: signals.SignalDispatcher | None = None) -> None:
        super().__init__()
        if dispatcher is None:
            dispatcher = signals.SignalDispatcher()
        self.dispatcher = dispatcher

    def signal(self, name: str, doc: str | None = None) -> NamedSignal:
        """Return the signal *name*, always the same one.

        The first caller declares it, unless it is declared already.

        Raises:
            InvalidSignal: The name says nothing.
        """
        known = self.get(name)
        if known is None:
            made = NamedSignal(name, doc, dispatcher=self.dispatcher)
            known = self.setdefault(name, made)
        return known


default_namespace = Namespace(signals.dispatcher)
signal = default_namespace.signal
