"""Write config.json: what a settings.py says, and what is kept beside it."""

import threading
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import ExitStack
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from warnings import catch_warnings
from warnings import simplefilter

from lback.core._config_file import ConfigFile
from lback.core._config_file import encode
from lback.core._config_file import Existing
from lback.core._config_file import locked
from lback.core._config_file import read
from lback.core._config_file import recall
from lback.core._settings_cut import is_cut
from lback.core._settings_cut import marks_of
from lback.core._settings_judge import judge
from lback.core._settings_judge import Verdict
from lback.core._settings_snapshot import NotForJson
from lback.core._settings_snapshot import to_json
from lback.core.exceptions import ConfigurationError
from lback.core.exceptions import SettingsBroken

TIME_LIMIT = 5.0
"""Seconds that a settings file may take."""


@dataclass(frozen=True)
class SyncResult:
    """What writing config.json came to.

    Attributes:
        path: The file.
        written: Whether it had to be written, and was.
        added: Names that are new in it.
        changed: Names whose value is another.
        removed: Names that are gone.
        values: What the file holds now, secrets as references.
        warnings: What was left out or overwritten, names that look like slips, and
            why the file could not be written.
        unwritten: Why the file could not be written; empty if it could.
        files: The project's files that the settings are made of.
    """

    path: Path
    written: bool
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unwritten: str = ""
    files: tuple[Path, ...] = ()


def cut_off(settings: Path, config_file: Path) -> str:
    """Say that a settings file is only a beginning of the one synced last, or "".

    It is looked at only; one that does not compile is for others to report.
    """
    try:
        before = recall(settings.parent / config_file).marks
        source = settings.read_bytes()
        with catch_warnings():
            simplefilter("ignore")
            compile(source, str(settings), "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return _cut_off(settings) if is_cut(marks_of(source), before) else ""


def _cut_off(settings: Path) -> str:
    return (
        f"{settings}: the file is only a beginning of the one that was synced last, as "
        "if it were still being saved; it was not synced. If you deleted the rest, "
        "run: lback settings sync"
    )


def sync(
    settings: Path,
    config_file: Path,
    limit: float,
    *,
    accept_cut: bool = False,
    cancel: threading.Event | None = None,
) -> SyncResult:
    """Judge a settings file and write its snapshot if anything in it changed.

    Args:
        settings: The settings file.
        config_file: The snapshot; relative to the settings file's folder.
        limit: How many seconds the settings file may take.
        accept_cut: Take a file that is only a beginning of the one before.
        cancel: Ends the judging when it is set, from any thread.
    """
    settings = settings.absolute()
    path = settings.parent / config_file
    with ExitStack() as stack:
        file: ConfigFile | OSError
        try:
            file = stack.enter_context(locked(path))
        except OSError as error:
            file = error
        # NOTE: inside the lock, or a slower process could write what an older
        # settings.py said over what a newer one says.
        verdict = judge(settings, limit, cancel=cancel)
        if isinstance(file, OSError):
            return _unwritten(path, verdict, file)
        if verdict.is_blank and file.memory.synced:
            # An editor truncates before it writes; nobody means an empty file.
            raise SettingsBroken(f"{settings}:1: the file is empty; it was not synced.")
        if is_cut(verdict.marks, file.memory.marks):
            if not accept_cut:
                raise SettingsBroken(_cut_off(settings))
            verdict.warnings.append(
                f"{settings} is only a beginning of the one that was synced last; it "
                "was synced as it is."
            )
        try:
            return _write_snapshot(file, verdict)
        except OSError as error:
            return _unwritten(path, verdict, error)


def _write_snapshot(file: ConfigFile, verdict: Verdict) -> SyncResult:
    existing = file.read()
    old = existing.values
    if old is not None:
        kept = {n: v for n, v in old.items() if n not in file.memory.synced}
    else:
        kept = file.memory.kept if existing.note else {}
    overwritten = _overwritten(file, existing, verdict.values)
    values = {**kept, **verdict.values}
    written = file.write(values, list(verdict.values), verdict.marks)
    added, changed, removed = _differences(old or {}, values)
    return SyncResult(
        file.path,
        written=written,
        added=added,
        changed=changed,
        removed=removed,
        values=values,
        warnings=(*verdict.warnings, *overwritten),
        files=_paths(verdict),
    )


def _overwritten(
    file: ConfigFile, existing: Existing, new: Mapping[str, Any]
) -> list[str]:
    """Say what is lost that was not written by us."""
    if existing.note:
        return [existing.note]
    if file.is_ours(existing) or not file.memory.hashes:
        return []
    found = existing.values or {}
    lost = [name for name in file.memory.synced if found.get(name) != new.get(name)]
    if not lost:
        return []
    names = ", ".join(lost)
    return [f"{file.path} was edited by hand; settings.py has overwritten: {names}."]


def _unwritten(path: Path, verdict: Verdict, error: OSError) -> SyncResult:
    """Report on a snapshot in a place that cannot be written to."""
    old: dict[str, Any] = {}
    with suppress(OSError):
        old = read(path).values or {}
    reason = ""
    if encode({**old, **verdict.values}) != encode(old):
        reason = f"{path} cannot be written: {error.strerror or error}."
    return SyncResult(
        path,
        written=False,
        warnings=(*verdict.warnings, reason) if reason else tuple(verdict.warnings),
        unwritten=reason,
        files=_paths(verdict),
        values=old,
    )


def _paths(verdict: Verdict) -> tuple[Path, ...]:
    return tuple(Path(name) for name in verdict.files)


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Name what is added, changed and removed."""
    both = new.keys() & old.keys()
    return (
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(name for name in both if new[name] != old[name])),
        tuple(sorted(old.keys() - new.keys())),
    )


def update(
    new_config: Mapping[str, Any], path: Path, root: Callable[[], Path]
) -> SyncResult:
    """Write keys that settings.py does not define; *root* is asked if need be."""
    if not path.is_absolute():
        path = root() / path
    added = {name: _storable(name, value) for name, value in new_config.items()}
    try:
        with locked(path) as file:
            existing = file.read()
            if existing.note:
                raise SettingsBroken(f"{path} is damaged. Run: lback settings sync")
            defined = sorted(added.keys() & set(file.memory.synced))
            if defined:
                raise SettingsBroken(
                    f"{', '.join(defined)} is defined by settings.py; change it there."
                )
            old = existing.values or {}
            values = {**old, **added}
            written = file.write(values, synced=file.memory.synced)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or error}."
        ) from error
    new, changed, _ = _differences(old, values)
    return SyncResult(path, written=written, added=new, changed=changed, values=values)


def _storable(name: str, value: Any) -> Any:
    if not isinstance(name, str) or not name.isupper():
        raise SettingsBroken(f"{name!r} is not a name of a setting: use capitals.")
    try:
        plain, has_secret = to_json(name, value)
    except NotForJson as reason:
        raise SettingsBroken(f"{reason}.") from None
    if has_secret:
        raise SettingsBroken(
            f"{name} looks like a secret, and config.json holds none. Put it into .env."
        )
    return plain
