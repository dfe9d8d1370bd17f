"""Say where an exception comes from in the code of the project."""

import os
import sysconfig

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  # pathlib here costs a start 3 ms
_LIBRARIES = tuple(
    path
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_paths().get(name))
)


def last_project_line(error: BaseException) -> str:
    """Return the error with the file and line of the project that caused it.

    Frames of Lback, of the standard library and of installed packages are passed
    over; a syntax error names the file it is in.
    """
    # NOTE: one line, whatever the exception says.
    said = " ".join(f"{type(error).__name__}: {error}".split())
    if isinstance(error, SystemExit):
        said = f"it calls sys.exit({error.code!r})"
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {error.msg} ({error.filename}:{error.lineno})"
    import traceback

    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if is_of_the_project(frame.filename)
    ]
    if not frames:
        return said
    return f"{said} ({frames[-1].filename}:{frames[-1].lineno})"


def is_of_the_project(filename: str) -> bool:
    """Tell whether a file is neither Lback's nor a library's."""
    return not filename.startswith(("<", _OURS + os.sep, *_LIBRARIES))
