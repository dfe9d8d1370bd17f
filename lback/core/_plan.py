"""What a send calls, prepared when the receivers change and not at each send."""

from collections.abc import Callable
from collections.abc import Iterable
from operator import itemgetter
from typing import Any
from typing import NamedTuple
from typing import NoReturn

from lback.core._parameters import Pick
from lback.core._parameters import Way
from lback.core._parameters import way_for
from lback.core._payload import PayloadShape
from lback.core._receivers import Receiver
from lback.core._receivers import sender_key
from lback.core.exceptions import DeliveryUnavailable

Read = Callable[[dict[str, Any]], tuple[Any, ...]]

# So many different sets of fields are remembered; a signal has one, rarely two.
_REMEMBERED = 64

# PERF: plain tuples, because a send takes them apart and a NamedTuple is taken apart
# three times as slowly.
# bench: benchmarks/signals.py::ten_receivers

# One call of a send: what to call; what to pass by position, or None to pass the fields
# by name; what was connected, for the results; whose call it is.
Call = tuple[Any, Pick | None, Any, Receiver]

# What a send needs if it is like the last one: what reads the values of the fields, in
# order, or None if any fields will do; how many fields there have to be; the calls, in
# order. A signal has None in its place as long as nobody hears it and any will do.
#
# PERF: reading the values proves the names in passing: as many fields as expected, and
# each of the expected ones among them.
# bench: benchmarks/signals.py::named_fields
Ready = tuple[Read | None, int, tuple[Call, ...]]

# What a send of a lone instance of the declared payload needs: the payload type, what
# reads the values of an instance, the calls, and the names of the fields in order, or
# None if no receiver gets them by name.
Instance = tuple[
    type, Callable[[Any], tuple[Any, ...]], tuple[Call, ...], tuple[str, ...] | None
]


def _unread(fields: dict[str, Any]) -> NoReturn:
    raise AssertionError("No send has -1 fields.")


UNPREPARED: Ready = (_unread, -1, ())


def values_for(ready: Ready, fields: dict[str, Any]) -> tuple[Any, ...] | None:
    """Return the values of *fields* in order, or None if others are expected."""
    read, count, _ = ready
    if read is None:
        return ()
    try:
        return read(fields) if len(fields) == count else None
    except KeyError:
        return None


class Prepared(NamedTuple):
    """The calls of a send of certain fields.

    Attributes:
        ready: What the next send like this one needs; no calls if :attr:`has_weak`.
        ways: How each receiver is called, in order, if :attr:`has_weak`.
        takes_fields: Some receiver gets the fields by name.
        has_weak: Some receiver is weak and has to be held first.
        later: The calls of those receivers that run after the commit.
    """

    ready: Ready
    ways: tuple[tuple[Receiver, Way], ...]
    takes_fields: bool
    has_weak: bool
    later: tuple[Call, ...]

    def calls(self) -> tuple[Call, ...]:
        """Return the calls, with those weak receivers held that are still there."""
        return _calls(self.ways) if self.has_weak else self.ready[-1]


