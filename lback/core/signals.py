"""Signals: declare them in ``signals.py``, receive them in ``listeners.py``.

:class:`Signal` is what applications use, :class:`SignalDispatcher` is the registry of
all signals by name. How a receiver is checked stands in ``_connecting``, how it is
identified and called in ``_receivers``, the order of several in ``_receiver_order``.
"""

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from types import CodeType
from typing import Any
from typing import cast
from typing import Generic
from typing import overload
from weakref import WeakSet

from typing_extensions import ParamSpec
from typing_extensions import TypeVar
from typing_extensions import Unpack

from lback.core._cell import Cell
from lback.core._cell import MISSING
from lback.core._connecting import Options
from lback.core._declaration import Declaration
from lback.core._declaration import declared_here
from lback.core._declaration import is_test
from lback.core._receiver_order import AppOrder
from lback.core._results import Results
from lback.core._signal_depth import LIMIT
from lback.core._signal_depth import Nesting
from lback.core.exceptions import DuplicateSignal
from lback.core.exceptions import InvalidSignal

__all__ = ["Results", "Signal", "SignalDispatcher", "dispatcher", "receiver"]

P = ParamSpec("P", default=...)
T = TypeVar("T", default=Any)
F = TypeVar("F", bound=Callable[..., Any])

_nesting = Nesting()


class Signal(Cell, Generic[P, T]):
    """A named channel: whoever sends does not know who listens.

    Declare it once, at the top of an app's ``signals.py``. The first declaration owns
    the name and hears the receivers that were connected by name before it. A second
    one elsewhere is a separate signal, which start-up refuses.

    Args:
        name: ``"app.event"``; without a name the signal stands in no registry.
        payload: A dataclass, TypedDict, NamedTuple or pydantic model of its fields.
        doc: What happened when it is sent, in one sentence.

    Raises:
        InvalidSignal: The name or the payload cannot be used.
        InvalidReceiver: A receiver connected by name does not fit the payload.
    """

    __slots__ = ()

    name: str | None
    payload: Callable[P, T] | None
    doc: str | None
    declaration: Declaration | None

    @overload
    def __new__(
        cls, name: str | None = None, *, doc: str | None = None
    ) -> "Signal[..., Any]": ...
    @overload
    def __new__(
        cls,
        name: str | None = None,
        *,
        payload: Callable[P, T],
        doc: str | None = None,
    ) -> "Signal[P, T]": ...
    def __new__(
        cls, name: str | None = None, *, payload: Any = None, doc: str | None = None
    ) -> Any:
        """Return the signal of this name, declared by the caller's module."""
        return dispatcher.declare(cls, name, payload, doc)

    @overload
    def send(self, sender: T, /) -> Results: ...
    @overload
    def send(
        self, sender: object = None, *args: P.args, **fields: P.kwargs
    ) -> Results: ...
    def send(self, /, sender: Any = None, **fields: Any) -> Results:  # type: ignore[misc]  # no positional fields at run time
        """Call every receiver, in order, and wait for all of them.

        Args:
            sender: Who sends, or a lone instance of the declared payload.
            fields: What happened; with a declared payload exactly its fields.

        Returns:
            Pairs of receiver and result or exception. A failing receiver is logged
            and the others still run, unless it was connected with
            ``on_error="raise"``.

        Raises:
            InvalidPayload: The fields do not fit the declared payload.
            AsyncReceiverInRunningLoop: Use ``await asend()`` here.
            SignalLoop: The signal is sent, in the end, by its own receivers.
        """
        shape = self._shape
        if shape is not None and fields.keys() != shape.expected:
            sender, fields = shape.fit(self.name, sender, fields)
        plan = self._plan
        receivers, is_special = plan if plan is not None else self.settle()
        results = Results()
        if is_special:
            receivers = self._select(receivers, sender)
            self._refuse_async(receivers)
        if not receivers:
            return results
        # PERF: one shared number in place of a context variable per send.
        # bench: benchmarks/signals.py::one_receiver
        _nesting.alarm += 1
        try:
            if _nesting.alarm > LIMIT:
                _nesting.check()
            for receiver in receivers:
                try:
                    value = receiver.call(sender, **fields)
                    if value is not None and hasattr(value, "__await__"):
                        value = self._wait(receiver, value)
                except Exception as error:  # noqa: BLE001  # logged and returned
                    value = self._failed(receiver, error, results)
                results.append((receiver.function, value))
        finally:
            _nesting.alarm -= 1
            if _nesting.tripped:
                _nesting.leave()
        return results

    @overload
    async def asend(self, sender: T, /) -> Results: ...
    @overload
    async def asend(
        self, sender: object = None, *args: P.args, **fields: P.kwargs
    ) -> Results: ...
    async def asend(self, /, sender: Any = None, **fields: Any) -> Results:  # type: ignore[misc]  # no positional fields at run time
        """Do what :meth:`send` does, awaiting the receivers that are async.

        Receivers run one after another, in order; plain functions run inline.
        """
        shape = self._shape
        if shape is not None and fields.keys() != shape.expected:
            sender, fields = shape.fit(self.name, sender, fields)
        plan = self._plan
        receivers, is_special = plan if plan is not None else self.settle()
        results = Results()
        if is_special:
            receivers = self._select(receivers, sender)
        if not receivers:
            return results
        _nesting.alarm += 1
        try:
            if _nesting.alarm > LIMIT:
                _nesting.check()
            for receiver in receivers:
                try:
                    value = receiver.call(sender, **fields)
                    if value is not None and hasattr(value, "__await__"):
                        value = await value
                except Exception as error:  # noqa: BLE001  # logged and returned
                    value = self._failed(receiver, error, results)
                results.append((receiver.function, value))
        finally:
            _nesting.alarm -= 1
            if _nesting.tripped:
                _nesting.leave()
        return results


