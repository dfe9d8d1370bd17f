"""The headers of a request, read from the WSGI environment."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any


class RequestHeaders(Mapping[str, str]):
    """Headers by name, in any case.

    Args:
        given: Headers that were handed in; None to read *environ*.
        environ: The WSGI environment.
    """

    __slots__ = ("_values",)

    def __init__(
        self, given: Mapping[str, str] | None, environ: dict[str, Any]
    ) -> None:
        found = _from_environ(environ) if given is None else given
        self._values = {name.lower(): (name, value) for name, value in found.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        # NOTE: the values may be secrets (cookies, authorization).
        return f"<RequestHeaders {', '.join(self)}>"


def _from_environ(environ: dict[str, Any]) -> dict[str, str]:
    found = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            found[key[5:].replace("_", "-").title()] = value
        elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            found[key.replace("_", "-").title()] = value
    return found
