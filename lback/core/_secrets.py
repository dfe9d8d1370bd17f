"""What must not be shown: a holder for secrets, and how others are recognised."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import final
from typing import NoReturn

MASK = "***"

# Shorter texts stand in too many harmless places to be masked by value.
_SHORTEST = 8

_WORDS = (
    "apikey|auth|authorization|bearer|credential|credentials|dsn|jwt|key|keys|pass|"
    "passcode|passphrase|passwd|password|passwords|pw|pwd|salt|secret|secrets|token|"
    "tokens"
)
_NAME = re.compile(
    rf"(?:^|_)(?:{_WORDS})(?:_|$)|secret|passw|passphrase|credential|apikey|privatekey"
)
# Only these are looked for elsewhere: KEY_PREFIX = "shop" must not mask every "shop".
_OWN_NAME = re.compile(rf"(?:^|_)(?:{_WORDS})$")
# A number is hidden only where the name says that it is the secret itself:
# API_TOKEN = 12345 but not PASSWORD_MIN_LENGTH = 12.
_NUMBER_NAME = re.compile(
    r"(?:key|passcode|passwd|password|passphrase|(?:^|_)pw|pwd|secret|token)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CREDENTIALS_IN_TEXT = re.compile(
    # scheme://user:password@ (the password may be unquoted and hold any sign)
    r"://[^\s:/?#]*:[^\s]+@"
    # scheme://token@ (for http any name, for others what is no name: git@, postgres@)
    r"|(?i:https?)://[^\s:/?#@]+@"
    r"|://(?:[^\s:/?#@]{20,}|(?=[^\s:/?#@]*[0-9])[^\s:/?#@]{8,})@"
    # a key file, and a JSON Web Token
    r"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*"
    # ?token=..., password=...
    rf"|(?i:(?:{_WORDS})\s*=\s*[^\s&])"
)


@final
class Secret:
    """Hold a text that must never be shown by accident.

    It is not a ``str``, so joining, formatting, logging or serialising it cannot
    leak it: each gives ``***`` or an error. ``reveal()`` is the one way to the text.

    Args:
        text: The secret.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"A Secret holds a str, not a {type(text).__name__}.")
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, _: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        """Compare by value, in constant time, with a Secret or a str."""
        if not isinstance(other, Secret | str):
            return NotImplemented
        # NOTE: here, because hmac brings in OpenSSL, which loading settings must not.
        from hmac import compare_digest

        text = other._text if isinstance(other, Secret) else other
        return compare_digest(_bytes(self._text), _bytes(text))

    def __hash__(self) -> int:
        return hash(self._text)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, _: object) -> "Secret":
        return self

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("A Secret is not pickled; pass on reveal() if you must.")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def is_secret_name(name: str) -> bool:
    """Tell whether a setting, key or variable of this name holds a secret."""
    return _NAME.search(_plain(name)) is not None


def _plain(name: str) -> str:
    """Bring ``clientSecret``, ``client-secret`` and ``CLIENT_SECRET`` to one form."""
    return _CAMEL.sub("_", name).replace("-", "_").replace(" ", "_").lower()


def has_credentials(text: str) -> bool:
    """Tell whether a text carries a password: inside a URL, or as ``password=...``."""
    return _CREDENTIALS_IN_TEXT.search(text) is not None


def must_be_hidden(name: str, value: object, known: Iterable[str] = ()) -> bool:
    """Tell whether the plain *value* found under *name* is a secret.

    Args:
        name: The nearest name above the value; a list's elements have the list's.
        value: A leaf. Containers are the caller's to walk through.
        known: Texts that are known to be secret, see :func:`secret_texts`.
    """
    if isinstance(value, Secret):
        return True
    if isinstance(value, str | bytes):
        if not value:
            return False
        text = value if isinstance(value, str) else value.decode("latin-1")
        return (
            is_secret_name(name)
            or has_credentials(text)
            or any(secret in text for secret in known)
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _NUMBER_NAME.search(_plain(name)) is not None
    return False


# What shells call the working folder and the one before it: no passwords, but a part of
# the file names in messages.
_SHELLS_FOLDERS = frozenset({"PWD", "OLDPWD"})


def secret_texts(*sources: Mapping[str, Any]) -> frozenset[str]:
    """Collect the texts of all secrets in settings or environments.

    With them a secret is recognised wherever it was copied to: a message, a header
    that was put together from it, a line of a log.
    """
    return frozenset(
        text
        for source in sources
        for name, value in source.items()
        for text in _texts(name, value)
        if len(text) >= _SHORTEST
    )


def _texts(name: str, value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, str):
        is_folder = name in _SHELLS_FOLDERS and value.startswith("/")
        if _OWN_NAME.search(_plain(name)) and not is_folder:
            yield value
        yield from _passwords_in(value)
    elif depth > 10:  # noqa: PLR2004  # deeper is a cycle or somebody's data
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(f"{name}_{key}", item, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(name, item, depth + 1)


def _passwords_in(text: str) -> Iterator[str]:
    for match in re.finditer(r"://[^\s:/?#]*:([^\s]+)@", text):
        yield match[1]


def mask(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret in *text*, and every password inside a URL, by ``***``."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return re.sub(r"(://[^\s:/?#]*:)[^\s]+@", rf"\1{MASK}@", text)
