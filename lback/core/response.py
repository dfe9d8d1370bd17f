"""Responses: what a view returns, encoded when it is made."""

import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from typing import TYPE_CHECKING
from urllib.parse import quote
from urllib.parse import urlsplit

from lback.core import _async_bridge
from lback.core._cookies import SameSite
from lback.core._cookies import set_cookie
from lback.core._http import status_line
from lback.core._http import STATUS_LINES
from lback.core._json import encode_json
from lback.core._response_headers import checked
from lback.core._response_headers import checked_all
from lback.core._response_headers import ResponseHeaders
from lback.core.exceptions import InvalidResponse

if TYPE_CHECKING:
    from datetime import datetime
    from datetime import timedelta

Headers = Mapping[str, str] | None

_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]-._"


class Response:
    """A status, headers and a body of bytes.

    Args:
        body: Text (sent as UTF-8), bytes, or None for no body.
        status_code: The HTTP status.
        headers: More headers; the mapping is not changed.
        content_type: Default: HTML for text, plain bytes for bytes.

    Raises:
        InvalidResponse: Something of it cannot be sent.
    """

    __slots__ = ("_body", "_content_type", "_headers", "_status_code")

    default_type = _HTML

    # Whether its body is made while it is sent, for the request that it answers.
    is_streamed = False

    def __init__(
        self,
        body: Any = None,
        status_code: int = 200,
        headers: Headers = None,
        content_type: str | None = None,
    ) -> None:
        # PERF: what nearly every response has, decided without a call.
        # bench: benchmarks/request.py::plaintext
        is_text = type(body) is str and body.isascii()
        self._body = body.encode() if is_text else _bytes_of(body)
        if status_code not in STATUS_LINES:
            status_line(status_code)
        self._status_code = status_code
        if content_type is not None:
            self._content_type = _checked_type(content_type)
        elif is_text or not body or isinstance(body, str):
            self._content_type = self.default_type
        else:
            self._content_type = "application/octet-stream"
        self._headers = [] if headers is None else checked_all(headers.items())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code}, {len(self._body)} bytes>"

    @property
    def body(self) -> bytes:
        """The body as it is sent; text that is set is encoded."""
        return self._body

    @body.setter
    def body(self, body: Any) -> None:
        self._body = _bytes_of(body)

    @property
    def status_code(self) -> int:
        """The HTTP status; one that is set is checked."""
        return self._status_code

    @status_code.setter
    def status_code(self, status_code: int) -> None:
        status_line(status_code)
        self._status_code = status_code

    @property
    def content_type(self) -> str:
        """The type of the body; one that is set is checked like any header."""
        return self._content_type

    @content_type.setter
    def content_type(self, content_type: str) -> None:
        self._content_type = _checked_type(content_type)

    @property
    def headers(self) -> ResponseHeaders:
        """The headers; content type and length are added when it is sent."""
        return ResponseHeaders(self._headers)

    def get_wsgi_response(self) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        """Return the status line, all headers and the body, as WSGI wants them."""
        status, body = self._status_code, self._body
        headers = self._headers
        if status in _BODILESS:
            kept = [h for h in headers if h[0].lower() not in _ABOUT_BODIES]
            return status_line(status), kept, []
        own = [("Content-Type", self._content_type), ("Content-Length", str(len(body)))]
        if headers:
            names = {name.lower() for name, _ in headers}
            own = [header for header in own if header[0].lower() not in names]
            own.extend(headers)
        return status_line(status), own, [body]

    def answer(self, request: Any) -> tuple[str, list[tuple[str, str]], Any]:
        """Do what :meth:`get_wsgi_response` does, for the request that it answers."""
        return self.get_wsgi_response()

    def set_cookie(  # noqa: PLR0913  # what a cookie consists of
        self,
        name: str,
        value: str = "",
        *,
        max_age: "int | timedelta | None" = None,
        expires: "datetime | None" = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = True,
        httponly: bool = True,
        samesite: SameSite = "Lax",
    ) -> None:
        """Let the client keep a cookie; an earlier one of this name is replaced.

        Args:
            name: Its name.
            value: Its value; anything but control characters.
            max_age: Seconds to keep it. Default: until the browser is closed.
            expires: When it ends; *max_age* counts first.
            path: The path below which it is sent back.
            domain: The domain it is sent to, with everything below it. Default: this
                host alone.
            secure: Over https only. Browsers take localhost for secure.
            httponly: Scripts cannot read it.
            samesite: ``"Lax"``, ``"Strict"`` or ``"None"``: whether it comes along from
                pages of other sites.

        Raises:
            InvalidResponse: It is no cookie that browsers take.
        """
        header = set_cookie(
            name,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )
        self._headers = [
            known
            for known in self._headers
            if known[0].lower() != "set-cookie" or not known[1].startswith(f"{name}=")
        ]
        self._headers.append(checked("Set-Cookie", header))

    def delete_cookie(
        self,
        name: str,
        *,
        path: str = "/",
        domain: str | None = None,
        secure: bool = True,
    ) -> None:
        """Let the client forget a cookie, which was set with this path and domain."""
        self.set_cookie(name, max_age=0, path=path, domain=domain, secure=secure)

    @staticmethod
    def html(
        content: str, status_code: int = 200, headers: Headers = None
    ) -> "HTMLResponse":
        """Return an HTML page."""
        return HTMLResponse(content, status_code, headers)

    @staticmethod
    def json(
        data: Any = None,
        status_code: int = 200,
        headers: Headers = None,
        message: str | None = None,
    ) -> "JSONResponse":
        """Return *data* as JSON."""
        return JSONResponse(data, status_code, headers, message)

    @staticmethod
    def redirect(
        redirect_url: str, status_code: int = 302, headers: Headers = None
    ) -> "RedirectResponse":
        """Send the client to *redirect_url*."""
        return RedirectResponse(redirect_url, status_code, headers)

    @staticmethod
    def error(
        message: str = "Internal Server Error", status_code: int = 500
    ) -> "JSONResponse":
        """Return an error as JSON."""
        return JSONResponse(error_body(status_code, message), status_code)

    @staticmethod
    def bad_request(message: str = "Bad Request") -> "JSONResponse":
        """Return a 400 as JSON."""
        return Response.error(message, HTTPStatus.BAD_REQUEST)

    @staticmethod
    def unauthorized(message: str = "Unauthorized") -> "JSONResponse":
        """Return a 401 as JSON."""
        return Response.error(message, HTTPStatus.UNAUTHORIZED)

    @staticmethod
    def forbidden(message: str = "Forbidden") -> "JSONResponse":
        """Return a 403 as JSON."""
        return Response.error(message, HTTPStatus.FORBIDDEN)

    @staticmethod
    def not_found(message: str = "Not Found") -> "JSONResponse":
        """Return a 404 as JSON."""
        return Response.error(message, HTTPStatus.NOT_FOUND)

    @staticmethod
    def conflict(message: str = "Conflict") -> "JSONResponse":
        """Return a 409 as JSON."""
        return Response.error(message, HTTPStatus.CONFLICT)


