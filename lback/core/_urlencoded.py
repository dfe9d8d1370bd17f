"""Parse what is urlencoded: queries and simple forms."""

from urllib.parse import parse_qsl

from lback.core._fields import MultiFields
from lback.core._request_body import Limits
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge


def parse_query(query: str, most: int) -> MultiFields:
    """Return the parameters of a query string.

    Args:
        query: As WSGI hands it over: its bytes as if they were Latin-1.
        most: How many parameters it may have.

    Raises:
        BadRequest: It has more, or is no UTF-8, or has a NUL.
    """
    if query.count("&") >= most:
        raise BadRequest(f"A query may have at most {most} parameters.")
    try:
        if not query.isascii():
            query = query.encode("latin-1").decode()
        return _pairs(query)
    except ValueError as error:
        raise BadRequest(f"The query cannot be read: {error}") from error


def parse_form(body: bytes, limits: Limits) -> MultiFields:
    """Return the fields of an urlencoded form.

    Raises:
        BadRequest: It is no UTF-8, or has a NUL.
        ContentTooLarge: It has more fields, or a larger one, than the limit.
    """
    if body.count(b"&") >= limits.parts:
        raise ContentTooLarge(f"A form may have at most {limits.parts} fields.")
    if len(body) > limits.field:
        longest = max(map(len, body.split(b"&")))
        if longest > limits.field:
            raise ContentTooLarge(f"A field may have at most {limits.field} bytes.")
    try:
        return _pairs(body.decode())
    except ValueError as error:
        raise BadRequest(f"The form cannot be read: {error}") from error


def _pairs(text: str) -> MultiFields:
    if "\0" in text or "%00" in text:
        raise ValueError("it has a NUL")
    return MultiFields(parse_qsl(text, keep_blank_values=True, errors="strict"))
