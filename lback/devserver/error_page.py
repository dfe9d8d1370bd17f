"""What clients get while there is no worker: a 503 that shows the error."""

import contextlib
import html
import socket
import string
import threading
from http import HTTPStatus
from pathlib import Path

from lback.devserver._linger import linger
from lback.devserver.address import is_loopback

_HEAD_LIMIT = 65536
_HEAD_SECONDS = 5.0
_MOST_AT_ONCE = 64
_ELSEWHERE = "The project does not start. The server's terminal shows the error."
_LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}


class Responder:
    """Answer each connection with the error, in a thread of its own."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def answer(self, connection: socket.socket, error: str) -> None:
        """Send *error* to the client, without blocking the caller."""
        if not self._places.acquire(blocking=False):
            connection.close()
            return
        threading.Thread(
            target=self._answer, args=(connection, error), daemon=True
        ).start()

    def _answer(self, connection: socket.socket, error: str) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(_HEAD_SECONDS)
                head = _read_head(connection)
                peer = connection.getpeername()[0]
                connection.sendall(response(head, error, peer=peer))
                linger(connection)
        finally:
            self._places.release()


def response(head: bytes, error: str, *, peer: str) -> bytes:
    """Make the response to the request that begins with *head*.

    Browsers get a page that reloads itself, others plain text. Only a client on this
    machine that asked for this machine is shown the error, which quotes source code:
    a foreign web page cannot read it through a name that it points here.
    """
    request_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    is_local = is_loopback(peer) and _is_local_name(headers.get("host", ""))
    text = error if is_local else _ELSEWHERE
    if "text/html" in headers.get("accept", ""):
        page = Path(__file__).with_name("error_page.html").read_text(encoding="utf-8")
        kind, text = "html", string.Template(page).substitute(error=html.escape(text))
    else:
        kind, text = "plain", f"{text}\n"
    body = text.encode(errors="backslashreplace")
    status = HTTPStatus.SERVICE_UNAVAILABLE
    answer = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Retry-After: 1\r\nConnection: close\r\n\r\n"
    )
    is_head = request_line.startswith("HEAD ")
    return answer.encode("latin-1") + (b"" if is_head else body)


def _is_local_name(host: str) -> bool:
    name, _, port = host.rpartition(":")
    return (name if port.isdigit() else host).lower() in _LOCAL_NAMES


def _read_head(connection: socket.socket) -> bytes:
    """Read until the empty line after the headers, within limits."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD_LIMIT:
        data = connection.recv(_HEAD_LIMIT)
        if not data:
            break
        head += data
    return head.partition(b"\r\n\r\n")[0]
