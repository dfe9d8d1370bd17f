"""Router: what it finds, what it refuses, and the urls it makes."""

import uuid
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core.exceptions import DuplicateRouteName
from lback.core.exceptions import InvalidRoute
from lback.core.exceptions import MethodNotAllowed
from lback.core.exceptions import NoReverseMatch
from lback.core.exceptions import RouteNotFound
from lback.core.exceptions import RouterFrozen
from lback.core.router import Route
from lback.core.router import Router
from lback.core.types import HTTPMethod

AN_ID = "0b1a2c3d-0000-4000-8000-00000000abcd"


def view(request: Any, **params: Any) -> str:
    """Answer anything."""
    return "ok"


def other(request: Any, **params: Any) -> str:
    """Answer anything, too."""
    return "other"


@pytest.fixture
def router() -> Router:
    """Return a router without routes."""
    return Router()


# --- The index and its slow twin ---------------------------------------------------

SEGMENTS = st.sampled_from(
    [
        "a",
        "b",
        "",
        "{}",
        "{:int}",
        "{:uuid}",
        "{:path}",
        "a-{:int}.html",
        "{}.{}",
        "{:int}-{}",
        "x{:path}",
    ]
)
ASKED = st.sampled_from(
    ["a", "b", "", "1", "01", "a-1.html", "a.b", "1-a", "x1", "..", ".", AN_ID, "ä"]
)
METHODS = st.none() | st.lists(
    st.sampled_from(["GET", "POST", "HEAD", "PUT"]), min_size=1, max_size=3
)


def numbered(segments: list[str]) -> str:
    """Write a path and give each of its variables a name of its own."""
    path = "/" + "/".join(segments)
    while "//" in path:
        path = path.replace("//", "/")
    number = 0
    while "{}" in path or "{:" in path:
        place = path.index("{}") if "{}" in path else path.index("{:")
        path = f"{path[: place + 1]}v{number}{path[place + 1 :]}"
        number += 1
    return path


TABLES = st.lists(
    st.tuples(st.lists(SEGMENTS, max_size=4).map(numbered), METHODS), max_size=8
)
PATHS = st.lists(ASKED, max_size=5).map(lambda parts: "/" + "/".join(parts))


def first_in_order(router: Router, path: str, method: str) -> Any:
    """Try every route in order: the slow twin of the index."""
    allowed: set[str] = set()
    for route in router:
        found = route.match(path, method)
        if found is None:
            continue
        if "_method_mismatch" not in found:
            return route, found
        allowed.update(found["_allowed_methods"])
    return sorted(allowed) or None


def found_by(router: Router, path: str, method: str) -> Any:
    """Ask the index, in the form in which the slow twin answers."""
    try:
        return router.find(path, method)
    except MethodNotAllowed as error:
        return error.allowed_methods
    except RouteNotFound:
        return None


@given(TABLES, PATHS, st.sampled_from(["GET", "HEAD", "POST", "DELETE"]))
def test_the_index_agrees_with_trying_every_route(
    table: list[tuple[str, list[str] | None]], path: str, method: str
) -> None:
    """The compiled index finds what trying every route in order finds."""
    router = Router()
    for route_path, methods in table:
        router.add_route(route_path, view, methods)

    assert first_in_order(router, path, method) == found_by(router, path, method)


@given(st.lists(SEGMENTS, max_size=4).map(numbered), PATHS)
def test_url_for_inverts_resolve(route_path: str, path: str) -> None:
    """What a path resolves to makes a url that resolves to the same."""
    router = Router()
    router.add_route(route_path, view, name="it")
    try:
        params = router.resolve(path, "GET")[1]
    except RouteNotFound:
        return

    assert params == router.resolve(unquote(router.url_for("it", **params)), "GET")[1]


