"""What must be true of settings before a server may start with them."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any
from typing import Protocol

from lback.core._secrets import Secret
from lback.core._settings_known import KINDS
from lback.core._settings_values import misfit

_SHORTEST_KEY = 50
_FEWEST_SIGNS = 5
_PLACEHOLDER = re.compile(
    r"change[-_ ]?(?:me|this)|insecure|placeholder|your[-_ ]?secret|replace[-_ ]?me"
    r"|example|secret[-_ ]?key",
    re.IGNORECASE,
)
_NEW_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'


class Named(Protocol):
    """Whatever gives settings by name."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return the setting *name*, or *default*."""


def problems(config: Named, bind: str | None) -> Iterator[str]:
    """Yield everything that keeps a server from starting.

    Args:
        config: The settings.
        bind: The address that the server is going to listen on, if that is known.
    """
    for name, kind in KINDS.items():
        value = config.get(name)
        wrong = None if value is None else misfit(value, kind)
        if wrong:
            yield f"{name} {wrong}."
    if config.get("DEBUG") is True:
        if bind is not None and not _is_loopback(bind):
            yield (
                f"DEBUG is on while the server would listen on {bind}, where others "
                "can reach it. Set DEBUG to false, or listen on 127.0.0.1."
            )
        return
    yield from _key_problems(config.get("SECRET_KEY"))
    if not config.get("ALLOWED_HOSTS"):
        yield (
            "ALLOWED_HOSTS is empty while DEBUG is off. "
            'List the names the site is reached by, such as ["example.org"].'
        )


def _key_problems(key: Any) -> Iterator[str]:
    text = key.reveal() if isinstance(key, Secret) else key
    if not isinstance(text, str) or not text:
        wrong = "is not set"
    elif len(text) < _SHORTEST_KEY:
        wrong = f"has {len(text)} characters, fewer than {_SHORTEST_KEY}"
    elif len(set(text)) < _FEWEST_SIGNS:
        wrong = f"has fewer than {_FEWEST_SIGNS} different characters"
    elif _PLACEHOLDER.search(text):
        wrong = "is a placeholder"
    else:
        return
    yield (
        f"SECRET_KEY {wrong}, and DEBUG is off. Put a fresh one into .env, "
        f"made with: {_NEW_KEY}"
    )


def _is_loopback(bind: str) -> bool:
    host = bind.strip("[]")
    if host in ("localhost", ""):
        return host == "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
