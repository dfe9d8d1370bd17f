"""Check that contestants do the same, then time them."""

import asyncio
import gc
import inspect
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from _compare import interleaved
from _compare import report
from _signal_receivers import distinct
from _signal_receivers import watched
from _signal_sent import FIELDS
from _signal_sent import Peer
from _signal_sent import Receiver
from _signal_sent import Run

NANOSECONDS = ("nanoseconds", 1_000_000_000.0)

# So long is one measurement at least; less, and the clock itself would show.
_SECONDS = 0.02


class Contestant(NamedTuple):
    """What is timed, and what it has to do.

    Attributes:
        run: Sends so often, and returns what the last send returned.
        receivers: All that are connected.
        heard: The numbers of those that have to be called.
        first: Their first argument.
        fields: Their other arguments.
        collects: What a send returns; see :class:`_signal_sent.Peer`.
    """

    run: Run
    receivers: list[Receiver]
    heard: Sequence[int]
    first: Any
    fields: Mapping[str, Any]
    collects: str


class WrongResult(Exception):
    """A contestant does not do what the others do, so its time says nothing."""


def of_fields(
    peer: Any,
    make: Callable[[], Receiver],
    count: int = 10,
    *,
    fields: Mapping[str, Any] = FIELDS,
    send: str = "send_fields",
) -> Contestant:
    """Let *peer* send fields to *count* receivers that get *fields* of them."""
    receivers = connected(peer, distinct(make, count))
    run = getattr(peer, send)
    return Contestant(run, receivers, range(count), peer.sender, fields, peer.collects)


def of_object(peer: Any, make: Callable[[], Receiver], count: int = 10) -> Contestant:
    """Let *peer* send one object to *count* receivers."""
    receivers = connected(peer, distinct(make, count))
    return Contestant(
        peer.send_object, receivers, range(count), peer.payload, {}, peer.collects
    )


def connected(peer: Peer, receivers: list[Receiver]) -> list[Receiver]:
    """Connect all *receivers* and return them."""
    for receiver in receivers:
        peer.connect(receiver)
    return receivers


def bench(
    title: str,
    contestants: Mapping[str, Contestant],
    *,
    rounds: int,
    reach: Mapping[str, float] | None = None,
    ours: Sequence[str] = (),
) -> bool:
    """Check that contestants do the same, then compare what a send takes them.

    Raises:
        WrongResult: One of them does not do what it has to.
    """
    for name, contestant in contestants.items():
        check(f"{title}, {name}", contestant)
    runs = {name: contestant.run for name, contestant in contestants.items()}
    return race(title, runs, rounds=rounds, reach=reach, ours=ours)


def race(
    title: str,
    runs: Mapping[str, Run],
    *,
    rounds: int,
    reach: Mapping[str, float] | None = None,
    ours: Sequence[str] = (),
) -> bool:
    """Time *runs* in turns; see :func:`_compare.report`."""
    measures = {name: timed(run) for name, run in runs.items()}
    # What the imports have made is not what a send has to pay for.
    gc.collect()
    gc.freeze()
    seconds = interleaved(measures, rounds)
    return report(title, seconds, unit=NANOSECONDS, reach=reach or {}, ours=ours)


def timed(run: Run) -> Callable[[], float]:
    """Return what measures one of many sends, in seconds."""

    def measure(count: int) -> float:
        began = time.perf_counter()
        run(count)
        return time.perf_counter() - began

    count = 1
    while measure(count) < _SECONDS:
        count *= 2
    return lambda: measure(count) / count


def check(title: str, contestant: Contestant) -> None:
    """Send once and compare calls, arguments and results with what they have to be.

    Raises:
        WrongResult: They differ.
    """
    run, receivers, heard, first, fields, collects = contestant
    calls, returned = watched(run, receivers)
    wanted = [(number, first, fields) for number in heard]
    _compare(title, "calls", wanted, sorted(calls, key=lambda call: call.number))
    outcomes = [
        (receivers[number], _outcome(receivers[number], first, fields))
        for number in heard
    ]
    if collects == "pairs":
        found = [(receiver, _comparable(value)) for receiver, value in returned]
        in_order = sorted(found, key=lambda pair: receivers.index(pair[0]))
        _compare(title, "results", outcomes, in_order)
    elif collects == "errors":
        errors = [value for _, value in outcomes if inspect.isclass(value)]
        _compare(title, "errors", errors, [_comparable(error) for error in returned])


def _outcome(receiver: Receiver, first: Any, fields: Mapping[str, Any]) -> Any:
    """Return what *receiver* does when it is called without any library."""
    try:
        value = receiver(first, **fields)
        return asyncio.run(value) if inspect.iscoroutine(value) else value
    except Exception as error:  # noqa: BLE001  # compared
        return _comparable(error)


def _comparable(value: Any) -> Any:
    return type(value) if isinstance(value, Exception) else value


def _compare(title: str, what: str, wanted: list[Any], found: list[Any]) -> None:
    if found != wanted:
        raise WrongResult(f"{title}: the {what} are {found}, not {wanted}.")
