"""Values as a debug page may show them: short, without secrets, whatever they do."""

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from itertools import islice
from typing import Any
from typing import TypeVar
from urllib.parse import quote
from urllib.parse import quote_plus

from lback.core._secrets import has_credentials
from lback.core._secrets import is_secret_name
from lback.core._secrets import MASK
from lback.core._secrets import mask
from lback.core._secrets import must_be_hidden

T = TypeVar("T")

_LONGEST = 300
_LONGEST_TEXT = 4_000
_DEEPEST = 4

# What is read of a text before it is cut. Far more than is shown: a secret must be
# found whole, not stand at the edge with its last letter missing.
_READ = 12_000

_CALLED = re.compile(r"token|cookie|authorization", re.IGNORECASE)
_LITERAL = r"[bfruBFRU]{0,2}(?:'(?:[^'\\]|\\.)*(?:'|\Z)|" + r'"(?:[^"\\]|\\.)*(?:"|\Z))'
# What a name is written before: in a mapping, in a pair, in an assignment.
_KEY = re.compile(
    r"""(?P<quote>['"])(?P<quoted>[\w.-]{1,64})(?P=quote)\s{0,9}:\s{0,9}"""
    r"""|\((?P<mark>['"])(?P<first>[\w.-]{1,64})(?P=mark),\s{0,9}"""
    r"|(?<![\w.-])(?P<name>[\w.-]{1,64})"
    r"(?:\s{0,9}:[\w .\[\]|]{1,40})?\s{0,9}(?:==?|:=)\s{0,9}"
)
_IN_SOURCE = re.compile(_LITERAL)
_IN_TEXT = re.compile(
    rf"{_LITERAL}|\w{{0,64}}\([^)]{{0,999}}\)|\[[^\]]{{0,999}}\]|\{{[^}}]{{0,999}}\}}"
    r"|[^\s,;)}\]&]+"
)
_EMPTY = frozenset({"''", '""', "None"})
_RECOGNISED = re.compile(
    # a line of headers
    r"(?P<header>\b(?:authorization|cookie)\s*:\s*)[^\n]+"
    r"|(?P<scheme>\b(?:bearer|basic)\s+)[\w.~+/=-]{16,}"
    # a JSON Web Token, and a key file
    r"|\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*"
    r"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)"
    # https://token@host
    r"|(?P<url>\bhttps?://)[^\s:/?#@]+(?=@)",
    re.IGNORECASE | re.DOTALL,
)

