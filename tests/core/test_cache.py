"""The cache as one thread sees it; that its parts agree is in ``test_cache_model``."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from lback.core import catalogue
from lback.core.cache import Cache
from lback.core.cache import CacheItem
from lback.core.exceptions import FrameworkException
from lback.core.exceptions import InvalidCacheKey
from lback.core.exceptions import InvalidCacheLimit
from lback.core.exceptions import InvalidComputation
from lback.core.exceptions import NotANumber
from lback.core.signals import Signal

Hear = Callable[[Signal[..., Any]], list[dict[str, Any]]]


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Cache:
    """Return a cache on that clock."""
    return Cache(clock=clock)


def test_a_stored_none_is_not_a_missing_value(cache: Cache) -> None:
    """None can be stored, and is told from a key that is not there."""
    cache.set("nothing", None)

    assert cache.get("nothing", "default") is None
    assert "nothing" in cache
    assert cache.get_or_set("nothing", lambda: "computed") is None
    assert {"nothing": None} == cache.get_many(["nothing", "missing"])


def test_an_item_is_handed_out_until_its_moment(cache: Cache, clock: Clock) -> None:
    """An item is there before its time to live is over, and not from then on."""
    cache.set("total", 7, ttl=0.5)

    clock.now += 0.4375
    assert 7 == cache.get("total")
    clock.now += 0.0625
    assert cache.get("total") is None


def test_setting_anew_starts_the_time_anew(cache: Cache, clock: Clock) -> None:
    """The time of the second value counts, even if the first was to go earlier."""
    cache.set("total", 7, ttl=1)
    cache.set("total", 8, ttl=10)
    clock.now += 5

    assert 8 == cache.get("total")


def test_time_to_live_counts_from_the_end_of_a_computation(
    cache: Cache, clock: Clock
) -> None:
    """A slow computation does not shorten the time of its value."""

    def slow() -> int:
        clock.now += 100
        return 7

    cache.get_or_set("total", slow, ttl=10)

    assert cache.has("total")


def test_an_item_knows_whether_it_has_expired() -> None:
    """An item without a time never expires; another does, on the usual clock too."""
    assert not CacheItem("value").is_expired()
    assert CacheItem("value", expires_at=5.0).is_expired(now=5.0)
    assert not CacheItem("value", expires_at=5.0).is_expired(now=4.9)
    assert CacheItem("value", expires_at=float("-inf")).is_expired()
    assert not CacheItem("value", expires_at=float("inf")).is_expired()


def test_what_was_used_longest_ago_makes_room() -> None:
    """A full cache gives up the item that was used longest ago."""
    cache = Cache(2)
    cache.set("old", 1)
    cache.set("new", 2)
    cache.get("old")
    cache.set("newer", 3)

    assert ["old", "newer"] == cache.keys()


def test_what_has_expired_makes_room_first(clock: Clock) -> None:
    """An item that is used no more leaves before one that is, however old."""
    cache = Cache(2, clock=clock)
    cache.set("lasting", 1)
    cache.set("short", 2, ttl=1)
    clock.now += 1
    cache.set("new", 3)

    assert ["lasting", "new"] == cache.keys()


def test_a_cache_shows_how_full_it_is() -> None:
    """Printed in a shell, a cache tells how many items it holds."""
    cache = Cache(2)
    cache.set("key", "value")

    assert "<Cache, 1 of 2 items>" == repr(cache)


def test_keys_of_any_kind_find_their_items(cache: Cache) -> None:
    """Whatever can be the key of a dictionary can be one here."""
    cache.set_many({7: "number", ("a", 1): "pair", None: "nothing"})

    assert "number" == cache.get(7)
    assert "pair" == cache.get(("a", 1))
    assert "nothing" == cache.get(None)


def test_values_are_let_go(cache: Cache) -> None:
    """A value that was deleted or replaced is kept by nobody."""

    class Value:
        pass

    first, second = Value(), Value()
    gone = [weakref.ref(first), weakref.ref(second)]
    cache.set("replaced", first, ttl=60)
    cache.set("deleted", second, ttl=60)
    del first, second
    cache.set("replaced", None)
    cache.delete("deleted")
    gc.collect()

    assert [None, None] == [find() for find in gone]


def test_a_value_that_ends_may_use_the_cache(cache: Cache) -> None:
    """What runs when a value is let go finds the cache as it is then."""
    found = []

    class Value:
        def __del__(self) -> None:
            found.append(cache.get("key"))

    cache.set("key", Value())
    cache.set("key", "next")
    gc.collect()

    assert ["next"] == found


# --- Counting, patterns ---------------------------------------------------------


def test_counting_starts_at_nothing(cache: Cache) -> None:
    """A number that is not there counts as 0; a delta below 0 counts down."""
    assert 1 == cache.incr("visits")
    assert 6 == cache.incr("visits", 5)
    assert 4 == cache.incr("visits", -2)
    assert 4 == cache.get("visits")


def test_counting_keeps_the_time_of_the_first(cache: Cache, clock: Clock) -> None:
    """A counter ends when its first count says, so it counts within a window."""
    cache.incr("visits", ttl=60)
    clock.now += 59
    cache.incr("visits", ttl=60)
    clock.now += 1

    assert 1 == cache.incr("visits", ttl=60)


@pytest.mark.parametrize("value", ["text", None, True, [1]])
def test_only_numbers_are_counted(cache: Cache, value: Any) -> None:
    """Counting what is no number is an error that shows it; the value stays."""
    cache.set("visits", value)

    with pytest.raises(NotANumber, match="'visits' holds"):
        cache.incr("visits")
    assert value == cache.get("visits")


def test_only_numbers_are_added(cache: Cache) -> None:
    """A delta that is no number is refused before anything is stored."""
    with pytest.raises(NotANumber, match="delta is '5'"):
        cache.incr("visits", "5")  # type: ignore[arg-type]  # that is the test

    assert [] == cache.keys()


def test_a_pattern_deletes_the_texts_it_fits(cache: Cache) -> None:
    """Only texts fit a pattern; how many went is told."""
    cache.set_many({"users:1": 1, "users:2": 2, "Users:3": 3, "orders:1": 4, 5: 5})

    assert 2 == cache.invalidate("users:*")
    assert ["Users:3", "orders:1", 5] == cache.keys()
    assert 1 == cache.invalidate("orders:[0-9]")
    assert 0 == cache.invalidate("?")


def test_a_condition_deletes_the_keys_it_fits(cache: Cache) -> None:
    """Keys of any kind can be picked by a function."""
    cache.set_many({("user", 1): "a", ("order", 1): "b"})

    assert 1 == cache.delete_if(lambda key: key[0] == "user")
    assert [("order", 1)] == cache.keys()


def test_deleting_tells_whether_it_was_there(cache: Cache, clock: Clock) -> None:
    """What is not there, or has expired, counts as not deleted."""
    cache.set("kept", 1)
    cache.set("short", 2, ttl=1)
    clock.now += 1

    assert cache.delete("kept")
    assert not cache.delete("kept")
    assert not cache.delete("short")
    assert 0 == cache.delete_many(["kept", "short"])


# --- Computing ------------------------------------------------------------------


def test_a_value_is_computed_when_it_is_missing(cache: Cache) -> None:
    """The function runs for the first look only."""
    computed: list[int] = []

    def compute() -> int:
        computed.append(1)
        return len(computed)

    assert [1, 1] == [cache.get_or_set("n", compute) for _ in range(2)]
    assert [1] == computed


def test_an_error_is_not_kept(cache: Cache) -> None:
    """A computation that failed is tried again by the next look."""
    with pytest.raises(ZeroDivisionError):
        cache.get_or_set("n", lambda: 1 // 0)

    assert 7 == cache.get_or_set("n", lambda: 7)


@pytest.mark.parametrize(
    "overtake",
    [
        lambda cache: cache.delete("users:1"),
        lambda cache: cache.invalidate("users:*"),
        lambda cache: cache.clear(),
    ],
    ids=["delete", "invalidate", "clear"],
)
def test_what_is_deleted_while_it_is_computed_is_not_kept(
    cache: Cache, overtake: Callable[[Cache], object]
) -> None:
    """A value that was read before a change is not stored after it."""

    def compute() -> str:
        overtake(cache)
        return "from before the change"

    assert "from before the change" == cache.get_or_set("users:1", compute)
    assert [] == cache.keys()


def test_what_is_set_while_it_is_computed_stays(cache: Cache) -> None:
    """A value that was stored meanwhile is newer than the computed one."""

    def compute() -> int:
        cache.incr("n", 5)
        return 1

    assert 1 == cache.get_or_set("n", compute)
    assert 5 == cache.get("n")


def test_a_receiver_of_a_miss_may_bring_the_value(cache: Cache) -> None:
    """A value that was stored by a receiver is not computed again."""

    def bring(sender: Cache, key: object) -> None:
        sender.set(key, "brought")

    catalogue.cache_miss.connect(bring)
    try:
        found = cache.get_or_set("key", lambda: "computed")
    finally:
        catalogue.cache_miss.disconnect(bring)

    assert "brought" == found


async def coroutine() -> int:
    """Return a number, later."""
    return 7


@pytest.mark.parametrize(
    ("compute", "words"),
    [(7, "7 is no function"), (coroutine, "coroutine is an async function")],
)
def test_what_gives_no_lasting_value_is_refused(
    cache: Cache, compute: Any, words: str
) -> None:
    """A value in place of a function, or an async function, is a clear error."""
    with pytest.raises(InvalidComputation, match=words):
        cache.get_or_set("key", compute)

    assert [] == cache.keys()


# --- Signals --------------------------------------------------------------------


def test_a_new_cache_is_announced(hear: Hear) -> None:
    """Making a cache sends cache_initialized."""
    heard = hear(catalogue.cache_initialized)
    cache = Cache()

    assert [{"sender": cache}] == heard


def test_looks_and_questions_are_not_uses(cache: Cache, hear: Hear) -> None:
    """has(), ``in`` and keys() send nothing."""
    heard = [hear(catalogue.cache_hit), hear(catalogue.cache_miss)]
    cache.set("there", 1)
    cache.has("there")
    cache.has("missing")
    _ = "there" in cache
    cache.keys()

    assert [[], []] == heard


def test_an_expired_item_is_announced_once(
    cache: Cache, clock: Clock, hear: Hear
) -> None:
    """The first who meets it tells; for the next it is only missing."""
    expired, missed = (
        hear(catalogue.cache_item_expired),
        hear(catalogue.cache_miss),
    )
    cache.set("short", 1, ttl=1)
    clock.now += 1
    cache.has("short")
    cache.get("short")
    cache.get("short")

    assert [{"sender": cache, "key": "short", "expires_at": 101.0}] == expired
    assert 2 == len(missed)


def test_counting_on_tells_when_the_number_ends(
    cache: Cache, clock: Clock, hear: Hear
) -> None:
    """A count that keeps the time of the first has no time to live of its own."""
    heard = hear(catalogue.cache_item_set)
    cache.incr("visits", ttl=60)
    clock.now += 1
    cache.incr("visits", ttl=60)

    told = [(fields["ttl"], fields["expires_at"]) for fields in heard]
    assert [(60, 160.0), (None, 160.0)] == told


# --- Refusals -------------------------------------------------------------------


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), True, "60"])
@pytest.mark.parametrize(
    "use",
    [
        lambda cache, ttl: cache.set("key", 1, ttl),
        lambda cache, ttl: cache.set_many({"key": 1}, ttl),
        lambda cache, ttl: cache.get_or_set("key", int, ttl),
        lambda cache, ttl: cache.incr("key", 1, ttl),
        lambda cache, ttl: cache.cached(ttl),
    ],
    ids=["set", "set_many", "get_or_set", "incr", "cached"],
)
def test_a_time_to_live_is_a_number_above_zero(
    cache: Cache, use: Callable[[Cache, Any], object], ttl: Any
) -> None:
    """Any other is an error that names it, and nothing is stored."""
    with pytest.raises(InvalidCacheLimit, match=f"ttl is {ttl!r}"):
        use(cache, ttl)

    assert [] == cache.keys()


@pytest.mark.parametrize("size", [0, -1, True, 1.5, None])
def test_a_cache_holds_one_item_at_least(size: Any) -> None:
    """A number of items that makes no sense is an error that names it."""
    with pytest.raises(InvalidCacheLimit, match=f"max_items is {size!r}"):
        Cache(size)


@pytest.mark.parametrize(
    "use",
    [
        lambda cache, key: cache.get(key),
        lambda cache, key: cache.get_many([key]),
        lambda cache, key: cache.set(key, 1),
        lambda cache, key: cache.get_or_set(key, int),
        lambda cache, key: cache.incr(key),
        lambda cache, key: cache.delete(key),
        lambda cache, key: cache.has(key),
        lambda cache, key: key in cache,
    ],
    ids=["get", "get_many", "set", "get_or_set", "incr", "delete", "has", "in"],
)
@pytest.mark.parametrize("key", [["users"], ("users", {})])
def test_a_key_that_may_change_is_refused(
    cache: Cache, use: Callable[[Cache, Any], object], key: Any
) -> None:
    """The error names the key; it is a TypeError, as of a dictionary."""
    with pytest.raises(InvalidCacheKey, match=r"'users'.* cannot be a key") as caught:
        use(cache, key)

    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, FrameworkException)


def test_a_pattern_is_a_text(cache: Cache) -> None:
    """A number is no pattern; the error says what to do for one key."""
    with pytest.raises(InvalidCacheKey, match=r"7 is no pattern.*delete\(\)"):
        cache.invalidate(7)  # type: ignore[arg-type]  # that is the test
