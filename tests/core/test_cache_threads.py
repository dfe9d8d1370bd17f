"""The cache in many threads, and in a process that forks."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait
from typing import Any

import pytest

from lback.core import _cache_computation
from lback.core import catalogue
from lback.core._cache_computation import Computation
from lback.core.cache import Cache
from lback.core.exceptions import CacheLoop

PATIENCE = 30  # seconds until a test gives up on a thread


@pytest.fixture
def cache() -> Cache:
    """Return an empty cache."""
    return Cache()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Return threads that run together."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


class Slow:
    """A computation that ends when it is told to.

    Args:
        ending: What returns the value, or raises.
    """

    def __init__(self, ending: Callable[[], Any]) -> None:
        self.runs = 0
        self.began = threading.Event()
        self.may_end = threading.Event()
        self._ending = ending

    def __call__(self) -> Any:
        """Compute, and wait for the sign."""
        self.runs += 1
        self.began.set()
        assert self.may_end.wait(PATIENCE)
        return self._ending()


def until_waiting(number: int) -> None:
    """Return when *number* threads wait for computations."""
    ended = threading.Event()
    for _ in range(PATIENCE * 100):
        if len(_cache_computation._waiting) == number:
            return
        ended.wait(0.01)
    pytest.fail(f"{_cache_computation._waiting} wait, not {number}.")


def many(threads: ThreadPoolExecutor, cache: Cache, compute: Slow) -> list[Future[Any]]:
    """Ask for one key in all threads; return when one computes and the rest wait."""
    asked = [threads.submit(cache.get_or_set, "key", compute) for _ in range(8)]
    assert compute.began.wait(PATIENCE)
    until_waiting(7)
    return asked


def test_one_thread_computes_for_all(cache: Cache, threads: ThreadPoolExecutor) -> None:
    """Threads that ask for one key together get the value of one computation."""
    compute = Slow(object)
    asked = many(threads, cache, compute)
    compute.may_end.set()
    values = {id(future.result(PATIENCE)) for future in asked}

    assert 1 == compute.runs
    assert {id(cache.get("key"))} == values


def test_an_error_reaches_all_who_wait(
    cache: Cache, threads: ThreadPoolExecutor
) -> None:
    """Threads that wait get the exception of the one that computes; the next tries."""
    compute = Slow(lambda: 1 // 0)
    asked = many(threads, cache, compute)
    compute.may_end.set()
    errors = {type(future.exception(PATIENCE)) for future in asked}

    assert (1, {ZeroDivisionError}) == (compute.runs, errors)
    assert 7 == cache.get_or_set("key", lambda: 7)


def test_an_error_that_is_over_reaches_nobody_new(cache: Cache) -> None:
    """Who asks when a computation has failed already does not get its error."""
    failed = cache._computations["key"] = Computation("key")
    with pytest.raises(ZeroDivisionError):
        failed.run(lambda: 1 // 0)
    failed.end()

    assert 7 == cache.get_or_set("key", lambda: 7)


def test_an_interruption_is_nobody_elses(
    cache: Cache, threads: ThreadPoolExecutor
) -> None:
    """If the thread that computes is stopped, one of those that wait computes."""
    endings = iter([sys.exit, lambda: "value"])

    def end() -> object:
        return next(endings)()

    compute = Slow(end)
    asked = many(threads, cache, compute)
    compute.may_end.set()
    errors = [future.exception(PATIENCE) for future in asked]

    assert 2 == compute.runs
    assert [SystemExit] == [type(error) for error in errors if error is not None]
    assert "value" == cache.get("key")


def test_other_keys_do_not_wait(cache: Cache, threads: ThreadPoolExecutor) -> None:
    """While one key is computed, everything else goes on, that key's reads too."""
    compute = Slow(lambda: "slow")
    slow = threads.submit(cache.get_or_set, "key", compute)
    assert compute.began.wait(PATIENCE)

    assert "quick" == threads.submit(cache.get_or_set, "other", lambda: "quick").result(
        PATIENCE
    )
    assert threads.submit(cache.get, "key").result(PATIENCE) is None
    compute.may_end.set()
    assert "slow" == slow.result(PATIENCE)


