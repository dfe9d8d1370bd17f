"""Serve a WSGI application on a socket that is already listening."""

import contextlib
import logging
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer

from lback.devserver._exchange import Exchange
from lback.devserver._handler import RequestHandler
from lback.devserver._linger import linger

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DRAIN_LIMIT = 2.0
"""Seconds that requests in flight may take once the server was told to stop."""

_CUT_OFF = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 53\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    b"The server was restarted before the answer was ready\n"
)
_PAUSE = 0.1


class DevelopmentServer(ThreadedWSGIServer):
    """A thread for each connection, and an orderly way to stop.

    Args:
        application: What to serve.
        listener: A listening socket; it is duplicated, so the caller's stays open.
        hand_over: Given an idle connection when the server drains; whoever takes it
            answers what comes next. Without it idle connections are closed.
    """

    daemon_threads = True

    def __init__(
        self,
        application: "WSGIApplication",
        listener: socket.socket,
        *,
        hand_over: Callable[[int], None] | None = None,
    ) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, application, RequestHandler, fd=listener.fileno())
        self.socket.settimeout(0)
        self.is_draining = threading.Event()
        self.draining_signal, self._drain = os.pipe()
        self._hand_over = hand_over
        self._changed = threading.Condition()
        self._busy: dict[Exchange, socket.socket] = {}
        self._present = 0

    def accept_until_drained(self) -> None:
        """Accept connections until :meth:`stop_accepting` is called."""
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        waiting.register(self.draining_signal, select.POLLIN)
        while True:
            waiting.poll()
            if self.is_draining.is_set():
                return
            try:
                connection, address = self.socket.accept()
            except (BlockingIOError, ConnectionError):
                continue  # another process was quicker, or the client gave up
            except OSError:
                logging.getLogger("lback.server").exception("Cannot accept")
                time.sleep(_PAUSE)  # out of descriptors, most likely
                continue
            self.take(connection, address)

    def take(self, connection: socket.socket, address: Any) -> None:
        """Serve a connection in a thread of its own."""
        connection.settimeout(None)
        with self._changed:
            self._present += 1
        try:
            self.process_request(connection, address)
        except RuntimeError:  # no more threads
            self._leave()
            connection.close()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end, as far as this server is concerned."""
        try:
            super().finish_request(request, client_address)
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._present -= 1
            self._changed.notify_all()

    def stop_accepting(self) -> None:
        """Leave new connections to others; wake up whoever waits."""
        self.is_draining.set()
        os.write(self._drain, b"!")

    def part_with(self, connection: socket.socket) -> None:
        """Give an idle connection to the next server, or close it."""
        if self._hand_over is not None:
            self._hand_over(connection.fileno())
            # NOTE: shutdown() would end it for the next server too.
            os.close(connection.detach())

    @contextlib.contextmanager
    def busy(self, exchange: Exchange, connection: socket.socket) -> Iterator[None]:
        """Count *exchange* as in flight."""
        with self._changed:
            self._busy[exchange] = connection
        try:
            yield
        finally:
            with self._changed:
                del self._busy[exchange]

    def drain(self, limit: float = DRAIN_LIMIT) -> None:
        """Wait until every connection is done here; cut off what is not.

        Idle ones are done at once. After *limit* seconds a request whose answer has
        not begun gets a 503; the others end in the middle, which their clients can
        tell from the framing.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._present, limit)
            for exchange, connection in self._busy.items():
                if exchange.claim():
                    with contextlib.suppress(OSError):
                        connection.sendall(_CUT_OFF)
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection without destroying what is still under way."""
        if request.fileno() >= 0:
            linger(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a connection died of."""
        error = sys.exception()
        if not isinstance(error, OSError):
            logging.getLogger("lback.server").error(
                "A connection failed", exc_info=error
            )

    def server_close(self) -> None:
        """Close the own copy of the listening socket."""
        self.socket.close()


def serve(  # noqa: PLR0913  # all but the first two are optional
    application: "WSGIApplication",
    listener: socket.socket,
    *,
    on_ready: Callable[[DevelopmentServer], None] | None = None,
    on_stopping: Callable[[], None] | None = None,
    stop: threading.Event | None = None,
    hand_over: Callable[[int], None] | None = None,
) -> None:
    """Serve until *stop* is set or the user presses Ctrl-C, then drain.

    Call it in the main thread if Ctrl-C is to end it. The listener is left open.

    Args:
        application: What to serve.
        listener: A listening socket, such as ``address.open_listener`` makes.
        on_ready: Called once when connections are accepted.
        on_stopping: Called once when no more are accepted, before the last requests
            in flight are waited for.
        stop: Ends the serving when it is set, from any thread.
        hand_over: Given the descriptor of each idle connection at the end.
    """
    stop = stop or threading.Event()
    server = DevelopmentServer(application, listener, hand_over=hand_over)
    accepting = threading.Thread(target=server.accept_until_drained, daemon=True)
    accepting.start()
    try:
        if on_ready is not None:
            on_ready(server)
        stop.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop_accepting()
        accepting.join()
        try:
            if on_stopping is not None:
                on_stopping()
        finally:
            server.drain()
            server.server_close()
