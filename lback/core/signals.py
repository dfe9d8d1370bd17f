"""Signals: declare them in ``signals.py``, receive them in ``listeners.py``.

:class:`Signal` is what applications use, :class:`SignalDispatcher` is the registry of
all signals by name. How a receiver is checked stands in ``_connecting``, how it is
identified and called in ``_receivers``, the order of several in ``_receiver_order``.
"""

from collections.abc import Callable
from typing import Any
from typing import cast
from typing import Generic
from typing import overload

from typing_extensions import ParamSpec
from typing_extensions import TypeVar
from typing_extensions import Unpack

from lback.core import _observers
from lback.core._connectable import MISSING
from lback.core._connecting import Options
from lback.core._declaration import Declaration
from lback.core._registry import Registry
from lback.core._results import NOTHING
from lback.core._results import Results
from lback.core._sending import Sending
from lback.core._signal_depth import leave_mark
from lback.core._signal_depth import LIMIT
from lback.core._signal_depth import nesting as _nesting
from lback.core.exceptions import InvalidSignal

__all__ = ["Results", "Signal", "SignalDispatcher", "dispatcher", "receiver"]

P = ParamSpec("P", default=...)
T = TypeVar("T", default=Any)
F = TypeVar("F", bound=Callable[..., Any])


class Signal(Sending, Generic[P, T]):
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
    @overload
    def __new__(
        cls, name: str | None = None, *, payload: type[T], doc: str | None = None
    ) -> "Signal[..., T]": ...
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
    def send(self, /, sender: Any = None, **fields: Any) -> Results:  # type: ignore[misc]  # noqa: C901, PLR0912  # no positional fields; one straight line
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
        ready = self._ready
        if ready is None:
            return NOTHING
        read, count, calls = ready
        values: Any = ()
        if read is not None:
            try:
                values = read(fields) if len(fields) == count else None
            except KeyError:
                values = None
            if values is None:
                sender, fields, values, calls = self._prepare(
                    sender, fields, is_sync=True
                )
        if not calls:
            return NOTHING
        results = Results()
        # PERF: one shared number in place of a context variable per send.
        # bench: benchmarks/signals.py::one_receiver
        _nesting.alarm += 1
        try:
            if _nesting.alarm > LIMIT or _nesting.loops:
                _nesting.check()
            for call, pick, function, receiver in calls:
                try:
                    if pick is None:
                        value = call(sender, **fields)
                    else:
                        value = call(sender, *pick(values))
                    if (
                        value is not None
                        and hasattr(value, "__await__")
                        and _is_awaitable(value)
                    ):
                        value = self._wait(receiver, value)
                except Exception as error:  # noqa: BLE001  # logged and returned
                    value = self._failed(receiver, error, results)
                results.append((function, value))
            return results
        finally:
            # NOTE: the traceback of a receiver's exception holds this frame; if the
            # frame held the exception, only the collector could free either.
            results = value = NOTHING
            _nesting.alarm -= 1
            if _nesting.loops:
                _nesting.leave()

    @overload
    async def asend(self, sender: T, /) -> Results: ...
    @overload
    async def asend(
        self, sender: object = None, *args: P.args, **fields: P.kwargs
    ) -> Results: ...
    async def asend(self, /, sender: Any = None, **fields: Any) -> Results:  # type: ignore[misc]  # noqa: C901, PLR0912  # no positional fields; one straight line
        """Do what :meth:`send` does, awaiting the receivers that are async.

        Receivers run one after another, in order; plain functions run inline.
        """
        ready = self._ready
        if ready is None:
            return NOTHING
        read, count, calls = ready
        values: Any = ()
        if read is not None:
            try:
                values = read(fields) if len(fields) == count else None
            except KeyError:
                values = None
            if values is None:
                sender, fields, values, calls = self._prepare(
                    sender, fields, is_sync=False
                )
        if not calls:
            return NOTHING
        results = Results()
        mark = leave_mark(self)
        _nesting.alarm += 1
        try:
            if _nesting.alarm > LIMIT or _nesting.loops:
                _nesting.check(mark)
            mark.results = results
            for call, pick, function, receiver in calls:
                mark.receiver = receiver
                try:
                    if pick is None:
                        value = call(sender, **fields)
                    else:
                        value = call(sender, *pick(values))
                    if (
                        value is not None
                        and hasattr(value, "__await__")
                        and _is_awaitable(value)
                    ):
                        value = await value
                except Exception as error:  # noqa: BLE001  # logged and returned
                    value = await self._afailed(receiver, error, results)
                results.append((function, value))
            return results
        finally:
            # NOTE: the traceback of a receiver's exception holds this frame; if the
            # frame held the exception, only the collector could free either.
            results = value = NOTHING
            _nesting.alarm -= 1
            mark.is_over = True
            mark.receiver = mark.results = None
            if _nesting.loops:
                _nesting.leave(mark)

    def __copy__(self) -> "Signal[P, T]":
        """Return the signal itself: there is one of each."""
        return self

    def __deepcopy__(self, memo: object) -> "Signal[P, T]":
        """Return the signal itself: there is one of each."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name, by which the other process finds its own signal.

        Raises:
            TypeError: The process-wide dispatcher does not know the signal.
        """
        if self.name is None or dispatcher.get(self.name) is not self:
            raise TypeError(
                f"{self!r} cannot be pickled: the process-wide dispatcher does not "
                "know it by name. Pickle its name."
            )
        return _by_name, (self.name,)


