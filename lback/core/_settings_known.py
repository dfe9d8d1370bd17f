"""The settings that Lback itself reads, with their types and safe defaults."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lback.core._secrets import Secret

PREFIX = "LBACK_"

KINDS: dict[str, Any] = {
    "ALLOWED_HOSTS": list[str],
    "APPEND_SLASH": bool,
    "BASE_DIR": Path,
    "DATABASES": dict[str, Any],
    "DEBUG": bool,
    "INSTALLED_APPS": list[str],
    "LOGGING": dict[str, Any],
    "MIDDLEWARES": list[Any],
    "ROOT_URLCONF": str,
    "SECRET_KEY": Secret,
    "STATIC_URL": str,
    "TEMPLATE_DIRS": list[str | Path],
    "TRUSTED_PROXIES": list[str],
}


def defaults(base: Path) -> dict[str, Any]:
    """Make a fresh set of defaults for the project in the folder *base*."""
    return {
        "ALLOWED_HOSTS": [],
        "APPEND_SLASH": True,
        "BASE_DIR": base,
        "DATABASES": {},
        "DEBUG": False,
        "INSTALLED_APPS": [],
        "LOGGING": {},
        "MIDDLEWARES": [],
        "ROOT_URLCONF": "",
        "SECRET_KEY": Secret(""),
        "STATIC_URL": "/static/",
        "TEMPLATE_DIRS": [base / "templates"],
        "TRUSTED_PROXIES": [],
    }


def near(name: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *name* is probably a slip of."""
    letters = set(name)
    close = [
        other
        for other in known
        if abs(len(other) - len(name)) <= 2  # noqa: PLR2004  # two slips at most
        and len(letters ^ set(other)) <= 3  # noqa: PLR2004  # likewise
    ]
    if not close:
        return None
    # NOTE: here, because most names are far from every other and never get here.
    from difflib import get_close_matches

    found = get_close_matches(name, close, n=1, cutoff=0.8)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'X'?``, or nothing if no name is near."""
    found = near(name, known)
    return f" Did you mean {found!r}?" if found else ""
