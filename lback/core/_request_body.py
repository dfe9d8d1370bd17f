"""Read the body of a request: bytes, JSON, forms and uploads, within limits."""

import json
from typing import Any
from typing import BinaryIO
from typing import NamedTuple
from typing import NoReturn

from lback.core._fields import Fields
from lback.core._fields import MultiFields
from lback.core._uploads import uploaded
from lback.core._uploads import Uploads
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge

# Bytes; what a body may have in all, and what its fields that are no files may have.
MAX_BODY = 50 * 1024 * 1024
MAX_FIELDS = 2_621_440

# How many fields and files a form may have.
MAX_PARTS = 1000

_TOO_LARGE = (
    f"A form may have at most {MAX_PARTS} fields and files, and {MAX_FIELDS} bytes in "
    "its fields."
)

_URLENCODED = "application/x-www-form-urlencoded"
_FORMS = (_URLENCODED, "multipart/form-data")

# No length has so many; Python refuses to read numbers of some thousand.
_TOO_MANY_DIGITS = 20


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
    length = int(given) if len(given) < _TOO_MANY_DIGITS else MAX_BODY + 1
    if length > MAX_BODY:
        raise ContentTooLarge(f"The body may have at most {MAX_BODY} bytes.")
    body = _read(stream, length)
    if len(body) < length:
        raise BadRequest("The body ended before its Content-Length.")
    return body


def _read_open_end(environ: dict[str, Any], stream: BinaryIO) -> bytes:
    """Read a body without a length, where the server says that it ends."""
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = _read(stream, MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise ContentTooLarge(f"The body may have at most {MAX_BODY} bytes.")
    return body


def _read(stream: BinaryIO, size: int) -> bytes:
    """Read from the server's stream, whose errors are those of the client."""
    try:
        return stream.read(size)
    except Exception as error:
        # NOTE: each server has exceptions of its own for a body that is cut short or
        # wrongly chunked.
        raise BadRequest("The body could not be read.") from error


def parse(body: bytes, content_type: str) -> Parsed:
    """Parse *body* by its content type; other types give nothing.

    Raises:
        BadRequest: The body is not what its content type says.
        ContentTooLarge: It has more or larger fields than the limit.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return Parsed(_parse_json(body), None, {})
    if kind in _FORMS:
        return _parse_form(body, content_type)
    return Parsed(None, None, {})


def _parse_json(body: bytes) -> Any:
    try:
        data = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no valid JSON: {error}") from error
    return Fields(data) if isinstance(data, dict) else data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _parse_form(body: bytes, content_type: str) -> Parsed:
    import io

    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.formparser import FormDataParser
    from werkzeug.http import parse_options_header

    kind, options = parse_options_header(content_type)
    # NOTE: Werkzeug holds these limits for multipart forms only.
    if kind == _URLENCODED and (
        len(body) > MAX_FIELDS or body.count(b"&") >= MAX_PARTS
    ):
        raise ContentTooLarge(_TOO_LARGE)
    parser = FormDataParser(
        max_form_memory_size=MAX_FIELDS, max_form_parts=MAX_PARTS, silent=False
    )
    try:
        _, form, files = parser.parse(io.BytesIO(body), kind, len(body), options)
    except RequestEntityTooLarge as error:
        raise ContentTooLarge(_TOO_LARGE) from error
    except ValueError as error:
        raise BadRequest(f"The form cannot be read: {error}") from error
    fields = MultiFields(form.items(multi=True))
    return Parsed(fields, fields, uploaded(files))
