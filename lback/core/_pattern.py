"""Read the path of a route as it is written."""

import re
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any
from typing import NamedTuple
from urllib.parse import quote
from urllib.parse import urlencode

from lback.core._converters import converter_named
from lback.core._converters import PathConverter
from lback.core._converters import TypeConverter
from lback.core.exceptions import InvalidRoute
from lback.core.exceptions import NoReverseMatch

_VARIABLE = re.compile(r"\{([^{}]*)\}")

# Characters that may stand for themselves in a segment (RFC 3986, pchar).
_SEGMENT_SAFE = "!$&'()*+,;=:@"


class Variable(NamedTuple):
    """A variable of a path and how it is converted."""

    name: str
    converter: TypeConverter


class Pattern:
    """A path with variables, such as ``/users/{user_id:int}``.

    Args:
        path: The path as it is written, with a leading slash.

    Raises:
        InvalidRoute: The path cannot be routed.
    """

    __slots__ = ("_parts", "names", "path", "regex", "segments")

    def __init__(self, path: str) -> None:
        if not isinstance(path, str) or not path.startswith("/"):
            raise InvalidRoute(
                f"The path {path!r} does not start with a slash. Write: '/{path}'."
            )
        if re.search(r"[\x00-\x1f\x7f]", _VARIABLE.sub("", path)):
            raise InvalidRoute(
                f"The path {path!r} has control characters, which no route may match."
            )
        if not {".", ".."}.isdisjoint(path.split("/")):
            raise InvalidRoute(
                f"The path {path!r} has a dot segment, which clients resolve."
            )
        if "//" in path:
            raise InvalidRoute(
                f"The path {path!r} has two slashes in a row. Write one of them."
            )
        self.path = path
        self._parts = _split(path)
        self.names = tuple(p.name for p in self._parts if isinstance(p, Variable))
        if len(set(self.names)) < len(self.names):
            raise InvalidRoute(f"The path {path!r} uses a variable twice. Rename one.")
        self.regex = re.compile(_regex(self._parts))
        self.segments = _segments(self._parts)

    @property
    def is_static(self) -> bool:
        """Whether the path has no variables."""
        return not self.names

    def match(self, path: str) -> dict[str, Any] | None:
        """Return the values of the variables in *path*, or None if it differs."""
        found = self.regex.fullmatch(path)
        if found is None:
            return None
        try:
            return {
                part.name: part.converter.to_python(found[part.name])
                for part in self._parts
                if isinstance(part, Variable)
            }
        except ValueError:
            return None

    def fill(self, values: Mapping[str, Any]) -> str:
        """Return the url with *values*; those that are no variable become the query.

        Raises:
            NoReverseMatch: A value is missing, or the path would not match it.
        """
        text = "".join(
            quote(part, safe=f"{_SEGMENT_SAFE}/")
            if isinstance(part, str)
            else self._encode(part, values)
            for part in self._parts
        )
        rest = {name: v for name, v in values.items() if name not in self.names}
        return f"{text}?{urlencode(rest, doseq=True)}" if rest else text

    def _encode(self, variable: Variable, values: Mapping[str, Any]) -> str:
        name, converter = variable
        if name not in values:
            raise NoReverseMatch(f"The url {self.path!r} needs a value for {name!r}.")
        try:
            text = _text_of(converter, values[name])
        except (TypeError, ValueError) as error:
            raise NoReverseMatch(
                f"The value {values[name]!r} for {name!r} does not fit the url "
                f"{self.path!r}."
            ) from error
        is_path = isinstance(converter, PathConverter)
        return quote(text, safe=f"{_SEGMENT_SAFE}/" if is_path else _SEGMENT_SAFE)


_Part = str | Variable


def _text_of(converter: TypeConverter, value: Any) -> str:
    """Return the text for *value*, which the converter would read back."""
    text = converter.to_url(value)
    if re.fullmatch(converter.regex, text) is None:
        raise ValueError(text)
    converter.to_python(text)
    return text


def _split(path: str) -> list[_Part]:
    """Split *path* into literal texts and variables."""
    parts: list[_Part] = []
    end = 0
    for found in _VARIABLE.finditer(path):
        parts.append(path[end : found.start()])
        name, _, kind = found[1].partition(":")
        if not name.isidentifier() or not name.isascii() or iskeyword(name):
            raise InvalidRoute(
                f"The path {path!r} has the variable {found[0]}, whose name is no "
                "Python identifier."
            )
        if name == "request":
            raise InvalidRoute(
                f"The path {path!r} has the variable {found[0]}, but a view's "
                "'request' is the request. Rename the variable."
            )
        parts.append(Variable(name, converter_named(kind or "str", path)))
        end = found.end()
    parts.append(path[end:])
    if any(isinstance(part, str) and re.search("[{}]", part) for part in parts):
        raise InvalidRoute(f"The path {path!r} has a brace without its partner.")
    return [part for part in parts if part != ""]


def _regex(parts: list[_Part]) -> str:
    return "".join(
        re.escape(part)
        if isinstance(part, str)
        else f"(?P<{part.name}>{part.converter.regex})"
        for part in parts
    )


def _segments(parts: list[_Part]) -> list[list[_Part]]:
    """Group *parts* by the slashes between them; the leading one is dropped."""
    segments: list[list[_Part]] = [[]]
    for part in parts:
        if isinstance(part, Variable):
            segments[-1].append(part)
            continue
        first, *others = part.split("/")
        if first:
            segments[-1].append(first)
        segments.extend([text] if text else [] for text in others)
    return segments[1:]