class Plan:
    """The receivers of a signal in order, and what was prepared for them.

    Args:
        receivers: All of them, in order.
        shape: The fields of the declared payload, if there is one.

    Attributes:
        receivers: All of them, in order.
        filters: Who hears each of the senders that somebody waits for, by their keys.
        is_plain: Every send calls all of them at once: none filters the sender, none
            is weak, none is async, none runs after the commit.
        has_async: Some receiver is async.
    """

    __slots__ = (
        "_is_open",
        "_names_matter",
        "_prepared",
        "_shape",
        "filters",
        "has_async",
        "is_plain",
        "receivers",
    )

    def __init__(
        self, receivers: Iterable[Receiver], shape: PayloadShape | None
    ) -> None:
        self.receivers = tuple(receivers)
        self._shape = shape
        self._is_open = shape is None and all(map(_is_any, self.receivers))
        self._names_matter = (
            shape.is_variable if shape is not None else not self._is_open
        )
        wanted = {sender_key(r.sender) for r in self.receivers if r.sender is not None}
        self.filters = {
            key: tuple(
                r
                for r in self.receivers
                if r.sender is None or sender_key(r.sender) == key
            )
            for key in wanted
        }
        self._prepared: dict[object, Prepared] = {}
        self.has_async = any(receiver.is_async for receiver in self.receivers)
        self.is_plain = not (
            wanted
            or self.has_async
            or any(r.is_weak or r.when != "now" for r in self.receivers)
        )

    def prepared_for(self, key: object, names: tuple[str, ...]) -> Prepared:
        """Return the calls of a send of the fields *names*.

        Args:
            key: The sender's key if one of :attr:`filters` is for it, else None.
            names: The names of the fields, in any order, or in the declared one.

        Raises:
            DeliveryUnavailable: A receiver is to be called durably.
        """
        known_by = (key, names) if self._names_matter else key
        prepared = self._prepared.get(known_by)
        if prepared is None:
            prepared = self._prepare(key, names)
            if len(self._prepared) >= _REMEMBERED + len(self.filters):
                self._prepared.clear()
            self._prepared[known_by] = prepared
        return prepared

    def _prepare(self, key: object, names: tuple[str, ...]) -> Prepared:
        receivers = self.filters.get(key) if key is not None else None
        if receivers is None:
            receivers = tuple(r for r in self.receivers if r.sender is None)
        refuse_durable(receivers)
        every = tuple((r, way_for(r.parameters, names)) for r in receivers)
        ways = tuple(way for way in every if way[0].when == "now")
        later = _calls(way for way in every if way[0].when != "now")
        has_weak = any(receiver.is_weak for receiver in receivers)
        # NOTE: without fields of its own a declared payload may come as an instance,
        # which has none either.
        count = -1 if self._shape is not None and not names else len(names)
        calls = () if has_weak else _calls(ways)
        return Prepared(
            ready=(None if self._is_open else _reader_of(names), count, calls),
            ways=ways if has_weak else (),
            takes_fields=any(way.pick is None for _, way in ways),
            has_weak=has_weak,
            later=later,
        )


def refuse_durable(receivers: Iterable[Receiver]) -> None:
    """Refuse receivers that are to be called durably.

    Raises:
        DeliveryUnavailable: Names them.
    """
    durable = [r for r in receivers if r.when == "durable"]
    if durable:
        names = ", ".join(f"{r.describe()} with when={r.when!r}" for r in durable)
        raise DeliveryUnavailable(
            "Receivers are called now or after the commit. What would call them "
            "durably, the package lback.delivery, is not in this version of Lback. "
            f'Use when="after_commit", or take when= away from: {names}.'
        )


def _calls(ways: Iterable[tuple[Receiver, Way]]) -> tuple[Call, ...]:
    """Return the calls of all receivers that are still there, and hold them."""
    # PERF: one loop without calls of our own; weak receivers come through here at
    # each send.
    # bench: benchmarks/signals.py::weak_receivers
    calls: list[Call] = []
    for receiver, way in ways:
        target = receiver.held() if receiver.is_weak else receiver.held
        if target is not None:
            call = target if way.only is None else way.of(target)
            calls.append((call, way.pick, target, receiver))
    return tuple(calls)


def _is_any(receiver: Receiver) -> bool:
    """Tell whether *receiver* is called alike whatever the fields are called."""
    takes = receiver.parameters
    return takes.takes_all or not (takes.by_position or takes.by_name)


def _reader_of(names: tuple[str, ...]) -> Read:
    """Make what reads the values of *names* off the fields, always as a tuple."""
    if len(names) > 1:
        return itemgetter(*names)
    if not names:
        return lambda _: ()
    (name,) = names
    return lambda fields: (fields[name],)
