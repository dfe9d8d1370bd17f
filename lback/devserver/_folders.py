"""The folders of a project: which of them matter, and how to watch them all."""

import contextlib
import os
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_CACHE = "__pycache__"
_SKIPPED = {_CACHE, "node_modules", "site-packages"}
_SKIPPED_UNLESS_PACKAGE = {"media", "static", "staticfiles"}
_VENV_MARK = "pyvenv.cfg"
_PACKAGE_MARK = "__init__.py"


def walk(root: Path) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
    """Yield *root* and every folder below it that can matter, with its entries.

    Hidden folders, virtual environments, node_modules and folders of files to serve
    are left out. Links to folders are not followed.
    """
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as found:
                entries = list(found)
            inner = [e for e in entries if e.is_dir(follow_symlinks=False)]
        except OSError:  # deleted meanwhile, or not for us to read
            continue
        if folder != str(root) and _is_foreign(folder, {e.name for e in entries}):
            continue
        yield folder, entries
        waiting.extend(e.path for e in inner if not _is_foreign_name(e.name))


def is_skipped(folder: Path) -> bool:
    """Tell whether nothing below *folder* can matter."""
    if _is_foreign_name(folder.name):
        return True
    marks = {_VENV_MARK, _PACKAGE_MARK}
    there = {mark for mark in marks if os.path.exists(folder / mark)}  # noqa: PTH110  # never raises
    return _is_foreign(str(folder), there)


def _is_foreign_name(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED


def _is_foreign(folder: str, names: set[str]) -> bool:
    if os.path.basename(folder) in _SKIPPED_UNLESS_PACKAGE:  # noqa: PTH119  # hot
        return _PACKAGE_MARK not in names
    return _VENV_MARK in names


class Watch(NamedTuple):
    """A folder to watch; *inode* tells it from a later one of the same name."""

    folder: str
    is_recursive: bool
    inode: int


def plan_watches(watched: Iterable[str]) -> set[Watch]:
    """Cover the folders *watched* with few watches, and no skipped folder.

    A folder is watched with everything below it, unless there is a skipped one below
    it (a virtual environment, say): then it is watched alone, and so on downward.
    """
    known = set(watched)
    mixed: set[str] = set()
    for folder in known:
        if _has_skipped(folder, known):
            mixed.add(folder)
            mixed.update(map(str, Path(folder).parents))
    plan = set()
    for folder in known:
        above = str(Path(folder).parent)
        if folder in mixed or above not in known or above in mixed:
            with contextlib.suppress(OSError):  # deleted meanwhile
                inode = Path(folder).stat().st_ino
                plan.add(Watch(folder, folder not in mixed, inode))
    return plan


def _has_skipped(folder: str, known: set[str]) -> bool:
    """Tell whether *folder* directly holds a skipped folder worth avoiding."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return any(
            entry.name != _CACHE
            and entry.path not in known
            and entry.is_dir(follow_symlinks=False)
            for entry in entries
        )
    return False


def count_inotify_watches() -> int | None:
    """Count the watches that the kernel granted to this process; None if unknown."""
    try:
        descriptors = list(Path("/proc/self/fd").iterdir())
    except OSError:
        return None
    return sum(_watches_of(descriptor) for descriptor in descriptors)


def _watches_of(descriptor: Path) -> int:
    with contextlib.suppress(OSError):
        if "inotify" in str(descriptor.readlink()):
            text = Path("/proc/self/fdinfo", descriptor.name).read_text("ascii")
            return text.count("inotify wd:")
    return 0
