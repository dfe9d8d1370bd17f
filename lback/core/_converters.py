"""Converters between the text of a url and Python values."""

import operator
import re
import uuid
from typing import Any

from lback.core.exceptions import InvalidRoute

_CLIMBING = frozenset({".", ".."})
_UUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"


class TypeConverter:
    """Convert one variable of a path; the base class leaves text as it is.

    The segments ``.`` and ``..`` are no text: clients and proxies resolve them.

    Attributes:
        regex: What the text in the url has to look like.
    """

    # Anything within one segment but control characters.
    regex = r"[^/\x00-\x1f\x7f]+"

    @property
    def openapi_type(self) -> dict[str, Any]:
        """The OpenAPI schema of the values."""
        return {"type": "string"}

    def to_python(self, value: str) -> Any:
        """Return the Python value of the text *value*.

        Raises:
            ValueError: The text means no value; the route does not match.
        """
        if value in _CLIMBING:
            raise ValueError(value)
        return value

    def to_url(self, value: Any) -> str:
        """Return the text for *value*, before it is percent-encoded."""
        return str(value)


class IntegerConverter(TypeConverter):
    """Convert non-negative integers of up to 19 ASCII digits, without leading zeros."""

    regex = "0|[1-9][0-9]{0,18}"

    @property
    def openapi_type(self) -> dict[str, Any]:
        """The OpenAPI schema of an integer."""
        return {"type": "integer", "minimum": 0}

    def to_python(self, value: str) -> int:
        """Return the number that *value* writes."""
        return int(value)

    def to_url(self, value: Any) -> str:
        """Return the digits of *value*, a whole number or its digits.

        Raises:
            TypeError: It is a number with a fraction, or no number.
        """
        return str(int(value) if isinstance(value, str) else operator.index(value))


class UUIDConverter(TypeConverter):
    """Convert UUIDs written with dashes."""

    regex = _UUID

    @property
    def openapi_type(self) -> dict[str, Any]:
        """The OpenAPI schema of a UUID."""
        return {"type": "string", "format": "uuid"}

    def to_python(self, value: str) -> uuid.UUID:
        """Return the UUID that *value* writes."""
        return uuid.UUID(value)

    def to_url(self, value: Any) -> str:
        """Return *value* with dashes."""
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(str(value)))


class PathConverter(TypeConverter):
    """Take several segments, slashes included, but none that climbs.

    A leading slash is refused: the url would name another host.
    """

    regex = r"[^\x00-\x1f\x7f]+"

    def to_python(self, value: str) -> str:
        """Return the path unless it climbs."""
        if value.startswith("/") or not _CLIMBING.isdisjoint(value.split("/")):
            raise ValueError(value)
        return value


_CONVERTERS: dict[str, TypeConverter] = {
    "str": TypeConverter(),
    "int": IntegerConverter(),
    "uuid": UUIDConverter(),
    "path": PathConverter(),
}


def converter_named(name: str, path: str) -> TypeConverter:
    """Return the converter that ``{variable:name}`` asks for.

    Raises:
        InvalidRoute: There is none of this name.
    """
    found = _CONVERTERS.get(name)
    if found is None:
        known = ", ".join(_CONVERTERS)
        raise InvalidRoute(
            f"The path {path!r} uses the unknown converter {name!r}. Known: {known}."
        )
    return found


def compiled(converter: TypeConverter) -> re.Pattern[str]:
    """Return the pattern that a whole text must match for *converter*."""
    return re.compile(converter.regex)
