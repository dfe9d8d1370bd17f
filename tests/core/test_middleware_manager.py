"""The chain of middlewares: kept in order, frozen, and run around a view."""

import logging
from typing import Any

import pytest

from lback.core.base_middleware import BaseMiddleware
from lback.core.base_middleware import RequestMiddleware
from lback.core.base_middleware import ResponseMiddleware
from lback.core.catalogue import middleware_add_failed
from lback.core.catalogue import middleware_added
from lback.core.catalogue import middleware_manager_initialized
from lback.core.catalogue import middleware_process_request_failed
from lback.core.catalogue import middleware_process_response_failed
from lback.core.catalogue import middleware_remove_by_class_failed
from lback.core.catalogue import middleware_remove_failed
from lback.core.catalogue import middleware_removed
from lback.core.catalogue import middleware_removed_by_class
from lback.core.exceptions import InvalidMiddleware
from lback.core.exceptions import MiddlewareNotFound
from lback.core.exceptions import MiddlewaresFrozen
from lback.core.middleware_manager import Middleware
from lback.core.middleware_manager import MiddlewareManager
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


class FailingOut(Noting):
    """A middleware whose response hook raises."""

    def process_response(self, request: Any, response: Response) -> Response:
        """Fail."""
        raise ZeroDivisionError("out")


class WrongIn(Noting):
    """A middleware whose request hook returns something else."""

    def process_request(self, request: Any) -> Any:
        """Return a text."""
        return "early"


class WrongOut(Noting):
    """A middleware that forgets to return the response."""

    def process_response(self, request: Any, response: Response) -> Any:
        """Return nothing."""


class Before(RequestMiddleware):
    """A middleware that only looks at requests."""

    def process_request(self, request: Any) -> Response | None:
        """Let it pass."""
        return None


class After(ResponseMiddleware):
    """A middleware that only looks at responses."""

    def process_response(self, request: Any, response: Response) -> Response:
        """Mark it."""
        response.headers["X-After"] = "yes"
        return response


@pytest.fixture
def manager() -> MiddlewareManager:
    """Return a manager without middlewares."""
    return MiddlewareManager()


@pytest.fixture
def calls() -> list[str]:
    """Return the list that middlewares write to."""
    return []


# --- The list -----------------------------------------------------------------------


def test_a_new_manager_is_announced(hear: Any) -> None:
    """Making a manager is announced with the manager as sender."""
    heard = hear(middleware_manager_initialized)
    manager = MiddlewareManager()

    assert [{"sender": manager}] == heard


def test_added_middlewares_are_kept_in_order(
    manager: MiddlewareManager, calls: list[str], hear: Any
) -> None:
    """A middleware is added at the end and announced."""
    heard = hear(middleware_added)
    first, second = Noting("a", calls), Noting("b", calls)
    manager.add_middleware(first)
    manager.add_middleware(second)

    assert ((first, second), [(first, "Noting"), (second, "Noting")]) == (
        manager.middlewares,
        [(one["middleware_instance"], one["middleware_name"]) for one in heard],
    )


@pytest.mark.parametrize(
    "wrong", [object(), None, lambda request: None, ResponseMiddleware]
)
def test_no_middleware_is_refused(
    manager: MiddlewareManager, hear: Any, wrong: Any
) -> None:
    """What lacks one of the hooks is announced and is an error."""
    heard = hear(middleware_add_failed)
    with pytest.raises(InvalidMiddleware, match="is no middleware: it needs"):
        manager.add_middleware(wrong)

    assert [("invalid_type", wrong)] == [
        (one["error_type"], one["middleware_instance"]) for one in heard
    ]


def test_a_middleware_is_removed(
    manager: MiddlewareManager, calls: list[str], hear: Any
) -> None:
    """Removing takes out this very middleware, not its equals, and announces it."""
    heard = hear(middleware_removed)
    first, second = Noting("a", calls), Noting("a", calls)
    manager.add_middleware(first)
    manager.add_middleware(second)
    manager.remove_middleware(second)

    assert ((first,), [second]) == (
        manager.middlewares,
        [one["middleware_instance"] for one in heard],
    )


def test_removing_an_unknown_one_is_an_error(
    manager: MiddlewareManager, calls: list[str], hear: Any
) -> None:
    """A middleware that is not there is announced and is an error."""
    heard = hear(middleware_remove_failed)
    with pytest.raises(MiddlewareNotFound, match="is not in the chain"):
        manager.remove_middleware(Noting("a", calls))

    assert ["not_found"] == [one["error_type"] for one in heard]


def test_a_class_is_removed(
    manager: MiddlewareManager, calls: list[str], hear: Any
) -> None:
    """Removing a class takes out its instances and those of its subclasses."""
    heard = hear(middleware_removed_by_class)
    first, other, second = Noting("a", calls), After(), Noting("b", calls)
    answering = Answering("c", calls)
    for middleware in (first, other, second, answering):
        manager.add_middleware(middleware)
    manager.remove_middleware_by_class(Noting)

    assert ((other,), [(Noting, "Noting", 3, [first, second, answering])]) == (
        manager.middlewares,
        [
            (
                one["middleware_class"],
                one["middleware_class_name"],
                one["removed_count"],
                one["removed_instances"],
            )
            for one in heard
        ],
    )


def test_removing_a_class_that_is_not_there_is_silent(
    manager: MiddlewareManager, hear: Any
) -> None:
    """A class without instances changes and announces nothing."""
    heard = hear(middleware_removed_by_class)
    manager.remove_middleware_by_class(After)

    assert [] == heard


