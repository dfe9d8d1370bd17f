"""Middlewares around a view: order, short circuits, failures."""

import sys
from typing import Any

import pytest

from lback.core.base_middleware import RequestMiddleware
from lback.core.base_middleware import ResponseMiddleware
from lback.core.catalogue import middleware_process_request_failed
from lback.core.catalogue import middleware_process_response_failed
from lback.core.exceptions import Forbidden
from lback.core.response import Response


class Noting:
    """A middleware without a base class that writes down when it is called."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self.name = name
        self.calls = calls

    def process_request(self, request: Any) -> Response | None:
        """Write down that the request came by."""
        self.calls.append(f"{self.name} in")
        return None

    def process_response(self, request: Any, response: Response) -> Response:
        """Write down that the response came by."""
        self.calls.append(f"{self.name} out")
        return response


class Answering(Noting):
    """A middleware that answers every request itself."""

    def process_request(self, request: Any) -> Response | None:
        """Answer."""
        super().process_request(request)
        return Response("early", 202)


class FailingIn(Noting):
    """A middleware whose request hook raises."""

    error: Exception = ZeroDivisionError("in")

    def process_request(self, request: Any) -> Response | None:
        """Fail."""
        raise self.error


class Refusing(FailingIn):
    """A middleware that refuses every request."""

    error = Forbidden("Staff only.")


class FailingOut(Noting):
    """A middleware whose response hook raises."""

    def process_response(self, request: Any, response: Response) -> Response:
        """Fail."""
        raise ZeroDivisionError("out")


class Required(FailingOut):
    """A middleware whose response hook must not fail."""

    required = True


class WrongIn(Noting):
    """A middleware whose request hook returns something else."""

    def process_request(self, request: Any) -> Any:
        """Return a text."""
        return "early"


class WrongOut(Noting):
    """A middleware that forgets to return the response."""

    def process_response(self, request: Any, response: Response) -> Any:
        """Return nothing."""


class After(ResponseMiddleware):
    """A middleware that only looks at responses."""

    def process_response(self, request: Any, response: Response) -> Response:
        """Mark it."""
        response.headers["X-After"] = "yes"
        return response


@pytest.fixture
def calls() -> list[str]:
    """Return the list that middlewares write to."""
    return []


@pytest.fixture
def served(site: Any, calls: list[str]) -> Any:
    """Return a site with one view that writes down when it is called."""

    def view(request: Any) -> str:
        calls.append("view")
        return "ok"

    site.add("/", view)
    return site


def test_hooks_stand_around_the_view(served: Any, calls: list[str]) -> None:
    """Request hooks run before the view in order, response hooks after it reversed."""
    served.use(Noting("a", calls), Noting("b", calls))
    answer = served.ask("/")

    assert (200, ["a in", "b in", "view", "b out", "a out"]) == (answer.status, calls)


def test_a_short_circuit_skips_the_view(served: Any, calls: list[str]) -> None:
    """A response ends the request; only hooks of those that ran see it."""
    served.use(Noting("a", calls), Answering("b", calls), Noting("c", calls))
    answer = served.ask("/")

    assert ((202, "early"), ["a in", "b in", "b out", "a out"]) == (
        (answer.status, answer.text),
        calls,
    )


def test_a_failing_request_hook_is_a_500(served: Any, calls: list[str]) -> None:
    """An exception of a request hook is a 500 that the earlier ones see."""
    served.use(Noting("a", calls), FailingIn("b", calls), Noting("c", calls))
    answer = served.ask("/")

    assert (500, ["a in", "a out"]) == (answer.status, calls)


def test_a_failing_request_hook_is_announced(
    served: Any, calls: list[str], hear: Any
) -> None:
    """An exception of a request hook is announced once, with the documented keys."""
    heard = hear(middleware_process_request_failed)
    failing = FailingIn("b", calls)
    served.use(Noting("a", calls), failing)
    served.ask("/")
    request = heard[0].pop("request")

    assert (
        "/",
        [
            {
                "sender": served.manager,
                "middleware_instance": failing,
                "middleware_name": "FailingIn",
                "error_type": "ZeroDivisionError",
                "exception": failing.error,
            }
        ],
    ) == (request.path, heard)


def test_a_failing_view_is_no_failing_hook(
    site: Any, calls: list[str], hear: Any
) -> None:
    """An exception of the view is not announced as one of a request hook."""
    heard = hear(middleware_process_request_failed)
    site.add("/", lambda request: 1 / 0)
    site.use(Noting("a", calls))
    answer = site.ask("/")

    assert (500, ["a in", "a out"], []) == (answer.status, calls, heard)


def test_a_refusing_request_hook_has_its_status(served: Any, calls: list[str]) -> None:
    """An HTTP exception of a request hook becomes its status."""
    served.use(Refusing("a", calls))
    answer = served.ask("/")

    assert (403, True) == (answer.status, "Staff only." in answer.text)


def test_a_wrong_answer_of_a_request_hook_is_a_500(
    served: Any, calls: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A request hook that returns no response is named in the log of a 500."""
    served.use(WrongIn("a", calls))
    answer = served.ask("/")

    assert (500, True) == (
        answer.status,
        "WrongIn.process_request returned 'early'" in caplog.text,
    )


@pytest.mark.parametrize("kind", [FailingOut, WrongOut])
def test_a_failing_response_hook_is_passed_over(
    served: Any, calls: list[str], hear: Any, kind: type[Noting]
) -> None:
    """The response goes on as it was, and the failure is announced."""
    heard = hear(middleware_process_response_failed)
    failing = kind("b", calls)
    served.use(Noting("a", calls), failing)
    answer = served.ask("/")

    assert (200, "ok", ["a in", "b in", "view", "a out"], [failing]) == (
        answer.status,
        answer.text,
        calls,
        [one["middleware_instance"] for one in heard],
    )


def test_a_required_response_hook_must_not_fail(
    served: Any, calls: list[str], hear: Any
) -> None:
    """A required middleware that fails turns the response into a 500 for the rest."""
    heard = hear(middleware_process_response_failed)
    served.use(Noting("a", calls), Required("b", calls))
    answer = served.ask("/")

    assert (500, "a out", 1) == (answer.status, calls[-1], len(heard))


def test_a_required_static_hook_must_not_fail(served: Any) -> None:
    """A required middleware counts as one also if its hook is a static method."""

    class Static(RequestMiddleware):
        required = True

        def process_request(self, request: Any) -> Response | None:
            return None

        @staticmethod
        def process_response(request: Any, response: Response) -> Response:
            raise ZeroDivisionError

    served.use(Static())

    assert 500 == served.ask("/").status


def test_response_hooks_see_errors(served: Any) -> None:
    """The response of an error passes the response hooks, too."""
    served.use(After())
    answer = served.ask("/nowhere")

    assert (404, "yes") == (answer.status, answer.headers["X-After"])


def test_idle_hooks_are_not_called(served: Any) -> None:
    """The hooks that base classes supply are never called around a view."""

    class In(RequestMiddleware):
        def process_request(self, request: Any) -> Response | None:
            return None

    called: set[object] = set()
    served.use(In(), After())
    served.application.controller.freeze()
    sys.setprofile(lambda frame, event, arg: called.add(frame.f_code))
    served.ask("/")
    sys.setprofile(None)
    idle = {
        RequestMiddleware.process_response.__code__,
        ResponseMiddleware.process_request.__code__,
    }

    assert (True, set()) == (In.process_request.__code__ in called, idle & called)
