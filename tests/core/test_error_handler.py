"""ErrorHandler: the response of every error, announced and logged once."""

import logging
from collections.abc import Callable
from typing import Any
from typing import NoReturn

import pytest

from lback.core.catalogue import error_handler_initialized
from lback.core.catalogue import error_response_generated
from lback.core.catalogue import got_request_exception
from lback.core.catalogue import unhandled_exception_response_generated
from lback.core.error_handler import ErrorHandler
from lback.core.exceptions import Forbidden
from lback.core.exceptions import HTTPException
from lback.core.exceptions import MethodNotAllowed
from lback.core.exceptions import ServerError
from lback.core.exceptions import ServiceUnavailable
from lback.core.exceptions import ValidationError
from lback.core.router import Router
from lback.core.templates import TemplateRenderer
from lback.core.types import Request

Make = Callable[..., ErrorHandler]

JSON = "application/json"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def make(make_config: Any) -> Make:
    """Return a function that makes an error handler."""

    def make(router: Router | None = None, **settings: Any) -> ErrorHandler:
        config = make_config(**settings)
        return ErrorHandler(config, TemplateRenderer(config), router or Router())

    return make


@pytest.fixture
def request_(make_environ: Any) -> Request:
    """Return a request of a browser on this machine."""
    here = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}
    environ = make_environ("/a", "PUT", HTTP_ACCEPT="text/html", **here)
    return Request("/a", "PUT", None, None, environ)


def accepting(kinds: str) -> Request:
    """Return a request of a client on this machine that accepts some types."""
    headers = {"Accept": kinds, "Host": "localhost"}
    return Request("/a", "PUT", None, headers, {"REMOTE_ADDR": "127.0.0.1"})


def fail(error: Exception) -> NoReturn:
    """Raise an exception."""
    raise error


def failure(
    message: str = "canary", kind: type[Exception] = ZeroDivisionError
) -> Exception:
    """Return an exception that was raised."""
    try:
        fail(kind(message))
    except kind as error:
        return error


# --- The documented methods ---------------------------------------------------------


def test_404_is_a_page(make: Make, request_: Request) -> None:
    """handle_404() is a page with its status."""
    response = make().handle_404(request_)

    assert (404, "text/html; charset=utf-8", True) == (
        response.status_code,
        response.content_type,
        b"404 Not Found" in response.body,
    )


def test_403_has_its_message(make: Make, request_: Request) -> None:
    """handle_403() shows the message it was given, or the documented one."""
    handler = make()
    own = handler.handle_403(request_, "Staff only.")
    default = handler.handle_403(None)

    assert (403, True, True) == (
        own.status_code,
        b"Staff only." in own.body,
        b"You do not have permission to access this resource." in default.body,
    )


def test_405_says_what_is_allowed(make: Make, request_: Request) -> None:
    """handle_405() has an Allow header and names the methods."""
    response = make().handle_405(request_, ["GET", "HEAD"])

    assert (405, "GET, HEAD", True) == (
        response.status_code,
        response.headers["Allow"],
        b"PUT is not allowed here; allowed: GET, HEAD." in response.body,
    )


def test_405_needs_neither_request_nor_methods(make: Make) -> None:
    """handle_405() without a request and without methods is still a response."""
    response = make().handle_405(None, None)  # type: ignore[arg-type]  # what is tested

    assert (405, "") == (response.status_code, response.headers["Allow"])


def test_500_tells_the_client_nothing(make: Make) -> None:
    """handle_500() shows nothing of the error outside debug."""
    response = make().handle_500(failure())

    assert (500, False) == (response.status_code, b"canary" in response.body)


@pytest.mark.parametrize("status", [400, 418, 503])
def test_any_other_error_can_be_made(make: Make, status: int) -> None:
    """handle_custom_error() makes a page of any status and message."""
    response = make().handle_custom_error(status, "{curly} message")

    assert (status, True) == (response.status_code, b"{curly} message" in response.body)


# --- HTML or JSON -------------------------------------------------------------------


@pytest.mark.parametrize(
    "accepted",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/vnd.api+json",
        "text/html;q=0.5, application/json",
        "application/json, */*;q=0.1",
    ],
)
def test_a_client_of_json_gets_json(make: Make, accepted: str) -> None:
    """A client that would rather have JSON gets the error as JSON."""
    response = make().handle_404(accepting(accepted))
    expected = b'{"error":{"status":404,"message":"Route Not Found"}}'

    assert (JSON, expected) == (response.content_type, response.body)


