"""Noticing saves: which files count, and what happens at the limits."""

import os
import queue
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from lback.devserver import watcher as watcher_module
from lback.devserver._folders import count_inotify_watches
from lback.devserver._folders import plan_watches
from lback.devserver._folders import walk
from lback.devserver._snapshot import Snapshot
from lback.devserver.watcher import Watcher

PATIENCE = 20.0


class Watched:
    """A watched folder and what the watcher said about it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changes: queue.Queue[list[Path]] = queue.Queue()
        self.notices: list[str] = []
        self._watcher = Watcher(
            root, on_change=self.changes.put, say=self.notices.append
        )

    def start(self) -> None:
        """Begin to watch."""
        self._watcher.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._watcher.stop()

    def next_change(self) -> list[str]:
        """Wait for a change and name the files."""
        changed = self.changes.get(timeout=PATIENCE)
        return [str(path.relative_to(self.root)) for path in changed]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """An empty folder, not watched yet."""
    root = tmp_path / "project"
    root.mkdir()
    made = Watched(root)
    yield made
    made.stop()


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "page.html",
        "config.json",
        ".hidden.py",
        "code.pyc",
        "code.py~",
        ".git/hook.py",
        ".venv/lib/code.py",
        "node_modules/tool/code.py",
        "app/__pycache__/code.py",
        "static/code.py",
        "app/.env",
    ],
)
def test_other_files_do_not_count(tmp_path: Path, name: str) -> None:
    """What no worker imports is no reason for a reload."""
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")

    assert [] == Snapshot(tmp_path).refresh()
    assert not Snapshot(tmp_path).is_watched(file)


@pytest.mark.parametrize("name", ["code.py", "app/deep/er/code.py", ".env"])
def test_code_and_environment_count(tmp_path: Path, name: str) -> None:
    """Python files anywhere and .env of the project are watched."""
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")

    assert [file] == Snapshot(tmp_path).refresh()
    assert Snapshot(tmp_path).is_watched(file)


def test_an_app_called_media_counts(tmp_path: Path) -> None:
    """A folder that is named like one of files to serve, but is a package, counts."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "__init__.py").touch()

    assert [tmp_path / "media" / "__init__.py"] == Snapshot(tmp_path).refresh()


def _edit(file: Path) -> None:
    file.write_text("two")


def _edit_unnoticeably(file: Path) -> None:
    """Change the content, but neither the size nor the time of the file."""
    before = file.stat()
    file.write_text("two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [Path.unlink, _edit, _edit_unnoticeably])
def test_changes_of_content_are_found(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """A file that differs or is gone is found once, by its content."""
    file = tmp_path / "code.py"
    file.write_text("one")
    snapshot = Snapshot(tmp_path)
    snapshot.refresh()
    change(file)

    assert [[file], []] == [snapshot.refresh(), snapshot.refresh()]


def test_a_touch_is_no_change(tmp_path: Path) -> None:
    """A file with a new time and the old content has not changed."""
    file = tmp_path / "code.py"
    file.write_text("one")
    snapshot = Snapshot(tmp_path)
    snapshot.refresh()
    os.utime(file, ns=(0, 0))

    assert [] == snapshot.refresh()


def test_skipped_folders_are_not_covered(tmp_path: Path) -> None:
    """The plan names the folder of a venv nowhere and covers its neighbours."""
    for name in ("shop/deep/__pycache__", "web/node_modules/x", ".git", "web/app"):
        (tmp_path / name).mkdir(parents=True)
    plan = plan_watches([folder for folder, _ in walk(tmp_path)])

    found = {(str(Path(w.folder).relative_to(tmp_path)), w.is_recursive) for w in plan}
    assert {(".", False), ("shop", True), ("web", False), ("web/app", True)} == found


def test_a_save_is_reported(watched: Watched) -> None:
    """The name of a file that is saved arrives."""
    watched.start()
    (watched.root / "code.py").write_text("one")

    assert ["code.py"] == watched.next_change()
    assert [] == watched.notices


def test_deletions_and_renames_of_folders_are_reported(watched: Watched) -> None:
    """A package that gets another name is gone there and new here."""
    (watched.root / "old").mkdir()
    (watched.root / "old" / "code.py").write_text("one")
    watched.start()
    (watched.root / "old").rename(watched.root / "new")

    assert ["new/code.py", "old/code.py"] == watched.next_change()


def test_a_folder_that_was_replaced_is_still_watched(watched: Watched) -> None:
    """Deleting a folder and making it again leaves no blind spot."""
    (watched.root / ".git").mkdir()  # makes every other folder a watch of its own
    app = watched.root / "app"
    app.mkdir()
    (app / "code.py").write_text("one")
    watched.start()
    (app / "code.py").unlink()
    app.rmdir()
    app.mkdir()
    watched.next_change()
    (app / "code.py").write_text("two")

    assert ["app/code.py"] == watched.next_change()
    assert [] == watched.notices


def test_too_many_folders_are_polled(watched: Watched) -> None:
    """A very large project is looked at instead of watched, with one notice."""
    for number in range(watcher_module.MOST_FOLDERS):
        (watched.root / f"folder{number}").mkdir()
    watched.start()
    (watched.root / "folder7" / "code.py").write_text("one")

    assert ["folder7/code.py"] == watched.next_change()
    assert 1 == len(watched.notices)
    assert "more than 2,000 folders" in watched.notices[0]


def test_a_flood_of_events_ends_in_polling(watched: Watched) -> None:
    """When the system may have lost events, the files are looked at from then on."""
    watched.start()
    for number in range(9_000):
        (watched.root / f"data{number}.txt").touch()
    (watched.root / "code.py").write_text("one")
    first = watched.next_change()
    while not watched.notices:
        (watched.root / "one-more.txt").touch()
    (watched.root / "code.py").write_text("two")

    assert [["code.py"], ["code.py"]] == [first, watched.next_change()]
    assert ["more changes than it can report" in n for n in watched.notices] == [True]


def test_ungranted_watches_are_polled(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel grants fewer watches than asked for, no folder is forgotten."""
    # The real limit belongs to all processes of the machine.
    monkeypatch.setattr(watcher_module, "count_inotify_watches", lambda: 1)
    (watched.root / "app").mkdir()
    watched.start()
    (watched.root / "app" / "code.py").write_text("one")

    assert ["app/code.py"] == watched.next_change()
    assert "fs.inotify.max_user_watches" in watched.notices[0]


def test_granted_watches_are_counted(watched: Watched) -> None:
    """The kernel is asked how many watches there are, and answers one a folder."""
    before = count_inotify_watches() or 0
    for name in ("one", "two", "three"):
        (watched.root / name).mkdir()
    watched.start()
    after = count_inotify_watches() or 0

    assert 4 == after - before
