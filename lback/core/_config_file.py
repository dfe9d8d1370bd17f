"""The one writer of config.json: locked, atomic, and only when something changed."""

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from lback.core.exceptions import ConfigurationError

_OWNER_ONLY = 0o600
_LOCK_WAIT = 30.0
_LOCK_PAUSE = 0.01


@dataclass
class Memory:
    """What the last writer left for the next one, kept inside the lock file.

    Attributes:
        hashes: Of the contents that Lback wrote or was about to write.
        synced: The names that came from settings.py.
        kept: The keys that did not, so that they survive a damaged file.
        marks: By which a beginning of the settings.py is recognised.
    """

    hashes: list[str] = field(default_factory=list)
    synced: list[str] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    marks: str = ""


@dataclass(frozen=True)
class Existing:
    """What stands in config.json's place.

    Attributes:
        data: Its bytes; None if there is no file of ours to read.
        values: What it holds; None if that cannot be read.
        note: What is odd about it, for whoever is told that it was overwritten.
    """

    data: bytes | None = None
    values: dict[str, Any] | None = None
    note: str = ""


def lock_path(path: Path) -> Path:
    """Return the hidden file beside *path* that its writers lock."""
    return path.with_name(f".{path.name}.lock")


class ConfigFile:
    """A config.json whose lock this process holds; see :func:`locked`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock
        self.memory = self._recall()

    def read(self) -> Existing:
        """Look at the file without following a symbolic link.

        Raises:
            ConfigurationError: Something that cannot be replaced is in its place.
        """
        return read(self.path)

    def write(
        self, values: Mapping[str, Any], synced: list[str], marks: str | None = None
    ) -> bool:
        """Make the file hold *values*, all at once or not at all.

        Args:
            values: The new content.
            synced: Which names of it come from settings.py.
            marks: Those of the settings.py; None if they are as they were.

        Returns:
            Whether anything had to be written.

        Raises:
            OSError: The disk did not take it; the old file is as it was.
        """
        data = encode(values)
        existing = self.read()
        kept = {name: values[name] for name in values if name not in synced}
        marks = self.memory.marks if marks is None else marks
        memory = Memory([_hash(data)], sorted(synced), kept, marks)
        if existing.data == data:
            if memory != self.memory:
                self._remember(memory)
            return False
        # NOTE: old and new, because a kill or a full disk may leave either content,
        # and neither was written by hand.
        old = [] if existing.data is None else [_hash(existing.data)]
        both = sorted({*memory.synced, *self.memory.synced})
        self._remember(
            Memory(memory.hashes + old, both, self.memory.kept, self.memory.marks)
        )
        _replace(self.path, data)
        self._remember(memory)
        return True

    def is_ours(self, existing: Existing) -> bool:
        """Tell whether Lback wrote what the file holds."""
        return existing.data is None or _hash(existing.data) in self.memory.hashes

    def _recall(self) -> Memory:
        size = os.fstat(self._lock).st_size
        return _parsed(os.pread(self._lock, size, 0))

    def _remember(self, memory: Memory) -> None:
        data = json.dumps(vars(memory)).encode()
        os.pwrite(self._lock, data, 0)
        os.ftruncate(self._lock, len(data))
        self.memory = memory


@contextmanager
def locked(path: Path) -> Iterator[ConfigFile]:
    """Hold the lock of the config file *path*; the kernel frees it if we die.

    Raises:
        OSError: The folder does not let us write.
        ConfigurationError: Another process does not let go of the lock.
    """
    import fcntl

    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(lock_path(path), flags, _OWNER_ONLY)
    try:
        end = time.monotonic() + _LOCK_WAIT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise ConfigurationError(
                        f"Another process has held {lock_path(path)} for "
                        f"{_LOCK_WAIT:.0f} s. Stop it and try again."
                    ) from None
                time.sleep(_LOCK_PAUSE)
        for left in path.parent.glob(f".{path.name}.*.tmp"):  # of a killed writer
            left.unlink(missing_ok=True)
        yield ConfigFile(path, lock)
    finally:
        os.close(lock)


def read(path: Path) -> Existing:
    """Look at a config file without following a symbolic link.

    Raises:
        ConfigurationError: Something that cannot be replaced is in its place.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return Existing()
    if stat.S_ISLNK(mode):
        return Existing(
            note=f"{path} was a symbolic link; it is a file of its own now, and what "
            "it pointed to was left alone."
        )
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise ConfigurationError(
            f"{path} is {kind}. Move it away; the settings are written there."
        )
    data = path.read_bytes()
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return Existing(data, note=f"{path} was not valid JSON; it was written anew.")
    return Existing(data, values)


def recall(path: Path) -> Memory:
    """Return what the last writer of *path* left, without waiting for the lock.

    Raises:
        OSError: There is no such writer, or its memory is not ours to read.
    """
    lock = os.open(lock_path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with open(lock, "rb") as file:  # noqa: PTH123  # a link must not be followed
        return _parsed(file.read())


def _parsed(data: bytes) -> Memory:
    try:
        return Memory(**json.loads(data))
    except (ValueError, TypeError):  # empty, or from another version
        return Memory()


def encode(values: Mapping[str, Any]) -> bytes:
    """Return *values* as strict JSON that is the same for the same values."""
    text = json.dumps(
        values, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    return f"{text}\n".encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    """Put *data* in the place of *path*: old or new, never something between."""
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with open(os.open(temporary, flags, _OWNER_ONLY), "wb") as file:  # noqa: PTH123  # the mode must be there from the start
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
