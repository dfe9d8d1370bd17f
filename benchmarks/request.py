"""What a request costs in Lback and in its peers, each in a process of its own.

Every contestant answers through its WSGI callable; that all send the same bytes is
checked first. Run it with ``make bench``, or alone:
``.venv-bench/bin/python benchmarks/request.py``.
"""

import sys
from collections.abc import Callable

from _compare import interleaved
from _compare import report
from _contestant import all_send_the_same
from _contestant import Contestant

CONTESTANTS = ("lback", "falcon", "bare", "bottle", "flask", "django")
CASES = ("plaintext", "json_int")
MICROSECONDS = ("microseconds a request", 1_000_000.0)
REQUESTS = 5000


def bench(case: str) -> bool:
    """Compare all contestants in one case."""
    contestants = {
        name: Contestant("_request_apps.py", [name, case], REQUESTS)
        for name in CONTESTANTS
    }
    try:
        if not all_send_the_same(contestants):
            return False
        measures: dict[str, Callable[[], float]] = {
            name: contestant.measure for name, contestant in contestants.items()
        }
        seconds = interleaved(measures)
    finally:
        for contestant in contestants.values():
            contestant.close()
    return report(case, seconds, unit=MICROSECONDS, reach={"falcon": 1.0})


def main() -> int:
    """Run every case; the exit code says whether all ratios are reached."""
    reached = [bench(case) for case in CASES]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
