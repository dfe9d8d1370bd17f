"""Which modules of a project can be loaded at all, now or later."""

import contextlib
import re
from collections.abc import Iterable
from collections.abc import Iterator
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path

from lback_cli._signal_files import Role
from lback_cli._signal_files import Source
from lback_cli._signal_survey import Survey


def never_imported(survey: Survey) -> set[str]:
    """Name the modules of the project's apps that nothing running imports.

    Beside what start-up has loaded, everything counts that some function, script or
    program of the project might still import; only what a test imports does not.
    """
    running = [s for s in survey.sources.values() if s.role in _RUNNING]
    reached = _reached(survey, running)
    return {
        source.module
        for source in running
        if source.role is Role.PROJECT and source.module not in reached
    }


_RUNNING = {Role.PROJECT, Role.OTHER}
# Modules that a server, or Python itself, starts with.
_STARTS = {"__main__", "asgi", "wsgi"}
# What is larger, in bytes, is no file in which somebody wrote what to start.
_LARGEST = 200_000


def _reached(survey: Survey, running: Iterable[Source]) -> set[str]:
    """Name the modules that can be reached from those that something starts."""
    by_module = {source.module: source for source in running}
    told = _told_outside(survey.root)
    started = (s for s in running if s.module in told or _is_started(s, survey))
    waiting = [source.module for source in started]
    reached: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in reached:
            continue
        reached.add(module)
        waiting.extend(_packages_of(module))
        if module in by_module:
            patterns = survey.uses.imported[by_module[module].file]
            waiting.extend(_matching(patterns, by_module))
    return reached


def _is_started(source: Source, survey: Survey) -> bool:
    """Tell whether a file is loaded, or is one that a program starts with."""
    return (
        source.file in survey.loaded
        or source.file in survey.uses.programs
        or Path(source.file).stem in _STARTS
        # A script, say; only what is in an app waits to be loaded.
        or survey.label_of(source.module) is None
    )


def _told_outside(root: Path) -> set[str]:
    """Return the words of the project's other files, such as a Procfile."""
    words: set[str] = set()
    for path in root.iterdir():
        with contextlib.suppress(OSError):  # gone meanwhile, or not for us to read
            if path.suffix == ".py" or path.stat().st_size > _LARGEST:
                continue
            text = path.read_bytes().decode("utf-8", "replace")
            found = re.findall(r"[\w.]+", text.replace("/", "."))
            words.update(word.removesuffix(".py").strip(".") for word in found)
    return words


def _packages_of(module: str) -> Iterator[str]:
    while module := module.rpartition(".")[0]:
        yield module


def _matching(patterns: Iterable[str], modules: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        if not has_magic(pattern):
            yield pattern
        else:
            yield from (m for m in modules if fnmatchcase(m, pattern))