_nesting.watch(Signal.send, Signal.asend)


class SignalDispatcher:
    """A registry of signals by name; two dispatchers share nothing.

    The process-wide one is ``lback.core.dispatcher_instance.dispatcher``. It
    iterates over its signals in the order in which their names first appeared.
    """

    def __init__(self) -> None:
        self._signals: dict[str, Signal[..., Any]] = {}
        self.lock = threading.RLock()
        self.codes: Counter[CodeType] = Counter()
        self.numbers: Iterator[int] = itertools.count()
        self.apps = AppOrder()
        # NOTE: they are in no registry, but their receivers have an order, too.
        self._unregistered: WeakSet[Signal[..., Any]] = WeakSet()
        self._clashes: list[tuple[str, Declaration, Declaration]] = []

    def signal(
        self, name: str, /, *, payload: Any = None, doc: str | None = None
    ) -> Signal[..., Any]:
        """Return the signal *name*; declare it if a payload or a doc is given.

        Raises:
            InvalidSignal: The name or the payload cannot be used.
        """
        if payload is not None or doc is not None:
            return self.declare(Signal, name, payload, doc)
        with self.lock:
            _check_name(name)
            return self._cell(Signal, name)

    def alias(self, name: str, signal: Signal[..., Any], /) -> None:
        """Let *signal* be found under a second name, too.

        Raises:
            DuplicateSignal: The name belongs to another signal already.
        """
        with self.lock:
            known = self._signals.setdefault(name, signal)
        if known is not signal:
            raise DuplicateSignal(
                f"{name!r} is the name of {known!r}; it cannot be an alias too."
            )

    def get(self, name: str, /) -> Signal[..., Any] | None:
        """Return the signal *name*, or None if nobody declared or connected it."""
        return self._signals.get(name)

    @overload
    def connect(
        self, signal_name: str, receiver: F, /, **options: Unpack[Options]
    ) -> F: ...
    @overload
    def connect(
        self, signal_name: str, /, **options: Unpack[Options]
    ) -> Callable[[F], F]: ...
    def connect(
        self, signal_name: str, receiver: Any = MISSING, /, **options: Unpack[Options]
    ) -> Any:
        """Connect *receiver* to the signal *signal_name*, declared or not yet.

        See :meth:`Signal.connect`.
        """
        return self.signal(signal_name).connect(receiver, **options)

    def disconnect(
        self,
        signal_name: str,
        receiver: Any = None,
        /,
        *,
        sender: Any = None,
        uid: str | None = None,
    ) -> bool:
        """Disconnect *receiver*; tell whether it was connected.

        See :meth:`Signal.disconnect`.
        """
        signal = self._signals.get(signal_name)
        return signal is not None and signal.disconnect(
            receiver, sender=sender, uid=uid
        )

    def send(self, signal_name: str, /, sender: Any = None, **fields: Any) -> Results:
        """Send the signal *signal_name*; nobody may be listening.

        See :meth:`Signal.send`.
        """
        signal = self._signals.get(signal_name)
        return Results() if signal is None else signal.send(sender, **fields)

    async def asend(
        self, signal_name: str, /, sender: Any = None, **fields: Any
    ) -> Results:
        """Send the signal *signal_name*, awaiting async receivers.

        See :meth:`Signal.asend`.
        """
        signal = self._signals.get(signal_name)
        return Results() if signal is None else await signal.asend(sender, **fields)

    def __iter__(self) -> Iterator[Signal[..., Any]]:
        return iter(dict.fromkeys(self._signals.values()))

    def __len__(self) -> int:
        return len(set(self._signals.values()))

    def __contains__(self, name: object) -> bool:
        return name in self._signals

    def __repr__(self) -> str:
        return f"<SignalDispatcher, {len(self)} signals>"

    def settle(self, apps: Mapping[str, str]) -> None:
        """Put all receivers in their final order; called once when start-up ends.

        Args:
            apps: The labels of the installed apps by package, in their order.

        Raises:
            DuplicateSignal: A name was declared in two places.
            ReceiverOrderCycle: Some receivers contradict each other.
        """
        self.apps = AppOrder(apps)
        for name, first, second in self._clashes:
            raise DuplicateSignal(
                f"Signal {name!r} is declared at {first.place} and again at "
                f"{second.place}. Rename one, or import the first."
            )
        for signal in (*self, *self._unregistered):
            signal.settle()

    def declare(
        self,
        cls: type[Signal[..., Any]],
        name: str | None,
        payload: Any,
        doc: str | None,
    ) -> Signal[..., Any]:
        """Make or complete the signal *name* for the caller's module."""
        place = declared_here()
        if name is not None:
            _check_name(name)
        with self.lock:
            known = self._signals.get(name) if name is not None else None
            owner = known.declaration if known is not None else None
            if name is None or (owner and not owner.is_repeated_by(place)):
                signal = _blank(cls, name, self)
                self._unregistered.add(signal)
            else:
                signal = self._cell(cls, name)
            if owner and signal is not known and name and not is_test(place.module):
                self._clashes.append((name, owner, place))
            signal.declare(payload, doc, place)
        return signal

    def _cell(self, cls: type[Signal[..., Any]], name: str) -> Signal[..., Any]:
        """Return the one object behind *name*. Needs the lock."""
        if name not in self._signals:
            self._signals[name] = _blank(cls, name, self)
        return self._signals[name]


