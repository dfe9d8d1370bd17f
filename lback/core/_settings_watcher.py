"""Watch settings.py and ``.env`` and keep config.json in step.

A module of its own because it imports watchdog at the top.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEvent
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

from lback.core._settings_load import dotenv_path
from lback.core._settings_sync import sync
from lback.core._settings_sync import SyncResult
from lback.core._settings_sync import TIME_LIMIT
from lback.core.exceptions import ConfigurationError

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver
else:
    BaseObserver = Observer

#: Told about every sync: what it came to, or what prevented it.
Report = Callable[[SyncResult | ConfigurationError], None]

_QUIET = 0.1
_NO_CHANGE = frozenset({"opened", "closed_no_write"})

log = logging.getLogger(__name__)


def log_report(outcome: SyncResult | ConfigurationError) -> None:
    """Log what a sync came to; the report if nobody asks for another."""
    if isinstance(outcome, ConfigurationError):
        log.error("The settings were not synced: %s", outcome)
        return
    for warning in outcome.warnings:
        log.warning("%s", warning)
    if outcome.written:
        names = (*outcome.added, *outcome.changed, *outcome.removed)
        log.info("%s was written: %s", outcome.path.name, ", ".join(names))


class SettingsFileHandler(FileSystemEventHandler):
    """Sync config.json when settings.py changes, however the editor saves it.

    An event only starts a timer, so that the observer's thread never waits, and all
    events of a moment lead to one sync. A save that leaves every byte as it was leads
    to none.

    Args:
        settings_path: The settings file.
        config_file: The snapshot; relative to the settings file's folder.
        report: Called with what each sync came to.
    """

    def __init__(
        self,
        settings_path: str | Path,
        config_file: str | Path = "config.json",
        *,
        report: Report | None = None,
    ) -> None:
        self.settings_path = Path(settings_path).absolute()
        self.config_file = config_file
        self._report = report or log_report
        self._files = {self.settings_path, dotenv_path(self.settings_path)}
        self._seen: dict[Path, bytes] = {}
        self._change = threading.Lock()
        self._syncing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._is_closed = False
        self._cancel = threading.Event()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Plan a sync if the event is about a file that the settings are made of."""
        if event.event_type in _NO_CHANGE or event.event_type == "modified":
            return
        self._look_at(event)

    def on_modified(self, event: FileSystemEvent) -> None:
        """Plan a sync if a file that the settings are made of was modified."""
        self._look_at(event)

    def _look_at(self, event: FileSystemEvent) -> None:
        # NOTE: a move onto settings.py names it as the destination, a backup by
        # moving it away as the source.
        for name in (event.src_path, event.dest_path):
            if name and Path(_text(name)).absolute() in self._files:
                self._plan()
                return

    def _plan(self) -> None:
        with self._change:
            if self._is_closed or self._timer is not None:
                return
            self._timer = threading.Timer(_QUIET, self._wake)
            self._timer.daemon = True
            self._timer.start()

    def _wake(self) -> None:
        with self._change:
            # From here on an event plans another sync, so that none is lost.
            self._timer = None
        # What is judged is out of date, and it may hang.
        self._cancel.set()
        self.sync()

    def sync(self) -> None:
        """Sync now, unless every file is as it was, and report the outcome."""
        with self._syncing:
            contents = self._contents()
            if self._is_closed or contents == self._seen:
                return
            self._seen = contents
            self._cancel = cancel = threading.Event()
            outcome: SyncResult | ConfigurationError
            try:
                outcome = sync(
                    self.settings_path,
                    Path(self.config_file),
                    TIME_LIMIT,
                    cancel=cancel,
                )
            except ConfigurationError as error:
                if cancel.is_set():
                    self._seen = {}
                    return
                outcome = error
            else:
                self._files.update(outcome.files)
                # NOTE: the older contents win; a file that changed while it was
                # judged has to look changed the next time.
                self._seen = {**self._contents(), **contents}
            self._report(outcome)

    def _contents(self) -> dict[Path, bytes]:
        """Return a digest of every file that the settings are made of."""
        return {path: _digest(path) for path in self._files}

    def close(self) -> None:
        """Start no sync any more and end the one that is running."""
        with self._change:
            self._is_closed = True
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self._cancel.set()
        with self._syncing:
            return


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name


class SettingsObserver(BaseObserver):
    """A watchdog observer that closes its handler when it is stopped."""

    def __init__(self, handler: SettingsFileHandler) -> None:
        super().__init__()  # type: ignore[call-arg]  # the platform's class has it
        self.handler = handler

    def on_thread_stop(self) -> None:
        """Stop watching, and syncing."""
        super().on_thread_stop()
        self.handler.close()


def start(root: Path, report: Report | None = None) -> SettingsObserver:
    """Watch the folder *root*, sync once, and return the running observer."""
    root = root.absolute()
    handler = SettingsFileHandler(root / "settings.py", report=report)
    observer = SettingsObserver(handler)
    observer.schedule(handler, str(root), recursive=False)
    observer.start()
    handler.sync()
    return observer
