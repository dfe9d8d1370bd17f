"""The WSGI application: what servers call."""

import atexit
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

from lback.core._admission import decoded
from lback.core._admission import is_ordinary
from lback.core._admission import refusal
from lback.core._hosts import AllowedHosts
from lback.core._request import Request
from lback.core.catalogue import server_request_finished
from lback.core.catalogue import server_request_received
from lback.core.catalogue import server_response_sent
from lback.core.catalogue import server_shutting_down
from lback.core.catalogue import server_started
from lback.core.catalogue import server_starting
from lback.core.exceptions import BadRequest
from lback.core.logging_setup import setup_logging

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from lback.core._proxies import TrustedProxies
    from lback.core.app_controller import AppController

__all__ = ["WSGIApplication", "create_wsgi_app", "setup_logging"]


class WSGIApplication:
    """Answer WSGI requests with a controller.

    Args:
        controller: What turns a request into a response.
        hosts: The hosts it answers to. Default: any.
        proxies: Whose word on a client counts. Default: nobody's.
    """

    __slots__ = ("_handle", "_hosts", "_is_announced", "_proxies", "controller")

    def __init__(
        self,
        controller: "AppController",
        hosts: AllowedHosts | None = None,
        proxies: "TrustedProxies | None" = None,
    ) -> None:
        self._proxies = proxies
        self.controller = controller
        self._handle = controller.handle_request
        self._hosts = AllowedHosts(["*"]) if hosts is None else hosts
        self._is_announced = False

    def __call__(
        self, environ: dict[str, Any], start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 asks."""
        # PERF: three calls of bool() would take a tenth of a plain request.
        # bench: benchmarks/request.py::plaintext
        if (
            server_request_received.is_heard
            or server_request_finished.is_heard
            or server_response_sent.is_heard
        ):
            return self._answer_observed(environ, start_response)
        request, error = self._admit(environ)
        if error is None:
            response = self._handle(request)
        else:
            response = self.controller.refuse(error, request)
        status, headers, body = (
            response.answer(request)
            if response.is_streamed
            else response.get_wsgi_response()
        )
        start_response(status, headers)
        return body if environ["REQUEST_METHOD"] != "HEAD" else _without(body)

    def announce(self) -> None:
        """Send the life signals of a process that a foreign server runs, once each.

        ``server_starting`` and ``server_started`` are sent here, since a foreign
        server does not say when it accepts, and ``server_shutting_down`` when the
        process ends.
        """
        if self._is_announced:
            return
        self._is_announced = True
        server_starting.send(self, host=None, port=None)
        server_started.send(self, host=None, port=None)
        atexit.register(server_shutting_down.send, self, host=None, port=None)

    def _admit(self, environ: dict[str, Any]) -> tuple[Request, Exception | None]:
        """Make the request, and the error that keeps it from being handled."""
        path = environ.get("PATH_INFO") or "/"
        error: Exception | None = None
        if self._proxies is not None:
            self._proxies.apply(environ)
        if not is_ordinary(environ, path, self._hosts):
            try:
                path = decoded(path)
                error = refusal(environ, path, self._hosts)
            except BadRequest as raised:
                error = raised
        return Request(path, environ["REQUEST_METHOD"], None, None, environ), error

    def _answer_observed(
        self, environ: dict[str, Any], start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request and send the server's signals around it."""
        began = time.perf_counter()
        request, error = self._admit(environ)
        line = _request_line(request)
        try:
            server_request_received.send(self, **line)
        except Exception as raised:  # noqa: BLE001  # becomes the response
            error = error or raised
        if error is None:
            response = self._handle(request)
        else:
            response = self.controller.refuse(error, request)
        status, headers, body = response.answer(request)
        try:
            server_request_finished.send(
                self,
                **line,
                duration=time.perf_counter() - began,
                status_code=response.status_code,
                response=response,
                request=request,
            )
        except Exception as raised:  # noqa: BLE001  # becomes the response
            _without(body)
            response = self.controller.refuse(raised, request)
            status, headers, body = response.answer(request)
        start_response(status, headers)
        return _SentBody(
            body if environ["REQUEST_METHOD"] != "HEAD" else _without(body),
            lambda: server_response_sent.send(
                self,
                status_code=response.status_code,
                response=response,
                request=request,
            ),
        )


class _SentBody:
    """A body that tells when the server has closed it."""

    def __init__(self, body: Iterable[bytes], when_closed: Callable[[], Any]) -> None:
        self._body = body
        self._when_closed = when_closed
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Say, once, that the response is sent; servers call this after errors, too."""
        if not self._is_closed:
            self._is_closed = True
            try:
                _without(self._body)
            finally:
                self._when_closed()


def _without(body: Iterable[bytes]) -> list[bytes]:
    """Close a body of which nothing more is sent; return none."""
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return []


def _request_line(request: Request) -> dict[str, str]:
    query = request.environ.get("QUERY_STRING")
    return {
        "method": request.method,
        "path": request.path,
        "full_path": f"{request.path}?{query}" if query else request.path,
    }


def create_wsgi_app(project_root: Path | str | None = None) -> WSGIApplication:
    """Load a project and return its WSGI application, for any WSGI server.

    Asked again, it is the same application; it is announced once.

    Args:
        project_root: The folder of settings.py; None to look for it from the current
            folder upward.

    Raises:
        ConfigurationError: The project has a mistake; the message says where.
    """
    from lback.core._startup import build_application
    from lback.core.config_manager import get_project_root

    root = get_project_root() if project_root is None else project_root
    application = build_application(root)
    application.announce()
    return application
