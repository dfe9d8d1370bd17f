"""What a send costs in Lback and in its peers, in one process and in turns.

Run it with ``make bench``, or alone: ``.venv/bin/python benchmarks/signals.py``.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from _compare import interleaved
from _compare import report

SENDS = 20_000
NANOSECONDS = ("nanoseconds a send", 1_000_000_000.0)

Send = Callable[[], object]


def receivers(count: int) -> list[Callable[..., None]]:
    """Make *count* receivers that do nothing."""

    def make() -> Callable[..., None]:
        def receive(sender: object, **fields: object) -> None:
            """Do nothing."""

        return receive

    return [make() for _ in range(count)]


def lback(functions: list[Callable[..., None]]) -> Send:
    """Send with Lback."""
    from lback.core.signals import SignalDispatcher

    signal = SignalDispatcher().signal("bench")
    for function in functions:
        signal.connect(function)
    return lambda: signal.send("sender", order_id=1, total_cents=2)


def blinker(functions: list[Callable[..., None]]) -> Send:
    """Send with Blinker."""
    from blinker import Signal

    signal = Signal()
    for function in functions:
        signal.connect(function, weak=False)
    return lambda: signal.send("sender", order_id=1, total_cents=2)


def django(functions: list[Callable[..., None]]) -> Send:
    """Send with Django, isolating errors as Lback does."""
    from django.dispatch import Signal

    signal = Signal()
    for function in functions:
        signal.connect(function, weak=False)
    return lambda: signal.send_robust("sender", order_id=1, total_cents=2)


def timed(send: Send) -> Callable[[], float]:
    """Return what measures one send, in seconds."""

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(SENDS):
            send()
        return (time.perf_counter() - began) / SENDS

    return measure


def bench(title: str, count: int) -> bool:
    """Compare sends to *count* receivers."""
    contestants: dict[str, Any] = {"lback": lback, "blinker": blinker, "django": django}
    measures = {
        name: timed(make(receivers(count))) for name, make in contestants.items()
    }
    seconds = interleaved(measures)
    return report(title, seconds, unit=NANOSECONDS, reach={"django": 1.0})


def main() -> int:
    """Run every case; the exit code says whether all ratios are reached."""
    reached = [
        bench("nobody_listens", 0),
        bench("one_receiver", 1),
        bench("ten_receivers", 10),
    ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