@given(
    st.integers(0, 10**19 - 1),
    st.uuids(),
    st.text("abc äß%/?#&=+;:@.-_~", min_size=1),
    st.text("abc äß%?#&=+;:@.-_~", min_size=1),
)
def test_resolve_inverts_url_for(n: int, u: uuid.UUID, p: str, s: str) -> None:
    """Whatever values make a url, the url resolves to those values."""
    router = Router()
    router.add_route("/x ä/{n:int}/{s}/{u:uuid}/{p:path}", view, name="it")
    values = {"n": n, "s": s, "u": u, "p": p}
    try:
        url = router.url_for("it", **values)
    except NoReverseMatch:
        return

    assert values == router.resolve(unquote(url), "GET")[1]


# --- What is found ------------------------------------------------------------------


def test_a_route_is_resolved_to_view_variables_and_auth(router: Router) -> None:
    """resolve() gives the view, the variables of the path and requires_auth."""
    router.add_route("/u/{id:int}", view, ["GET"])

    assert (view, {"id": 5}, True) == router.resolve("/u/5", "GET")


def test_the_first_of_two_routes_wins(router: Router) -> None:
    """Of two routes that match, the one that was added first is taken."""
    router.add_route("/u/{id}", view)
    router.add_route("/u/me", other)

    assert view is router.resolve("/u/me", "GET")[0]


def test_a_static_route_added_first_wins(router: Router) -> None:
    """A static path that was added first is taken before one with variables."""
    router.add_route("/u/me", other)
    router.add_route("/u/{id}", view)

    assert other is router.resolve("/u/me", "GET")[0]


def test_one_path_may_have_a_route_for_each_method(router: Router) -> None:
    """Two routes of one path answer their own methods."""
    router.add_route("/a", view, ["GET"])
    router.add_route("/a", other, ["POST"])

    assert other is router.resolve("/a", "POST")[0]


def test_no_route_is_an_error_with_path_and_method(router: Router) -> None:
    """A path that no route has raises RouteNotFound, which knows path and method."""
    with pytest.raises(RouteNotFound) as caught:
        router.resolve("/nowhere", "GET")

    assert ("/nowhere", "GET") == (caught.value.path, caught.value.method)


def test_a_wrong_method_is_an_error_with_all_allowed_ones(router: Router) -> None:
    """A known path raises MethodNotAllowed with the methods of all its routes."""
    router.add_route("/a", view, ["GET"])
    router.add_route("/{x}", view, ["PUT"])

    with pytest.raises(MethodNotAllowed) as caught:
        router.resolve("/a", "POST")

    assert ["GET", "HEAD", "PUT"] == caught.value.allowed_methods


def test_head_answers_where_get_does(router: Router) -> None:
    """A route for GET is found for HEAD, too."""
    router.add_route("/a", view, ["GET"])

    assert view is router.resolve("/a", "HEAD")[0]


def test_head_does_not_answer_where_get_does_not(router: Router) -> None:
    """A route for POST alone refuses HEAD."""
    router.add_route("/a", view, ["POST"])

    with pytest.raises(MethodNotAllowed):
        router.resolve("/a", "HEAD")


def test_a_route_without_methods_answers_all(router: Router) -> None:
    """Without methods, and without methods of the view, any method is answered."""
    router.add_route("/a", view)

    assert view is router.resolve("/a", "PROPFIND")[0]


def test_the_views_methods_count(router: Router) -> None:
    """Without methods of the route those of the view's attribute count."""

    def posting(request: Any) -> str:
        return ""

    posting.methods = ["POST"]  # type: ignore[attr-defined]  # how a view says it
    router.add_route("/a", posting)

    assert ["POST"] == router.routes[0].methods


def test_several_variables_share_a_segment(router: Router) -> None:
    """Variables between literal texts of one segment are converted each."""
    router.add_route("/{name}-{n:int}.html", view)

    assert {"name": "a-b", "n": 5} == router.resolve("/a-b-5.html", "GET")[1]


def test_a_climbing_part_of_a_segment_is_not_found(router: Router) -> None:
    """Dots alone are no value of a variable that shares its segment either."""
    router.add_route("/{name}-{n:int}.html", view)

    with pytest.raises(RouteNotFound):
        router.resolve("/..-5.html", "GET")