def test_removing_no_class_is_an_error(manager: MiddlewareManager, hear: Any) -> None:
    """An instance in place of a class is announced and is an error."""
    heard = hear(middleware_remove_by_class_failed)
    wrong: Any = After()
    with pytest.raises(InvalidMiddleware, match="is no middleware class"):
        manager.remove_middleware_by_class(wrong)

    assert ["invalid_class_type"] == [one["error_type"] for one in heard]


@pytest.mark.parametrize(
    "change",
    [
        lambda manager: manager.add_middleware(After()),
        lambda manager: manager.remove_middleware(After()),
        lambda manager: manager.remove_middleware_by_class(After),
    ],
)
def test_a_frozen_chain_stays(manager: MiddlewareManager, change: Any) -> None:
    """After start-up the chain cannot be changed."""
    manager.freeze()

    with pytest.raises(MiddlewaresFrozen, match="Put them into MIDDLEWARES"):
        change(manager)


def test_hooks_that_do_nothing_are_dropped(manager: MiddlewareManager) -> None:
    """The hook that a base class supplies is not in the frozen chain."""
    before, after = Before(), After()
    manager.add_middleware(before)
    manager.add_middleware(after)
    chain = manager.freeze()

    assert ([before], [after]) == (
        [step.middleware for step in chain.before],
        [step.middleware for step in chain.after],
    )


def test_a_subclass_may_use_both_hooks(manager: MiddlewareManager) -> None:
    """A hook that overrides the one of the base class is kept."""

    class Both(Before):
        def process_response(self, request: Any, response: Response) -> Response:
            return response

    manager.add_middleware(Both())
    chain = manager.freeze()

    assert (1, 1) == (len(chain.before), len(chain.after))


def test_the_base_class_wants_both_hooks() -> None:
    """BaseMiddleware cannot be made without both hooks."""

    class Half(BaseMiddleware):
        def process_request(self, request: Any) -> Response | None:
            return None

    with pytest.raises(TypeError, match="process_response"):
        Half()  # type: ignore[abstract]  # what is tested


@pytest.mark.parametrize("middleware", [Before(), After()])
def test_base_classes_supply_the_other_hook(middleware: Any) -> None:
    """The supplied hooks let everything pass."""
    response = Response()

    assert (None, response) == (
        middleware.process_request(None),
        middleware.process_response(None, response),
    )


def test_a_protocol_describes_middlewares(calls: list[str]) -> None:
    """Anything with both hooks is a Middleware."""
    assert isinstance(Noting("a", calls), Middleware)


# --- Alone --------------------------------------------------------------------------


def test_alone_the_hooks_run_in_order(
    manager: MiddlewareManager, calls: list[str]
) -> None:
    """Request hooks run in order and response hooks in reverse."""
    manager.add_middleware(Noting("a", calls))
    manager.add_middleware(Noting("b", calls))
    answer = manager.process_request(None)
    manager.process_response(None, Response())

    assert (None, ["a in", "b in", "b out", "a out"]) == (answer, calls)


def test_alone_an_answer_ends_the_chain(
    manager: MiddlewareManager, calls: list[str]
) -> None:
    """The first response of a request hook is returned, and the rest not called."""
    manager.add_middleware(Answering("a", calls))
    manager.add_middleware(Noting("b", calls))
    answer = manager.process_request(None)

    assert answer is not None
    assert (202, ["a in"]) == (answer.status_code, calls)


@pytest.mark.parametrize(
    ("kind", "error"),
    [(FailingIn, "ZeroDivisionError"), (WrongIn, "InvalidMiddleware")],
)
def test_alone_a_failing_request_hook_is_a_500(
    manager: MiddlewareManager,
    calls: list[str],
    hear: Any,
    kind: type[Noting],
    error: str,
) -> None:
    """An exception becomes a 500 and is announced."""
    heard = hear(middleware_process_request_failed)
    manager.add_middleware(kind("a", calls))
    answer = manager.process_request(None)

    assert answer is not None
    assert (500, [error]) == (
        answer.status_code,
        [one["error_type"] for one in heard],
    )


@pytest.mark.parametrize("kind", [FailingIn, FailingOut])
def test_alone_a_failing_hook_is_logged(
    manager: MiddlewareManager,
    calls: list[str],
    caplog: pytest.LogCaptureFixture,
    kind: type[Noting],
) -> None:
    """An exception of a hook is logged once, as an error."""
    manager.add_middleware(kind("a", calls))
    manager.process_request(None)
    manager.process_response(None, Response())

    assert [logging.ERROR] == [record.levelno for record in caplog.records]


@pytest.mark.parametrize(
    ("kind", "error"),
    [(FailingOut, "ZeroDivisionError"), (WrongOut, "InvalidMiddleware")],
)
def test_alone_a_failing_response_hook_is_passed_over(
    manager: MiddlewareManager,
    calls: list[str],
    hear: Any,
    kind: type[Noting],
    error: str,
) -> None:
    """An exception is announced, and the others see the response."""
    heard = hear(middleware_process_response_failed)
    response = Response("ok")
    manager.add_middleware(Noting("a", calls))
    manager.add_middleware(kind("b", calls))
    answer = manager.process_response(None, response)

    assert (response, ["a out"], [(error, response)]) == (
        answer,
        calls,
        [(one["error_type"], one["current_response"]) for one in heard],
    )
