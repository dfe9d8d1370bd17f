"""What many receivers cost: bytes while they are connected, time, and what is left."""

import gc
import random
import time
import tracemalloc
from collections.abc import Callable
from collections.abc import Mapping
from functools import partial
from typing import Any

from _compare import interleaved
from _compare import report
from _signal_contest import connected
from _signal_contest import WrongResult
from _signal_receivers import any_fields
from _signal_receivers import distinct
from _signal_sent import Receiver

RECEIVERS = 1_000
SIZES = (100_000, 10_000, 1_000)
MICROSECONDS = ("microseconds a receiver", 1_000_000.0)

# Far above 1 by caches and memory alone; a quadratic step would make it 100.
_LINEAR = 2.0

# Bytes that may be left of 100,000 receivers; a pointer for each would be 800,000.
_LEFT = 10_000


def memory(peers: Mapping[str, Callable[[], Any]]) -> bool:
    """Print how many bytes a connected receiver takes, without its own function."""
    print(f"\nmemory ({RECEIVERS:,} receivers, bytes a receiver)")
    for name, make in peers.items():
        bytes_taken(make, 1)  # whatever is made once
        taken = bytes_taken(make, RECEIVERS) / RECEIVERS
        print(f"  {name:<24}{taken:>13.1f}")
    return True


def bytes_taken(make: Callable[[], Any], count: int) -> int:
    """Return the bytes that *count* connected receivers take."""
    peer = make()
    receivers = distinct(any_fields, count)
    gc.collect()
    tracemalloc.start()
    connected(peer, receivers)
    # What a send keeps for the next one counts, too.
    peer.send_fields(1)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken


def growth(make: Callable[[], Any], rounds: int) -> bool:
    """Connect and disconnect up to 100,000 receivers; that has to be linear."""
    functions = distinct(any_fields, max(SIZES))
    seconds = interleaved(
        {f"{size:,}": partial(_come_and_go, make, functions, size) for size in SIZES},
        rounds,
    )
    is_linear = report(
        "growth, connect and disconnect",
        seconds,
        unit=MICROSECONDS,
        reach={f"{min(SIZES):,}": _LINEAR},
    )
    left = bytes_left(make, functions)
    is_empty = left <= _LEFT
    print(f"\ngrowth (bytes left of {max(SIZES):,} disconnected receivers)")
    print(f"  {left:,}   reach {_LEFT:,}: {'yes' if is_empty else 'NO'}")
    return is_linear and is_empty


def bytes_left(make: Callable[[], Any], functions: list[Receiver]) -> int:
    """Return the bytes that all *functions* leave behind once they are disconnected.

    Raises:
        WrongResult: Not all of them were connected, or not all disconnected.
    """
    peer = make()
    # Whatever is made once, at the first receiver, is no leak.
    _use_once(peer, functions[:1])
    gc.collect()
    tracemalloc.start()
    _use_once(peer, functions)
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return left


def _use_once(peer: Any, functions: list[Receiver]) -> None:
    connected(peer, functions)
    heard = len(peer.send_fields(1))
    for function in functions:
        peer.disconnect(function)
    still = len(peer.send_fields(1))
    if (heard, still) != (len(functions), 0):
        raise WrongResult(
            f"{heard} of {len(functions)} receivers heard a send, and {still} of them "
            "after they were disconnected."
        )


def _come_and_go(
    make: Callable[[], Any], functions: list[Receiver], size: int
) -> float:
    """Measure the seconds that one receiver among *size* takes to come and go."""
    peers = [make() for _ in range(max(SIZES) // size)]
    coming = functions[:size]
    going = random.Random(0).sample(coming, size)  # noqa: S311  # no secret
    began = time.perf_counter()
    for peer in peers:
        connected(peer, coming)
        for function in going:
            peer.disconnect(function)
    return (time.perf_counter() - began) / max(SIZES)
