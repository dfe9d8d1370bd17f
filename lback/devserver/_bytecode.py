"""Compile what was saved, before a process is spent on it."""

import contextlib
import py_compile
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

from lback.core._settings_source import nul_line


def compile_files(paths: Iterable[Path]) -> str | None:
    """Compile the Python files among *paths*; return the first error, or None.

    Nothing is executed. What compiles is stored beside the source in a form that is
    checked by content.
    """
    return next(filter(None, (_compile(p) for p in paths if p.suffix == ".py")), None)


def _compile(path: Path) -> str | None:
    try:
        source = path.read_bytes()
    except OSError:
        return None  # deleted; whoever imports it will say so
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return _described(error, path)
        _store(path)
    return None


def _described(error: Exception, path: Path) -> str:
    """Name file, line and error, without the line: it may hold a secret."""
    line = getattr(error, "lineno", None) or nul_line(path)
    where = f"{path}:{line}" if line else str(path)
    return f"{where}: {type(error).__name__}: {getattr(error, 'msg', error)}"


def _store(path: Path) -> None:
    # NOTE: Python's usual cache is valid for a source of the same second and size, so
    # it would serve the code of the save before: "A" and "B" are equally long.
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError, py_compile.PyCompileError):
            py_compile.compile(
                str(path),
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
            )
