"""The routes nearest to a path, each with the reason why it did not match."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core._debug_page import routes_page
from lback.core._debug_page import routes_text
from lback.core._near_routes import nearest
from lback.core.router import Route
from lback.core.router import Router
from lback.core.types import Request

PATHS = [
    "/",
    "/orders",
    "/orders/",
    "/orders/{order_id:int}",
    "/orders/{order_id:int}/items/{item:uuid}",
    "/files/{rest:path}",
    "/report-{year:int}.{kind}",
]


def route(path: str, methods: list[str] | None = None) -> Route:
    """Return a route to a view that does nothing."""
    return Route(path, lambda request, **_: "", methods)


@pytest.mark.parametrize(
    ("written", "path", "reason"),
    [
        ("/orders", "/order", "segment 1 is 'order', not 'orders'"),
        ("/a/b/c", "/x/b/y", "segment 1 is 'x', not 'a'; segment 3 is 'y', not 'c'"),
        ("/a/{n:int}", "/a/b", "segment 2, 'b', does not fit {n:int}"),
        ("/a/v{n:int}", "/a/vx", "segment 2, 'vx', does not fit v{n:int}"),
        ("/a/{n}/c", "/a/b", "it has 3 segments, the path has 2"),
        ("/a", "/a/b/", "it has 1 segment, the path has 2"),
        ("/", "/a", "it has 0 segments, the path has 1"),
        ("/a", "//", "segment 1 is '', not 'a'; it does not end with a slash"),
        ("/a/", "/a", "it ends with a slash"),
        ("/a", "/a/", "it does not end with a slash"),
        (
            "/a/",
            "/b",
            "segment 1 is 'b', not 'a'; it ends with a slash",
        ),
        ("/files/{rest:path}", "/file/a/b", "segment 1 is 'file', not 'files'"),
        (
            "/files/{rest:path}",
            "/files/a/../b",
            "what follows does not fit /files/{rest:path}",
        ),
        (
            "/files/{rest:path}/edit",
            "/files/a/b",
            "what follows does not fit /files/{rest:path}/edit",
        ),
    ],
)
def test_a_path_that_differs_has_its_reason(
    written: str, path: str, reason: str
) -> None:
    """The reason names the segments that differ, or their number."""
    (near,) = nearest([route(written)], path, "GET")

    assert reason == near.reason


@pytest.mark.parametrize(
    ("methods", "method", "reason"),
    [
        (["GET", "PUT"], "POST", "it answers GET, PUT, not POST"),
        (["POST"], "HEAD", "it answers POST, not HEAD"),
        (["GET"], "HEAD", "it matches; the view itself found nothing"),
        (None, "POST", "it matches; the view itself found nothing"),
    ],
)
def test_another_method_is_the_reason(
    methods: list[str] | None, method: str, reason: str
) -> None:
    """A route that has the path says which methods it answers."""
    (near,) = nearest([route("/a/{n:int}", methods)], "/a/1", method)

    assert reason == near.reason


def test_the_nearest_route_comes_first() -> None:
    """Routes are ordered by likeness; what a variable takes counts as alike."""
    routes = [route(path) for path in PATHS]
    found = nearest(routes, "/order/1234567890/items/abc", "GET")

    assert [
        "/orders/{order_id:int}/items/{item:uuid}",
        "/orders/{order_id:int}",
    ] == [near.route.path for near in found[:2]]


@given(path=st.text(max_size=300).map(lambda text: f"/{text}"))
def test_every_path_gets_a_reason_from_every_route(path: str) -> None:
    """Whatever the path is, all routes are there and each has a reason."""
    routes = [route(one, ["GET"]) for one in PATHS]
    found = nearest(routes, path, "POST")

    assert (set(PATHS), True) == (
        {near.route.path for near in found},
        all(near.reason for near in found),
    )


# --- The page -----------------------------------------------------------------------


@pytest.fixture
def request_(make_environ: Any) -> Request:
    """Return a request that no route answers."""
    return Request("/orders/x", "GET", None, None, make_environ("/orders/x"))


@pytest.fixture
def router() -> Router:
    """Return a router with more routes than a page shows."""
    made = Router()
    made.add_route("/orders/{order_id:int}", lambda request: "", ["GET", "POST"])
    for number in range(12):
        made.add_route(f"/elsewhere/{number}/a/b", lambda request: "")
    return made


def test_the_nearest_routes_have_their_reasons(
    request_: Request, router: Router
) -> None:
    """The text has the nearest route first, with methods, view and reason."""
    text = routes_text(request_, router)
    first = text.partition("Nearest routes:\n")[2].splitlines()[:2]

    assert (
        "404 Not Found - GET /orders/x\n/orders/x\nNo route has this path.\n",
        "  GET, POST /orders/{order_id:int}  ",
        "      segment 2, 'x', does not fit {order_id:int}",
        True,
    ) == (
        text.partition("\nNearest")[0],
        first[0][:36],
        first[1],
        "  and 3 more: lback routes\n" in text,
    )


def test_routes_far_off_are_folded(request_: Request, router: Router) -> None:
    """The page shows ten routes and folds the others."""
    page = routes_page(request_, router)
    before, _, folded = page.partition("<summary>3 more routes</summary>")

    assert (10, 3) == (
        before.count("<tr>"),
        folded.partition("</table>")[0].count("<tr>"),
    )


def test_no_routes_are_no_reason_to_fail(request_: Request) -> None:
    """A project without routes says so."""
    assert "There are no routes." in routes_page(request_, [])
