"""A signal as receivers see it: they are connected, for good or for a block."""

import logging
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from typing import overload

from typing_extensions import TypeVar
from typing_extensions import Unpack

from lback.core._cell import Block
from lback.core._cell import Cell
from lback.core._connecting import differences
from lback.core._connecting import key_of
from lback.core._connecting import make_receiver
from lback.core._connecting import Options
from lback.core._muting import mute
from lback.core._plan import refuse_durable
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


class Connectable(Cell):
    """A cell that receivers are connected to."""

    __slots__ = ()

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

        Raises:
            InvalidReceiver: *function* is not callable, and there is no *uid*.
        """
        if not (callable(function) or isinstance(uid, str)):
            raise InvalidReceiver(
                f"{function!r} cannot be disconnected from signal {self.name!r}: it is "
                "not callable. Say which receiver, or its uid=."
            )
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
            block = Block(made, before)
            self._blocks.setdefault(made.key, []).append(block)
            # NOTE: replaced, never taken away first: others may be sending.
            self._put(made)
        try:
            if before is None:
                self._warn_of_leak(made)
                self._announce("receiver_connected", function)
            yield
        finally:
            self._end(block)

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

    def _add(
        self, function: Any, options: Options, *, is_any_weak: bool
    ) -> Receiver | None:
        """Connect *function*; return None if it was connected. Needs the lock."""
        made = self._make(function, options, is_any_weak=is_any_weak)
        known = self._by_key.get(made.key)
        if known is not None:
            if known.target() == function:
                self._refuse_other_options(known, made, options)
                for block in self._blocks.get(made.key, ())[:1]:
                    block.before = known  # it stays when the blocks have ended
                return None
            if not known.is_replaced_by(made):
                raise DuplicateReceiver(
                    f"Signal {self.name!r} has two receivers named {made.name}: one at "
                    f"{known.place}, one at {made.place}. Rename one, or give it a "
                    "uid=."
                )
            made.number = known.number
        if self._registry.is_settled and (made.before or made.after):
            others = (other for other in self._connected() if other is not known)
            in_order((*others, made), self._registry.apps)
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
            refuse_durable([made])
        return made

    def _end(self, block: Block) -> None:
        """Restore what was connected before a block.

        Blocks of two tasks may end in another order than that in which they began:
        then what was before the first is restored by the last.
        """
        key, before = block.made.key, block.before
        with self._registry.lock:
            blocks = self._blocks[key]
            place = blocks.index(block)
            del blocks[place]
            if place < len(blocks):
                if blocks[place].before is block.made:
                    blocks[place].before = before
                return
            if not blocks:
                del self._blocks[key]
            gone = self._by_key.get(key)
            if before is not None and before.target() is not None:
                self._put(before)
            elif gone is not None:
                self._remove(gone)
        if before is None and gone is not None:
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
