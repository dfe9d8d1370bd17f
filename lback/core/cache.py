"""Values that are kept for a while, in this process.

:class:`Cache` is what applications use. Which items there are, and which leave, stands
in ``_cache_store``; how a value is computed once for many threads in
``_cache_computation``; functions whose results are kept in ``_cache_calls``; the
signals in ``_cache_announcing``.
"""

import fnmatch
import threading
import time
from collections.abc import Callable
from collections.abc import Hashable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import ParamSpec
from typing import TypeVar
from weakref import WeakSet

from lback.core import catalogue
from lback.core._cache_announcing import Announcing
from lback.core._cache_calls import CachedFunction
from lback.core._cache_checks import hashable
from lback.core._cache_checks import refuse_no_number
from lback.core._cache_checks import refuse_no_room
from lback.core._cache_checks import refuse_no_time
from lback.core._cache_checks import refuse_once_only
from lback.core._cache_checks import refuse_unhashable
from lback.core._cache_computation import Computation
from lback.core._cache_store import CacheItem
from lback.core._cache_store import Departed
from lback.core._cache_store import Store
from lback.core._fork import after_fork
from lback.core.exceptions import InvalidCacheKey

__all__ = ["Cache", "CacheItem"]

P = ParamSpec("P")
R = TypeVar("R")


