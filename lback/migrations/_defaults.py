"""What a database says about its defaults, without the ways in which it says it."""

import re
from collections.abc import Callable
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


def let_spellings_pass(context: "MigrationContext") -> None:
    """Let a comparison take a default for what it is, however it is spelled.

    NOTE: Alembic asks a function of ours about computed columns and identities, too,
    and fails on them before it does. It asks its own dialect about plain defaults only.
    """
    impl = context.impl
    judge: Callable[..., Any] = impl.compare_server_default

    def differ(
        inspected: Any, column: Any, wanted: str | None, found: str | None
    ) -> bool:
        if (
            wanted is not None
            and found is not None
            and bare(found)[0] == bare(wanted)[0]
        ):
            return False
        return bool(judge(inspected, column, wanted, found))

    impl.compare_server_default = differ  # type: ignore[method-assign]  # of this one
