"""What a request costs that uses a database, in Lback and in its peers.

Every contestant answers through its WSGI callable, in a process and with a database of
its own, all with the same driver and the same settings of the database; that all send
the same bytes is checked first. Run it with ``make bench``, or alone:
``.venv-bench/bin/python benchmarks/data.py``. PostgreSQL is looked for at
``LBACK_BENCH_POSTGRESQL``, by default ``postgresql://127.0.0.1/postgres``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from _compare import interleaved
from _compare import report

# Django without a transaction around the request does less; it has no reach line.
CONTESTANTS = ("lback", "bare", "flask", "django", "django_autocommit")
CASES = ("get_by_key", "list_of_20", "insert_commit", "update_commit", "template_20")
MICROSECONDS = ("microseconds a request", 1_000_000.0)
# Requests in a round; a commit takes longer than a read.
READS, WRITES = 200, 100

# At most a tenth above plain SQLAlchemy, and ahead of both peers.
REACH = {"bare": 1.1, "flask": 1.0, "django": 1.0}
# What one receiver after the commit may add.
REACH_AFTER_COMMIT = {"lback": 1.05}


class Contestant:
    """A process that answers requests of one framework when it is told to."""

    def __init__(self, name: str, case: str, url: str) -> None:
        script = Path(__file__).with_name("_data_apps.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), name, case, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._requests = WRITES if "commit" in case else READS
        self.sent = self._ask("show")

    def measure(self) -> float:
        """Answer the seconds that one request takes."""
        return float(self._ask(str(self._requests))) / self._requests

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


@contextmanager
def sqlite(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Offer each contestant a database file of its own."""
    with tempfile.TemporaryDirectory(prefix="lback-bench-") as folder:
        yield {name: f"sqlite:///{folder}/{name}.sqlite3" for name in names}


@contextmanager
def postgresql(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Offer each contestant a database of its own on a real server."""
    from sqlalchemy import create_engine
    from sqlalchemy import make_url

    server = os.environ.get("LBACK_BENCH_POSTGRESQL", "postgresql://127.0.0.1/postgres")
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    made = {name: f"lback_bench_{name}_{os.getpid()}" for name in names}

    def run(words: str) -> None:
        with engine.connect() as connection:
            for database in made.values():
                connection.exec_driver_sql(f'{words} "{database}"')

    run("DROP DATABASE IF EXISTS")
    run("CREATE DATABASE")
    try:
        yield {
            name: url.set(database=database).render_as_string(hide_password=False)
            for name, database in made.items()
        }
    finally:
        run("DROP DATABASE IF EXISTS")
        engine.dispose()


def compare(
    title: str,
    contestants: dict[str, Contestant],
    reach: dict[str, float],
    ours: tuple[str, ...] = (),
) -> bool:
    """Let the contestants take turns and print what came of it."""
    try:
        wanted = next(iter(contestants.values())).sent
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
    return report(title, seconds, unit=MICROSECONDS, reach=reach, ours=ours)


def bench(case: str, backend: str, urls: dict[str, str]) -> bool:
    """Compare all contestants in one case."""
    contestants = {name: Contestant(name, case, urls[name]) for name in CONTESTANTS}
    return compare(f"{case}, {backend}", contestants, REACH)


def bench_after_commit(backend: str, urls: dict[str, str]) -> bool:
    """Compare an insert with one that a receiver hears of after the commit."""
    case = "insert_commit"
    contestants = {
        "lback": Contestant("lback", case, urls["lback"]),
        "after_commit": Contestant("after_commit", case, urls["after_commit"]),
    }
    title = f"after_commit, one receiver, {backend}"
    return compare(title, contestants, REACH_AFTER_COMMIT, ours=("after_commit",))


def main() -> int:
    """Run every case; the exit code says whether all ratios are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="default: all")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    reached = []
    for backend, offer in (("sqlite", sqlite), ("postgresql", postgresql)):
        if given.only not in {None, backend}:
            continue
        for case in CASES:
            if not given.cases or case in given.cases:
                with offer(CONTESTANTS) as urls:
                    reached.append(bench(case, backend, urls))
        if not given.cases or "after_commit" in given.cases:
            with offer(("lback", "after_commit")) as urls:
                reached.append(bench_after_commit(backend, urls))
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
