"""Watching settings.py: every way of saving it leads to one sync."""

import os
import queue
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.events import FileModifiedEvent
from watchdog.events import FileOpenedEvent
from watchdog.events import FileSystemEventHandler

from lback.core.config_manager import SettingsFileHandler
from lback.core.config_manager import start_settings_watcher
from lback.core.config_manager import SyncResult
from lback.core.exceptions import ConfigurationError

DEADLINE = 20.0
# Long enough for a sync that must not happen to show itself.
WHILE = 0.6

Outcome = SyncResult | ConfigurationError
Next = Callable[[], Outcome]
Save = Callable[[Path, str], None]


def in_place(path: Path, text: str) -> None:
    """Save as nano and VS Code do: truncate and write."""
    path.write_text(text)


def rename(path: Path, text: str) -> None:
    """Save as PyCharm does: a new file beside it, renamed onto it."""
    new = path.with_name("settings.py.tmp")
    new.write_text(text)
    new.replace(path)


def backup_and_write(path: Path, text: str) -> None:
    """Save as vim does: the old file moved away, a new one written."""
    path.rename(path.with_name("settings.py~"))
    path.write_text(text)


def move_in(path: Path, text: str) -> None:
    """Save from another folder: only a creation is seen."""
    away = path.parent.parent / "away.py"
    away.write_text(text)
    os.replace(away, path)  # noqa: PTH105  # one way among others


def delete_and_create(path: Path, text: str) -> None:
    """Save by deleting the file first."""
    path.unlink()
    path.write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a settings.py."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "settings.py").write_text("A = 1")
    return root


@pytest.fixture
def outcomes() -> "queue.Queue[Outcome]":
    """Return where the watcher reports to."""
    return queue.Queue()


@pytest.fixture
def watched(project: Path, outcomes: "queue.Queue[Outcome]") -> Iterator[Next]:
    """Watch the project; return a function that waits for the next outcome."""
    observer = start_settings_watcher(project, report=outcomes.put)
    outcomes.get(timeout=DEADLINE)
    yield lambda: outcomes.get(timeout=DEADLINE)
    observer.stop()
    observer.join()


@pytest.mark.parametrize(
    "save", [in_place, rename, backup_and_write, move_in, delete_and_create]
)
def test_every_way_of_saving_is_seen(project: Path, watched: Next, save: Save) -> None:
    """The new value is in config.json however the editor saved it."""
    save(project / "settings.py", "A = 2")

    outcome = watched()

    assert isinstance(outcome, SyncResult)
    assert {"A": 2} == outcome.values


def test_a_second_save_is_seen(project: Path, watched: Next) -> None:
    """Not only every other save leads to a sync."""
    in_place(project / "settings.py", "A = 2")
    watched()
    in_place(project / "settings.py", "A = 3")

    outcome = watched()

    assert isinstance(outcome, SyncResult)
    assert {"A": 3} == outcome.values


def test_a_changed_dotenv_is_seen(project: Path, watched: Next) -> None:
    """A save of .env leads to a sync as well."""
    (project / ".env").write_text("LBACK_A=7\n")

    outcome = watched()

    assert isinstance(outcome, SyncResult)
    assert {"A": 7} == outcome.values


def test_a_changed_split_is_seen(project: Path, watched: Next) -> None:
    """A save of a file that settings.py imports leads to a sync."""
    (project / "base.py").write_text("B = 1")
    (project / "settings.py").write_text("from .base import *")
    watched()
    (project / "base.py").write_text("B = 1 + 1")

    outcome = watched()

    assert isinstance(outcome, SyncResult)
    assert {"B": 2} == outcome.values


def test_a_touch_leads_to_nothing(
    project: Path, watched: Next, outcomes: "queue.Queue[Outcome]"
) -> None:
    """A save without a change is not even judged."""
    os.utime(project / "settings.py")
    (project / "settings.py").write_text("A = 1")

    with pytest.raises(queue.Empty):
        outcomes.get(timeout=WHILE)


def test_a_broken_save_is_reported(project: Path, watched: Next) -> None:
    """The error of a broken save has its line."""
    in_place(project / "settings.py", "A = (")

    assert "settings.py:1: SyntaxError" in str(watched())


