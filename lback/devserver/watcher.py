"""Notice saves in a project's folder."""

import contextlib
import errno
import itertools
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from typing import TYPE_CHECKING

from lback.devserver._folders import count_inotify_watches
from lback.devserver._folders import is_skipped
from lback.devserver._folders import plan_watches
from lback.devserver._folders import walk
from lback.devserver._folders import Watch
from lback.devserver._snapshot import Snapshot

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver
    from watchdog.observers.api import ObservedWatch

MOST_FOLDERS = 2_000
"""With more folders than this, looking at the files costs less than watching them."""

QUIET = 0.05
LONGEST = 0.2
"""Seconds without a save after which changes are reported, and the longest wait."""

_POLL_INTERVAL = 1.0
# The kernel keeps 16,384 events for us and drops the rest without a word.
_FLOOD = 8_000
_CALM = 1.0
_ATTEMPTS = 4
# Some releases of watchdog take an inotify instance (of 128) for each of these.
_MOST_WATCHES = 100
_EVERYTHING = None


class OnChange(Protocol):
    """Called with the files whose content changed, from the watcher's thread."""

    def __call__(self, changed: list[Path], /) -> None:
        """Take note of *changed*; called again only after it returns."""


class Watcher:
    """Report the watched files of a project whose content has changed.

    The system's own notices are used where they can be trusted. In a very large
    project, or where the system has no more of them to give, the files are looked at
    once a second instead, and one line says so.

    Args:
        root: The project's folder.
        on_change: Called with what changed.
        say: Called with the line that says why files are polled.
    """

    def __init__(
        self, root: Path, *, on_change: OnChange, say: Callable[[str], None]
    ) -> None:
        self._root = root.absolute()
        self._on_change = on_change
        self._say = say
        self._snapshot = Snapshot(self._root)
        self._events: queue.SimpleQueue[Path | None] = queue.SimpleQueue()
        self._is_stopped = threading.Event()
        self._observer: BaseObserver | None = None
        self._watches: dict[Watch, ObservedWatch] = {}
        self._flood = 0
        self._last_event = 0.0
        self._pause = _POLL_INTERVAL

    def start(self) -> None:
        """Remember what the files contain, and watch them from now on."""
        self._observe()
        # NOTE: after the watches are there, before anybody imports the project: a
        # save that falls between the two is still noticed.
        self._snapshot.refresh()
        threading.Thread(target=self._run, name="watcher", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._is_stopped.set()
        self._events.put(_EVERYTHING)
        self._stop_observing()

    def dispatch(self, event: "FileSystemEvent") -> None:
        """Note an event; watchdog calls this."""
        now = time.monotonic()
        self._flood = 0 if now - self._last_event > _CALM else self._flood + 1
        self._last_event = now
        if self._flood == _FLOOD:
            self._events.put(_EVERYTHING)
        if event.is_directory:
            if not is_skipped(Path(str(event.src_path))):
                self._events.put(_EVERYTHING)
            return
        for name in (event.src_path, event.dest_path):
            path = Path(str(name))
            if name and self._snapshot.is_watched(path):
                self._events.put(path)

    def _is_flooded(self) -> bool:
        """Tell whether events may have been lost since the last quiet second."""
        return self._observer is not None and self._flood >= _FLOOD

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            paths = self._next_burst()
            if self._is_stopped.is_set():
                return
            if self._is_flooded():
                self._poll_because("there are more changes than it can report")
            changed = self._what_changed(paths)
            if changed:
                self._on_change(changed)

    def _what_changed(self, paths: set[Path | None]) -> list[Path]:
        if _EVERYTHING not in paths:
            return self._snapshot.look_at(sorted(p for p in paths if p))
        self._observe_anew()
        began = time.monotonic()
        changed = self._snapshot.refresh()
        # Looking may take a tenth of the time, not more.
        self._pause = max(_POLL_INTERVAL, 10 * (time.monotonic() - began))
        return changed

    def _observe_anew(self) -> None:
        """Follow folders that came, went or were replaced."""
        if self._observer is not None:
            self._observe()

    def _observe(self) -> None:
        """Ask the system for notices about all folders, or decide to poll."""
        try:
            for attempt in range(_ATTEMPTS):
                found = itertools.islice(walk(self._root), MOST_FOLDERS + 1)
                watched = [folder for folder, _ in found]
                if len(watched) > MOST_FOLDERS:
                    self._poll_because(f"there are more than {MOST_FOLDERS:,} folders")
                    return
                self._schedule(plan_watches(watched))
                if self._are_all_granted():
                    return
                # NOTE: a folder that was made just now is watched a moment later. One
                # that was replaced may look like the one before, whose watch is dead.
                self._is_stopped.wait(attempt * QUIET)
                self._stop_observing()
        except OSError as error:
            self._poll_because(f"the system refuses to ({error.strerror or error})")
            return
        self._poll_because(
            "the system grants too few watches "
            "(raise fs.inotify.max_user_watches to change that)"
        )

    def _are_all_granted(self) -> bool:
        """Compare the folders there are with the watches there are."""
        granted = count_inotify_watches()
        return granted is None or granted >= sum(1 for _ in walk(self._root))

    def _schedule(self, plan: set[Watch]) -> None:
        if len(plan) > _MOST_WATCHES:
            raise OSError(errno.EMFILE, "too many separate folders")
        observer = self._observer or self._start_observer()
        for gone in self._watches.keys() - plan:
            observer.unschedule(self._watches.pop(gone))
        for new in plan - self._watches.keys():
            self._watches[new] = observer.schedule(
                self,  # type: ignore[arg-type]  # all it needs is dispatch()
                new.folder,
                recursive=new.is_recursive,
                event_filter=_interesting_events(),
            )

    def _start_observer(self) -> "BaseObserver":
        from watchdog.observers import Observer

        self._observer = Observer()
        self._observer.start()
        return self._observer

    def _stop_observing(self) -> None:
        observer, self._observer = self._observer, None
        self._watches.clear()
        if observer is not None:
            observer.stop()
            observer.join()

    def _poll_because(self, reason: str) -> None:
        self._stop_observing()
        self._say(f"Looking at the files once a second instead of watching: {reason}.")

    def _next_burst(self) -> set[Path | None]:
        """Wait for a save and collect those that follow it closely."""
        if self._observer is None:
            self._is_stopped.wait(self._pause)
            return {_EVERYTHING}
        burst = {self._events.get()}
        until = time.monotonic() + LONGEST
        with contextlib.suppress(queue.Empty):
            while (left := until - time.monotonic()) > 0:
                burst.add(self._events.get(timeout=min(QUIET, left)))
        return burst


def _interesting_events() -> list[type["FileSystemEvent"]]:
    """List the kinds of events that can mean a save; reading a file is none."""
    from watchdog import events

    return [
        events.FileCreatedEvent,
        events.FileModifiedEvent,
        events.FileClosedEvent,
        events.FileMovedEvent,
        events.FileDeletedEvent,
        events.DirCreatedEvent,
        events.DirMovedEvent,
        events.DirDeletedEvent,
    ]
