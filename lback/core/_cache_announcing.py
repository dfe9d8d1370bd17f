"""What a cache tells with signals, each after the step it tells of."""

from typing import Any

from lback.core import catalogue
from lback.core._cache_store import CacheItem
from lback.core._cache_store import Departed


class Announcing:
    """A cache that announces; its lock must not be held meanwhile."""

    def _announce_look(
        self, key: Any, item: CacheItem | None, now: float
    ) -> CacheItem | None:
        """Announce what a look for *key* met; return the item unless it expired."""
        if item is not None and not item.is_expired(now):
            if catalogue.cache_item_fetched.is_heard:
                catalogue.cache_item_fetched.send(self, key=key, outcome="hit")
            if catalogue.cache_hit.is_heard:
                catalogue.cache_hit.send(self, key=key)
            return item
        if item is not None:
            self._announce_expired(Departed(expired=[(key, item)]))
        if catalogue.cache_miss.is_heard:
            catalogue.cache_miss.send(self, key=key)
        return None

    def _announce_set(
        self, key: Any, item: CacheItem, ttl: float | None, gone: Departed
    ) -> None:
        self._announce_departed(gone)
        if catalogue.cache_item_set.is_heard:
            catalogue.cache_item_set.send(
                self, key=key, ttl=ttl, expires_at=item.expires_at
            )

    def _announce_departed(self, gone: Departed) -> None:
        self._announce_expired(gone)
        if catalogue.cache_item_evicted.is_heard:
            for key, _ in gone.evicted:
                catalogue.cache_item_evicted.send(self, key=key)
        if catalogue.cache_item_deleted.is_heard:
            for key, _ in gone.deleted:
                catalogue.cache_item_deleted.send(self, key=key)

    def _announce_expired(self, gone: Departed) -> None:
        if catalogue.cache_item_expired.is_heard:
            for key, item in gone.expired:
                catalogue.cache_item_expired.send(
                    self,
                    key=key,
                    expires_at=item.expires_at,  # type: ignore[arg-type]  # it has one
                )