# Responses of these statuses have neither a body nor headers that describe one.
_BODILESS = frozenset({*range(100, 200), 204, 304})
_ABOUT_BODIES = frozenset({"content-type", "content-length"})


class HTMLResponse(Response):
    """A page of HTML."""

    __slots__ = ()

    def __init__(
        self, content: str, status_code: int = 200, headers: Headers = None
    ) -> None:
        super().__init__(content, status_code, headers)


class JSONResponse(Response):
    """*data* as JSON; with *message* in an envelope ``{"message", "data"}``.

    Dates, UUIDs, decimals, dataclasses and pydantic's models are written as text or
    objects.

    Raises:
        InvalidResponse: *data* holds something that JSON cannot say.
    """

    __slots__ = ()

    default_type = _JSON

    def __init__(
        self,
        data: Any = None,
        status_code: int = 200,
        headers: Headers = None,
        message: str | None = None,
    ) -> None:
        if message is not None:
            data = {"message": message, "data": data}
        super().__init__(encode_json(data), status_code, headers)


class RedirectResponse(Response):
    """Send the client to another url.

    Raises:
        InvalidResponse: The url is none a browser may be sent to, or the status is
            no redirect.
    """

    __slots__ = ()

    def __init__(
        self, redirect_url: str, status_code: int = 302, headers: Headers = None
    ) -> None:
        location = _location(redirect_url)
        super().__init__(None, status_code, headers)
        if not 300 <= status_code < 400:  # noqa: PLR2004  # HTTP's redirects
            raise InvalidResponse(
                f"{status_code} is no redirect. Use a status from 300 to 399."
            )
        self.headers["Location"] = location


def error_body(status_code: int, message: str, **more: Any) -> dict[str, Any]:
    """Return what the JSON of every error response looks like."""
    return {"error": {"status": int(status_code), "message": message}, **more}


def to_response(value: Any, *, view: Any = None) -> Response:
    """Turn what a view returned into a response.

    A text is HTML; a dictionary or list is JSON. Anything awaitable is awaited.

    Raises:
        InvalidResponse: It is something else; the message names the view.
    """
    if isinstance(value, Response):
        return value
    if isinstance(value, str):
        return HTMLResponse(value)
    if isinstance(value, (dict, list)):
        return JSONResponse(value)
    if hasattr(value, "__await__"):
        return to_response(_async_bridge.run(value), view=view)
    name = getattr(view, "__qualname__", repr(view))
    module = getattr(view, "__module__", "?")
    what = "nothing" if value is None else f"a value of type {type(value).__name__}"
    raise InvalidResponse(
        f"The view {module}.{name} returned {what}. "
        "Return a Response, a str, a dict or a list."
    )


def _bytes_of(body: Any) -> bytes:
    if type(body) is bytes:
        return body
    if isinstance(body, str):
        try:
            return body.encode()
        except UnicodeEncodeError as error:
            raise InvalidResponse(f"This text cannot be sent: {error}.") from error
    if body is None:
        return b""
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise InvalidResponse(
        f"A body is text or bytes, not {type(body).__name__}. "
        "Use JSONResponse for data."
    )


# PERF: a site has a handful of types, and checking one costs as much as the rest.
# bench: benchmarks/request.py::plaintext
@lru_cache(maxsize=64)
def _checked_type(content_type: str) -> str:
    """Return *content_type* as it may stand in a header."""
    return checked("Content-Type", content_type)[1]


def _location(url: str) -> str:
    """Return *url* as it may stand in a Location header."""
    if not isinstance(url, str) or _CONTROL.search(url):
        raise InvalidResponse(f"{url!r} is no url to redirect to.")
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise InvalidResponse(f"{url!r} is no url to redirect to: {error}.") from error
    if scheme and scheme not in {"http", "https"}:
        raise InvalidResponse(f"A redirect to {scheme!r} is refused: {url!r}.")
    return quote(url, safe=_URL_SAFE)
