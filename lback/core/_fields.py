"""Dictionaries of what a client sent, whose missing keys are the client's mistake."""

from collections.abc import Iterable
from typing import Any
from typing import NoReturn

from lback.core.exceptions import MissingField


class Fields(dict[str, Any]):
    """A dictionary whose missing key becomes a 400 when nobody catches it."""

    __slots__ = ()

    def __missing__(self, key: str) -> NoReturn:
        raise MissingField(key)


class MultiFields(Fields):
    """Fields that may come several times; as a dictionary the last value counts.

    Args:
        pairs: Names and values in the order in which they were sent.
    """

    __slots__ = ("_lists",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._lists: dict[str, list[str]] = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)
        super().__init__({name: values[-1] for name, values in self._lists.items()})

    def getlist(self, name: str) -> list[str]:
        """Return all values of *name* in order; none if it was not sent."""
        return list(self._lists.get(name, ()))
