"""The receivers of one signal: connected under a lock, read without one."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any
from typing import NamedTuple
from typing import overload
from typing import Protocol

from typing_extensions import TypeVar
from typing_extensions import Unpack

from lback.core import _async_bridge
from lback.core._connecting import key_of
from lback.core._connecting import make_receiver
from lback.core._connecting import Options
from lback.core._declaration import Declaration
from lback.core._payload import PayloadShape
from lback.core._receiver_order import AppOrder
from lback.core._receiver_order import in_order
from lback.core._receivers import adapter_for
from lback.core._receivers import Receiver
from lback.core._results import Results
from lback.core.exceptions import AsyncReceiverInRunningLoop
from lback.core.exceptions import DuplicateReceiver

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("lback.signals")

# Sent about signals by the signal system itself; never about one another.
_META = ("receiver_connected", "receiver_disconnected", "receiver_failed")


# A receiver that was left away; None would be a mistake of the caller.
MISSING: Any = object()

# So many functions of one code object connected at once are a leak.
_LEAK = 1001


class Dispatcher(Protocol):
    """What a signal needs of the dispatcher it belongs to."""

    lock: threading.RLock
    numbers: Iterator[int]
    codes: Counter[CodeType]
    apps: AppOrder

    def get(self, name: str, /) -> Any:
        """Return the signal *name*, or None."""


class Plan(NamedTuple):
    """What a send needs to know, settled when the receivers change.

    Attributes:
        receivers: All of them, in order.
        is_special: They have to go through :meth:`Cell._select` first.
    """

    receivers: tuple[Receiver, ...]
    is_special: bool


class Cell:
    """A name, the receivers connected to it and what was declared about them."""

    __slots__ = (
        "__weakref__",
        "_by_key",
        "_plan",
        "_registry",
        "_shape",
        "declaration",
        "doc",
        "is_heard",
        "name",
        "payload",
    )

    def set_up(self, name: str | None, registry: Dispatcher) -> None:
        """Start without receivers and undeclared.

        Not ``__init__``: declaring a signal again returns the object there is, and
        must not run this again.
        """
        self.name = name
        self.payload: Any = None
        self.doc: str | None = None
        self.declaration: Declaration | None = None
        self._registry = registry
        self._by_key: dict[object, Receiver] = {}
        # What bool(signal) answers, for places where even that call is too much.
        self.is_heard = False
        self._plan: Plan | None = None
        self._shape: PayloadShape | None = None

    def declare(self, payload: Any, doc: str | None, place: Declaration) -> None:
        """Take on what a declaration says, or leave everything if it cannot be.

        Raises:
            InvalidSignal: *payload* declares no fields.
            InvalidReceiver: A receiver connected by name does not fit *payload*.
        """
        shape = PayloadShape(payload) if payload is not None else None
        adapters = {
            key: adapter_for(target, shape, self.name)
            for key, known in tuple(self._by_key.items())
            if (target := known.target()) is not None
        }
        for key, adapter in adapters.items():
            # NOTE: a weak receiver may have gone in between.
            adapted = self._by_key.get(key)
            if adapted is not None:
                adapted.adapter = adapter
                adapted.call = None if adapted.is_weak else adapter(adapted.function)
        self.payload, self.doc, self.declaration = payload, doc, place
        self._shape, self._plan = shape, None

    @overload
    def connect(self, function: F, /, **options: Unpack[Options]) -> F: ...
    @overload
    def connect(self, /, **options: Unpack[Options]) -> Callable[[F], F]: ...
    def connect(self, function: Any = MISSING, /, **options: Unpack[Options]) -> Any:
        """Call *function* whenever the signal is sent; also a decorator.

        Connecting the same function again changes nothing.

        Args:
            function: Any callable, plain or async, that takes the sender first and
                then any of the signal's fields by name.
            options: How it is connected: see :class:`lback.core._connecting.Options`.

        Returns:
            *function* itself, or a decorator if it was left away.

        Raises:
            InvalidReceiver: It could never be called, or an option is wrong.
            DuplicateReceiver: Another function goes by the same name.
        """
        if function is MISSING:
            return lambda function: self.connect(function, **options)
        with self._registry.lock:
            added = self._add(function, options)
        if added is not None:
            self._warn_of_leak(added)
            self._announce("receiver_connected", function)
        return function

    def disconnect(
        self, function: Any = None, /, *, sender: Any = None, uid: str | None = None
    ) -> bool:
        """Stop calling *function*; tell whether it was connected.

        Args:
            function: What was connected; may be left away if *uid* is given.
            sender: The sender filter it was connected with.
            uid: The uid it was connected with.
        """
        with self._registry.lock:
            gone = self._by_key.get(key_of(function, uid=uid, sender=sender))
            if gone is None:
                return False
            self._remove(gone)
        self._announce("receiver_disconnected", gone.target())
        return True

    @contextmanager
    def connected_to(
        self, function: Callable[..., Any], /, **options: Unpack[Options]
    ) -> Iterator[None]:
        """Connect *function* for a block, then restore what was there before."""
        uid, sender = options.get("uid"), options.get("sender")
        key = key_of(function, uid=uid, sender=sender)
        with self._registry.lock:
            before = self._by_key.get(key)
            if before is not None:
                self._remove(before)
        try:
            self.connect(function, **options)
            yield
        finally:
            self.disconnect(function, uid=uid, sender=sender)
            if before is not None:
                with self._registry.lock:
                    self._put(before)

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The connected receivers in the order in which they are called."""
        plan = self._plan
        return (plan if plan is not None else self.settle()).receivers

    def has_receivers(self, sender: Any = None) -> bool:
        """Tell whether anybody would hear a send by *sender*."""
        return any(receiver.wants(sender) for receiver in self.receivers)

    def __bool__(self) -> bool:
        """Tell whether any receiver is connected."""
        return bool(self._by_key)

    def __repr__(self) -> str:
        return f"<Signal {self.name!r}, {len(self._by_key)} receivers>"

    def _add(self, function: Any, options: Options) -> Receiver | None:
        """Connect *function*; return None if it was connected. Needs the lock."""
        made = make_receiver(
            function,
            options,
            signal=self.name,
            shape=self._shape,
            number=next(self._registry.numbers),
            when_gone=lambda _: self._drop(made),
        )
        known = self._by_key.get(made.key)
        if known is not None:
            if known.target() == function:
                return None
            if not known.is_replaced_by(made):
                raise DuplicateReceiver(
                    f"Signal {self.name!r} has two receivers named {made.name}: one at "
                    f"{known.place}, one at {made.place}. Rename one, or give it a "
                    "uid=."
                )
            made.number = known.number
        self._put(made)
        return made

    def _put(self, receiver: Receiver) -> None:
        """Let *receiver* be the one of its key. Needs the lock."""
        self._by_key[receiver.key] = receiver
        self._plan = None
        self.is_heard = True
        if receiver.code is not None:
            self._registry.codes[receiver.code] += 1

    def _remove(self, receiver: Receiver) -> None:
        """Disconnect *receiver*. Needs the lock."""
        del self._by_key[receiver.key]
        self._plan = None
        self.is_heard = bool(self._by_key)
        if receiver.code is not None:
            self._registry.codes[receiver.code] -= 1

    def _warn_of_leak(self, receiver: Receiver) -> None:
        """Notice a function that is made and connected again and again."""
        code = receiver.code
        if code is not None and self._registry.codes[code] == _LEAK:
            logger.warning(
                "%s was connected %d times, each time as another object: signal %r "
                "keeps all of them. Connect it once, or disconnect it again.",
                receiver.describe(),
                _LEAK,
                self.name,
            )

    def _drop(self, receiver: Receiver) -> None:
        """Forget a weak receiver that is gone."""
        with self._registry.lock:
            if self._by_key.get(receiver.key) is receiver:
                self._remove(receiver)

    def settle(self) -> Plan:
        """Put the receivers in order and keep the plan until they change."""
        with self._registry.lock:
            ordered = in_order(tuple(self._by_key.values()), self._registry.apps)
            plan = Plan(
                tuple(ordered),
                any(r.sender is not None or r.is_weak or r.is_async for r in ordered),
            )
            self._plan = plan
        return plan

    def _select(
        self, receivers: tuple[Receiver, ...], sender: Any
    ) -> tuple[Receiver, ...]:
        """Return those that want to hear *sender*, holding the weak ones alive."""
        held = (r.hold() for r in receivers if r.wants(sender))
        return tuple(receiver for receiver in held if receiver is not None)

    def _refuse_async(self, receivers: tuple[Receiver, ...]) -> None:
        """Raise, before any receiver has run, if a running loop would be blocked."""
        for receiver in receivers:
            if receiver.is_async and _async_bridge.running_loop() is not None:
                raise AsyncReceiverInRunningLoop(self._advice(receiver))

    def _wait(self, receiver: Receiver, value: Any) -> Any:
        """Run what an async receiver returned until it is done."""
        if _async_bridge.running_loop() is None:
            return _async_bridge.run(value)
        if hasattr(value, "close"):
            value.close()
        raise AsyncReceiverInRunningLoop(self._advice(receiver))

    def _advice(self, receiver: Receiver) -> str:
        return (
            f"Signal {self.name!r} has the async receiver {receiver.describe()}, and "
            "an event loop is running on this thread. Use: await signal.asend(...)."
        )

    def _failed(
        self, receiver: Receiver, error: Exception, results: Results
    ) -> Exception:
        """Log and announce the failure of an isolated receiver; raise the others'."""
        if receiver.on_error == "raise" or isinstance(
            error, AsyncReceiverInRunningLoop
        ):
            raise error
        results.add_failure(self.name, receiver, error)
        logger.error(
            "Receiver %s of signal %r failed: %s",
            receiver.describe(),
            self.name,
            type(error).__name__,
            exc_info=error,
        )
        self._announce("receiver_failed", receiver.function, exception=error)
        return error

    def _announce(self, name: str, function: Any, **fields: Any) -> None:
        """Send one of the signals about signals, if anybody listens."""
        if self.name in _META:
            return
        announced = self._registry.get(name)
        if announced:
            announced.send(self, receiver=function, **fields)