def test_who_asks_after_a_change_gets_no_value_from_before(
    cache: Cache, threads: ThreadPoolExecutor
) -> None:
    """After invalidate() a key is computed anew, though an old computation runs."""
    before = Slow(lambda: "before")
    old = threads.submit(cache.get_or_set, "users:1", before)
    assert before.began.wait(PATIENCE)
    cache.invalidate("users:*")

    assert "after" == threads.submit(
        cache.get_or_set, "users:1", lambda: "after"
    ).result(PATIENCE)
    before.may_end.set()
    assert "before" == old.result(PATIENCE)
    assert "after" == cache.get("users:1")


def test_a_computation_that_asks_for_itself_is_an_error(cache: Cache) -> None:
    """It does not wait for ever; the message names the key."""
    with pytest.raises(CacheLoop, match="'a' -> 'a'"):
        cache.get_or_set(
            "a",
            lambda: cache.get_or_set("b", lambda: cache.get_or_set("a", int)),
        )

    assert [] == cache.keys()


def test_threads_that_wait_for_each_other_are_an_error(
    cache: Cache, threads: ThreadPoolExecutor
) -> None:
    """A loop over several threads and caches is found as well."""
    other = Cache()
    first = Slow(lambda: other.get_or_set("b", int))
    second = Slow(lambda: cache.get_or_set("a", int))
    asked = [
        threads.submit(cache.get_or_set, "a", first),
        threads.submit(other.get_or_set, "b", second),
    ]
    assert first.began.wait(PATIENCE)
    assert second.began.wait(PATIENCE)
    first.may_end.set()
    until_waiting(1)
    second.may_end.set()
    errors = [future.exception(PATIENCE) for future in asked]

    assert [CacheLoop, CacheLoop] == [type(error) for error in errors]
    assert "'b' -> 'a' -> 'b'" in str(errors[0])


def test_counts_are_never_lost(cache: Cache, threads: ThreadPoolExecutor) -> None:
    """Threads that count together count every time."""

    def count() -> None:
        for _ in range(500):
            cache.incr("visits")

    for future in [threads.submit(count) for _ in range(8)]:
        future.result(PATIENCE)

    assert 4000 == cache.get("visits")


@pytest.mark.parametrize(
    ("signal", "use"),
    [
        (catalogue.cache_item_fetched, lambda cache: cache.get("there")),
        (catalogue.cache_hit, lambda cache: cache.get_or_set("there", int)),
        (catalogue.cache_miss, lambda cache: cache.get_many(["missing"])),
        (catalogue.cache_item_expired, lambda cache: cache.get("short")),
        (catalogue.cache_item_set, lambda cache: cache.incr("there")),
        (catalogue.cache_item_set, lambda cache: cache.get_or_set("new", int)),
        (catalogue.cache_item_evicted, lambda cache: cache.set_many({1: 1, 2: 2})),
        (catalogue.cache_item_deleted, lambda cache: cache.invalidate("*")),
        (catalogue.cache_cleared, lambda cache: cache.clear()),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_receivers_find_the_cache_open(
    threads: ThreadPoolExecutor,
    signal: Any,
    use: Callable[[Cache], object],
) -> None:
    """While a signal is received, another thread can use the cache."""
    now = [0.0]
    cache = Cache(2, clock=lambda: now[0])
    cache.set("short", 2, ttl=1)
    cache.set("there", 1)
    now[0] = 1.0
    seen: set[bool] = set()

    def ask_elsewhere(sender: Cache, key: object = None) -> None:
        asked = threads.submit(cache.delete, "elsewhere")
        wait([asked], PATIENCE)
        seen.add(asked.done())

    signal.connect(ask_elsewhere)
    try:
        use(cache)
    finally:
        signal.disconnect(ask_elsewhere)

    assert {True} == seen


FORKED = """
import os, threading
from lback.core.cache import Cache

cache = Cache()
cache.set("before", 1)
began, held, done = threading.Event(), threading.Event(), threading.Event()

def compute():
    began.set()
    done.wait(60)

def hold():
    with cache._lock:
        held.set()
        done.wait(60)

threading.Thread(target=cache.get_or_set, args=("key", compute), daemon=True).start()
began.wait(60)
threading.Thread(target=hold, daemon=True).start()
held.wait(60)
child = os.fork()
if child == 0:
    good = cache.get_or_set("key", lambda: 7) == 7 and cache.get("before") == 1
    os._exit(0 if good else 1)
code = os.waitpid(child, 0)[1]
done.set()
assert code == 0
print("the child works")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_waits_for_nobody() -> None:
    """What threads of the parent hold or compute stops nobody in the child."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (0, "the child works\n") == (done.returncode, done.stdout), done.stderr
