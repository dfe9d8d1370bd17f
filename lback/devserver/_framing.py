"""Where a request ends: what is refused before the application sees it."""

import re
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from typing import IO

from werkzeug.serving import DechunkedInput

# Bytes.
LONGEST_LINE = 8192
LONGEST_HEAD = 16384

MOST_HEADERS = 100

_DIGITS = re.compile("[0-9]{1,18}", re.ASCII)
_CHUNK_SIZE = re.compile(r"([0-9A-Fa-f]{1,16})(?:[ \t]*;.*)?\r?\n", re.ASCII)
_LONGEST_CHUNK_LINE = 256

# Folded lines come with their line breaks.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

Problem = tuple[HTTPStatus, str]


def problem_of(line: bytes, headers: "Message[str, str]") -> Problem | None:
    """Say why a request is refused, or answer None.

    Args:
        line: The request line.
        headers: The headers.
    """
    if len(line) > LONGEST_LINE:
        return (
            HTTPStatus.REQUEST_URI_TOO_LONG,
            f"A request line may have at most {LONGEST_LINE} bytes.",
        )
    items = headers.items()
    size = sum(len(name) + len(value) + len(": \r\n") for name, value in items)
    if len(items) > MOST_HEADERS or size > LONGEST_HEAD:
        return (
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"A head may have {MOST_HEADERS} headers and {LONGEST_HEAD} bytes at most.",
        )
    if any(_CONTROL.search(value) for _, value in items):
        return HTTPStatus.BAD_REQUEST, "A header has control characters or is folded."
    said = _framing_problem(headers)
    return None if said is None else (HTTPStatus.BAD_REQUEST, said)


def _framing_problem(headers: "Message[str, str]") -> str | None:
    """Say why it is not clear where a request ends, or answer None."""
    lengths = headers.get_all("Content-Length", [])
    encodings = headers.get_all("Transfer-Encoding", [])
    if encodings and lengths:
        return "Content-Length and Transfer-Encoding exclude each other."
    if encodings and [e.strip().lower() for e in encodings] != ["chunked"]:
        return "The only Transfer-Encoding understood here is chunked."
    if len(lengths) > 1 or not all(_DIGITS.fullmatch(n) for n in lengths):
        return "Content-Length must be one number."
    return None


class Chunks(DechunkedInput):
    """A chunked body, whose sizes are hexadecimal digits and nothing else."""

    def read_chunk_len(self) -> int:
        """Read the line before a chunk.

        Raises:
            OSError: It is no size.
        """
        line = self._rfile.readline(_LONGEST_CHUNK_LINE).decode("latin-1")
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise OSError("Invalid chunk header")
        return int(found[1], 16)


class OnDemand:
    """A body that the client sends when it is asked for it: when it is first read.

    Args:
        stream: The connection.
        ask: Asks the client; called once.
    """

    def __init__(self, stream: IO[bytes], ask: Callable[[], object]) -> None:
        self._stream = stream
        self._ask = ask
        self.is_asked = False

    def read(self, size: int = -1, /) -> bytes:
        """Read up to *size* bytes."""
        self._ask_once()
        return self._stream.read(size)

    def readline(self, size: int = -1, /) -> bytes:
        """Read a line of up to *size* bytes."""
        self._ask_once()
        return self._stream.readline(size)

    def _ask_once(self) -> None:
        if not self.is_asked:
            self.is_asked = True
            self._ask()
