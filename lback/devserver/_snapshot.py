"""Which files of a project matter to the server, and what they contain."""

import hashlib
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lback.devserver._folders import is_skipped
from lback.devserver._folders import walk

_ENVIRONMENT = ".env"


class _Entry(NamedTuple):
    signature: tuple[int, int, int, int]
    digest: bytes


class Snapshot:
    """The watched files of a project by content.

    Python files and ``.env`` count; folders that are hidden, hold packages of others
    (virtual environments, node_modules) or hold files to serve are skipped.

    Args:
        root: The project's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._entries: dict[str, _Entry] = {}

    def refresh(self) -> list[Path]:
        """Look at every file and return those whose content is not the known one."""
        found = set(self._files())
        return self.look_at(map(Path, sorted(found | self._entries.keys())))

    def look_at(self, paths: Iterable[Path]) -> list[Path]:
        """Return those of *paths* whose content is new, changed or gone."""
        return [path for path in paths if self._has_changed(path)]

    def _has_changed(self, path: Path) -> bool:
        name = str(path)
        known = self._entries.get(name)
        try:
            status = path.stat()
            signature = (
                status.st_mtime_ns,
                status.st_ctime_ns,
                status.st_size,
                status.st_ino,
            )
            if known is not None and known.signature == signature:
                return False
            digest = hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
        except OSError:  # deleted, or not for us to read
            return self._entries.pop(name, None) is not None
        self._entries[name] = _Entry(signature, digest)
        return known is None or known.digest != digest

    def _files(self) -> Iterator[str]:
        yield str(self.root / _ENVIRONMENT)
        for _, entries in walk(self.root):
            yield from (entry.path for entry in entries if _is_code(entry.name))

    def is_watched(self, path: Path) -> bool:
        """Tell by its name whether the file *path* can matter."""
        if not _is_code(path.name):
            return path == self.root / _ENVIRONMENT
        above = list(path.relative_to(self.root).parents)[:-1]
        return not any(is_skipped(self.root / folder) for folder in above)


def _is_code(name: str) -> bool:
    # Editors' locks and copies are hidden: .#views.py, ._views.py.
    return name.endswith(".py") and not name.startswith(".")
