"""Read the body of a request: bytes, JSON, forms and uploads, within limits."""

import json
from typing import Any
from typing import BinaryIO
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage
    from werkzeug.datastructures import MultiDict

# Bytes; what a body may have in all, and what its fields that are no files may have.
MAX_BODY = 50 * 1024 * 1024
MAX_FIELDS = 2_621_440
MAX_PARTS = 1000

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Parsed(NamedTuple):
    """A parsed body; one of the three is not empty."""

    json: Any
    form: "MultiDict[str, str] | None"
    files: "MultiDict[str, FileStorage] | None"


def content_type(environ: dict[str, Any]) -> str:
    """Return the media type of the body in lower case, without parameters."""
    value: str = environ.get("CONTENT_TYPE", "")
    return value.partition(";")[0].strip().lower()


def read_all(environ: dict[str, Any]) -> bytes:
    """Read the whole body.

    Raises:
        BadRequest: The length is no number, or the body ends early.
        ContentTooLarge: It is longer than the limit.
    """
    given = environ.get("CONTENT_LENGTH") or ""
    stream = environ.get("wsgi.input")
    if stream is None:
        return b""
    if not given:
        return _read_open_end(environ, stream)
    if not (given.isascii() and given.isdigit()):
        raise BadRequest("The Content-Length is not a number.")
    length = int(given)
    if length > MAX_BODY:
        raise ContentTooLarge(f"The body may have at most {MAX_BODY} bytes.")
    body: bytes = stream.read(length)
    if len(body) < length:
        raise BadRequest("The body ended before its Content-Length.")
    return body


def _read_open_end(environ: dict[str, Any], stream: BinaryIO) -> bytes:
    """Read a body without a length, where the server says that it ends."""
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise ContentTooLarge(f"The body may have at most {MAX_BODY} bytes.")
    return body


def parse(body: bytes, environ: dict[str, Any]) -> Parsed:
    """Parse *body* by its content type; other types give nothing.

    Raises:
        BadRequest: The body is not what its content type says.
        ContentTooLarge: It has more or larger fields than the limit.
    """
    kind = content_type(environ)
    if kind == "application/json" or kind.endswith("+json"):
        return Parsed(_parse_json(body), None, None)
    if kind in _FORMS:
        return _parse_form(body, environ)
    return Parsed(None, None, None)


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no valid JSON: {error}") from error


def _parse_form(body: bytes, environ: dict[str, Any]) -> Parsed:
    import io

    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.formparser import FormDataParser
    from werkzeug.http import parse_options_header

    kind, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    parser = FormDataParser(
        max_form_memory_size=MAX_FIELDS, max_form_parts=MAX_PARTS, silent=False
    )
    try:
        _, form, files = parser.parse(io.BytesIO(body), kind, len(body), options)
    except RequestEntityTooLarge as error:
        raise ContentTooLarge("The form has more fields than the limit.") from error
    except ValueError as error:
        raise BadRequest(f"The form cannot be read: {error}") from error
    return Parsed(None, form, files)
