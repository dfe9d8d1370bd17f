"""Describe why a project did not start, in the words of its own lines."""

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from lback.core._blame import is_of_the_project
from lback.core.exceptions import FrameworkException

_FRAMEWORK = str(Path(__file__).parent.parent)
_FROZEN = "<frozen "


def describe(error: BaseException) -> str:
    """Return the message, and where in the project it came from.

    An error of Lback's own speaks for itself; the traceback below it is that of the
    error it was raised from. Frames of the framework and of the import system that
    lead to the project are left out, and so is a traceback without any other. The
    line of a syntax error is named, not quoted: it may hold a secret.
    """
    match error:
        case FrameworkException():
            cause = error.__cause__
            if cause is None or isinstance(cause, FrameworkException | SyntaxError):
                return str(error)
            if not _is_blamed_on_project(cause):
                return str(error)
            return f"{error}\n\n{_project_traceback(cause)}"
        case SystemExit():
            headline = f"The project called sys.exit({error.code!r}) while it started."
            return f"{headline}\n\n{_project_traceback(error)}"
        case _:
            return _project_traceback(error)


def where_is(thread: int) -> str:
    """Return the lines that the thread with the identifier *thread* is executing."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001  # the only way to ask
    stack = traceback.extract_stack(frame)
    return "".join(traceback.format_list(_without_prelude(stack))).rstrip()


def _project_traceback(error: BaseException) -> str:
    told = traceback.TracebackException.from_exception(error)
    told.stack = _without_prelude(told.stack)
    for part in _chain(told):
        part.text = None  # type: ignore[assignment]  # as if no source were at hand
    return "".join(told.format()).rstrip()


def _chain(
    told: traceback.TracebackException | None,
) -> Iterator[traceback.TracebackException]:
    """Yield an error and those that it was raised from or during."""
    if told is not None:
        yield told
        yield from _chain(told.__cause__)
        yield from _chain(told.__context__)


def _is_blamed_on_project(error: BaseException) -> bool:
    """Tell whether a line of the project is in the traceback, or in a cause's."""
    chain = _chain(traceback.TracebackException.from_exception(error))
    return any(
        is_of_the_project(frame.filename) for part in chain for frame in part.stack
    )


def _without_prelude(stack: traceback.StackSummary) -> traceback.StackSummary:
    """Drop what ran before the first line of the project, and the import system."""
    frames = [frame for frame in stack if not frame.filename.startswith(_FROZEN)]
    foreign = [n for n, f in enumerate(frames) if not _is_prelude(f.filename)]
    kept = frames[foreign[0] :] if foreign else frames
    return traceback.StackSummary.from_list(kept)


def _is_prelude(filename: str) -> bool:
    return filename.startswith(_FRAMEWORK) or "importlib" in filename
