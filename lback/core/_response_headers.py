"""The headers of a response."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import MutableMapping

from lback.core.exceptions import InvalidResponse

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def checked(name: object, value: object) -> tuple[str, str]:
    """Return a header that cannot break out of its line.

    Raises:
        InvalidResponse: The name is no token, or the value has control characters.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidResponse(f"{name!r} is no name of a header.")
    text = str(value)
    if _BAD_IN_VALUE.search(text):
        raise InvalidResponse(f"The header {name} has control characters: {text!r}.")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise InvalidResponse(
            f"The header {name} has characters outside Latin-1: {text!r}. Encode them."
        ) from None
    return name, text


class ResponseHeaders(MutableMapping[str, str]):
    """Headers by name, in any case; setting one checks it.

    Args:
        items: The list behind the mapping; it is what is sent.
    """

    __slots__ = ("items_sent",)

    def __init__(self, items: list[tuple[str, str]]) -> None:
        self.items_sent = items

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for known, value in self.items_sent:
            if known.lower() == wanted:
                return value
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        header = checked(name, value)
        self._drop(name)
        self.items_sent.append(header)

    def __delitem__(self, name: str) -> None:
        if not self._drop(name):
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self.items_sent))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.items_sent})

    def __repr__(self) -> str:
        return f"<ResponseHeaders {', '.join(self)}>"

    def add(self, name: str, value: str) -> None:
        """Add a header beside those of the same name, such as a second ``Link``."""
        self.items_sent.append(checked(name, value))

    def getlist(self, name: str) -> list[str]:
        """Return all values of *name* in order; none if there is none."""
        wanted = name.lower()
        return [value for known, value in self.items_sent if known.lower() == wanted]

    def _drop(self, name: str) -> bool:
        wanted = name.lower()
        kept = [header for header in self.items_sent if header[0].lower() != wanted]
        is_there = len(kept) < len(self.items_sent)
        self.items_sent[:] = kept
        return is_there


def checked_all(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return *headers* as a list, each of them checked."""
    return [checked(name, value) for name, value in headers]
