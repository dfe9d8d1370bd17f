"""What a request costs that uses a database, in Lback and in its peers.

Every contestant answers through its WSGI callable, in a process and with a database of
its own, all with the same driver and the same settings of the database; that all send
the same bytes is checked first. Run it with ``make bench``, or alone:
``.venv-bench/bin/python benchmarks/data.py``; with ``--count`` the processor's
instructions are counted by valgrind instead of the time. PostgreSQL is looked for at
``LBACK_BENCH_POSTGRESQL``, by default ``postgresql://127.0.0.1/postgres``.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextlib import contextmanager
from functools import partial

from _compare import interleaved
from _compare import report
from _contestant import all_send_the_same
from _contestant import command
from _contestant import Contestant
from _contestant import instructions

SCRIPT = "_data_apps.py"
# Django without a transaction around the request does less; it has no reach line.
CONTESTANTS = ("lback", "bare", "flask", "django", "django_autocommit")
AFTER_COMMIT = ("lback", "after_commit")
CASES = ("get_by_key", "list_of_20", "insert_commit", "update_commit", "template_20")
CASE_AFTER_COMMIT = "after_commit"
MICROSECONDS = ("microseconds a request", 1_000_000.0)
# Requests in a round; a commit takes longer than a read.
READS, WRITES = 200, 100

# NOTE: the difference of two runs, so that start-up and warm-up cancel out.
WARM_UP, FEW, MANY = 50, 20, 120

# At most a tenth above plain SQLAlchemy, and ahead of both peers.
REACH = {"bare": 1.1, "flask": 1.0, "django": 1.0}
# What one receiver after the commit may add.
REACH_AFTER_COMMIT = {"lback": 1.05}

# Gives each contestant that is named a database of its own, by name.
Offer = Callable[[Sequence[str]], AbstractContextManager[dict[str, str]]]


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
        if not all_send_the_same(contestants):
            return False
        measures: dict[str, Callable[[], float]] = {
            name: contestant.measure for name, contestant in contestants.items()
        }
        seconds = interleaved(measures)
    finally:
        for contestant in contestants.values():
            contestant.close()
    return report(title, seconds, unit=MICROSECONDS, reach=reach, ours=ours)


def contestant(name: str, case: str, url: str) -> Contestant:
    """Start one contestant."""
    requests = WRITES if "commit" in case else READS
    return Contestant(SCRIPT, [name, case, url], requests)


def bench(case: str, backend: str, offer: Offer) -> bool:
    """Compare all contestants in one case."""
    with offer(CONTESTANTS) as urls:
        contestants = {name: contestant(name, case, urls[name]) for name in CONTESTANTS}
        return compare(f"{case}, {backend}", contestants, REACH)


def bench_after_commit(backend: str, offer: Offer) -> bool:
    """Compare an insert with one that a receiver hears of after the commit."""
    with offer(AFTER_COMMIT) as urls:
        contestants = {
            name: contestant(name, "insert_commit", urls[name]) for name in AFTER_COMMIT
        }
        title = f"{CASE_AFTER_COMMIT}, one receiver, {backend}"
        return compare(title, contestants, REACH_AFTER_COMMIT, ours=AFTER_COMMIT[-1:])


def count(case: str, backend: str, offer: Offer) -> bool:
    """Compare the instructions of a request, which other processes do not change."""
    is_plain = case != CASE_AFTER_COMMIT
    names, reach = (
        (CONTESTANTS, REACH) if is_plain else (AFTER_COMMIT, REACH_AFTER_COMMIT)
    )
    ours = names[0] if is_plain else names[-1]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        request = case if is_plain else "insert_commit"
        counts = dict(
            zip(names, pool.map(partial(counted, offer, request), names), strict=True)
        )
    print(f"\n{case}, {backend} (instructions a request)")
    reached = True
    for name, number in counts.items():
        ratio, wanted = counts[ours] / number, reach.get(name)
        is_met = wanted is None or ratio <= wanted
        reached = reached and is_met
        verdict = f"reach {wanted:g}: {'yes' if is_met else 'NO'}" if wanted else ""
        print(f"  {name:<20}{number:>13,.0f}   {ratio:.3f}   {verdict}".rstrip())
    return reached


def counted(offer: Offer, case: str, name: str) -> float:
    """Return the instructions of a request, without start-up and warm-up."""
    totals = []
    for requests in (FEW, MANY):
        with offer([name]) as urls:
            line = command(SCRIPT, name, case, urls[name])
            totals.append(instructions(line, told=f"{WARM_UP}\n{requests}\n"))
    return (totals[1] - totals[0]) / (MANY - FEW)


def main() -> int:
    """Run every case; the exit code says whether all ratios are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="default: all")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--count", action="store_true", help="instructions, not time")
    given = parser.parse_args()
    reached = []
    for backend, offer in (("sqlite", sqlite), ("postgresql", postgresql)):
        if given.only not in {None, backend}:
            continue
        for case in given.cases or (*CASES, CASE_AFTER_COMMIT):
            if given.count:
                reached.append(count(case, backend, offer))
            elif case == CASE_AFTER_COMMIT:
                reached.append(bench_after_commit(backend, offer))
            else:
                reached.append(bench(case, backend, offer))
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