@pytest.mark.parametrize("path", ["/" + "a" * 50_000, "/a" * 25_000, "/" * 50_000])
def test_a_huge_path_is_just_not_found(router: Router, path: str) -> None:
    """A path of 50,000 characters is not found, whatever its segments are."""
    for number in range(1000):
        router.add_route(f"/a/{number}/{{x:int}}/{{y}}/z", view)

    with pytest.raises(RouteNotFound):
        router.resolve(path, "GET")


def test_two_slashes_are_another_path(router: Router) -> None:
    """Doubled slashes are not folded: //host/path is no name for /host/path."""
    router.add_route("/{p:path}", view)

    with pytest.raises(RouteNotFound):
        router.resolve("//evil.example/x", "GET")


def test_a_changed_dictionary_of_variables_changes_nothing(router: Router) -> None:
    """The variables that were found belong to the caller."""
    router.add_route("/a", view)
    router.resolve("/a", "GET")[1]["x"] = 1

    assert {} == router.resolve("/a", "GET")[1]


# --- Route.match, as documented -----------------------------------------------------


def test_a_route_matches_path_and_method() -> None:
    """match() gives the variables where path and method match."""
    assert {"id": 5} == Route("/u/{id:int}", view, ["GET"]).match("/u/5", "GET")


def test_a_route_for_get_matches_head() -> None:
    """match() takes HEAD where it takes GET."""
    assert {"id": 5} == Route("/u/{id:int}", view, ["GET"]).match("/u/5", "HEAD")


def test_a_route_tells_a_wrong_method() -> None:
    """match() says which methods there are where only the path matches."""
    expected = {"_method_mismatch": True, "_allowed_methods": ["GET", "HEAD"]}

    assert expected == Route("/u", view, ["GET"]).match("/u", "POST")


def test_a_route_does_not_match_another_path() -> None:
    """match() gives None where the path differs."""
    assert Route("/u", view).match("/v", "GET") is None


def test_a_route_shows_itself() -> None:
    """The repr of a route has its path, methods and name."""
    assert "<Route '/u' ['GET'] u>" == repr(Route("/u", view, ["GET"], "u"))


# --- What is refused ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ("GET", "is no list"),
        (5, "is no list"),
        (["get"], "Write it in capitals"),
        (["GET POST"], "no HTTP method"),
        ([], "leaves nothing to answer"),
    ],
)
def test_wrong_methods_are_refused(methods: Any, said: str) -> None:
    """Methods that are no list of capitals are an error that says so."""
    with pytest.raises(InvalidRoute, match=said):
        Route("/a", view, methods)


def test_methods_may_be_members_of_the_enumeration() -> None:
    """Methods may be given as members of HTTPMethod."""
    route = Route("/a", view, [HTTPMethod.GET])  # type: ignore[list-item]  # documented as text

    assert ["GET"] == route.methods


def test_a_view_that_cannot_be_called_is_refused() -> None:
    """A view that is not callable is an error that shows it."""
    with pytest.raises(InvalidRoute, match="'nothing', which is not callable"):
        Route("/a", "nothing")  # type: ignore[arg-type]  # what is tested


def test_a_class_without_methods_is_refused() -> None:
    """A class view without get, post, ... is an error that names the class."""

    class Empty:
        pass

    with pytest.raises(InvalidRoute, match="Empty, which has none of the methods"):
        Route("/a", Empty)


def test_a_name_belongs_to_one_route(router: Router) -> None:
    """A second route of a name is an error that shows both paths."""
    router.add_route("/a", view, name="it")

    with pytest.raises(DuplicateRouteName, match="'it' belongs to '/a' and to '/b'"):
        router.add_route("/b", view, name="it")


def test_a_refused_name_adds_no_route(router: Router) -> None:
    """A route that was refused is not there."""
    router.add_route("/a", view, name="it")
    with pytest.raises(DuplicateRouteName):
        router.add_route("/b", view, name="it")

    assert 1 == len(router)


def test_a_frozen_router_takes_no_route(router: Router) -> None:
    """After start-up a new route is an error."""
    router.freeze()

    with pytest.raises(RouterFrozen, match="'/late' comes too late"):
        router.add_route("/late", view)


