"""Where in the source a signal was declared."""

import sys
from types import FrameType
from typing import NamedTuple

# The modules whose frames are skipped: they declare on behalf of their caller.
_OURS = (
    "lback.core.signals",
    "lback.core._cell",
    "lback.core._connectable",
    "lback.core._declaration",
    "lback.core._field_types",
    "lback.core._payload",
    "lback.core._registry",
    "lback.core._sending",
    "lback.compat.",
)


class Declaration(NamedTuple):
    """The place of a declaration and the execution of its module.

    Attributes:
        module: The dotted name of the module.
        file: The path of its source file, or an empty string.
        line: The line of the declaration.
        spec: The module's spec at the time; a reload brings another one.
    """

    module: str
    file: str
    line: int
    spec: object

    @property
    def place(self) -> str:
        """``file:line`` of the declaration."""
        return f"{self.file}:{self.line}"

    def is_repeated_by(self, other: "Declaration") -> bool:
        """Tell whether *other* is this declaration, executed once more."""
        if self.module != other.module:
            return False
        # NOTE: an interactive session has no spec, and a number for each input;
        # typing it again is meant.
        if self.file.startswith("<") and other.file.startswith("<"):
            return True
        return self.file == other.file and self.spec is not other.spec


def is_test(module: str) -> bool:
    """Tell whether *module* is one of an application's tests."""
    parts = module.split(".")
    last = parts[-1]
    return (
        "tests" in parts
        or last in {"conftest", "test"}
        or last.startswith("test_")
        or last.endswith("_test")
    )


def declared_here() -> Declaration:
    """Return the place of the first caller outside the signal system."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # the walk needs a start
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    if frame is None:
        return Declaration("?", "", 0, None)
    scope = frame.f_globals
    return Declaration(
        module=str(scope.get("__name__", "?")),
        file=frame.f_code.co_filename,
        line=frame.f_lineno,
        spec=scope.get("__spec__"),
    )


def called_from() -> str:
    """Return ``file:line`` of the first caller outside the signal system."""
    return declared_here().place


def _is_ours(frame: FrameType) -> bool:
    # NOTE: "typing" is between for Signal[P, T]("name").
    name = str(frame.f_globals.get("__name__", ""))
    return name == "typing" or name.startswith(_OURS)
