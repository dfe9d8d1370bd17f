"""What a request costs in Lback and in its peers, each in a process of its own.

Every contestant answers through its WSGI callable; that all send the same bytes is
checked first. Run it with ``make bench``, or alone:
``.venv-bench/bin/python benchmarks/request.py``.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from _compare import interleaved
from _compare import report

CONTESTANTS = ("lback", "falcon", "bare", "bottle", "flask", "django")
CASES = ("plaintext", "json_int")
MICROSECONDS = ("microseconds a request", 1_000_000.0)
REQUESTS = 5000


class Contestant:
    """A process that answers requests of one framework when it is told to."""

    def __init__(self, name: str, case: str) -> None:
        script = Path(__file__).with_name("_request_apps.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), name, case],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.sent = self._ask("show")

    def measure(self) -> float:
        """Answer the seconds that one request takes."""
        return float(self._ask(str(REQUESTS))) / REQUESTS

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, word: str) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("The process was started without pipes.")
        stdin.write(f"{word}\n")
        stdin.flush()
        answer = stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"{self._process.args} ended.")
        return answer


def bench(case: str) -> bool:
    """Compare all contestants in one case."""
    contestants = {name: Contestant(name, case) for name in CONTESTANTS}
    try:
        wanted = contestants["bare"].sent
        for name, contestant in contestants.items():
            if contestant.sent != wanted:
                print(f"{name} sends {contestant.sent}, the others {wanted}.")
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
