"""Dictionaries of what a client sent, whose missing keys are the client's mistake."""

from typing import Any
from typing import NoReturn

from lback.core.exceptions import MissingField


class Fields(dict[str, Any]):
    """A dictionary whose missing key becomes a 400 when nobody catches it."""

    def __missing__(self, key: str) -> NoReturn:
        raise MissingField(key)
