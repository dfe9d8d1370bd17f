"""The items of a cache, in the order in which they were used."""

import heapq
import itertools
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class CacheItem:
    """A value, and the moment from which it is no longer handed out.

    Attributes:
        value: Whatever was stored.
        expires_at: Seconds on the clock of the cache; None means never.
    """

    value: Any
    expires_at: float | None = None

    def is_expired(self, now: float | None = None) -> bool:
        """Tell whether the time of the item is over.

        Args:
            now: Seconds on the clock of the cache; left out, ``time.monotonic()``.
        """
        if self.expires_at is None:
            return False
        return (time.monotonic() if now is None else now) >= self.expires_at


@dataclass(slots=True)
class Departed:
    """What left the store in one step, as pairs of key and item.

    Holding the items keeps the end of their values, which may run any code, until the
    lock of the cache is released.

    Attributes:
        expired: Their time was over.
        evicted: They were used longest ago, and the store was full.
        replaced: Their key got a new value.
        deleted: Somebody asked for it.
    """

    expired: list[tuple[Any, CacheItem]] = field(default_factory=list)
    evicted: list[tuple[Any, CacheItem]] = field(default_factory=list)
    replaced: list[tuple[Any, CacheItem]] = field(default_factory=list)
    deleted: list[tuple[Any, CacheItem]] = field(default_factory=list)


class Store:
    """A bounded number of items; the caller holds a lock around every call.

    Args:
        max_items: How many there may be. For one more, those that have expired go,
            and if there are none, the one that was used longest ago.
    """

    def __init__(self, max_items: int) -> None:
        self.max_items = max_items
        self._items: OrderedDict[Any, CacheItem] = OrderedDict()
        # When items expire, the soonest first. Some entries are out of date: the item
        # has gone or has another time. The number keeps keys from being compared.
        self._ends: list[tuple[float, int, Any]] = []
        self._numbers = itertools.count()

    def keys(self) -> list[Any]:
        """Return all keys, the longest unused first."""
        return list(self._items)

    def live(self, now: float) -> Iterator[Any]:
        """Yield the keys of items that have not expired, the longest unused first."""
        for key, item in self._items.items():
            if not item.is_expired(now):
                yield key

    def peek(self, key: Any, now: float) -> CacheItem | None:
        """Return the item if it has not expired, without counting this as a use."""
        item = self._items.get(key)
        return None if item is None or item.is_expired(now) else item

    def use(self, key: Any, now: float) -> CacheItem | None:
        """Return the item as the last one used; one that has expired leaves, too."""
        item = self._items.get(key)
        if item is None:
            return None
        if item.is_expired(now):
            del self._items[key]
        else:
            self._items.move_to_end(key)
        return item

    def put(self, key: Any, item: CacheItem, now: float) -> Departed:
        """Store *item* as the last one used; return what left for it."""
        gone = Departed()
        old = self._items.pop(key, None)
        if old is None:
            self._make_room(gone, now)
        elif old.is_expired(now):
            gone.expired.append((key, old))
        else:
            gone.replaced.append((key, old))
        self._items[key] = item
        if item.expires_at is not None:
            self._note_end(key, item.expires_at)
        return gone

    def delete(self, key: Any, now: float, gone: Departed) -> None:
        """Take an item out, if it is there, and add it to what is gone."""
        item = self._items.pop(key, None)
        if item is not None:
            where = gone.expired if item.is_expired(now) else gone.deleted
            where.append((key, item))

    def clear(self, now: float) -> Departed:
        """Take everything out."""
        gone = Departed()
        self._drop_expired(gone, now)
        gone.deleted.extend(self._items.items())
        self._items.clear()
        self._ends.clear()
        return gone

    def _make_room(self, gone: Departed, now: float) -> None:
        if len(self._items) >= self.max_items:
            self._drop_expired(gone, now)
        while len(self._items) >= self.max_items:
            gone.evicted.append(self._items.popitem(last=False))

    def _drop_expired(self, gone: Departed, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            key = heapq.heappop(self._ends)[-1]
            item = self._items.get(key)
            if item is not None and item.is_expired(now):
                gone.expired.append((key, self._items.pop(key)))

    def _note_end(self, key: Any, expires_at: float) -> None:
        heapq.heappush(self._ends, (expires_at, next(self._numbers), key))
        if len(self._ends) > 2 * self.max_items:  # at least half are out of date
            self._ends = [
                (item.expires_at, next(self._numbers), key)
                for key, item in self._items.items()
                if item.expires_at is not None
            ]
            heapq.heapify(self._ends)
