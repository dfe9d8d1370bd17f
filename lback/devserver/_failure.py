"""Describe why a project did not start, in the words of its own lines."""

import sys
import traceback
from pathlib import Path

from lback.core.exceptions import FrameworkException

_FRAMEWORK = str(Path(__file__).parent.parent)
_FROZEN = "<frozen "


def describe(error: BaseException) -> str:
    """Return the message, and where in the project it came from.

    An error of Lback's own speaks for itself; the traceback below it is that of the
    error it was raised from. Frames of the framework and of the import system that
    lead to the project are left out.
    """
    match error:
        case FrameworkException():
            cause = error.__cause__
            if cause is None or isinstance(cause, FrameworkException | SyntaxError):
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
    return "".join(told.format()).rstrip()


def _without_prelude(stack: traceback.StackSummary) -> traceback.StackSummary:
    """Drop what ran before the first line of the project, and the import system."""
    frames = [frame for frame in stack if not frame.filename.startswith(_FROZEN)]
    foreign = [n for n, f in enumerate(frames) if not _is_prelude(f.filename)]
    kept = frames[foreign[0] :] if foreign else frames
    return traceback.StackSummary.from_list(kept)


def _is_prelude(filename: str) -> bool:
    return filename.startswith(_FRAMEWORK) or "importlib" in filename
