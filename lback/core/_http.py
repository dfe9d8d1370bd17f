"""HTTP's own words: methods and status lines."""

from enum import Enum
from http import HTTPStatus
from typing import Any

from lback.core.exceptions import InvalidResponse


class HTTPMethod(Enum):
    """A standard HTTP method; equal to its name as text."""

    DELETE = "DELETE"
    GET = "GET"
    HEAD = "HEAD"
    OPTIONS = "OPTIONS"
    PATCH = "PATCH"
    POST = "POST"
    PUT = "PUT"

    def __eq__(self, other: object) -> bool:
        """Compare with another method or with a method's name."""
        if isinstance(other, HTTPMethod):
            return self is other
        return self.value == other

    def __hash__(self) -> int:
        """Hash like the name, so that both find each other in sets and dicts."""
        return hash(self.value)

    def __str__(self) -> str:
        """Return the method's name."""
        return str(self.value)


STATUS_LINES = {
    status.value: f"{status.value} {status.phrase}" for status in HTTPStatus
}


def status_line(code: Any) -> str:
    """Return ``"404 Not Found"`` for 404.

    Raises:
        InvalidResponse: *code* is no HTTP status.
    """
    line: str | None = STATUS_LINES.get(code)
    if line is not None:
        return line
    if isinstance(code, int) and 100 <= code < 600:  # noqa: PLR2004  # HTTP's range
        return f"{int(code)} Unknown"
    raise InvalidResponse(f"{code!r} is no HTTP status. Use a number from 100 to 599.")
