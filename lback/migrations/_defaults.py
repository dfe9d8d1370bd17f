"""What a database says about its defaults, without the ways in which it says it."""

import re
from typing import Any
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

_CAST = re.compile(r"::[\w\s\"\[\]()]+$")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")

NOW = "now()"


def bare(text: str) -> tuple[str, bool]:
    """Return a default without casts and brackets, and whether it is a plain text."""
    text = _CAST.sub("", text.strip())
    while text.startswith("(") and text.endswith(")"):
        text = _CAST.sub("", text[1:-1].strip())
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return quoted[1].replace("''", "'"), True
    if text.lower() in {NOW, "current_timestamp"}:
        return NOW, False
    return text, False


def defaults_differ(  # noqa: PLR0913, PLR0917  # Alembic's signature
    context: "MigrationContext",
    inspected: Any,
    column: Any,
    there: str | None,
    wanted: Any,
    rendered: str | None,
) -> bool | None:
    """Say that two defaults are one, written differently; else let Alembic judge."""
    if there is None or rendered is None:
        return None
    if bare(there)[0] == bare(rendered)[0]:
        return False
    return None
