"""The receivers of one signal: changed under a lock, read without one."""

import threading
from collections import Counter
from collections.abc import Iterator
from types import CodeType
from typing import Any
from typing import Protocol

from lback.core import _observers
from lback.core._connecting import check_fields
from lback.core._declaration import Declaration
from lback.core._payload import PayloadShape
from lback.core._plan import Instance
from lback.core._plan import Plan
from lback.core._plan import Ready
from lback.core._plan import UNPREPARED
from lback.core._receiver_order import AppOrder
from lback.core._receiver_order import in_order
from lback.core._receivers import Receiver
from lback.core.exceptions import ReceiverOrderCycle


class Dispatcher(Protocol):
    """What a signal needs of the dispatcher it belongs to."""

    lock: threading.RLock
    numbers: Iterator[int]
    apps: AppOrder
    checks_types: bool
    is_settled: bool

    def get(self, name: str, /) -> Any:
        """Return the signal *name*, or None."""


class Block:
    """A block that connects a receiver while it runs.

    Attributes:
        made: What it connects.
        before: What was connected in its place before, or None.
    """

    __slots__ = ("before", "made")

    def __init__(self, made: Receiver, before: Receiver | None) -> None:
        self.made = made
        self.before = before


class Cell:
    """A name, the receivers connected to it and what was declared about them."""

    __slots__ = (
        "__weakref__",
        "_blocks",
        "_by_key",
        "_codes",
        "_instance",
        "_is_watched",
        "_mutes",
        "_plan",
        "_ready",
        "_ready_for",
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
        # The blocks of connected_to() under way, by the key of what they connect.
        self._blocks: dict[object, list[Block]] = {}
        # How many receivers of one code object are connected.
        self._codes: Counter[CodeType] = Counter()
        self._plan: Plan | None = None
        self._shape: PayloadShape | None = None
        self._mutes = 0
        self.renew()

    def renew(self) -> None:
        """Prepare the next send anew; something that it depends on has changed."""
        # What bool(signal) answers, for places where even that call is too much.
        self.is_heard = bool(self._by_key) or bool(_observers.active)
        checks_types = self._registry.checks_types and self._shape is not None
        self._is_watched = checks_types or self._mutes > 0 or bool(_observers.active)
        # NOTE: the fields of a declared payload are checked even if nobody listens.
        is_idle = not self.is_heard and self._shape is None
        self._ready: Ready | None = None if is_idle else UNPREPARED
        self._ready_for: dict[object, Ready] = {}
        self._instance: Instance | None = None

    def declare(
        self,
        payload: Any,
        shape: PayloadShape | None,
        doc: str | None,
        place: Declaration,
    ) -> None:
        """Take on what a declaration says, or leave everything if it cannot be.

        Raises:
            InvalidReceiver: A receiver connected by name does not fit *shape*.
        """
        for known in self._connected():
            target = known.target()
            if target is not None:
                check_fields(target, known.origin, known.parameters, shape, self.name)
        self.payload, self.doc, self.declaration = payload, doc, place
        self._shape, self._plan = shape, None
        self.renew()

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The connected receivers in the order in which they are called.

        If their order contradicts itself, which each send refuses, it is the order in
        which they were connected.
        """
        try:
            plan = self._plan
            return (plan if plan is not None else self.settle()).receivers
        except ReceiverOrderCycle:
            return tuple(sorted(self._connected(), key=lambda r: r.number))

    def has_receivers(self, sender: Any = None) -> bool:
        """Tell whether anybody would hear a send by *sender*."""
        return any(receiver.wants(sender) for receiver in self.receivers)

    def __bool__(self) -> bool:
        """Tell whether any receiver is connected, or a tool watches every send."""
        return self.is_heard

    def __repr__(self) -> str:
        return f"<Signal {self.name!r}, {len(self._by_key)} receivers>"

    def _connected(self) -> tuple[Receiver, ...]:
        """Return all receivers, in no particular order."""
        # NOTE: of a copy, since the collector may take weak ones away meanwhile.
        return tuple(self._by_key.copy().values())

    def _put(self, receiver: Receiver) -> None:
        """Let *receiver* be the one of its key. Needs the lock."""
        replaced = self._by_key.get(receiver.key)
        self._by_key[receiver.key] = receiver
        self._plan = None
        self.renew()
        if replaced is None and receiver.code is not None:
            self._codes[receiver.code] += 1

    def _remove(self, receiver: Receiver) -> None:
        """Disconnect *receiver*. Needs the lock."""
        if self._by_key.get(receiver.key) is not receiver:
            return  # it was weak, and the collector was quicker
        del self._by_key[receiver.key]
        if receiver.code is not None:
            self._codes[receiver.code] -= 1
            if not self._codes[receiver.code]:
                del self._codes[receiver.code]
        if not self._by_key:
            # NOTE: a dictionary stays as large as it once was.
            self._by_key, self._codes = {}, Counter()
        self._plan = None
        self.renew()

    def settle(self) -> Plan:
        """Put the receivers in order and keep the plan until they change."""
        with self._registry.lock:
            plan, receivers = None, None
            # NOTE: until the collector has taken no weak one away in between.
            while plan is None or receivers != self._connected():
                receivers = self._connected()
                plan = Plan(in_order(receivers, self._registry.apps), self._shape)
            self._plan = plan
            self.renew()
        return plan
