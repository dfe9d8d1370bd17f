"""Exceptions as a debug page tells them: what was raised, and through which frames."""

import linecache
import os
import sys
import textwrap
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from types import FunctionType
from types import ModuleType
from typing import Any

from lback.core._blame import is_of_the_project
from lback.core._debug_values import attempt
from lback.core._debug_values import Redactor

_AROUND = 2
_MOST_EXCEPTIONS = 20
_MOST_VARIABLES = 40

# Of more frames than this, as of a recursion without end, the middle is left out.
_MOST_FRAMES = 40
_NEWEST = 20
_OLDEST = 10


@dataclass(frozen=True)
class Line:
    """A line of source code."""

    number: int
    text: str
    is_marked: bool


@dataclass(frozen=True)
class Frame:
    """A place that the exception passed.

    Attributes:
        place: The file and line, such as ``"shop/views.py:12"``.
        function: The qualified name; empty for a syntax error.
        is_own: Whether it is code of the project, not of a library.
        lines: The source around it; empty where there is none to be read.
        variables: Names and values of an own frame, fit to be shown.
    """

    place: str
    function: str
    is_own: bool
    lines: tuple[Line, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cut:
    """A number of frames that are left out."""

    count: int


@dataclass(frozen=True)
class Failure:
    """An exception, with its frames from the newest to the oldest.

    Attributes:
        relation: What it has to do with the one before; empty for the first.
        kind: The name of its class.
        message: What it says.
        notes: What was added to it: usually the remedy.
        frames: Where it passed.
    """

    relation: str
    kind: str
    message: str
    notes: tuple[str, ...]
    frames: tuple[Frame | Cut, ...]


class Teller:
    """Tell exceptions and places in the terms of a project.

    Args:
        redactor: What hides the secrets.
        root: The folder of the project, which file names are shown relative to.
    """

    def __init__(self, redactor: Redactor, root: Path) -> None:
        self._redactor = redactor
        # NOTE: the longest first; a virtual environment may be inside the project.
        libraries = sorted((p for p in sys.path if p), key=len, reverse=True)
        self._roots = [str(root), *libraries]

    def tell(self, error: BaseException) -> tuple[list[Failure], int]:
        """Return an exception with all that led to it, and how many are left out.

        The exception itself comes first, then the members of a group, then its cause.
        """
        found = list(_chain(error))
        told = [self._failure(*pair) for pair in found[:_MOST_EXCEPTIONS]]
        return told, len(found) - len(told)

    def place(self, filename: str, line: int) -> str:
        """Return ``"shop/views.py:12"`` for a file of the project or a library."""
        for root in self._roots:
            if filename.startswith(root + os.sep):
                filename = filename[len(root) + 1 :]
                break
        return self._redactor.text(f"{filename}:{line}")

    def _failure(self, relation: str, error: BaseException) -> Failure:
        text = self._redactor.text
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        return Failure(
            relation,
            f"{module}{kind.__qualname__}",
            text(_said(error)),
            tuple(text(note) for note in _notes(error)),
            tuple(self._frames(error)),
        )

    def _frames(self, error: BaseException) -> Iterator[Frame | Cut]:
        if isinstance(error, SyntaxError) and isinstance(error.filename, str):
            yield self._syntax(error.filename, error.lineno or 1)
        frames = list(traceback.walk_tb(error.__traceback__))[::-1]
        count = len(frames)
        for number, (frame, line) in enumerate(frames):
            if count <= _MOST_FRAMES or not _NEWEST <= number < count - _OLDEST:
                yield self._frame(frame, line or 1)
            elif number == _NEWEST:
                yield Cut(count - _NEWEST - _OLDEST)

    def _syntax(self, filename: str, line: int) -> Frame:
        is_own = is_of_the_project(filename)
        lines = self._lines(filename, line, {}, around=_AROUND)
        return Frame(self.place(filename, line), "", is_own, lines)

    def _frame(self, frame: FrameType, line: int) -> Frame:
        code = frame.f_code
        filename = code.co_filename
        is_own = is_of_the_project(filename)
        return Frame(
            self.place(filename, line),
            code.co_qualname,
            is_own,
            self._lines(
                filename, line, frame.f_globals, around=_AROUND if is_own else 0
            ),
            attempt(lambda: tuple(self._variables(frame)), _no_variables)
            if is_own
            else (),
        )

    def _lines(
        self, filename: str, line: int, variables: dict[str, Any], *, around: int
    ) -> tuple[Line, ...]:
        lines = attempt(lambda: _source(filename, variables), lambda _: [])
        first = max(line - around, 1)
        text = textwrap.dedent("".join(lines[first - 1 : line + around])).rstrip()
        return tuple(
            Line(number, self._redactor.source(shown), number == line)
            for number, shown in enumerate(text.splitlines(), first)
        )

    def _variables(self, frame: FrameType) -> Iterator[tuple[str, str]]:
        """Yield the variables of a frame, of a module only what it has computed."""
        found = dict(frame.f_locals)
        if frame.f_locals is frame.f_globals:
            found = {
                name: value
                for name, value in found.items()
                if not name.startswith("__")
                and not isinstance(value, ModuleType | FunctionType | type)
            }
        for name in list(found)[:_MOST_VARIABLES]:
            yield str(name), self._redactor.value(str(name), found[name])
        if len(found) > _MOST_VARIABLES:
            yield "...", f"{len(found) - _MOST_VARIABLES} more"


def texts_in_frames(error: BaseException) -> Iterator[dict[str, str]]:
    """Yield the variables of each own frame that are plain texts, by name."""
    for _, one in list(_chain(error))[:_MOST_EXCEPTIONS]:
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if is_of_the_project(frame.f_code.co_filename):
                yield attempt(partial(_texts, frame), lambda _: {})


def _texts(frame: FrameType) -> dict[str, str]:
    return {n: v for n, v in frame.f_locals.items() if type(v) is type(n) is str}


def _no_variables(error: Exception) -> tuple[tuple[str, str], ...]:
    return (("...", f"<reading the variables raised {type(error).__name__}>"),)


def _source(filename: str, variables: dict[str, Any]) -> list[str]:
    """Read a source file, or nothing where there is none or its text is unreadable."""
    linecache.checkcache(filename)
    return linecache.getlines(filename, variables)


def _said(error: BaseException) -> str:
    return attempt(
        lambda: str(error), lambda other: f"<str() raised {type(other).__name__}>"
    )


def _notes(error: BaseException) -> list[str]:
    # NOTE: anybody may have set it to anything.
    notes = getattr(error, "__notes__", None)
    return [n for n in notes if isinstance(n, str)] if isinstance(notes, list) else []


def _chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """Yield an exception and what led to it, each once, with its relation."""
    known: set[int] = set()
    waiting = [("", error)]
    while waiting:
        relation, one = waiting.pop()
        if id(one) not in known:
            known.add(id(one))
            yield relation, one
            waiting.extend(reversed(list(_related(one))))


def _related(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    if isinstance(error, BaseExceptionGroup):
        count = len(error.exceptions)
        for number, member in enumerate(error.exceptions, 1):
            yield f"Member {number} of {count} of the group:", member
    if error.__cause__ is not None:
        yield "It was caused by:", error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        yield "It was raised while handling:", error.__context__
