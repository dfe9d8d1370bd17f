"""The receivers of one signal: connected under a lock, read without one."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any
from typing import overload
from typing import Protocol

from typing_extensions import TypeVar
from typing_extensions import Unpack

from lback.core import _observers
from lback.core._connecting import check_fields
from lback.core._connecting import differences
from lback.core._connecting import key_of
from lback.core._connecting import make_receiver
from lback.core._connecting import Options
from lback.core._declaration import Declaration
from lback.core._muting import mute
from lback.core._payload import PayloadShape
from lback.core._plan import Instance
from lback.core._plan import Plan
from lback.core._plan import Ready
from lback.core._plan import refuse_later
from lback.core._plan import UNPREPARED
from lback.core._receiver_order import AppOrder
from lback.core._receiver_order import in_order
from lback.core._receivers import Receiver
from lback.core.exceptions import AsyncReceiverInRunningLoop
from lback.core.exceptions import DuplicateReceiver
from lback.core.exceptions import InvalidReceiver

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
    apps: AppOrder
    checks_types: bool
    is_settled: bool

    def get(self, name: str, /) -> Any:
        """Return the signal *name*, or None."""


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
        # What was connected before blocks that connect, and what each of them connects.
        self._blocks: dict[object, list[Receiver | None]] = {}
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

    def declare(self, payload: Any, doc: str | None, place: Declaration) -> None:
        """Take on what a declaration says, or leave everything if it cannot be.

        Raises:
            InvalidSignal: *payload* declares no fields.
            InvalidReceiver: A receiver connected by name does not fit *payload*.
        """
        shape = PayloadShape(payload) if payload is not None else None
        for known in self._connected():
            target = known.target()
            if target is not None:
                check_fields(target, known.origin, known.parameters, shape, self.name)
        self.payload, self.doc, self.declaration = payload, doc, place
        self._shape, self._plan = shape, None
        self.renew()

    @overload
    def connect(self, function: F, /, **options: Unpack[Options]) -> F: ...
    @overload
    def connect(self, /, **options: Unpack[Options]) -> Callable[[F], F]: ...
    def connect(self, function: Any = MISSING, /, **options: Unpack[Options]) -> Any:
        """Call *function* whenever the signal is sent; also a decorator.

        Connecting the same function again changes nothing; other options than the
        first time are refused.

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
        return self._connect(function, options)

    def connect_any_weakly(self, function: F, /, **options: Unpack[Options]) -> F:
        """Connect *function* weakly even if nothing else may keep it alive.

        For dialects that hold receivers weakly unless told otherwise, and expect
        their users to keep an inner function alive.
        """
        return self._connect(function, {**options, "weak": True}, is_any_weak=True)

    def _connect(
        self, function: F, options: Options, *, is_any_weak: bool = False
    ) -> F:
        with self._registry.lock:
            added = self._add(function, options, is_any_weak=is_any_weak)
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
        with self._registry.lock:
            made = self._make(function, options)
            before = self._by_key.get(made.key)
            self._blocks.setdefault(made.key, [before]).append(made)
            # NOTE: replaced, never taken away first: others may be sending.
            self._put(made)
        if before is None:
            self._warn_of_leak(made)
            self._announce("receiver_connected", function)
        try:
            yield
        finally:
            self._end_block(made)

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Call no receiver for a block, as far as this thread or task sends."""
        with self._registry.lock:
            self._mutes += 1
            self.renew()
        block = mute(self)
        try:
            yield
        finally:
            block.is_over = True
            with self._registry.lock:
                self._mutes -= 1
                self.renew()

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The connected receivers in the order in which they are called."""
        plan = self._plan
        return (plan if plan is not None else self.settle()).receivers

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

    def _add(
        self, function: Any, options: Options, *, is_any_weak: bool
    ) -> Receiver | None:
        """Connect *function*; return None if it was connected. Needs the lock."""
        made = self._make(function, options, is_any_weak=is_any_weak)
        known = self._by_key.get(made.key)
        if known is not None:
            if known.target() == function:
                self._refuse_other_options(known, made, options)
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

    def _make(
        self, function: Any, options: Options, *, is_any_weak: bool = False
    ) -> Receiver:
        """Make a receiver of *function*, not connected yet."""
        made = make_receiver(
            function,
            options,
            signal=self.name,
            shape=self._shape,
            number=next(self._registry.numbers),
            when_gone=self._drop,
            is_any_weak=is_any_weak,
        )
        if self._registry.is_settled:
            refuse_later([made])
        return made

    def _end_block(self, made: Receiver) -> None:
        """Let the receiver of the last block that has not ended be connected again.

        After the last one it is what was there before the first. Blocks of two tasks
        may end in another order than that in which they began.
        """
        with self._registry.lock:
            known = self._blocks[made.key]
            known[:] = [receiver for receiver in known if receiver is not made]
            back, gone = known[-1], self._by_key.get(made.key)
            if len(known) == 1:
                del self._blocks[made.key]
            if back is not None and back.target() is not None:
                self._put(back)
            elif gone is not None:
                self._remove(gone)
        if back is None and gone is not None:
            self._announce("receiver_disconnected", gone.target())

    def _refuse_other_options(
        self, known: Receiver, made: Receiver, options: Options
    ) -> None:
        """Refuse to connect again what is connected with other options."""
        different = ", ".join(differences(known, made, options))
        if different:
            raise InvalidReceiver(
                f"{known.describe()} receives signal {self.name!r} already, with "
                f"{different}. Disconnect it first, or connect it once."
            )

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

    def _warn_of_leak(self, receiver: Receiver) -> None:
        """Notice a function that is made and connected again and again."""
        code = receiver.code
        if code is not None and self._codes[code] == _LEAK:
            logger.warning(
                "%s was connected %d times, each time as another object: signal %r "
                "keeps all of them. Connect it once, or disconnect it again.",
                receiver.describe(),
                _LEAK,
                self.name,
            )

    def _drop(self, key: object, _: object) -> None:
        """Forget the receiver of *key*, which was weak, if it is gone."""
        with self._registry.lock:
            known = self._by_key.get(key)
            if known is not None and known.is_weak and known.target() is None:
                self._remove(known)

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

    def _announce(self, name: str, function: Any, **fields: Any) -> None:
        """Send one of the signals about signals, if anybody listens."""
        announced = self._registry.get(name)
        if not announced or self.name in _META:
            return
        try:
            announced.send(self, receiver=function, **fields)
        except AsyncReceiverInRunningLoop:
            logger.exception("Signal %r was not announced by %r.", self.name, name)

    async def _aannounce(self, name: str, function: Any, **fields: Any) -> None:
        """Do what :meth:`_announce` does, awaiting async receivers."""
        announced = self._registry.get(name)
        if announced and self.name not in _META:
            await announced.asend(self, receiver=function, **fields)