def _blank(
    cls: type[Signal[..., Any]], name: str | None, registry: SignalDispatcher
) -> Signal[..., Any]:
    """Make a signal that nobody has declared yet."""
    signal = object.__new__(cls)
    signal.set_up(name, registry)
    return signal


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise InvalidSignal(
            f"{name!r} is not a name of a signal. Use a text like 'shop.order_paid'."
        )


dispatcher = SignalDispatcher()


def receiver(
    *signals: Signal[..., Any] | str, **options: Unpack[Options]
) -> Callable[[F], F]:
    """Connect the decorated function to one or more signals.

    Args:
        signals: Signals, or names of signals of the process-wide dispatcher.
        options: See :meth:`Signal.connect`.

    Raises:
        InvalidSignal: There is no signal, or something else in its place.
    """
    found = [_signal_of(signal) for signal in signals]
    if not found:
        raise InvalidSignal("Say which signal to receive: @receiver(order_paid).")

    def connect(function: F) -> F:
        for signal in found:
            signal.connect(function, **options)
        return function

    return connect


def _signal_of(signal: object) -> Signal[..., Any]:
    if isinstance(signal, Signal):
        return cast("Signal[..., Any]", signal)
    if isinstance(signal, str):
        return dispatcher.signal(signal)
    raise InvalidSignal(f"{signal!r} is not a signal. Use a Signal or its name.")
