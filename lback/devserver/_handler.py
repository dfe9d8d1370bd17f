"""HTTP/1.1 over one connection: keep-alive, framing, and the line in the log."""

import io
import logging
import select
import sys
import time
from typing import Any
from typing import cast
from typing import IO
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes
from urllib.parse import urlsplit

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wsgi import LimitedStream

from lback.devserver._exchange import Exchange
from lback.devserver._framing import Chunks
from lback.devserver._framing import OnDemand
from lback.devserver._framing import problem_of

if TYPE_CHECKING:
    from lback.devserver.serving import DevelopmentServer

IDLE_LIMIT = 60.0
"""Seconds that a connection may wait for its next request, or stall within one."""

_DRAINED = 65536
_UNSAFE = {code: rf"\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_UNSAFE |= {0x2028: r"\u2028", 0x2029: r"\u2029"}


def access_log() -> logging.Logger:
    """Return the logger of requests; without a handler of its own it gets one."""
    logger = logging.getLogger("lback.access")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("[%(asctime)s] %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger


class RequestHandler(WSGIRequestHandler):
    """Answer the requests of one connection, one after the other."""

    server: "DevelopmentServer"
    _on_demand: OnDemand | None = None
    protocol_version = "HTTP/1.1"
    timeout = IDLE_LIMIT
    disable_nagle_algorithm = True
    # Head and first piece of the body leave in one packet.
    wbufsize = 65536

    def handle(self) -> None:
        """Answer until the client leaves, stalls, or the server drains."""
        self.close_connection = False
        try:
            while not self.close_connection and self._wait():
                self.handle_one_request()
        except (ConnectionError, TimeoutError):
            return

    def _wait(self) -> bool:
        """Wait for the next request; answer False if this connection is done here."""
        if self._has_buffered_data():
            return True
        waiting = select.poll()
        waiting.register(self.connection, select.POLLIN)
        waiting.register(self.server.draining_signal, select.POLLIN)
        waiting.poll(IDLE_LIMIT * 1000)
        if self.server.is_draining.is_set():
            self.server.part_with(self.connection)
            return False
        return self._is_readable()

    def _is_readable(self) -> bool:
        waiting = select.poll()
        waiting.register(self.connection, select.POLLIN)
        return bool(waiting.poll(0))

    def _has_buffered_data(self) -> bool:
        """Tell whether part of the next request was read along with the last one."""
        self.connection.settimeout(0)
        try:
            return bool(self.rfile.peek(1))  # type: ignore[attr-defined]  # buffered
        finally:
            self.connection.settimeout(self.timeout)

    def run_wsgi(self) -> None:
        """Answer the request whose head has just been read."""
        started = time.perf_counter()
        problem = problem_of(self.raw_requestline, self.headers)
        if problem is not None:
            status, explanation = problem
            self.send_error(status, explain=explanation)
            self.close_connection = True
            return
        self.environ = environ = self.make_environ()
        environ["PATH_INFO"] = _path_info(self.path)
        # NOTE: the base class makes UTF-8 of bytes that are none.
        environ["QUERY_STRING"] = self.path.partition("?")[2]
        body = self._limit_body(environ)
        exchange = Exchange(self, is_draining=self.server.is_draining)
        with self.server.busy(exchange, self.connection):
            try:
                exchange.run(self.server.app, environ)
                self._skip(body)
            except (ConnectionError, TimeoutError, ClientDisconnected):
                self.close_connection = True
            except Exception:
                logging.getLogger("lback.server").exception(
                    "Error while answering %s %s", self.command, self._safe(self.path)
                )
                exchange.fail()
            self._log(exchange.code or "cut", exchange.sent, started)

    def _limit_body(self, environ: dict[str, Any]) -> LimitedStream | None:
        """End the body where the request ends, not where the connection does."""
        stream = cast("IO[bytes]", self._on_demand or self.rfile)
        if "HTTP_TRANSFER_ENCODING" in environ:
            self.close_connection = True  # what follows the last chunk is not ours
            environ["wsgi.input"] = Chunks(stream)
            return None
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input_terminated"] = True
        if length == 0:
            environ["wsgi.input"] = io.BytesIO()
            return None
        environ["wsgi.input"] = body = LimitedStream(stream, length)
        return body

    def _skip(self, body: LimitedStream | None) -> None:
        """Read over the rest of a body that the application left unread."""
        if self._on_demand is not None and not self._on_demand.is_asked:
            # NOTE: the client may send what nobody has asked for, or not.
            self.close_connection = True
        if body is None or self.close_connection:
            return
        if body.limit - body.tell() > _DRAINED:
            self.close_connection = True
            return
        while body.read(_DRAINED):
            pass

    def parse_request(self) -> bool:
        """Read the head of a request."""
        self._on_demand = None
        return super().parse_request()

    def handle_expect_100(self) -> bool:
        """Ask the client for the body that it announced, once somebody reads it."""
        self._on_demand = OnDemand(cast("IO[bytes]", self.rfile), self._ask_for_body)
        return True

    def _ask_for_body(self) -> None:
        super().handle_expect_100()
        self.wfile.flush()

    def version_string(self) -> str:
        """Name the server without its version."""
        return "lback"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request that was refused before it reached the application."""
        self._log(getattr(code, "value", code), 0, time.perf_counter())

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Stay silent: what is refused has its line, what stalls needs none."""

    def _log(self, code: int | str, size: int, started: float) -> None:
        spent = (time.perf_counter() - started) * 1000
        access_log().info(
            '%s "%s" %s %s %.0f ms',
            self.client_address[0],
            self._safe(self.requestline),
            code,
            size,
            spent,
        )

    @staticmethod
    def _safe(text: str) -> str:
        """Escape whatever could forge a line or colour the terminal."""
        return text.replace("\\", r"\\").translate(_UNSAFE)


def _path_info(target: str) -> str:
    """Return the path of a request target, decoded once, as WSGI hands over bytes.

    The base class replaces bytes that are no UTF-8, so that nobody could refuse them.
    """
    path = target.partition("?")[0]
    if not path.startswith("/"):  # a whole url, as proxies send it
        path = urlsplit(path).path or "/"
    return unquote_to_bytes(path).decode("latin-1")
