"""Turn exceptions into responses."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from typing import TYPE_CHECKING

from lback.core import catalogue
from lback.core._accept import prefers_json
from lback.core._debug_gate import DEBUG_HEADERS
from lback.core._debug_gate import may_debug
from lback.core._debug_gate import wants_html
from lback.core._error_pages import error_page
from lback.core._http import status_line
from lback.core.exceptions import HTTPException
from lback.core.exceptions import MethodNotAllowed
from lback.core.exceptions import RouteNotFound
from lback.core.exceptions import ServiceUnavailable
from lback.core.exceptions import ValidationError
from lback.core.response import error_body
from lback.core.response import HTMLResponse
from lback.core.response import JSONResponse
from lback.core.response import Response
from lback.core.router import Router

if TYPE_CHECKING:
    from lback.core._request import Request
    from lback.core.config import Config
    from lback.core.templates import TemplateRenderer

logger = logging.getLogger("lback.request")

_SORRY = "Something went wrong on our side."
_SEE_LOG = f"{_SORRY} The server's log has the traceback."


class ErrorHandler:
    """Make the response of every error, HTML or JSON as the client prefers.

    Args:
        config: The settings; with ``DEBUG`` the developer gets a debug page.
        template_renderer: What pages are rendered with.
        router: The routes, for the 404 page of a project in debug.
    """

    def __init__(
        self, config: "Config", template_renderer: "TemplateRenderer", router: Router
    ) -> None:
        self._config = config
        self._renderer = template_renderer
        self._router = router
        if catalogue.error_handler_initialized.is_heard:
            catalogue.error_handler_initialized.send(self)

    def respond(self, error: Exception, request: Any) -> Response:
        """Return the response of an exception raised during *request*."""
        if not isinstance(error, HTTPException):
            return self.handle_exception(error, request)
        if isinstance(error, MethodNotAllowed):
            return self._answer_405(request, error.allowed_methods, error)
        status = int(error.status_code)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log(error, request)
        headers = None
        if isinstance(error, ServiceUnavailable):
            headers = {"Retry-After": str(error.retry_after)}
        return self._answer(
            status, error.message, request, exception=error, headers=headers
        )

    def handle_403(
        self,
        request: Any,
        message: str = "Forbidden: You do not have permission to access this resource.",
    ) -> Response:
        """Return a 403."""
        return self._answer(HTTPStatus.FORBIDDEN, message, request)

    def handle_404(self, request: Any) -> Response:
        """Return a 404; in debug it shows the nearest routes."""
        return self._answer(HTTPStatus.NOT_FOUND, "Route Not Found", request)

    def handle_405(self, request: Any, allowed_methods: list[str]) -> Response:
        """Return a 405 with an ``Allow`` header."""
        return self._answer_405(request, allowed_methods or [], None)

    def handle_500(self, error: Exception) -> Response:
        """Return a 500 for an error outside any request."""
        _log(error, None)
        return self._answer(
            HTTPStatus.INTERNAL_SERVER_ERROR, _SORRY, None, exception=error
        )

    def handle_custom_error(self, status_code: int, message: str) -> Response:
        """Return a response with any status and message."""
        return self._answer(status_code, message, None)

    def handle_exception(self, exception: Exception, request: Any) -> Response:
        """Return a 500 for an exception that nobody handled; it is logged."""
        _log(exception, request)
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        if may_debug(request, self._config):
            response = self._explain(status, _SORRY, exception, request)
        else:
            is_debug = bool(getattr(self._config, "DEBUG", False))
            response = self._make(status, _SEE_LOG if is_debug else _SORRY, request)
        catalogue.unhandled_exception_response_generated.send(
            self,
            status_code=status,
            exception=exception,
            request=request,
            response=response,
        )
        return response

    def _answer_405(
        self, request: Any, allowed: list[str], error: Exception | None
    ) -> Response:
        method = getattr(request, "method", "This method")
        return self._answer(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"{method} is not allowed here; allowed: {', '.join(allowed) or 'none'}.",
            request,
            exception=error,
            allowed_methods=allowed,
            headers={"Allow": ", ".join(allowed)},
        )

    def _answer(  # noqa: PLR0913  # what an error consists of
        self,
        status: int,
        message: str,
        request: Any,
        *,
        exception: Exception | None = None,
        allowed_methods: list[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Make the response of an HTTP error and announce it, once."""
        status = int(status)
        # NOTE: the routes are no help where the view itself found nothing.
        is_unrouted = exception is None or isinstance(exception, RouteNotFound)
        is_missing = status == HTTPStatus.NOT_FOUND and is_unrouted
        is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR and exception is not None
        if (is_missing or is_ours) and may_debug(request, self._config):
            response = self._explain(status, message, exception, request, headers)
        else:
            errors = (
                exception.errors if isinstance(exception, ValidationError) else None
            )
            response = self._make(
                status, message, request, headers=headers, errors=errors
            )
        if catalogue.error_response_generated.is_heard:
            catalogue.error_response_generated.send(
                self,
                status_code=status,
                error_message=message,
                response=response,
                request=request,
                exception=exception,
                allowed_methods=allowed_methods,
            )
        return response

    def _make(
        self,
        status: int,
        message: str,
        request: Any,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Mapping[str, Any] | None = None,
    ) -> Response:
        if _prefers_json(request):
            more: dict[str, Any] = {} if errors is None else {"errors": dict(errors)}
            return JSONResponse(error_body(status, message, **more), status, headers)
        lines = [f"{f}: {text}" for f in errors or () for text in (errors or {})[f]]
        page = error_page(status_line(status), message, "\n".join(lines))
        return HTMLResponse(page, status, headers)

    def _explain(
        self,
        status: int,
        message: str,
        error: Exception | None,
        request: "Request",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return a debug page: of an error, or of a path without a route.

        In JSON it is the ``details``; *message* stands there as it does outside debug.
        """
        from lback.core import _debug_page as debug

        headers = {**DEBUG_HEADERS, **(headers or {})}
        is_page = not _prefers_json(request) and wants_html(request)
        if status == HTTPStatus.NOT_FOUND or error is None:
            tell = debug.routes_page if is_page else debug.routes_text
            text = tell(request, self._router, config=self._config, status=status)
        else:
            show = debug.debug_page if is_page else debug.debug_text
            text = show(error, request, config=self._config, status=status)
        if is_page:
            return HTMLResponse(text, status, headers)
        if _prefers_json(request):
            body = error_body(status, message, details=text.splitlines())
            return JSONResponse(body, status, headers)
        return Response(text, status, headers, content_type="text/plain; charset=utf-8")


def _prefers_json(request: "Request | None") -> bool:
    """Tell whether the client would rather have JSON than HTML."""
    return request is not None and prefers_json(request.headers.get("Accept", ""))


def _log(error: Exception, request: Any) -> None:
    """Log an error with its traceback; the path is escaped."""
    what = "Outside a request"
    if request is not None:
        what = f"{request.method} {request.path!r}"
    logger.error("%s failed: %s", what, type(error).__name__, exc_info=error)
