"""One request from start to finish: views, the unit of work, signals, errors."""

import functools
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from lback.core.app_controller import AppController
from lback.core.catalogue import error_response_generated
from lback.core.catalogue import middleware_process_request_failed
from lback.core.catalogue import request_finished
from lback.core.catalogue import request_started
from lback.core.catalogue import unhandled_exception_response_generated
from lback.core.dispatcher_instance import dispatcher
from lback.core.error_handler import ErrorHandler
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge
from lback.core.exceptions import Forbidden
from lback.core.exceptions import HTTPException
from lback.core.exceptions import MissingField
from lback.core.exceptions import NotFound
from lback.core.exceptions import RouteNotFound
from lback.core.exceptions import ServerError
from lback.core.exceptions import Unauthorized
from lback.core.exceptions import ValidationError
from lback.core.middleware_manager import MiddlewareManager
from lback.core.response import Response
from lback.core.router import Router
from lback.core.templates import TemplateRenderer
from lback.core.types import Request


class Unit:
    """A unit of work that writes down what happens to it."""

    def __init__(self, calls: list[str], fails_in: str = "") -> None:
        self.calls = calls
        self.fails_in = fails_in

    def commit(self) -> None:
        """Write down the commit."""
        self._note("commit")

    def rollback(self) -> None:
        """Write down the rollback."""
        self._note("rollback")

    def close(self) -> None:
        """Write down the end."""
        self._note("close")

    def commits_at(self, status_code: int) -> bool:
        """Let no error commit."""
        return False

    def explain(self, error: Exception) -> Exception:
        """Leave an error as it is."""
        return error

    def _note(self, name: str) -> None:
        self.calls.append(name)
        if name == self.fails_in:
            raise OSError(f"{name} failed")


class Noting:
    """A middleware that writes down when the response comes by."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    def process_request(self, request: Any) -> Response | None:
        """Let it pass."""
        return None

    def process_response(self, request: Any, response: Response) -> Response:
        """Write down the status."""
        self.calls.append(f"hook {response.status_code}")
        return response


@pytest.fixture
def calls() -> list[str]:
    """Return the list that everybody writes to."""
    return []


@pytest.fixture
def stored(site: Any, calls: list[str]) -> Any:
    """Return a site with a unit of work and a middleware."""
    site.services["begin_unit"] = lambda request: Unit(calls)
    site.use(Noting(calls))
    return site


# --- Views --------------------------------------------------------------------------


def test_a_view_gets_request_and_variables(site: Any) -> None:
    """A view is called with the request and the variables of its path by name."""
    site.add("/a/{x:int}/{y}", lambda request, y, x: [request.path_params, x, y])

    assert [{"x": 5, "y": "b"}, 5, "b"] == site.ask("/a/5/b").json


async def coroutine_view(request: Any, id: int) -> dict[str, int]:  # noqa: A002  # a usual name in urls
    """Answer as a coroutine."""
    return {"id": id}


class ClassView:
    """A view for two methods."""

    def __init__(self) -> None:
        self.used = 0

    def get(self, request: Any, id: int) -> dict[str, int]:  # noqa: A002  # a usual name in urls
        """Show it."""
        self.used += 1
        return {"id": id, "used": self.used}

    async def post(self, request: Any, id: int) -> str:  # noqa: A002  # a usual name in urls
        """Take it."""
        return "posted"


class CallableView:
    """A view that is an instance whose call is a coroutine."""

    async def __call__(self, request: Any, id: int) -> dict[str, int]:  # noqa: A002  # a usual name in urls
        """Answer."""
        return {"id": id}


@functools.wraps(coroutine_view)
def decorated_view(request: Any, **params: Any) -> Any:
    """Answer with what the decorated coroutine function returns."""
    return coroutine_view(request, **params)


@pytest.mark.parametrize(
    "view",
    [
        coroutine_view,
        CallableView(),
        decorated_view,
        functools.partial(coroutine_view),
        lambda request, id: {"id": id},  # noqa: A006  # a usual name in urls
    ],
)
def test_a_view_is_any_callable(site: Any, view: Any) -> None:
    """Functions, coroutine functions, decorated ones and callables are views."""
    site.add("/{id:int}", view)

    assert {"id": 5} == site.ask("/5").json


def test_a_class_view_is_new_for_each_request(site: Any) -> None:
    """A class view has an instance of its own for each request."""
    site.add("/{id:int}", ClassView)
    site.ask("/5")

    assert {"id": 5, "used": 1} == site.ask("/5").json


def test_a_class_view_answers_its_methods(site: Any) -> None:
    """A class view calls its method of the request's name, coroutine or not."""
    site.add("/{id:int}", ClassView)

    assert "posted" == site.ask("/5", "POST").text


