"""The names of a dispatcher: one name is one signal."""

import itertools
import threading
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Generic
from weakref import WeakSet

from typing_extensions import TypeVar

from lback.core import _observers
from lback.core._cell import Cell
from lback.core._declaration import Declaration
from lback.core._declaration import declared_here
from lback.core._declaration import is_test
from lback.core._fork import after_fork
from lback.core._payload import PayloadShape
from lback.core._plan import refuse_durable
from lback.core._receiver_order import AppOrder
from lback.core.exceptions import DuplicateSignal
from lback.core.exceptions import InvalidSignal

S = TypeVar("S", bound=Cell)


class Registry(Generic[S]):
    """Signals by name, and what all of them share.

    Attributes:
        lock: Held by whoever changes a signal or the names.
        numbers: Counts connections.
        apps: The installed apps, by which receivers are ordered.
        checks_types: See :meth:`check_types`.
        is_settled: Start-up has ended.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.checks_types = False
        self.is_settled = False
        self.numbers: Iterator[int] = itertools.count()
        self.apps = AppOrder()
        self._signals: dict[str, S] = {}
        # NOTE: they have no name here, but their receivers have an order, too.
        self._unregistered: WeakSet[S] = WeakSet()
        self._clashes: list[tuple[str, Declaration, Declaration]] = []
        # NOTE: last, since whoever starts to watch comes back at once.
        _registries.add(self)
        _observers.announce(self)

    def get(self, name: str, /) -> S | None:
        """Return the signal *name*, or None if nobody declared or connected it."""
        return self._signals.get(name)

    def alias(self, name: str, signal: S, /) -> None:
        """Let *signal* be found under a second name, too.

        Raises:
            InvalidSignal: *name* says nothing.
            DuplicateSignal: The name belongs to another signal already.
        """
        _check_name(name)
        with self.lock:
            known = self._signals.setdefault(name, signal)
        if known is not signal:
            raise DuplicateSignal(
                f"{name!r} is the name of {known!r}; it cannot be an alias too."
            )

    def renew(self) -> None:
        """Prepare the next send of every signal anew."""
        with self.lock:
            for signal in (*self, *self._unregistered):
                signal.renew()

    def check_types(self, *, is_on: bool) -> None:
        """Say whether sends compare values with the types of a declared payload.

        A project does in debug. A value that does not fit raises InvalidPayload.
        """
        self.checks_types = is_on
        self.renew()

    def __iter__(self) -> Iterator[S]:
        return iter(dict.fromkeys(self._signals.values()))

    def __len__(self) -> int:
        return len(set(self._signals.values()))

    def __contains__(self, name: object) -> bool:
        return name in self._signals

    def settle(self, apps: Mapping[str, str]) -> None:
        """Put all receivers in their final order; called once when start-up ends.

        Args:
            apps: The labels of the installed apps by package, in their order.

        Raises:
            DuplicateSignal: A name was declared in two places.
            ReceiverOrderCycle: Some receivers contradict each other.
            DeliveryUnavailable: A receiver is to be called durably.
        """
        self.apps = AppOrder(apps)
        clashes, self._clashes = self._clashes, []
        for name, first, second in clashes:
            raise DuplicateSignal(_clash(name, first, second))
        with self.lock:
            plans = [signal.settle() for signal in (*self, *self._unregistered)]
        refuse_durable(receiver for plan in plans for receiver in plan.receivers)
        self.is_settled = True

    def cell(self, cls: type[S], name: str) -> S:
        """Return the one signal called *name*, made if it is not there yet.

        Raises:
            InvalidSignal: *name* says nothing.
        """
        _check_name(name)
        with self.lock:
            if name not in self._signals:
                self._signals[name] = self._blank(cls, name)
            return self._signals[name]

    def declare(
        self, cls: type[S], name: str | None, payload: Any, doc: str | None
    ) -> S:
        """Return the signal *name* as the caller's module declares it.

        The first declaration owns the name. Another one, which is not the same
        module executed again, gets a signal of its own that stands in no registry.

        Raises:
            InvalidSignal: The name or the payload cannot be used.
            InvalidReceiver: A receiver connected by name does not fit the payload.
            DuplicateSignal: Start-up is over, and the name was declared elsewhere.
        """
        place = declared_here()
        shape = PayloadShape(payload) if payload is not None else None
        with self.lock:
            if name is None:
                signal = self._unnamed(cls, None)
            else:
                signal = self.cell(cls, name)
                owner = signal.declaration
                if owner is not None and not owner.is_repeated_by(place):
                    if not is_test(place.module):
                        if self.is_settled:
                            raise DuplicateSignal(_clash(name, owner, place))
                        self._clashes.append((name, owner, place))
                    signal = self._unnamed(cls, name)
                elif type(signal) is not cls:
                    raise InvalidSignal(
                        f"{name!r} cannot be declared as a {cls.__qualname__}: it was "
                        f"connected by name before, as a {type(signal).__qualname__}. "
                        "Declare it first."
                    )
            signal.declare(payload, shape, doc, place)
        return signal

    def _unnamed(self, cls: type[S], name: str | None) -> S:
        """Make a signal that stands in no registry."""
        signal = self._blank(cls, name)
        self._unregistered.add(signal)
        return signal

    def _blank(self, cls: type[S], name: str | None) -> S:
        """Make a signal that nobody has declared yet."""
        signal = object.__new__(cls)
        signal.set_up(name, self)
        return signal


_registries: WeakSet[Registry[Any]] = WeakSet()


@after_fork
def _renew_locks() -> None:
    for registry in _registries:
        registry.lock = threading.RLock()


def _clash(name: str, first: Declaration, second: Declaration) -> str:
    """Say what is wrong with two declarations of one name."""
    if first.file == second.file and first.module != second.module:
        return (
            f"Signal {name!r} is declared at {first.place}, a module that was imported "
            f"under two names: {first.module} and {second.module}. Import it by one."
        )
    return (
        f"Signal {name!r} is declared at {first.place} and again at {second.place}. "
        "Rename one, or import the first."
    )


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise InvalidSignal(
            f"{name!r} is not a name of a signal. Use a text like 'shop.order_paid'."
        )