@pytest.mark.parametrize(
    "accepted",
    [
        "",
        "*/*",
        "text/html",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/json;q=0.5, text/html",
        "application/json, text/html",
        ";;;,,,q=json",
    ],
)
def test_everybody_else_gets_html(make: Make, accepted: str) -> None:
    """A client that does not prefer JSON gets a page."""
    response = make().handle_404(accepting(accepted))

    assert "text/html; charset=utf-8" == response.content_type


def test_validation_messages_are_in_the_json(make: Make) -> None:
    """The messages of a validation error stand beside the error in the JSON."""
    error = ValidationError({"name": ["too short", "too odd"]})
    response = make().respond(error, accepting(JSON))

    assert (
        b'{"error":{"status":400,"message":"Validation Error"},'
        b'"errors":{"name":["too short","too odd"]}}'
    ) == response.body


def test_validation_messages_are_on_the_page(make: Make, request_: Request) -> None:
    """The messages of a validation error are listed on the page, escaped."""
    error = ValidationError({"name": [SCRIPT]})
    response = make().respond(error, request_)

    assert b"name: &lt;script&gt;alert(1)&lt;/script&gt;" in response.body


# --- Debug --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "content_type"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("*/*", "text/plain; charset=utf-8"),
        (JSON, JSON),
    ],
)
@pytest.mark.parametrize("kind", [ZeroDivisionError, ServerError])
def test_a_traceback_is_for_debug(
    make: Make, accepted: str, content_type: str, kind: type[Exception]
) -> None:
    """In debug an error of the server is told as the client prefers, and not cached."""
    response = make(DEBUG=True).respond(failure(kind=kind), accepting(accepted))

    assert (500, content_type, "no-store", True, True) == (
        response.status_code,
        response.content_type,
        response.headers["Cache-Control"],
        b"test_error_handler.py:" in response.body,
        f"{kind.__name__}".encode() in response.body,
    )


def test_a_debug_page_keeps_the_headers_of_the_error(make: Make) -> None:
    """A 503 says when to come again in debug, too."""
    response = make(DEBUG=True).respond(ServiceUnavailable("x"), accepting("*/*"))

    assert "Retry-After" in response.headers


def test_a_debug_page_is_for_this_machine(make: Make) -> None:
    """In debug a client elsewhere is told where to look, and nothing else."""
    headers = {"Accept": "text/html", "Host": "localhost"}
    request = Request("/a", "PUT", None, headers, {"REMOTE_ADDR": "192.168.1.7"})
    response = make(DEBUG=True).handle_exception(failure(), request)

    assert (True, False) == (
        b"log has the traceback." in response.body,
        b"canary" in response.body,
    )


@pytest.mark.parametrize("accepted", ["text/html", JSON])
def test_no_traceback_outside_debug(make: Make, accepted: str) -> None:
    """Outside debug nothing of an unhandled exception reaches the client."""
    response = make().handle_exception(failure(), accepting(accepted))

    assert (500, False, False, True) == (
        response.status_code,
        b"canary" in response.body,
        b"failure" in response.body,
        b"Something went wrong on our side." in response.body,
    )


def test_a_traceback_is_escaped(make: Make, request_: Request) -> None:
    """Text of an exception cannot become part of the page."""
    response = make(DEBUG=True).handle_exception(failure(SCRIPT), request_)

    assert (False, True) == (
        SCRIPT.encode() in response.body,
        b"&lt;script&gt;" in response.body,
    )


def test_messages_are_escaped(make: Make, request_: Request) -> None:
    """The message of an HTTP error cannot become part of the page."""
    response = make().respond(Forbidden(SCRIPT), request_)

    assert (False, True) == (
        SCRIPT.encode() in response.body,
        b"&lt;script&gt;" in response.body,
    )


def test_a_404_shows_the_nearest_routes_in_debug(make: Make, request_: Request) -> None:
    """In debug a 404 says why the nearest routes did not match."""
    router = Router()
    router.add_route("/a/{id:int}", lambda request: "", ["GET"])
    response = make(router, DEBUG=True).handle_404(request_)

    assert b"it has 2 segments, the path has 1" in response.body


def test_a_404_shows_the_routes_in_json(make: Make) -> None:
    """In debug the JSON of a 404 has the routes as details."""
    response = make(DEBUG=True).handle_404(accepting(JSON))

    assert (True, True) == (
        b'"message":"Route Not Found"' in response.body,
        b'"There are no routes."' in response.body,
    )