# Terminals obey control characters, and some signs turn the direction of a line.
_UNSEEN = {
    number: f"\\x{number:02x}"
    for number in (*range(32), *range(0x7F, 0xA0))
    if chr(number) not in "\n\t"
}
_UNSEEN |= {
    number: f"\\u{number:04x}"
    for number in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


class Redactor:
    """Show texts and values without the secrets in them.

    Args:
        secrets: Texts that are known to be secret; they are hidden wherever they
            stand, also escaped or percent-encoded.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(
            spelling for secret in secrets for spelling in _spellings(secret)
        )

    def text(self, text: str) -> str:
        """Return a text as it may be shown, in 4,000 characters at most."""
        return _cut(_printable(self._hide(text[:_READ], _IN_TEXT)), _LONGEST_TEXT)

    def source(self, line: str) -> str:
        """Return source code; of what it assigns to a secret name, only literals go."""
        return _cut(_printable(self._hide(line[:_READ], _IN_SOURCE)))

    def value(self, name: str, value: object) -> str:
        """Return the repr of what is called *name*, in 300 characters at most.

        A repr that raises is shown as such.
        """
        return _cut(self._repr(name, value, _DEEPEST))

    def _hide(self, text: str, values: re.Pattern[str]) -> str:
        """Hide what is known, what stands behind a secret's name, what looks like one.

        Args:
            text: What may hold secrets.
            values: What counts as a value behind a name.
        """
        text = _without_assigned(mask(text, self._secrets), values)
        return _RECOGNISED.sub(_without_match, text)

    def _repr(self, name: str, value: object, depth: int) -> str:
        return attempt(
            lambda: self._repr_of(name, value, depth),
            lambda error: f"<repr of {type(value).__name__} raised {_kind(error)}>",
        )

    def _repr_of(self, name: str, value: Any, depth: int) -> str:
        if _is_hidden(name, value):
            return MASK
        if isinstance(value, dict):
            shown = f"{{{self._items(name, value, depth - 1)}}}"
            is_plain = type(value).__repr__ is dict.__repr__
            return shown if is_plain else f"{type(value).__name__}({shown})"
        # NOTE: by their repr: a subclass without one of its own is shown like its base.
        known: Any = type(value).__repr__
        if known is str.__repr__ or known is bytes.__repr__:
            return self._repr_of_text(value[:_READ])
        if known in _BRACKETS:
            begin, end = _BRACKETS[known]
            return begin + self._items(name, value, depth - 1) + end
        # NOTE: other objects write their fields themselves: User(password='...').
        return self.text(repr(value)[:_READ])

    def _repr_of_text(self, value: str | bytes) -> str:
        text = value if isinstance(value, str) else value.decode("latin-1")
        hidden = self._hide(text, _IN_TEXT)
        if hidden == text and has_credentials(text):
            return MASK
        is_text = isinstance(value, str)
        return _printable(repr(hidden)) if is_text else f"b{hidden!a}"

    def _items(self, name: str, value: Any, depth: int) -> str:
        """Return what stands between the brackets of a container."""
        if depth == 0:
            return "..." if value else ""
        texts: list[str] = []
        length = 0
        for text in self._each(name, value, depth):
            if length > _LONGEST:
                texts.append("...")
                break
            texts.append(text)
            length += len(text)
        return ", ".join(texts)

    def _each(self, name: str, value: Any, depth: int) -> Iterator[str]:
        if isinstance(value, dict):
            for key, item in islice(dict.items(value), _LONGEST):
                shown = self._repr(_name_in(key, name), item, depth)
                yield f"{self._repr('', key, depth)}: {shown}"
            return
        items = list(islice(iter(value), _LONGEST))
        # NOTE: headers and forms travel as pairs of a name and a value.
        is_pair = len(items) == 2  # noqa: PLR2004  # a pair
        for number, item in enumerate(items):
            under = _name_in(items[0], name) if is_pair and number else name
            yield self._repr(under, item, depth)


def _name_in(key: object, otherwise: str) -> str:
    """Return the name that a key is, or that of what it stands in."""
    if isinstance(key, bytes):
        return key[:_LONGEST].decode("latin-1")
    return key[:_LONGEST] if isinstance(key, str) else otherwise


_BRACKETS: dict[Any, tuple[str, str]] = {
    list.__repr__: ("[", "]"),
    tuple.__repr__: ("(", ")"),
    set.__repr__: ("{", "}"),
    frozenset.__repr__: ("frozenset({", "})"),
}


def attempt(make: Callable[[], T], otherwise: Callable[[Exception], T]) -> T:
    """Return what *make* returns, or what *otherwise* makes of its exception.

    The code of a project that has just failed is asked for texts here; what it raises
    is shown in their place.
    """
    try:
        return make()
    except Exception as error:  # noqa: BLE001  # handed to the caller, who shows it
        return otherwise(error)


def _kind(error: Exception) -> str:
    return type(error).__name__


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _is_called_secret(name: str) -> bool:
    return is_secret_name(name.replace(".", "_")) or _CALLED.search(name) is not None


def _is_hidden(name: str, value: Any) -> bool:
    """Tell whether nothing of what is called *name* may be shown."""
    if value is None or isinstance(value, bool) or not _is_called_secret(name):
        return False
    if isinstance(value, int | float):
        return must_be_hidden(name, value)
    # NOTE: that a secret is empty is what one wants to know of it.
    return not (isinstance(value, str | bytes) and not value)


def _printable(text: str) -> str:
    return text.translate(_UNSEEN).encode(errors="backslashreplace").decode()


def _without_assigned(text: str, values: re.Pattern[str]) -> str:
    """Hide the values that stand behind a secret's name."""
    parts: list[str] = []
    end = position = 0
    while found := _KEY.search(text, position):
        # NOTE: from here on, not behind the value: it may hold names itself.
        position = found.end()
        name = found["quoted"] or found["first"] or found["name"]
        value = values.match(text, position) if _is_called_secret(name) else None
        if value is not None and value[0] not in _EMPTY:
            parts += [text[end:position], MASK]
            end = position = value.end()
    return "".join([*parts, text[end:]])


def _without_match(found: re.Match[str]) -> str:
    kept = found["header"] or found["scheme"] or found["url"] or ""
    return f"{kept}{MASK}"


def _spellings(secret: str) -> Iterator[str]:
    """Yield the secret as it stands in texts, reprs, URLs and bytes."""
    yield secret
    yield repr(secret)[1:-1]
    encoded = secret.encode(errors="surrogatepass")
    yield quote(encoded)
    yield quote(encoded, safe="")
    yield quote_plus(encoded)
    yield encoded.decode("latin-1")
    yield repr(encoded)[2:-1]