def test_a_class_view_answers_head_with_get(site: Any) -> None:
    """A class view with get answers HEAD, too."""
    site.add("/{id:int}", ClassView)
    answer = site.ask("/5", "HEAD")

    assert (200, "17", b"") == (
        answer.status,
        answer.headers["Content-Length"],
        answer.body,
    )


def test_a_class_view_without_get_refuses_head(site: Any) -> None:
    """A class view that has no get answers neither GET nor HEAD."""

    class Posting:
        def post(self, request: Any) -> str:
            return ""

    site.add("/", Posting)
    answer = site.ask("/", "HEAD")

    assert (405, "POST") == (answer.status, answer.headers["Allow"])


def test_a_class_view_refuses_other_methods(site: Any) -> None:
    """A class view for all methods answers 405 where it has none."""
    site.add("/{id:int}", ClassView)
    answer = site.ask("/5", "PUT")

    assert (405, "GET, HEAD, POST") == (answer.status, answer.headers["Allow"])


def test_a_view_that_returns_nothing_is_a_500(
    site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A view without a result is named in the log of a 500."""

    def forgetful(request: Any) -> None:
        pass

    site.add("/", forgetful)
    answer = site.ask("/")

    assert (500, True) == (answer.status, "forgetful returned nothing" in caplog.text)


def test_services_are_on_the_request(site: Any) -> None:
    """A view finds the parts of the application, and more services, on the request."""
    site.services["mailer"] = "M"
    seen: list[Any] = []

    def view(request: Request) -> str:
        seen.extend(
            [
                request.router,
                request.dispatcher,
                request.get_context("mailer"),
                type(request.error_handler),
                type(request.template_renderer),
                request.config is not None,
            ]
        )
        return ""

    site.add("/", view)
    site.ask("/")

    assert [site.router, dispatcher, "M", ErrorHandler, TemplateRenderer, True] == seen


# --- HTTP errors --------------------------------------------------------------------

HTTP_ERRORS = [
    (BadRequest("x"), 400),
    (ValidationError({"a": ["b"]}), 400),
    (MissingField("a"), 400),
    (Unauthorized("x"), 401),
    (Forbidden("x"), 403),
    (NotFound("x"), 404),
    (ContentTooLarge("x"), 413),
    (HTTPException("x", 418), 418),
    (ServerError("x"), 500),
    (HTTPException("x", 503), 503),
]


@pytest.mark.parametrize(("error", "status"), HTTP_ERRORS)
def test_an_http_error_of_a_view_is_its_status(
    site: Any, error: Exception, status: int
) -> None:
    """Every HTTP exception that a view raises becomes its status."""

    def view(request: Any) -> str:
        raise error

    site.add("/", view)

    assert status == site.ask("/").status


def test_no_route_is_a_404(site: Any, hear: Any) -> None:
    """A path without a route is a 404 that is announced once."""
    heard = hear(error_response_generated)
    answer = site.ask("/nowhere")

    assert (404, [404]) == (answer.status, [one["status_code"] for one in heard])


def test_a_wrong_method_is_a_405(site: Any, hear: Any) -> None:
    """A method without a route is a 405 with Allow that is announced once."""
    heard = hear(error_response_generated)
    site.add("/", lambda request: "", ["GET"])
    answer = site.ask("/", "DELETE")

    assert (405, "GET, HEAD", [["GET", "HEAD"]]) == (
        answer.status,
        answer.headers["Allow"],
        [one["allowed_methods"] for one in heard],
    )


def test_options_lists_nothing_that_is_not_there(site: Any) -> None:
    """OPTIONS without a route is a 405 that lists the methods there are."""
    site.add("/", lambda request: "", ["POST"])
    answer = site.ask("/", "OPTIONS")

    assert (405, "POST") == (answer.status, answer.headers["Allow"])


def test_an_overriding_header_is_ignored(site: Any) -> None:
    """A header cannot make another method of a request."""
    site.add("/", lambda request: request.method, ["GET"])

    assert "GET" == site.ask("/", HTTP_X_HTTP_METHOD_OVERRIDE="DELETE").text


def test_an_exception_is_a_500(site: Any, hear: Any) -> None:
    """An exception of a view is a 500 that is announced once, and not twice."""
    unhandled = hear(unhandled_exception_response_generated)
    generated = hear(error_response_generated)
    site.add("/", lambda request: 1 / 0)
    answer = site.ask("/")

    assert (500, 1, 0) == (answer.status, len(unhandled), len(generated))


class BrokenHandler(ErrorHandler):
    """An error handler that fails itself."""

    def respond(self, error: Exception, request: Any) -> Response:
        """Fail."""
        raise RuntimeError("broken")


def test_a_failing_error_handler_is_a_plain_500(
    site: Any, make_config: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """If even the error handler fails, that is logged, and a plain 500 is sent."""
    config = make_config()
    handler = BrokenHandler(config, TemplateRenderer(config), site.router)
    site.services["error_handler"] = handler
    answer = site.ask("/nowhere")

    assert (500, "Internal Server Error\n", ["The error handler failed"]) == (
        answer.status,
        answer.text,
        caplog.messages,
    )


# --- The unit of work ---------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 302, 304, 399])
def test_a_good_response_commits(stored: Any, calls: list[str], status: int) -> None:
    """Below 400 the unit is committed before the response hooks, then closed."""
    stored.add("/", lambda request: Response("", status))
    stored.ask("/")

    assert ["commit", f"hook {status}", "close"] == calls


@pytest.mark.parametrize("status", [400, 404, 500, 599])
def test_a_bad_response_rolls_back(stored: Any, calls: list[str], status: int) -> None:
    """From 400 on the unit is rolled back, though nothing was raised."""
    stored.add("/", lambda request: Response("", status))
    stored.ask("/")

    assert ["rollback", f"hook {status}", "close"] == calls


def test_an_exception_rolls_back(stored: Any, calls: list[str]) -> None:
    """An exception of the view rolls the unit back before the response hooks."""
    stored.add("/", lambda request: 1 / 0)
    stored.ask("/")

    assert ["rollback", "hook 500", "close"] == calls


def test_rendering_comes_before_the_commit(stored: Any, calls: list[str]) -> None:
    """What a view returned and cannot be sent is never committed."""
    stored.add("/", lambda request: {"a": object()})
    stored.ask("/")

    assert ["rollback", "hook 500", "close"] == calls


def test_a_failed_commit_is_a_500(site: Any, calls: list[str], hear: Any) -> None:
    """A commit that fails becomes a 500, which passes the response hooks once."""
    heard = hear(unhandled_exception_response_generated)
    site.services["begin_unit"] = lambda request: Unit(calls, fails_in="commit")
    site.use(Noting(calls))
    site.add("/", lambda request: "stored")
    answer = site.ask("/")

    assert (500, ["commit", "rollback", "hook 500", "close"], ["commit failed"]) == (
        answer.status,
        calls,
        [str(one["exception"]) for one in heard],
    )


def test_a_failed_commit_is_no_failing_hook(
    site: Any, calls: list[str], hear: Any
) -> None:
    """A commit that fails behind an early answer is not blamed on the middleware."""

    class Answering(Noting):
        def process_request(self, request: Any) -> Response | None:
            return Response("early")

    heard = hear(middleware_process_request_failed)
    site.services["begin_unit"] = lambda request: Unit(calls, fails_in="commit")
    site.use(Answering(calls))
    answer = site.ask("/")

    assert (500, ["commit", "rollback", "hook 500", "close"], []) == (
        answer.status,
        calls,
        heard,
    )


@pytest.mark.parametrize(
    ("fails_in", "path", "status"),
    [("close", "/", 200), ("rollback", "/nowhere", 404), ("rollback", "/bad", 500)],
)
def test_a_unit_that_cannot_end_is_logged(
    stored: Any, caplog: pytest.LogCaptureFixture, fails_in: str, path: str, status: int
) -> None:
    """A failing rollback or close is logged; the client still gets an answer."""
    stored.services["begin_unit"] = lambda request: Unit([], fails_in=fails_in)
    stored.add("/", lambda request: "ok")
    stored.add("/bad", lambda request: Response("", 400))
    answer = stored.ask(path)

    assert (status, True) == (
        answer.status,
        "The unit of work could not be ended" in caplog.messages,
    )


def test_a_unit_that_cannot_begin_is_a_500(site: Any) -> None:
    """A unit of work that fails at its beginning is an error like any other."""

    def begin() -> Unit:
        raise OSError("no database")

    site.services["begin_unit"] = begin
    site.add("/", lambda request: "ok")

    assert 500 == site.ask("/").status


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_rolls_back(
    stored: Any, calls: list[str], error: type[BaseException]
) -> None:
    """What ends the process rolls back, closes and goes on to the server."""

    def view(request: Any) -> str:
        raise error

    stored.add("/", view)
    with pytest.raises(error):
        stored.ask("/")

    assert ["rollback", "close"] == calls


def test_the_end_of_the_process_in_a_hook_closes(site: Any, calls: list[str]) -> None:
    """What ends the process during a response hook still closes the unit."""

    class Ending(Noting):
        def process_response(self, request: Any, response: Response) -> Response:
            raise SystemExit

    site.services["begin_unit"] = lambda request: Unit(calls)
    site.use(Ending(calls))
    site.add("/", lambda request: "ok")
    with pytest.raises(SystemExit):
        site.ask("/")

    assert ["commit", "close"] == calls


# --- Signals ------------------------------------------------------------------------


def test_a_request_is_announced(site: Any, hear: Any) -> None:
    """A request is announced at its start and its end, once each."""
    started, finished = hear(request_started), hear(request_finished)
    site.add("/", lambda request: Response("ok", 201))
    site.ask("/")
    controller = site.application.controller
    request, response = finished[0]["request"], finished[0]["response"]

    assert (
        [{"sender": controller, "request": request}],
        [{"sender": controller, "request": request, "response": response}],
        ("/", 201),
    ) == (started, finished, (request.path, response.status_code))


def test_a_refused_request_is_announced_as_well(site: Any, hear: Any) -> None:
    """A request that ends in an error is announced at its start and its end."""
    started, finished = hear(request_started), hear(request_finished)
    site.ask("/nowhere")

    assert (1, [404]) == (
        len(started),
        [one["response"].status_code for one in finished],
    )


def test_a_receiver_may_refuse_a_request(site: Any) -> None:
    """An HTTP exception of a receiver that was asked to raise becomes its status."""

    def refuse(sender: Any) -> None:
        raise Forbidden("Not today.")

    site.add("/", lambda request: "ok")
    with request_started.connected_to(refuse, on_error="raise"):
        answer = site.ask("/")

    assert 403 == answer.status


EXAMPLE = """
from lback.core.dispatcher_instance import dispatcher # Access the dispatcher

def my_custom_error_handler(sender, **kwargs):
    status = kwargs.get('status_code', 'N/A')
    path = getattr(kwargs.get('request'), 'path', 'N/A')
    print(f"Signal received from: {type(sender).__name__}, Status: {status}, "
          f"Path: {path}")
dispatcher.connect("error_response_generated", my_custom_error_handler)
"""


@pytest.fixture
def documented() -> Iterator[None]:
    """Disconnect what the documented example connects."""
    yield
    for receiver in error_response_generated.receivers:
        error_response_generated.disconnect(receiver.target())


@pytest.mark.usefixtures("documented")
def test_the_documented_example_runs(
    site: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example of the documentation of signals prints what it says."""
    exec(EXAMPLE, {"__name__": "example"})  # noqa: S102  # as it is written
    site.ask("/nowhere")

    assert "Signal received from: ErrorHandler, Status: 404, Path: /nowhere\n" == (
        capsys.readouterr().out
    )


# --- Routes by hand -----------------------------------------------------------------


@pytest.fixture
def controller(make_config: Any) -> AppController:
    """Return a controller without routes."""
    config = make_config()
    return AppController(
        MiddlewareManager(),
        Router(),
        TemplateRenderer(config),
        config,
        None,
        None,
        None,
        {},
        dispatcher,
    )


def test_an_added_route_is_served(controller: AppController) -> None:
    """add_route() adds a route that is answered."""
    controller.add_route("/a", lambda request: "ok", ["GET"], "it", False)  # noqa: FBT003  # the documented order
    response = controller.handle_request(Request("/a", "GET", None, {}, {}))

    assert (200, b"ok") == (response.status_code, response.body)


def test_routes_that_nobody_guards_are_named(
    controller: AppController, caplog: pytest.LogCaptureFixture
) -> None:
    """Routes left at requires_auth=True are served, with one warning that has them."""
    controller.add_route("/a", lambda request: "a")
    controller.add_route("/b", lambda request: "b")
    controller.add_route("/c", lambda request: "c", requires_auth=False)
    controller.freeze()
    controller.freeze()
    response = controller.handle_request(Request("/b", "GET", None, {}, {}))

    assert (b"b", 1, logging.WARNING, True) == (
        response.body,
        len(caplog.records),
        caplog.records[0].levelno,
        "requires_auth=True: /a, /b." in caplog.messages[0],
    )


def test_public_routes_need_no_warning(
    controller: AppController, caplog: pytest.LogCaptureFixture
) -> None:
    """Without such a route nothing is warned about."""
    controller.add_route("/a", lambda request: "a", requires_auth=False)
    controller.freeze()

    assert [] == caplog.messages


@pytest.mark.parametrize(
    ("route", "asked", "location"),
    [
        ("/orders/", "/orders", "/orders/"),
        ("/orders", "/orders/", "/orders"),
        ("/orders/{number:int}/", "/orders/5", "/orders/5/"),
        ("/ä/", "/ä", "/%C3%A4/"),
    ],
)
def test_a_missing_slash_is_a_redirect(
    site: Any, route: str, asked: str, location: str
) -> None:
    """A GET for the missing one of a pair is sent to the one that is a route."""
    site.add(route, lambda request, **_: "page")
    answer = site.ask(asked, QUERY_STRING="page=2")

    assert (308, f"{location}?page=2") == (answer.status, answer.headers["Location"])


def test_a_redirect_for_a_slash_keeps_the_mount_point(site: Any) -> None:
    """An application below a prefix redirects below it."""
    site.add("/orders/", lambda request: "page")

    assert (
        "/shop/orders/" == site.ask("/orders", SCRIPT_NAME="/shop").headers["Location"]
    )


def test_a_slash_is_not_a_reason_to_lose_a_body(site: Any) -> None:
    """Only GET and HEAD are redirected."""
    site.add("/orders/", lambda request: "page", methods=["GET", "POST"])

    assert 404 == site.ask("/orders", method="POST").status


@pytest.mark.parametrize("path", ["/", "//evil.example", "/nowhere"])
def test_a_path_without_a_sibling_stays_a_404(site: Any, path: str) -> None:
    """Without a route for the other spelling, and for other hosts, nothing changes."""
    site.add("/orders/", lambda request: "page")

    assert 404 == site.ask(path).status


@pytest.mark.parametrize("query", ["a=\x7f", "a=\x00", "\xff=1"])
def test_an_odd_query_survives_the_redirect(site: Any, query: str) -> None:
    """Whatever bytes a query has, they reach the other path, and nothing fails."""
    site.add("/orders/", lambda request: "page")
    answer = site.ask("/orders", QUERY_STRING=query)
    encoded = quote(query.encode("latin-1"), "=")

    assert (308, f"/orders/?{encoded}") == (answer.status, answer.headers["Location"])


def test_a_view_that_finds_no_route_is_a_404_not_a_redirect(site: Any) -> None:
    """RouteNotFound raised by a view means what it says."""

    def view(request: Any) -> str:
        raise RouteNotFound(request.path, request.method)

    site.add("/x", view)
    site.add("/x/", view)

    assert 404 == site.ask("/x").status