def test_a_mended_save_is_seen(project: Path, watched: Next) -> None:
    """After a broken save the next good one is synced."""
    in_place(project / "settings.py", "A = (")
    watched()
    in_place(project / "settings.py", "A = 5")

    outcome = watched()

    assert isinstance(outcome, SyncResult)
    assert {"A": 5} == outcome.values


def test_a_deleted_file_is_reported(project: Path, watched: Next) -> None:
    """Without a settings.py the last good snapshot stays, and it is said."""
    (project / "settings.py").unlink()

    assert "There is no settings file" in str(watched())


def test_nothing_is_synced_after_stop(
    project: Path, outcomes: "queue.Queue[Outcome]"
) -> None:
    """A stopped and joined watcher does not touch the project any more."""
    observer = start_settings_watcher(project, report=outcomes.put)
    outcomes.get(timeout=DEADLINE)
    (project / "settings.py").write_text("A = 2")
    observer.stop()
    observer.join()
    before = (project / "config.json").read_bytes()
    outcomes.queue.clear()

    with pytest.raises(queue.Empty):
        outcomes.get(timeout=WHILE)

    assert before == (project / "config.json").read_bytes()


def test_outcomes_are_logged_without_a_report(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A watcher that nobody listens to logs what it does."""
    caplog.set_level("INFO")
    (project / "settings.py").write_text("A = len\nB = 1")
    observer = start_settings_watcher(project)
    observer.stop()
    observer.join()

    # NOTE: the library behind it says something, too, when it is stopped early.
    ours = [r for r in caplog.records if r.name.startswith("lback.")]
    left_out, written = (record.getMessage() for record in ours)
    assert left_out.startswith("A is a builtin_function_or_method")
    assert "config.json was written: B" == written


def test_errors_are_logged_without_a_report(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A watcher that nobody listens to logs why it could not sync."""
    (project / "settings.py").write_text("A = (")
    observer = start_settings_watcher(project)
    observer.stop()
    observer.join()

    assert "The settings were not synced: " in caplog.text


def test_the_handler_is_one_of_watchdog(project: Path) -> None:
    """SettingsFileHandler is a FileSystemEventHandler, as the reference says."""
    handler = SettingsFileHandler(project / "settings.py")

    assert isinstance(handler, FileSystemEventHandler)


def test_on_modified_leads_to_a_sync(
    project: Path, outcomes: "queue.Queue[Outcome]"
) -> None:
    """The documented method alone brings config.json up to date."""
    handler = SettingsFileHandler(project / "settings.py", report=outcomes.put)

    handler.on_modified(FileModifiedEvent(str(project / "settings.py")))
    outcome = outcomes.get(timeout=DEADLINE)
    handler.close()

    assert isinstance(outcome, SyncResult)
    assert outcome.written


def test_an_event_does_not_wait(
    project: Path, outcomes: "queue.Queue[Outcome]"
) -> None:
    """A hanging settings.py does not hold up the thread that brings the events."""
    (project / "settings.py").write_text("while True: pass")
    handler = SettingsFileHandler(project / "settings.py", report=outcomes.put)

    handler.dispatch(FileModifiedEvent(str(project / "settings.py")))

    assert outcomes.empty()
    handler.close()


@pytest.mark.parametrize(
    "event", [FileModifiedEvent("/x/other.py"), FileOpenedEvent("/x/settings.py")]
)
def test_other_events_lead_to_nothing(
    event: FileModifiedEvent | FileOpenedEvent, outcomes: "queue.Queue[Outcome]"
) -> None:
    """Other files, and mere reading, are not a save."""
    handler = SettingsFileHandler("/x/settings.py", report=outcomes.put)

    handler.dispatch(event)

    with pytest.raises(queue.Empty):
        outcomes.get(timeout=WHILE)


def test_the_module_does_not_import_watchdog() -> None:
    """Whoever only loads settings does not pay for the watcher."""
    import subprocess

    code = "import sys, lback.core.config_manager; print('watchdog' in sys.modules)"
    done = subprocess.run(  # our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "False" == done.stdout.strip()
