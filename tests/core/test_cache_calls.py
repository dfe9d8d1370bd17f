"""Functions whose results are kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from lback.core import catalogue
from lback.core.cache import Cache
from lback.core.exceptions import InvalidCacheKey
from lback.core.exceptions import InvalidCacheLimit
from lback.core.exceptions import InvalidComputation


@pytest.fixture
def cache() -> Cache:
    """Return an empty cache."""
    return Cache()


def test_a_call_is_made_once_for_its_arguments(cache: Cache) -> None:
    """The second call gets the result of the first; other arguments are called."""
    calls = []

    @cache.cached()
    def double(n: int) -> int:
        calls.append(n)
        return 2 * n

    assert [2, 2, 4] == [double(1), double(1), double(2)]
    assert [1, 2] == calls


def test_all_spellings_of_a_call_are_one(cache: Cache) -> None:
    """By position, by name or by default: the same call."""
    calls = []

    @cache.cached()
    def total(order: int, /, *more: int, tax: int = 19, **options: int) -> None:
        calls.append((order, more, tax, options))

    total(1)
    total(1, tax=19)
    total(1, 2, a=3, b=4)
    total(1, 2, b=4, tax=19, a=3)

    assert [(1, (), 19, {}), (1, (2,), 19, {"a": 3, "b": 4})] == calls


def test_equal_arguments_of_other_types_are_other_calls(cache: Cache) -> None:
    """1, 1.0 and True are equal, but a function may treat them differently."""

    @cache.cached()
    def told(value: object) -> str:
        return repr(value)

    assert ["1", "1.0", "True"] == [told(value) for value in (1, 1.0, True)]


def test_functions_of_one_name_are_kept_apart(cache: Cache) -> None:
    """Two functions that were made in one place do not share results."""

    def make(factor: int) -> Any:
        @cache.cached()
        def times(n: int) -> int:
            return factor * n

        return times

    assert [2, 3] == [make(2)(1), make(3)(1)]


def test_a_call_can_be_forgotten(cache: Cache) -> None:
    """invalidate() takes the arguments of the call, in any spelling."""

    @cache.cached(ttl=60)
    def double(n: int) -> int:
        return 2 * n

    double(1)
    double(2)

    assert double.invalidate(n=1)
    assert not double.invalidate(1)
    assert [double.key_of(2)] == cache.keys()


def test_all_calls_can_be_forgotten(cache: Cache) -> None:
    """invalidate_all() forgets this function only, and tells how many calls."""

    @cache.cached()
    def double(n: int) -> int:
        return 2 * n

    @cache.cached()
    def triple(n: int) -> int:
        return 3 * n

    double(1)
    double(2)
    triple(1)

    assert 2 == double.invalidate_all()
    assert [triple.key_of(1)] == cache.keys()


def test_keys_of_ones_own_fit_patterns(cache: Cache) -> None:
    """A key that is said stands in the cache as it is."""

    @cache.cached(key=lambda ids: f"users:{sorted(ids)}")
    def names(ids: list[int]) -> int:
        return len(ids)

    assert [2, 2] == [names([1, 2]), names([2, 1])]
    assert ["users:[1, 2]"] == cache.keys()
    assert 1 == cache.invalidate("users:*")
    with pytest.raises(InvalidCacheKey, match="keys of its own"):
        names.invalidate_all()


def test_methods_keep_results_for_each_object(cache: Cache) -> None:
    """The object is the first argument, in calls and in invalidate()."""

    class Shop:
        def __init__(self, rate: int) -> None:
            self.rate = rate

        @cache.cached()
        def tax(self, price: int) -> int:
            return price * self.rate

    cheap, dear = Shop(1), Shop(2)

    assert [7, 14] == [cheap.tax(7), dear.tax(7)]
    assert Shop.tax.invalidate(cheap, 7)
    assert [Shop.tax.key_of(dear, 7)] == cache.keys()


def test_a_cached_function_looks_like_the_function(cache: Cache) -> None:
    """Name, docstring and module are those of the function."""

    @cache.cached()
    def double(n: int) -> int:
        """Double a number."""
        return 2 * n

    assert "double" == double.__name__  # type: ignore[attr-defined]  # copied
    assert "Double a number." == double.__doc__
    assert repr(double).endswith("double>")


def test_a_key_reads_like_its_call(cache: Cache) -> None:
    """Receivers and messages can show which call it was."""
    heard: list[str] = []

    def write_down(sender: Cache, key: object) -> None:
        if sender is cache:
            heard.append(repr(key))

    @cache.cached()
    def total(order: int, *, tax: str = "DE") -> int:
        return order

    catalogue.cache_miss.connect(write_down)
    try:
        total(7)
    finally:
        catalogue.cache_miss.disconnect(write_down)

    assert heard[0].startswith(f"{__name__}.test_a_key_reads_like_its_call")
    assert heard[0].endswith(".total(7, tax='DE')")


def test_cached_twice_keeps_both_caches_apart(cache: Cache) -> None:
    """A cached function may be cached once more, with its own key."""
    far = Cache()

    @cache.cached(key=lambda n: f"near:{n}")
    @far.cached(key=lambda n: f"far:{n}")
    def double(n: int) -> int:
        return 2 * n

    assert 2 == double(1)
    assert (["near:1"], ["far:1"]) == (cache.keys(), far.keys())


@pytest.mark.parametrize(
    ("args", "options", "words"),
    [
        (([1],), {}, r"for order=\[1\]"),
        ((1, [2]), {}, r"for more=\(\[2\],\)"),
        ((1,), {"tags": {3}}, r"for options=\{'tags': \{3\}\}"),
    ],
)
def test_an_argument_that_may_change_is_refused(
    cache: Cache, args: tuple[Any, ...], options: dict[str, Any], words: str
) -> None:
    """The error names function, argument and value, and says what to do."""

    @cache.cached()
    def total(order: object, *more: object, **options: object) -> None:
        pytest.fail("called")

    with pytest.raises(InvalidCacheKey, match=f"total.* {words}.*key=lambda"):
        total(*args, **options)


async def later() -> int:
    """Return a number, later."""
    return 7


def numbers() -> Iterator[int]:
    """Yield a number."""
    yield 7


@pytest.mark.parametrize("function", [later, numbers, 7])
def test_results_for_one_use_are_refused(cache: Cache, function: Any) -> None:
    """What can be used once, such as a coroutine, cannot be kept."""
    with pytest.raises(InvalidComputation, match=r"(later|numbers|7) is"):
        cache.cached()(function)


def test_forgotten_brackets_are_named(cache: Cache) -> None:
    """@cache.cached without brackets says that they are missing."""
    with pytest.raises(InvalidCacheLimit, match=r"Write @cache.cached\(\)"):
        cache.cached(later)  # type: ignore[arg-type]  # that is the test


def test_a_key_is_made_by_a_function(cache: Cache) -> None:
    """A text in place of a function is an error that shows one."""
    with pytest.raises(InvalidCacheKey, match=r"'users' makes no keys.*lambda"):
        cache.cached(key="users")  # type: ignore[arg-type]  # that is the test
