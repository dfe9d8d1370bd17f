"""One signal of the blinker dialect."""

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from typing import TypeVar

from lback.compat import _hearing
from lback.compat._hearing import ANY
from lback.compat._wrapped import asend_wrapped
from lback.compat._wrapped import send_wrapped
from lback.compat._wrapped import Wrapper
from lback.core import signals
from lback.core._muting import is_muted

F = TypeVar("F", bound=Callable[..., Any])
Pairs = list[tuple[Callable[..., Any], Any]]


class Signal:
    """A signal without a name.

    Args:
        doc: What happened when it is sent.

    Attributes:
        signal: The native signal that this is a face of.
    """

    ANY = ANY

    def __init__(self, doc: str | None = None) -> None:
        self._speak_for(signals.Signal(doc=doc))

    def _speak_for(self, signal: signals.Signal[..., Any]) -> None:
        self.signal, self.__doc__ = signal, signal.doc or self.__doc__

    @cached_property
    def receiver_connected(self) -> "Signal":
        """Tells of each :meth:`connect`, with ``receiver``, ``sender`` and ``weak``."""
        return Signal("A receiver was connected.")

    @cached_property
    def receiver_disconnected(self) -> "Signal":
        """Tells of each :meth:`disconnect`, with ``receiver`` and ``sender``."""
        return Signal("A receiver was disconnected.")

    def connect(self, receiver: F, sender: Any = ANY, weak: bool = True) -> F:  # noqa: FBT001, FBT002  # as in blinker
        """Call *receiver* whenever *sender* sends; also a decorator.

        Args:
            receiver: What to call; once, also if it is connected for several senders.
            sender: The one to hear.
            weak: Forget *receiver* when nothing else keeps it alive.

        Raises:
            InvalidReceiver: It could never be called, or *sender* is None.
        """
        _hearing.hear(self.signal, receiver, sender, weak=weak)
        self._tell("receiver_connected", receiver=receiver, sender=sender, weak=weak)
        return receiver

    def connect_via(self, sender: Any, weak: bool = False) -> Callable[[F], F]:  # noqa: FBT001, FBT002  # as in blinker
        """Connect the decorated function, by default strongly, to *sender*."""
        return lambda receiver: self.connect(receiver, sender, weak)

    @contextmanager
    def connected_to(
        self, receiver: Callable[..., Any], sender: Any = ANY
    ) -> Iterator[None]:
        """Connect *receiver* for a block, then restore what was there before."""
        before = _hearing.connections(self.signal, receiver)
        is_new = not any(known.wants(sender) for known in before)
        if is_new:
            self.connect(receiver, sender, weak=False)
        try:
            yield
        finally:
            if is_new:
                self.disconnect(receiver, sender)
            _hearing.restore(self.signal, receiver, before)

    def disconnect(self, receiver: Callable[..., Any], sender: Any = ANY) -> None:
        """Stop calling *receiver* for *sender*; by default for all."""
        _hearing.forget(self.signal, receiver, sender)
        self._tell("receiver_disconnected", receiver=receiver, sender=sender)

    def send(
        self,
        sender: Any = None,
        /,
        *,
        _async_wrapper: Wrapper | None = None,
        **kwargs: Any,
    ) -> Pairs:
        """Call who hears *sender*, in order; return pairs of receiver and result.

        An exception reaches the sender at once. ``_async_wrapper`` makes plain
        functions of async receivers; without it, they are run to their end.
        """
        if _async_wrapper is None:
            return list(self.signal.send(sender, **kwargs))
        return list(send_wrapped(self.signal, _async_wrapper, sender, kwargs))

    async def send_async(
        self,
        sender: Any = None,
        /,
        *,
        _sync_wrapper: Wrapper | None = None,
        **kwargs: Any,
    ) -> Pairs:
        """Do what :meth:`send` does, awaiting the receivers that are async.

        ``_sync_wrapper`` makes coroutine functions of the others, which run inline
        without it.
        """
        if _sync_wrapper is None:
            return list(await self.signal.asend(sender, **kwargs))
        return list(await asend_wrapped(self.signal, _sync_wrapper, sender, kwargs))

    @property
    def receivers(self) -> list[Callable[..., Any]]:
        """What is connected, in order; a function once for each of its senders."""
        return _hearing.targets(self.signal.receivers)

    def receivers_for(self, sender: Any) -> Iterator[Callable[..., Any]]:
        """Yield what a send by *sender* would call, in order."""
        heard = (known for known in self.signal.receivers if known.wants(sender))
        return iter(_hearing.targets(heard))

    def has_receivers_for(self, sender: Any) -> bool:
        """Tell whether a send by *sender* would call anything."""
        return self.signal.has_receivers(sender)

    def muted(self) -> AbstractContextManager[None]:
        """Call no receiver for a block, as far as this thread or task sends."""
        return self.signal.muted()

    @property
    def is_muted(self) -> bool:
        """Whether a send would call no receiver now."""
        return is_muted(self.signal)

    def _tell(self, name: str, **fields: Any) -> None:
        """Call who asked to be told of connections."""
        told: Signal | None = self.__dict__.get(name)
        # NOTE: not sent, since "sender" cannot be a field of a native send.
        for function in told.receivers_for(self) if told is not None else ():
            function(self, **fields)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.signal.name!r}>"
