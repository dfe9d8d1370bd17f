"""Read the body of a request within limits, and find what parses it."""

import io
from collections.abc import Mapping
from typing import Any
from typing import BinaryIO
from typing import NamedTuple
from typing import Protocol

from lback.core._fields import MultiFields
from lback.core._uploads import Uploads
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge
from lback.core.exceptions import UnsupportedMediaType

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# What bodies may be written in; ASCII is a part of UTF-8.
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})

# No length has so many; Python refuses to read numbers of some thousand.
_TOO_MANY_DIGITS = 20


class Limits(NamedTuple):
    """What a body may have at most.

    Attributes:
        body: Bytes in all.
        fields: Bytes of everything that is no file: JSON, and the fields of a form.
        field: Bytes of one field of a form.
        parts: Fields and files of a form, and parameters of a query.
        files: Files of a form.
        part_headers: Bytes of the headers of one part of a form.
        json_depth: Levels of lists and objects inside each other.
    """

    body: int = 50 * 1024 * 1024
    fields: int = 2_621_440
    field: int = 500_000
    parts: int = 1000
    files: int = 100
    part_headers: int = 8192
    json_depth: int = 100


LIMITS = Limits()


class Parsed(NamedTuple):
    """A parsed body.

    Attributes:
        data: The JSON value or the fields of the form; None if it is neither.
        form: The fields of the form; None if it is none.
        files: The uploaded files of the form.
    """

    data: Any
    form: MultiFields | None
    files: Uploads


NOTHING = Parsed(None, None, {})


class Stream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes; none at the end."""


class BodyStream:
    """A server's stream, read as far as the body goes.

    Args:
        environ: The WSGI environment.
        most: How many bytes the body may have.

    Raises:
        BadRequest: The length is no number.
        ContentTooLarge: It says that it is longer; nothing is read then.
    """

    __slots__ = ("_is_open_end", "_left", "_most", "_stream")

    def __init__(self, environ: Mapping[str, Any], most: int) -> None:
        length = content_length(environ)
        is_terminated = bool(environ.get("wsgi.input_terminated"))
        if length is None and not is_terminated and _is_chunked(environ):
            raise BadRequest(
                "This server does not read bodies in chunks. Send a Content-Length."
            )
        self._stream: BinaryIO | None = environ.get("wsgi.input")
        self._most = most
        self._is_open_end = length is None and is_terminated
        # NOTE: one byte more than allowed tells a body that is too long.
        self._left = most + 1 if self._is_open_end else length or 0
        if not self._is_open_end and self._left > most:
            raise too_large(most)

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes; none at the end.

        Raises:
            BadRequest: The body ends early, or the server cannot read it.
            ContentTooLarge: It is longer than the limit.
        """
        size = min(size, self._left)
        if not size or self._stream is None:
            return b""
        try:
            data = self._stream.read(size)
        except Exception as error:
            # NOTE: each server has exceptions of its own for a body that is cut short
            # or wrongly chunked.
            raise BadRequest("The body could not be read.") from error
        self._left -= len(data)
        if self._is_open_end:
            if self._left <= 0:
                raise too_large(self._most)
        elif not data:
            raise BadRequest("The body ended before its Content-Length.")
        return data

    def read_all(self) -> bytes:
        """Return everything that is left."""
        first = self.read(self._left)
        if not self._left or not first:
            return first
        chunks = [first]
        while chunk := self.read(self._left):
            chunks.append(chunk)
        return b"".join(chunks)


def _is_chunked(environ: Mapping[str, Any]) -> bool:
    return "HTTP_TRANSFER_ENCODING" in environ


def too_large(most: int) -> ContentTooLarge:
    """Return the error of a body that is longer than *most* bytes."""
    return ContentTooLarge(f"The body may have at most {most} bytes.")


def content_length(environ: Mapping[str, Any]) -> int | None:
    """Return the length that a request states, or None.

    Raises:
        BadRequest: It is no number.
    """
    given = environ.get("CONTENT_LENGTH") or ""
    if not given:
        return None
    if not (given.isascii() and given.isdigit()):
        raise BadRequest("The Content-Length is not a number.")
    # NOTE: however long it is, it is too long.
    return int(given[:_TOO_MANY_DIGITS])


def media_type(content_type: str) -> str:
    """Return a content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Tell whether a media type is JSON."""
    return kind == "application/json" or kind.endswith("+json")


def parse(
    environ: Mapping[str, Any],
    headers: Mapping[str, str],
    body: bytes | None,
    limits: Limits,
) -> tuple[Parsed, bytes | None]:
    """Parse a body by its content type; other types give nothing.

    Args:
        environ: The WSGI environment, which the body is read from.
        headers: The headers.
        body: The body if it was read before.
        limits: What it may have at most.

    Returns:
        What was parsed, and the body if it has been read as a whole. A multipart form
        has not: its files may be larger than the memory.

    Raises:
        BadRequest: The body is not what its content type says.
        ContentTooLarge: It is larger, or has more fields, than the limit.
        UnsupportedMediaType: It is compressed, or in another charset than UTF-8.
    """
    content_type = headers.get("Content-Type", "")
    kind = media_type(content_type)
    if not is_json(kind) and kind not in {URLENCODED, MULTIPART}:
        return NOTHING, body
    _refuse_encodings(headers.get("Content-Encoding", ""), content_type)
    if kind == MULTIPART:
        from lback.core._multipart import parse_multipart

        stream = BodyStream(environ, limits.body) if body is None else io.BytesIO(body)
        form, files = parse_multipart(stream, content_type, limits)
        return Parsed(form, form, files), body
    if body is None:
        body = BodyStream(environ, limits.fields).read_all()
    elif len(body) > limits.fields:
        raise too_large(limits.fields)
    if kind == URLENCODED:
        from lback.core._urlencoded import parse_form

        form = parse_form(body, limits)
        return Parsed(form, form, {}), body
    from lback.core._json_body import parse_json

    return Parsed(parse_json(body, limits.json_depth), None, {}), body


def _refuse_encodings(encoding: str, content_type: str) -> None:
    """Refuse what is not plain UTF-8.

    Raises:
        UnsupportedMediaType: The message says what it is.
    """
    if encoding.strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType(
            "A body may not be compressed. Send it without Content-Encoding."
        )
    if "charset" in content_type.lower():
        refuse_charset(content_type)


def refuse_charset(content_type: str) -> None:
    """Refuse a content type whose charset is not UTF-8.

    Raises:
        UnsupportedMediaType: It is another one.
    """
    from werkzeug.http import parse_options_header

    _, options = parse_options_header(content_type)
    if options.get("charset", "utf-8").lower() not in _CHARSETS:
        raise UnsupportedMediaType("The charset of a body must be UTF-8.")
