"""What ``lback signals check`` finds."""

from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback_cli._console import short_place
from lback_cli._signal_uses import Spot

if TYPE_CHECKING:
    from lback.core._receivers import Receiver
    from lback.core.signals import Signal

Level = Literal["error", "warning"]

# Rules that find what cannot work; the others find what only looks like a mistake.
_ERRORS = {"receiver-never-loaded", "start-up", "unknown-name", "wrong-fields"}


class Finding(NamedTuple):
    """A mistake, or something that looks like one.

    Attributes:
        id: The name of the rule; it stays the same from version to version.
        level: ``"error"`` where something cannot work, else ``"warning"``.
        text: What is wrong, where, and what to do about it.
        file: Where it is; None for a mistake that has no place.
        line: The line in it.
    """

    id: str
    level: Level
    text: str
    file: str | None = None
    line: int | None = None


def finding(rule: str, text: str, file: str | None, line: int | None) -> Finding:
    """Return the finding of a rule at a place, which its text begins with."""
    level: Level = "error" if rule in _ERRORS else "warning"
    place = f"{short_place(file, line)}: " if file else ""
    return Finding(rule, level, f"{place}{text}", file, line)


def at_spot(rule: str, spot: Spot, text: str) -> Finding:
    """Return a finding at a line of the source."""
    return finding(rule, text, spot.source.file, spot.line)


def at_declaration(rule: str, signal: "Signal[..., Any]", text: str) -> Finding:
    """Return a finding where *signal* is declared."""
    declared = signal.declaration
    file = declared.file if declared is not None else None
    return finding(rule, text, file, declared.line if declared is not None else None)


def at_receiver(rule: str, receiver: "Receiver", text: str) -> Finding:
    """Return a finding where the function of *receiver* is defined."""
    return finding(rule, text, receiver.origin.file, receiver.origin.line)