def test_a_404_lists_nothing_outside_debug(make: Make, request_: Request) -> None:
    """Outside debug a 404 shows no routes."""
    router = Router()
    router.add_route("/canary", lambda request: "")

    assert b"canary" not in make(router).handle_404(request_).body


# --- Announced ----------------------------------------------------------------------


def test_a_new_handler_is_announced(make: Make, hear: Any) -> None:
    """Making an error handler is announced with the handler as sender."""
    heard = hear(error_handler_initialized)
    handler = make()

    assert [{"sender": handler}] == heard


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda h, r: h.handle_403(r, "No."), (403, "No.")),
        (lambda h, r: h.handle_404(r), (404, "Route Not Found")),
        (lambda h, r: h.handle_custom_error(418, "Tea."), (418, "Tea.")),
        (
            lambda h, r: h.handle_500(failure()),
            (500, "Something went wrong on our side."),
        ),
    ],
)
def test_every_error_is_announced_once(
    make: Make, request_: Request, hear: Any, call: Any, said: tuple[int, str]
) -> None:
    """Each of the methods announces its response, by its handler, once."""
    heard = hear(error_response_generated)
    handler = make()
    response = call(handler, request_)

    assert [(handler, said, response)] == [
        (one["sender"], (one["status_code"], one["error_message"]), one["response"])
        for one in heard
    ]


def test_a_405_is_announced_with_its_methods(
    make: Make, request_: Request, hear: Any
) -> None:
    """A 405 is announced once, with all documented keys."""
    heard = hear(error_response_generated)
    handler = make()
    error = MethodNotAllowed("/a", "PUT", ["GET"])
    response = handler.respond(error, request_)

    assert [
        {
            "sender": handler,
            "status_code": 405,
            "error_message": "PUT is not allowed here; allowed: GET.",
            "response": response,
            "request": request_,
            "exception": error,
            "allowed_methods": ["GET"],
        }
    ] == heard


def test_an_unhandled_exception_is_announced(
    make: Make, request_: Request, hear: Any
) -> None:
    """An unhandled exception has a signal of its own, with the documented keys."""
    heard = hear(unhandled_exception_response_generated)
    handler, error = make(), failure()
    response = handler.respond(error, request_)

    assert [
        {
            "sender": handler,
            "status_code": 500,
            "exception": error,
            "request": request_,
            "response": response,
        }
    ] == heard


def test_an_unhandled_exception_is_announced_once(
    make: Make, request_: Request, hear: Any
) -> None:
    """An unhandled exception is not announced as an HTTP error as well."""
    heard = hear(error_response_generated)
    make().handle_exception(failure(), request_)

    assert [] == heard


def test_flasks_name_is_the_same_signal() -> None:
    """got_request_exception is another name of the same signal."""
    assert got_request_exception is unhandled_exception_response_generated


# --- Logged -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (failure(), "PUT '/a' failed: ZeroDivisionError"),
        (ServerError("canary"), "PUT '/a' failed: ServerError"),
        (HTTPException("canary", 503), "PUT '/a' failed: HTTPException"),
    ],
)
def test_an_error_of_the_server_is_logged_once(
    make: Make,
    request_: Request,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    said: str,
) -> None:
    """An exception or a 5xx is logged once, with its traceback."""
    make().respond(error, request_)

    assert [("lback.request", logging.ERROR, said, error)] == [
        (r.name, r.levelno, r.getMessage(), (r.exc_info or ("", None))[1])
        for r in caplog.records
    ]


def test_an_error_outside_a_request_is_logged(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """handle_500() logs its error, too."""
    make().handle_500(failure())

    assert ["Outside a request failed: ZeroDivisionError"] == caplog.messages


def test_a_mistake_of_the_client_is_not_logged(
    make: Make, request_: Request, caplog: pytest.LogCaptureFixture
) -> None:
    """A 4xx is no error of the server and fills no log."""
    make().respond(Forbidden(), request_)

    assert [] == caplog.messages


def test_a_path_cannot_forge_a_line_of_the_log(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """The path stands escaped in the log."""
    make().respond(failure(), Request("/a\nERROR x", "GET", None, {}, {}))

    assert ["GET '/a\\nERROR x' failed: ZeroDivisionError"] == caplog.messages
