"""A signal of each library, connected and sent as its users do it.

Every send stands in the body of a plain loop: a function around it would add the same
forty nanoseconds to each contestant and so draw their ratios together.
"""

import itertools
from typing import Any

import blinker
import django.dispatch
import fastkit_core.events
import psygnal
import pyee
from _signal_sent import CHECKOUT
from _signal_sent import FIELDS
from _signal_sent import loop
from _signal_sent import ORDER
from _signal_sent import Peer
from _signal_sent import Receiver

from lback.core.signals import SignalDispatcher

_numbers = itertools.count()


class Lback(Peer):
    """Lback, with or without a declared payload."""

    def __init__(self, payload: Any = None) -> None:
        self._signal = SignalDispatcher().signal("bench", payload=payload)

    def connect(
        self, function: Receiver, sender: Any = None, *, weak: bool = False
    ) -> None:
        self._signal.connect(function, sender=sender, weak=weak)

    def disconnect(self, function: Receiver) -> None:
        self._signal.disconnect(function)

    def send_fields(self, count: int) -> Any:
        signal = self._signal
        returned = None
        for _ in range(count):
            returned = signal.send(CHECKOUT, order_id=1, total_cents=2)
        return returned

    def send_object(self, count: int) -> Any:
        signal = self._signal
        returned = None
        for _ in range(count):
            returned = signal.send(ORDER)
        return returned

    def send_async(self, count: int) -> Any:
        signal = self._signal

        async def send() -> Any:
            returned = None
            for _ in range(count):
                returned = await signal.asend(CHECKOUT, order_id=1, total_cents=2)
            return returned

        return loop.run_until_complete(send())

    def connect_and_disconnect(self, function: Receiver, count: int) -> None:
        signal = self._signal
        for _ in range(count):
            signal.connect(function)
            signal.disconnect(function)


class Blinker(Peer):
    """Blinker; it lets exceptions through."""

    def __init__(self) -> None:
        self._signal = blinker.Signal()

    def connect(
        self, function: Receiver, sender: Any = blinker.ANY, *, weak: bool = False
    ) -> None:
        self._signal.connect(function, sender=sender, weak=weak)

    def send_fields(self, count: int) -> Any:
        signal = self._signal
        returned = None
        for _ in range(count):
            returned = signal.send(CHECKOUT, order_id=1, total_cents=2)
        return returned

    def send_object(self, count: int) -> Any:
        signal = self._signal
        returned = None
        for _ in range(count):
            returned = signal.send(ORDER)
        return returned

    def send_async(self, count: int) -> Any:
        signal = self._signal

        async def send() -> Any:
            returned = None
            for _ in range(count):
                returned = await signal.send_async(CHECKOUT, order_id=1, total_cents=2)
            return returned

        return loop.run_until_complete(send())

    def connect_and_disconnect(self, function: Receiver, count: int) -> None:
        signal = self._signal
        for _ in range(count):
            signal.connect(function, weak=False)
            signal.disconnect(function)


class Django(Peer):
    """Django's ``send``, which lets exceptions through."""

    def __init__(self, *, is_cached: bool = False) -> None:
        self._signal = django.dispatch.Signal(use_caching=is_cached)

    def connect(
        self, function: Receiver, sender: Any = None, *, weak: bool = False
    ) -> None:
        self._signal.connect(function, sender=sender, weak=weak)

    def send_fields(self, count: int) -> Any:
        signal = self._signal
        returned = None
        for _ in range(count):
            returned = signal.send(CHECKOUT, order_id=1, total_cents=2)
        return returned

    def connect_and_disconnect(self, function: Receiver, count: int) -> None:
        signal = self._signal
        for _ in range(count):
            signal.connect(function, weak=False)
            signal.disconnect(function)