def test_a_frozen_router_gives_no_route_away(router: Router) -> None:
    """After start-up no route can be removed."""
    router.add_route("/a", view)
    router.freeze()

    with pytest.raises(RouterFrozen):
        router.remove_route("/a")


# --- Removing -----------------------------------------------------------------------


def test_removing_a_path_removes_all_its_routes(router: Router) -> None:
    """Without methods every route of the path is gone."""
    router.add_route("/a", view, ["GET"], name="it")
    router.add_route("/a", view, ["POST"])
    router.remove_route("/a")

    assert ([], None) == (router.routes, router.get_route_by_name("it"))


def test_removing_a_method_leaves_the_others(router: Router) -> None:
    """With methods the path goes on answering its others, under its name."""
    router.add_route("/a", view, ["GET", "POST", "PUT"], name="it")
    router.remove_route("/a", ["POST"])
    route = router.get_route_by_name("it")

    assert route is not None
    assert ["GET", "PUT"] == route.methods


def test_removing_all_methods_removes_the_route(router: Router) -> None:
    """A route without any method left is gone; other paths stay."""
    router.add_route("/a", view, ["GET"])
    router.add_route("/b", view, ["GET"])
    router.remove_route("/a", ["GET"])

    assert ["/b"] == [route.path for route in router]


def test_a_removed_route_is_not_found(router: Router) -> None:
    """A route that is removed after it was found once is not found again."""
    router.add_route("/a", view)
    router.resolve("/a", "GET")
    router.remove_route("/a")

    with pytest.raises(RouteNotFound):
        router.resolve("/a", "GET")


def test_removing_leaves_routes_that_only_match(router: Router) -> None:
    """Removing a path takes only routes that are written that way."""
    router.add_route("/{x}", view)
    router.add_route("/a", view)
    router.remove_route("/a")

    assert ["/{x}"] == [route.path for route in router]


@pytest.mark.parametrize(("path", "methods"), [("/b", None), ("/a", ["PUT"])])
def test_removing_what_is_not_there_is_an_error(
    router: Router, path: str, methods: list[str] | None
) -> None:
    """A path or a method that no route has is an error that names it."""
    router.add_route("/a", view, ["GET"])

    with pytest.raises(RouteNotFound, match=f"No route answers .*{path}"):
        router.remove_route(path, methods)


def test_a_method_cannot_be_taken_from_all(router: Router) -> None:
    """A route that answers all methods cannot lose one of them."""
    router.add_route("/a", view)

    with pytest.raises(InvalidRoute, match="answers all methods"):
        router.remove_route("/a", ["GET"])


# --- Urls -----------------------------------------------------------------------------


def test_a_url_is_made_from_a_name(router: Router) -> None:
    """url_for() fills the variables of the route's path."""
    router.add_route("/u/{id:int}", view, name="user")

    assert "/u/5" == router.url_for("user", id=5)


def test_a_variable_may_be_called_name(router: Router) -> None:
    """A variable called name does not clash with the route's name."""
    router.add_route("/u/{name}", view, name="user")

    assert "/u/ann" == router.url_for("user", name="ann")


def test_a_misspelt_name_is_corrected(router: Router) -> None:
    """An unknown name is an error that names the nearest one."""
    router.add_route("/u", view, name="user-list")

    with pytest.raises(NoReverseMatch, match="Did you mean 'user-list'"):
        router.url_for("user_list")


@pytest.mark.parametrize("name", ["zzzzzz", None])
def test_a_wild_name_is_just_unknown(router: Router, name: Any) -> None:
    """A name that is near to no other gets no suggestion."""
    router.add_route("/u", view, name="user-list")

    with pytest.raises(NoReverseMatch, match=r"No route is called .*\.$"):
        router.url_for(name)


def test_a_failed_url_is_a_value_error(router: Router) -> None:
    """url_for() raises a ValueError, as documented."""
    with pytest.raises(ValueError, match="No route is called 'x'"):
        router.url_for("x")
