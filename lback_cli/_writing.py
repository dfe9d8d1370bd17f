"""Put planned files on the disk: all of them, or none."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from lback_cli._scaffold import Files

# The folder that a run works in; having made it is the right to write beside it.
STAGE = ".lback-new"


class Edit(NamedTuple):
    """A change of a file that is there already."""

    path: Path
    before: bytes
    after: bytes


class CannotWrite(click.ClickException):
    """The target is not free or not writable; exit code 1, nothing was changed."""


def write_project(files: Files, target: Path) -> None:
    """Write *files* into the new or empty folder *target*, or write nothing.

    Missing folders above *target* are made. Of two runs at once one wins.

    Raises:
        CannotWrite: The message says why; the disk is as it was before.
    """
    with _explained(target):
        _refuse_taken(target)
        if target.is_dir():
            _fill(files, target)
        else:
            with _parents(target):
                _make(files, target)


def write_app(files: Files, folder: Path, edits: Sequence[Edit]) -> None:
    """Write *files* as the new *folder* and make *edits*, or do neither.

    Raises:
        CannotWrite: The message says why; the disk is as it was before.
    """
    with _explained(folder), _stage(folder.parent) as stage, _prepared(edits):
        if os.path.lexists(folder):
            raise CannotWrite(f"{folder} already exists. Nothing was changed.")
        _write(files, stage / "app")
        replaced: list[Edit] = []
        (stage / "app").rename(folder)
        try:
            for edit in edits:
                _replace(edit)
                replaced.append(edit)
        except BaseException:
            for edit in replaced:
                _beside(edit.path, "old").replace(edit.path.resolve())
            folder.rename(stage / "app")
            raise


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turn an error of the system into one sentence."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"Could not write {target}: {error.strerror}. "
            "Nothing was changed; mend that and run the command again."
        ) from error


def _refuse_taken(target: Path) -> None:
    if target.is_symlink():
        raise CannotWrite(f"{target} is a symbolic link. Name a folder instead.")
    if target.exists() and not target.is_dir():
        raise CannotWrite(f"{target} is a file. Name another folder.")
    if target.is_dir():
        _refuse_used(target, set())


def _refuse_used(target: Path, ours: set[str]) -> None:
    entries = sorted({entry.name for entry in target.iterdir()} - ours)
    if entries == [STAGE]:
        raise _busy(target)
    if entries:
        raise CannotWrite(
            f"{target} already exists and is not empty: it has {entries[0]!r}. "
            "Name another folder."
        )


def _busy(folder: Path) -> CannotWrite:
    return CannotWrite(
        f"Another run is writing into {folder}, or one was cut short. "
        f"If none is running, remove {folder / STAGE} and try again."
    )


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """Hold the only working folder inside *folder*; it is gone afterwards."""
    stage = folder / STAGE
    try:
        stage.mkdir()
    except FileExistsError:
        raise _busy(folder) from None
    try:
        yield stage
    finally:
        _remove(stage)


@contextmanager
def _parents(target: Path) -> Iterator[None]:
    """Make the folders above *target*; after a failure they are gone again."""
    missing = [folder for folder in target.parents if not folder.exists()]
    made: list[Path] = []
    try:
        for folder in reversed(missing):
            _make_folder(folder)
            made.append(folder)
        yield
    except BaseException:
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # somebody else put something in
                folder.rmdir()
        raise


def _make(files: Files, target: Path) -> None:
    """Write a sibling of *target* and give it the name in one step."""
    stage = target.parent / f"{STAGE}-{secrets.token_hex(4)}"
    try:
        _write(files, stage)
        # NOTE: renaming onto a folder with something in it fails, so that of two
        # runs at once only the first gets the name.
        stage.rename(target)
    except BaseException:
        _remove(stage)
        _refuse_taken(target)
        raise


def _fill(files: Files, target: Path) -> None:
    """Write into the empty folder *target*, which may be somebody's current one."""
    with _stage(target) as stage:
        _refuse_used(target, {STAGE})
        _write(files, stage / "new")
        names = sorted(entry.name for entry in (stage / "new").iterdir())
        moved: list[str] = []
        try:
            for name in names:
                _move(stage / "new" / name, target)
                moved.append(name)
        except BaseException:
            for name in moved:
                (target / name).rename(stage / "new" / name)
            raise


def _move(path: Path, target: Path) -> None:
    # NOTE: renaming a file replaces what has its name, without a question.
    if os.path.lexists(target / path.name):
        raise CannotWrite(f"{target} is no longer empty: it has {path.name!r}.")
    path.rename(target / path.name)


def _write(files: Files, folder: Path) -> None:
    """Write *files* under the new *folder*, with modes that no umask changes."""
    _make_folder(folder)
    for path in files:
        for parent in reversed(path.parents[:-1]):
            _make_folder(folder / parent)
        text, mode = files[path]
        _write_file(folder / path, text.encode("utf-8"), mode)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir()
        folder.chmod(0o755)


def _write_file(path: Path, data: bytes, mode: int) -> None:
    # NOTE: a secret must not be readable for others, not even for a moment.
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o600)
    with os.fdopen(number, "wb") as file:
        file.write(data)
    path.chmod(mode)


@contextmanager
def _prepared(edits: Sequence[Edit]) -> Iterator[None]:
    """Have the old and the new form of every edited file ready beside it."""
    import shutil

    names = [_beside(edit.path, which) for edit in edits for which in ("old", "new")]
    try:
        for edit in edits:
            real = edit.path.resolve()
            shutil.copy2(real, _beside(real, "old"))
            # NOTE: a run that was cut short may have left one.
            _beside(real, "new").unlink(missing_ok=True)
            _write_file(_beside(real, "new"), edit.after, 0o600)
            _copy_rights(real, _beside(real, "new"))
        yield
    finally:
        for name in names:
            name.unlink(missing_ok=True)


def _replace(edit: Edit) -> None:
    """Put the new form in place, unless the file was changed since it was read."""
    if edit.path.read_bytes() != edit.before:
        raise CannotWrite(
            f"{edit.path} was changed by somebody else just now. "
            "Nothing was changed; run the command again."
        )
    _beside(edit.path, "new").replace(edit.path.resolve())


def _beside(path: Path, which: str) -> Path:
    real = path.resolve()
    return real.with_name(f"{STAGE}-{which}-{real.name}")


def _copy_rights(source: Path, target: Path) -> None:
    status = source.stat()
    with contextlib.suppress(AttributeError, PermissionError):
        os.chown(target, status.st_uid, status.st_gid)
    target.chmod(status.st_mode & 0o7777)


def _remove(folder: Path) -> None:
    # PERF: a run that succeeds has nothing to remove but an empty folder.
    # bench: benchmarks/startup.py::startproject
    with contextlib.suppress(OSError):
        folder.rmdir()
        return
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