class DjangoRobust(Django):
    """Django's ``send_robust``, which isolates as Lback does."""

    def send_fields(self, count: int) -> Any:
        signal = self._signal
        returned = None
        for _ in range(count):
            returned = signal.send_robust(CHECKOUT, order_id=1, total_cents=2)
        return returned

    def send_object(self, count: int) -> Any:
        signal = self._signal
        returned = None
        for _ in range(count):
            returned = signal.send_robust(ORDER)
        return returned

    def send_async(self, count: int) -> Any:
        signal = self._signal

        async def send() -> Any:
            returned = None
            for _ in range(count):
                returned = await signal.asend_robust(
                    CHECKOUT, order_id=1, total_cents=2
                )
            return returned

        return loop.run_until_complete(send())


class Pyee(Peer):
    """Pyee; it lets exceptions through and collects nothing."""

    collects = "nothing"

    def __init__(self) -> None:
        self._emitter = pyee.EventEmitter()

    def connect(self, function: Receiver) -> None:
        self._emitter.on("bench", function)

    def send_fields(self, count: int) -> Any:
        emitter = self._emitter
        for _ in range(count):
            emitter.emit("bench", CHECKOUT, order_id=1, total_cents=2)

    def send_object(self, count: int) -> Any:
        emitter = self._emitter
        for _ in range(count):
            emitter.emit("bench", ORDER)

    def connect_and_disconnect(self, function: Receiver, count: int) -> None:
        emitter = self._emitter
        for _ in range(count):
            emitter.on("bench", function)
            emitter.remove_listener("bench", function)


class _PsygnalOwner:
    fields = psygnal.Signal(object, int, int)
    payload = psygnal.Signal(object)


class Psygnal(Peer):
    """Psygnal's compiled ``emit``: arguments by position, nothing collected."""

    collects = "nothing"

    def __init__(self, *, has_fields: bool = True) -> None:
        if not psygnal._compiled:  # noqa: SLF001  # the documented way to ask
            raise SystemExit(
                "This psygnal is not the compiled one. Install a wheel of it: "
                "pip install --force-reinstall --only-binary psygnal psygnal"
            )
        owner = _PsygnalOwner()
        self._signal = owner.fields if has_fields else owner.payload

    def connect(self, function: Receiver) -> None:
        self._signal.connect(function)

    def send_fields(self, count: int) -> Any:
        signal = self._signal
        for _ in range(count):
            signal.emit(CHECKOUT, 1, 2)

    def send_object(self, count: int) -> Any:
        signal = self._signal
        for _ in range(count):
            signal.emit(ORDER)

    def connect_and_disconnect(self, function: Receiver, count: int) -> None:
        signal = self._signal
        for _ in range(count):
            signal.connect(function)
            signal.disconnect(function)


class PsygnalFast(Psygnal):
    """Psygnal's ``emit_fast``, which its documentation advises to use with caution."""

    def send_object(self, count: int) -> Any:
        signal = self._signal
        for _ in range(count):
            signal.emit_fast(ORDER)


class FastKit(Peer):
    """FastKit; it isolates, and collects only exceptions.

    It knows no sender. Fields are sent without a payload, and an object is sent as a
    dictionary: anything else would make it look longer at the payload or even warn.
    """

    sender = None
    payload = FIELDS
    collects = "errors"

    def __init__(self) -> None:
        # Signals of one name share their receivers.
        self._signal = fastkit_core.events.Signal(f"bench.{next(_numbers)}")

    def connect(self, function: Receiver) -> None:
        self._signal.connect(function)

    def send_fields(self, count: int) -> Any:
        signal = self._signal

        async def send() -> Any:
            returned = None
            for _ in range(count):
                returned = await signal.send(None, order_id=1, total_cents=2)
            return returned

        return loop.run_until_complete(send())

    def send_object(self, count: int) -> Any:
        signal = self._signal

        async def send() -> Any:
            returned = None
            for _ in range(count):
                returned = await signal.send(FIELDS)
            return returned

        return loop.run_until_complete(send())

    def connect_and_disconnect(self, function: Receiver, count: int) -> None:
        signal = self._signal
        for _ in range(count):
            signal.connect(function)
            signal.disconnect(function)
