"""Put receivers in order: by number, by app, by connection, by name."""

import heapq
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from lback.core._receivers import Receiver
from lback.core.exceptions import ReceiverOrderCycle


class AppOrder:
    """The place of each installed app.

    Args:
        labels: The labels of the installed apps by package, in their order.
    """

    __slots__ = ("_ranks", "labels")

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        self.labels = dict(labels or {})
        self._ranks = {name: rank for rank, name in enumerate(self.labels)}

    def app_of(self, module: str) -> str | None:
        """Return the innermost app that *module* belongs to, or None."""
        while module and module not in self._ranks:
            module = module.rpartition(".")[0]
        return module or None

    def label_of(self, module: str) -> str | None:
        """Return the label of the innermost app that *module* belongs to, or None."""
        return self.labels.get(self.app_of(module) or "")

    def rank_of(self, module: str) -> int:
        """Return the place of *module*'s app; outside any app it is the last."""
        app = self.app_of(module)
        return len(self._ranks) if app is None else self._ranks[app]


def in_order(receivers: Iterable[Receiver], apps: AppOrder) -> list[Receiver]:
    """Sort *receivers* by ``order=``, app and connection, then by before and after.

    Args:
        receivers: The receivers of one signal.
        apps: The installed apps.

    Raises:
        ReceiverOrderCycle: ``before=`` and ``after=`` contradict each other.
    """
    ranked = sorted(
        receivers, key=lambda r: (r.order, apps.rank_of(r.origin.module), r.number)
    )
    if not any(r.before or r.after for r in ranked):
        return ranked
    return _by_name(ranked, _edges(ranked, apps))


def _edges(ranked: Sequence[Receiver], apps: AppOrder) -> list[set[int]]:
    """Return for each receiver the positions that must come after it."""
    places: dict[str, list[int]] = {}
    for place, receiver in enumerate(ranked):
        for name in names_of(receiver.origin.module, receiver.origin.name, apps):
            places.setdefault(name, []).append(place)
    later: list[set[int]] = [set() for _ in ranked]
    for place, receiver in enumerate(ranked):
        for name in receiver.before:
            later[place].update(places.get(name, ()))
        for name in receiver.after:
            for earlier in places.get(name, ()):
                later[earlier].add(place)
    return later


def names_of(module: str, name: str, apps: AppOrder) -> set[str]:
    """Return the names by which ``before=`` and ``after=`` may mean a function."""
    app = apps.label_of(module) or module.partition(".")[0]
    return {f"{module}.{name}", f"{app}.{name}"}


def _by_name(ranked: Sequence[Receiver], later: list[set[int]]) -> list[Receiver]:
    """Sort topologically, keeping the given order wherever it is free."""
    waits = [0] * len(ranked)
    for places in later:
        for place in places:
            waits[place] += 1
    free = [place for place, count in enumerate(waits) if count == 0]
    heapq.heapify(free)
    done = []
    while free:
        place = heapq.heappop(free)
        done.append(ranked[place])
        for following in later[place]:
            waits[following] -= 1
            if waits[following] == 0:
                heapq.heappush(free, following)
    if len(done) < len(ranked):
        stuck = [r.describe() for r, count in zip(ranked, waits, strict=True) if count]
        raise ReceiverOrderCycle(
            "before= and after= of these receivers contradict each other: "
            f"{', '.join(stuck)}. Take one of them away."
        )
    return done
