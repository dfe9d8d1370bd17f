"""The debug page: an error, or a path without a route, told to its developer.

It evaluates nothing but the repr of variables, and offers nothing to type into.
"""

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

from lback.core._debug_frames import Teller
from lback.core._debug_frames import texts_in_frames
from lback.core._debug_html import as_html
from lback.core._debug_report import Report
from lback.core._debug_report import RouteLine
from lback.core._debug_request import request_sections
from lback.core._debug_request import secrets_of
from lback.core._debug_request import settings_rows
from lback.core._debug_request import view_place
from lback.core._debug_text import as_text
from lback.core._debug_values import Redactor
from lback.core._http import status_line
from lback.core._secrets import secret_texts

if TYPE_CHECKING:
    from lback.core._request import Request
    from lback.core.config import Config
    from lback.core.router import Route


def debug_page(
    error: BaseException,
    request: "Request | None",
    *,
    config: "Config | None" = None,
    status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
) -> str:
    """Return a page of HTML that tells what led to *error*.

    Args:
        error: The exception, with its traceback.
        request: The request during which it was raised, if it was during one.
        config: The settings; their secrets are hidden wherever they stand.
        status: The status of the response.
    """
    return as_html(_error_report(error, request, config, status))


def debug_text(
    error: BaseException,
    request: "Request | None",
    *,
    config: "Config | None" = None,
    status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
) -> str:
    """Return the same as :func:`debug_page` as plain text."""
    return as_text(_error_report(error, request, config, status))


def routes_page(
    request: "Request",
    routes: "Iterable[Route]",
    *,
    config: "Config | None" = None,
    status: int = HTTPStatus.NOT_FOUND,
    message: str = "No route has this path.",
) -> str:
    """Return a page of HTML with the routes nearest to the path of *request*.

    Args:
        request: The request that no route answers.
        routes: All routes; each is shown with the reason why it did not match.
        config: The settings; their secrets are hidden wherever they stand.
        status: The status of the response: 404 or 405.
        message: A sentence for the developer.
    """
    return as_html(_routes_report(request, routes, config, status, message))


def routes_text(
    request: "Request",
    routes: "Iterable[Route]",
    *,
    config: "Config | None" = None,
    status: int = HTTPStatus.NOT_FOUND,
    message: str = "No route has this path.",
) -> str:
    """Return the same as :func:`routes_page` as plain text."""
    return as_text(_routes_report(request, routes, config, status, message))


def _error_report(
    error: BaseException, request: Any, config: "Config | None", status: int
) -> Report:
    # NOTE: a database writes the values of a statement into its error, unnamed.
    found = secret_texts(*texts_in_frames(error))
    redactor, teller = _tools(request, config, found)
    failures, left_out = teller.tell(error)
    return Report(
        status=status_line(int(status)),
        title=failures[0].kind,
        request_line=_request_line(request, redactor),
        failures=failures,
        left_out=left_out,
        sections=list(request_sections(request, redactor, teller)),
        settings=settings_rows(config, redactor),
    )


def _routes_report(
    request: Any,
    routes: "Iterable[Route]",
    config: "Config | None",
    status: int,
    message: str,
) -> Report:
    from lback.core._near_routes import nearest

    redactor, teller = _tools(request, config)
    lines = [
        RouteLine(
            ", ".join(near.route.methods or ["ANY"]),
            redactor.text(near.route.path),
            redactor.text(view_place(near.route.view, teller)),
            redactor.text(near.reason),
        )
        for near in nearest(routes, request.path, request.method)
    ]
    return Report(
        status=status_line(int(status)),
        title=redactor.text(request.path),
        message=redactor.text(message),
        request_line=_request_line(request, redactor),
        routes=lines,
        sections=list(request_sections(request, redactor, teller)),
    )


def _tools(
    request: Any, config: "Config | None", more: frozenset[str] = frozenset()
) -> tuple[Redactor, Teller]:
    redactor = Redactor(secrets_of(request, config) | more)
    root = None if config is None else config.get("BASE_DIR")
    return redactor, Teller(redactor, Path(root) if root else Path.cwd())


def _request_line(request: Any, redactor: Redactor) -> str:
    return redactor.text(f"{request.method} {request.path}") if request else ""