_nesting.watch(Signal.send, Signal.asend)


class SignalDispatcher(Registry[Signal[..., Any]]):
    """A registry of signals by name; two dispatchers share nothing.

    The process-wide one is ``lback.core.dispatcher_instance.dispatcher``. It
    iterates over its signals in the order in which their names first appeared.
    """

    def signal(
        self, name: str, /, *, payload: Any = None, doc: str | None = None
    ) -> Signal[..., Any]:
        """Return the signal *name*; declare it if a payload or a doc is given.

        Raises:
            InvalidSignal: The name or the payload cannot be used.
        """
        if payload is not None or doc is not None:
            return self.declare(Signal, name, payload, doc)
        return self.cell(Signal, name)

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
        signal = self._worth_sending(signal_name)
        return NOTHING if signal is None else signal.send(sender, **fields)

    async def asend(
        self, signal_name: str, /, sender: Any = None, **fields: Any
    ) -> Results:
        """Send the signal *signal_name*, awaiting async receivers.

        See :meth:`Signal.asend`.
        """
        signal = self._worth_sending(signal_name)
        return NOTHING if signal is None else await signal.asend(sender, **fields)

    def _worth_sending(self, name: str) -> Signal[..., Any] | None:
        """Return the signal *name*, or None if nobody knows it and nobody watches."""
        signal = self._signals.get(name)
        if signal is None and _observers.active:
            return self.signal(name)
        return signal

    def __repr__(self) -> str:
        return f"<SignalDispatcher, {len(self)} signals>"


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


def _is_awaitable(value: object) -> bool:
    """Tell whether *value* can be awaited: a class or a proxy may only say so."""
    # PERF: asked only of what has the attribute; asking a type for one that it lacks
    # takes as long as a receiver.
    # bench: benchmarks/signals.py::returning_receivers
    return hasattr(type(value), "__await__")


def _by_name(name: str) -> Signal[..., Any]:
    """Return the signal that was pickled."""
    return dispatcher.signal(name)


def _signal_of(signal: object) -> Signal[..., Any]:
    if isinstance(signal, str):
        return dispatcher.signal(signal)
    # NOTE: the signal of a dialect stands before the native one.
    found = getattr(signal, "signal", signal)
    if isinstance(found, Signal):
        return cast("Signal[..., Any]", found)
    if isinstance(signal, list | tuple):
        hint = "Take the brackets away: @receiver(first, second)."
    elif callable(signal):
        hint = "Say which signal to receive: @receiver(order_paid)."
    else:
        hint = "Use a Signal or its name."
    raise InvalidSignal(f"{signal!r} is not a signal. {hint}")