class Cache(Announcing):
    """Keep values in this process, up to a number of items, each for its own time.

    All methods may be called by any thread, and by receivers of the cache's signals:
    these are sent when the cache is open to everybody again. An item that has expired
    is never handed out; it leaves when it is met or when room is needed.

    Args:
        max_items: How many items there may be; for one more, the one that was used
            longest ago goes.
        clock: What tells the time, in seconds.

    Raises:
        InvalidCacheLimit: *max_items* is no number from 1 on.
    """

    def __init__(
        self, max_items: int = 10_000, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        refuse_no_room(max_items)
        self._store = Store(max_items)
        self._clock = clock
        # By key. One that is no longer here when it ends has been overtaken: its key
        # was set or deleted meanwhile, so its value is not stored.
        self._computations: dict[Any, Computation] = {}
        self.renew()
        _caches.add(self)
        if catalogue.cache_initialized.is_heard:
            catalogue.cache_initialized.send(self)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value of *key*, or *default* if there is none or it has expired.

        Raises:
            InvalidCacheKey: The key cannot be looked up.
        """
        refuse_unhashable(key)
        with self._lock:
            now = self._clock()
            item = self._store.use(key, now)
        live = self._announce_look(key, item, now)
        return default if live is None else live.value

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        """Return the values of those *keys* that have one, all of the same moment.

        Raises:
            InvalidCacheKey: A key cannot be looked up.
        """
        wanted = hashable(keys)
        with self._lock:
            now = self._clock()
            items = [(key, self._store.use(key, now)) for key in wanted]
        looks = [(key, self._announce_look(key, item, now)) for key, item in items]
        return {key: live.value for key, live in looks if live is not None}

    def set(self, key: Any, value: Any, ttl: float | None = None) -> None:
        """Keep *value* under *key*, in place of what is there.

        Args:
            key: Anything that can be the key of a dictionary.
            value: Anything, None included; it is not copied.
            ttl: For how many seconds; None means as long as there is room.

        Raises:
            InvalidCacheKey: The key cannot be looked up.
            InvalidCacheLimit: *ttl* is no number above 0.
        """
        refuse_unhashable(key)
        self.set_many({key: value}, ttl)

    def set_many(self, values: Mapping[Any, Any], ttl: float | None = None) -> None:
        """Keep several values, by key, in one step; see :meth:`set`."""
        refuse_no_time(ttl)
        with self._lock:
            now = self._clock()
            items = [(key, _item(value, ttl, now)) for key, value in values.items()]
            gone = [self._put(key, item, now) for key, item in items]
        for (key, item), departed in zip(items, gone, strict=True):
            self._announce_set(key, item, ttl, departed)

    def get_or_set(
        self, key: Any, compute: Callable[[], R], ttl: float | None = None
    ) -> R:
        """Return the value of *key*; if there is none, keep what *compute* returns.

        Of several threads that miss a key, one computes; the others wait for it and
        get its value, or the exception it raised. Other keys do not wait. If the key
        is set or deleted meanwhile, the value is returned, but not kept.

        Args:
            key: Anything that can be the key of a dictionary.
            compute: A function without parameters. It must not wait for another
                thread that asks for *key*.
            ttl: For how many seconds, from the end of the computation; None means as
                long as there is room.

        Raises:
            CacheLoop: *compute* asks for *key*, itself or through other computations.
            InvalidCacheKey: The key cannot be looked up.
            InvalidCacheLimit: *ttl* is no number above 0.
            InvalidComputation: *compute* is no function, or an async one.
        """
        refuse_no_time(ttl)
        missing = object()
        value = self.get(key, missing)
        if value is missing:
            refuse_once_only(compute)
        while value is missing:
            # NOTE: another thread, or a receiver of cache_miss, may have been quicker.
            with self._lock:
                item = self._store.peek(key, self._clock())
                if item is not None:
                    return item.value  # type: ignore[no-any-return]  # as it was stored
                running, is_own = self._join(key)
            if is_own:
                return self._compute(running, compute, ttl)
            running.wait()
            if running.has_outcome:
                value = running.outcome()
        return value  # type: ignore[no-any-return]  # as it was stored

    def incr(self, key: Any, delta: float = 1, ttl: float | None = None) -> float:
        """Add *delta* to the number under *key* in one step, and return the sum.

        Args:
            key: Anything that can be the key of a dictionary.
            delta: What to add; a number below 0 counts down.
            ttl: For how many seconds a number that was not there is kept, which
                starts at 0. One that is there keeps its time.

        Raises:
            InvalidCacheKey: The key cannot be looked up.
            InvalidCacheLimit: *ttl* is no number above 0.
            NotANumber: What is there is no number, or *delta* is none.
        """
        refuse_unhashable(key)
        refuse_no_time(ttl)
        refuse_no_number("delta is", delta)
        with self._lock:
            now = self._clock()
            old = self._store.peek(key, now)
            if old is None:
                item = _item(delta, ttl, now)
            else:
                refuse_no_number(f"{key!r} holds", old.value)
                item = CacheItem(old.value + delta, old.expires_at)
                ttl = None
            gone = self._put(key, item, now)
        self._announce_set(key, item, ttl, gone)
        return item.value  # type: ignore[no-any-return]  # the sum of two numbers

    def delete(self, key: Any) -> bool:
        """Delete the item of *key*; tell whether there was one.

        Raises:
            InvalidCacheKey: The key cannot be looked up.
        """
        return self.delete_many([key]) > 0

    def delete_many(self, keys: Iterable[Any]) -> int:
        """Delete the items of several keys in one step; return how many there were."""
        unwanted = hashable(keys)
        gone = Departed()
        with self._lock:
            now = self._clock()
            for key in unwanted:
                self._computations.pop(key, None)
                self._store.delete(key, now, gone)
        self._announce_departed(gone)
        return len(gone.deleted)

    def delete_if(self, is_meant: Callable[[Any], bool]) -> int:
        """Delete the items whose key *is_meant*; return how many there were."""
        with self._lock:
            keys = [*self._store.keys(), *self._computations]
        return self.delete_many([key for key in keys if is_meant(key)])

    def invalidate(self, pattern: str) -> int:
        """Delete the items whose key is a text like *pattern*.

        Args:
            pattern: ``*`` stands for any text, ``?`` for one character, ``[abc]`` for
                one of these; case matters.

        Returns:
            How many there were.

        Raises:
            InvalidCacheKey: The pattern is no text.
        """
        if not isinstance(pattern, str):
            raise InvalidCacheKey(
                f"{pattern!r} is no pattern. Use a text such as 'users:*', or delete() "
                "for one key."
            )
        return self.delete_if(
            lambda key: isinstance(key, str) and fnmatch.fnmatchcase(key, pattern)
        )

    def clear(self) -> None:
        """Delete all items."""
        with self._lock:
            self._computations.clear()
            gone = self._store.clear(self._clock())
        self._announce_expired(gone)
        if catalogue.cache_cleared.is_heard:
            catalogue.cache_cleared.send(self, cleared_count=len(gone.deleted))

    def has(self, key: Any) -> bool:
        """Tell whether there is an item of *key*; no signal, and no use of the item.

        Raises:
            InvalidCacheKey: The key cannot be looked up.
        """
        refuse_unhashable(key)
        with self._lock:
            return self._store.peek(key, self._clock()) is not None

    def __contains__(self, key: object) -> bool:
        return self.has(key)

    def keys(self) -> list[Any]:
        """Return the keys that have not expired, those unused for longest first."""
        with self._lock:
            return list(self._store.live(self._clock()))

    def cached(
        self, ttl: float | None = None, *, key: Callable[..., Hashable] | None = None
    ) -> Callable[[Callable[P, R]], CachedFunction[P, R]]:
        """Keep the results of the decorated function, one for each set of arguments.

        The function gets the methods ``invalidate``, with the arguments of the call
        whose result is to be forgotten, and ``invalidate_all``.

        Args:
            ttl: For how many seconds; None means as long as there is room.
            key: Makes the key from the arguments. Left out, it is made of the function
                and all of them, so they have to be hashable.

        Raises:
            InvalidCacheKey: *key* is no function.
            InvalidCacheLimit: *ttl* is no number above 0.
            InvalidComputation: The function is async or a generator.
        """
        refuse_no_time(ttl)
        if key is not None and not callable(key):
            raise InvalidCacheKey(
                f"{key!r} makes no keys. Pass a function of the same parameters, such "
                'as key=lambda user_id: f"users:{user_id}".'
            )
        return lambda function: CachedFunction(self, function, ttl, key)

    def __repr__(self) -> str:
        return f"<Cache, {len(self.keys())} of {self._store.max_items} items>"

    def renew(self) -> None:
        """Forget the lock and who computes; every forked child starts with this."""
        # NOTE: reentrant, since the collector may run code that uses the cache
        # anywhere.
        self._lock = threading.RLock()
        self._computations.clear()

    def _join(self, key: Any) -> tuple[Computation, bool]:
        """Return the computation of *key*, and whether the caller has to make it."""
        running = self._computations.get(key)
        if running is not None and not running.is_over:
            return running, False
        own = self._computations[key] = Computation(key)
        return own, True

    def _compute(
        self, own: Computation, compute: Callable[[], R], ttl: float | None
    ) -> R:
        """Compute and store a value that other threads may wait for."""
        key, stored = own.key, None
        try:
            value: R = own.run(compute)
            with self._lock:
                if self._computations.get(key) is own:
                    now = self._clock()
                    item = _item(value, ttl, now)
                    stored = item, self._put(key, item, now)
        finally:
            # NOTE: first of all, or an interruption would let them wait for ever.
            own.end()
            with self._lock:
                if self._computations.get(key) is own:
                    del self._computations[key]
        if stored is not None:
            self._announce_set(key, stored[0], ttl, stored[1])
        return value

    def _put(self, key: Any, item: CacheItem, now: float) -> Departed:
        """Store an item; what computes a value for its key is overtaken."""
        self._computations.pop(key, None)
        return self._store.put(key, item, now)


_caches: WeakSet[Cache] = WeakSet()


@after_fork
def _renew_caches() -> None:
    for cache in _caches:
        cache.renew()


def _item(value: Any, ttl: float | None, now: float) -> CacheItem:
    return CacheItem(value, None if ttl is None else now + ttl)
