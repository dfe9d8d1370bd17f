"""One request and its response: WSGI on one side, HTTP/1.1 on the other."""

import contextlib
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from typing import Protocol
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_FIRST_FINAL_STATUS = 200


class Connection(Protocol):
    """What an exchange needs from the request handler of its connection."""

    close_connection: bool
    wfile: Any
    request_version: str
    command: str

    def send_response_only(self, code: int, message: str | None = None) -> None: ...
    def send_header(self, keyword: str, value: str) -> None: ...
    def end_headers(self) -> None: ...
    def version_string(self) -> str: ...
    def date_time_string(self, timestamp: float | None = None) -> str: ...


class Exchange:
    """Run the application for one request and write what it answers.

    The head is written with the first piece of the body, as WSGI demands. Without a
    Content-Length the body is sent in chunks (HTTP/1.1) or ends with the connection.

    Args:
        connection: Where to write.
        is_draining: While it is set, a response ends its connection.
    """

    def __init__(self, connection: Connection, *, is_draining: threading.Event) -> None:
        self._connection = connection
        self._is_draining = is_draining
        self._claim = threading.Lock()
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._is_chunked = False
        self._has_body = True
        self.is_head_sent = False
        self.code = 0
        self.sent = 0

    def run(self, application: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        """Call *application* and send its response to the end."""
        pieces = application(environ, self.start_response)
        try:
            self._send_all(pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    def _send_all(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            if piece:
                self.write(piece)
        if not self.is_head_sent:
            self._send_head(length_if_unknown=0)
        if self._is_chunked:
            self._connection.wfile.write(b"0\r\n\r\n")
        self._connection.wfile.flush()

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: "OptExcInfo | None" = None,
        /,
    ) -> Any:
        """Take status and headers; they are sent with the first piece of the body."""
        if exc_info is not None and exc_info[1] is not None:
            if self.is_head_sent:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self._status:
            raise RuntimeError(
                f"start_response({status!r}) was called after "
                f"start_response({self._status!r}). Call it once for each request."
            )
        self._status, self._headers = status, list(headers)
        return self.write

    def write(self, data: bytes) -> None:
        """Send one piece of the body at once."""
        if not self.is_head_sent:
            self._send_head()
        if not self._has_body:
            return
        wfile = self._connection.wfile
        if self._is_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        wfile.write(data)
        wfile.flush()
        self.sent += len(data)

    def _send_head(self, *, length_if_unknown: int | None = None) -> None:
        if not self._status:
            raise RuntimeError("The application returned without start_response().")
        if not self._claim.acquire(blocking=False):
            raise ConnectionAbortedError("The request was cut off by a reload.")
        self.is_head_sent = True
        code, _, reason = self._status.partition(" ")
        self.code = int(code)
        names = {name.lower() for name, _ in self._headers}
        has_length = "content-length" in names
        self._has_body = (
            self._connection.command != "HEAD"
            and self.code not in _WITHOUT_BODY
            and self.code >= _FIRST_FINAL_STATUS
        )
        connection = self._connection
        connection.send_response_only(self.code, reason)
        for name, value in self._headers:
            connection.send_header(name, value)
        if "date" not in names:
            connection.send_header("Date", connection.date_time_string())
        if self._has_body and not has_length:
            self._frame(length_if_unknown)
        if connection.close_connection or self._is_draining.is_set():
            # NOTE: this also covers a response that ends with the connection.
            connection.close_connection = True
            connection.send_header("Connection", "close")
        elif connection.request_version == "HTTP/1.0":
            connection.send_header("Connection", "keep-alive")
        connection.end_headers()

    def _frame(self, length: int | None) -> None:
        """Tell the client where a body ends whose length nobody declared."""
        if length is not None:
            self._connection.send_header("Content-Length", str(length))
        elif self._connection.request_version == "HTTP/1.1":
            self._is_chunked = True
            self._connection.send_header("Transfer-Encoding", "chunked")
        else:
            self._connection.close_connection = True

    def fail(self) -> None:
        """Answer 500 if nothing was sent yet, else let the client see the break."""
        self._connection.close_connection = True
        if not self.is_head_sent:
            text = b"500 Internal Server Error\n"
            headers = [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(text))),
            ]
            self._status, self._headers = "500 Internal Server Error", headers
            with contextlib.suppress(ConnectionError, TimeoutError):
                self.write(text)

    def claim(self) -> bool:
        """Take away the right to answer; False if the answer has begun."""
        return self._claim.acquire(blocking=False)
