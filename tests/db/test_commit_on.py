"""A view says which other statuses commit, too."""

import asyncio
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from lback.core.exceptions import BadRequest
from lback.core.response import Response
from lback.core.types import Request
from lback.db import commit_on
from lback.db import session


def returning(status: int) -> Any:
    """Make a view that writes and returns a status."""

    def view(request: Request) -> Response:
        session.execute(text("INSERT INTO dbtests_basket (name, total) VALUES ('a',0)"))
        return Response("x", status)

    return view


def raising(status: int) -> Any:
    """Make a view that writes and raises a status."""

    def view(request: Request) -> Response:
        returning(status)(request)
        error = BadRequest()
        error.status_code = HTTPStatus(status)
        raise error

    return view


def awaiting(view: Any) -> Any:
    """Make an async view of a view."""

    async def awaited(request: Request) -> Response:
        await asyncio.sleep(0)
        return view(request)  # type: ignore[no-any-return]  # a view is

    return awaited


def in_class(view: Any) -> Any:
    """Make a class of a view that is decorated already."""

    class View:
        def post(self, request: Request) -> Any:
            return view(request)

    return View


@pytest.mark.parametrize("make", [returning, raising])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("wrap", [lambda view: view, in_class])
@pytest.mark.parametrize(
    ("statuses", "status", "names"),
    [((422,), 422, ["a"]), ((422,), 409, []), ((409, 422), 409, ["a"])],
)
def test_commit_on_widens_the_rule(  # noqa: PLR0913, PLR0917  # what it depends on
    sqlite: Any,
    site: Any,
    make: Any,
    wrap: Any,
    statuses: tuple[int, ...],
    status: int,
    names: list[str],
    *,
    is_async: bool,
) -> None:
    """A named status commits whether it is returned or raised; others do not."""
    view = awaiting(make(status)) if is_async else make(status)
    site.add("/", wrap(commit_on(*statuses)(view)), "POST")
    response = site.post("/")

    assert status == response.status_code
    assert names == sqlite.names()
    assert 0 == sqlite.taken()


def test_commit_on_adds_up(sqlite: Any, site: Any) -> None:
    """Two decorators allow the statuses of both."""
    site.add("/", commit_on(422)(commit_on(409)(returning(422))), "POST")
    site.post("/")

    assert ["a"] == sqlite.names()


def test_commit_on_does_not_commit_other_errors(sqlite: Any, site: Any) -> None:
    """An exception that is no HTTP error rolls back even where 500 may commit."""

    def view(request: Request) -> Response:
        returning(500)(request)
        raise ZeroDivisionError

    site.add("/", commit_on(500)(view), "POST")
    site.post("/")

    assert [] == sqlite.names()


def test_commit_on_that_fails_is_an_error(
    store: Any, models: SimpleNamespace, site: Any
) -> None:
    """If the commit for a raised status fails, the answer is a 500."""

    @commit_on(422)
    def view(request: Request) -> Response:
        session.add(models.Voucher(basket_id=99))
        raise BadRequest(data=1)

    @commit_on(400)
    def other(request: Request) -> Response:
        return view(request)

    site.add("/", other, "POST")

    assert 500 == site.post("/").status_code
    assert 0 == store.taken()


@pytest.mark.parametrize("statuses", [(), (200,), (399,), (600,), ("422",)])
def test_commit_on_refuses_other_statuses(statuses: tuple[Any, ...]) -> None:
    """Only statuses that would roll back can be named."""
    with pytest.raises(ValueError, match="400 to 599"):
        commit_on(*statuses)
