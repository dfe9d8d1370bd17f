"""From settings to what config.json may hold: JSON, and never a secret."""

import json
import math
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from datetime import time
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from uuid import UUID

from lback.core._secrets import must_be_hidden
from lback.core._settings_layers import ENV_REFERENCE
from lback.core._settings_layers import SETTINGS_REFERENCE

_DEEPEST = 50
_LONGEST_INT = 4000
_LONGEST_TEXT = 100_000

#: Where a value that is hidden stands inside its setting: ("default", "PASSWORD").
Place = tuple[str, ...]


class NotForJson(ValueError):
    """A value that JSON cannot hold; the message says which part and why."""


def snapshot_value(
    name: str, value: Any, *, variable: str | None, secrets: frozenset[str]
) -> Any:
    """Return what config.json holds for one setting.

    Args:
        name: The setting.
        value: Its value.
        variable: The environment variable that gave the value, if one did.
        secrets: Texts that are known to be secret.

    Raises:
        NotForJson: JSON cannot hold the value.
    """
    walk = _Walk(name, secrets)
    plain = walk.plain(value, (), name)
    if variable is not None and walk.has_hidden:
        return {ENV_REFERENCE: variable}
    return plain


def to_json(name: str, value: Any) -> tuple[Any, bool]:
    """Return *value* as JSON holds it, and whether a secret had to be left out.

    Raises:
        NotForJson: JSON cannot hold the value.
    """
    walk = _Walk(name, frozenset())
    return walk.plain(value, (), name), walk.has_hidden


class _Walk:
    """One walk through the value of one setting."""

    def __init__(self, name: str, secrets: frozenset[str]) -> None:
        self.name = name
        self.secrets = secrets
        self.has_hidden = False

    def plain(self, value: Any, place: Place, under: str) -> Any:
        """Return *value* as JSON, secrets as references.

        Args:
            value: The value, or a part of it.
            place: Where the part stands.
            under: The names above it, which tell whether it is a secret.
        """
        if len(place) > _DEEPEST:
            raise NotForJson(
                f"{self.name} is nested more than {_DEEPEST} levels deep, or contains "
                "itself"
            )
        if isinstance(value, str | bytes) and len(value) > _LONGEST_TEXT:
            raise self._refuse(place, f"is a text of more than {_LONGEST_TEXT} signs")
        if must_be_hidden(under, value, self.secrets):
            self.has_hidden = True
            return {SETTINGS_REFERENCE: ".".join((self.name, *place))}
        if isinstance(value, Mapping):
            return self._mapping(value, place, under)
        if isinstance(value, list | tuple):
            return self._items(value, place, under)
        if isinstance(value, set | frozenset):
            # NOTE: no numbers in the places; the order changes with every process.
            items = [self.plain(item, place, under) for item in value]
            return sorted(items, key=_sort_key)
        return self._leaf(value, place, under)

    def _items(self, items: Any, place: Place, under: str) -> list[Any]:
        return [
            self.plain(item, (*place, str(number)), under)
            for number, item in enumerate(items)
        ]

    def _mapping(self, value: Mapping[Any, Any], place: Place, under: str) -> Any:
        plain: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise self._refuse(place, f"has the key {_kind(key)}, not a str or int")
            text = self._text(str(key), place)
            if text in plain:
                raise self._refuse(place, f"has the keys {text} and {text!r}")
            # NOTE: what is under a secret's name is secret as well, so the names add
            # up; a number is judged by the nearest name alone.
            plain[text] = self.plain(item, (*place, text), f"{under}_{text}")
        return plain

    def _leaf(self, value: Any, place: Place, under: str) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, place)
        if isinstance(value, int):
            if abs(value).bit_length() > _LONGEST_INT:
                raise self._refuse(place, "is too large a number")
            return int(value)
        if isinstance(value, float):
            if not math.isfinite(value):
                raise self._refuse(place, f"is {value}, which JSON does not have")
            return float(value)
        if isinstance(value, datetime | date | time):
            return value.isoformat()
        if isinstance(value, PurePath | UUID | Decimal):
            return self.plain(str(value), place, under)
        raise self._refuse(place, f"is {_kind(value)}, which JSON cannot hold")

    def _text(self, text: str, place: Place) -> str:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self._refuse(place, "has a lone surrogate, not text") from None
        # NOTE: the copy is a plain str also where the value is of a subclass.
        return "".join(text)

    def _refuse(self, place: Place, reason: str) -> NotForJson:
        return NotForJson(f"{'.'.join((self.name, *place))} {reason}")


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _sort_key(item: Any) -> tuple[bool, float, str]:
    """Order numbers by size and before everything else."""
    if isinstance(item, int | float) and not isinstance(item, bool):
        return (False, item, "")
    return (True, 0, json.dumps(item, sort_keys=True))
