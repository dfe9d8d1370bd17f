"""path, include and the routes that a url module leads to."""

from collections.abc import Callable
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from lback.core.exceptions import AppBroken
from lback.core.exceptions import DuplicateRouteName
from lback.core.exceptions import InvalidRoute
from lback.core.router import Router
from lback.core.types import Request
from lback.core.urls_utils import collect
from lback.core.urls_utils import Include
from lback.core.urls_utils import include
from lback.core.urls_utils import path

MakeModule = Callable[..., ModuleType]

VIEW = "from lback import path, include\ndef view(request, **p): return ''\n"


def view(request: Any, **params: Any) -> str:
    """Answer anything."""
    return "ok"


class Both:
    """A view for two methods."""

    def get(self, request: Any) -> str:
        """Show it."""
        return ""

    def post(self, request: Any) -> str:
        """Take it."""
        return ""


def test_a_route_is_public_and_for_get() -> None:
    """path() makes a public route for GET unless told otherwise."""
    route = path("/a", view)

    assert (["GET"], False) == (route.methods, route.requires_auth)


def test_a_class_answers_its_methods() -> None:
    """path() with a class answers the methods that the class has."""
    assert ["GET", "POST"] == path("/a", Both).methods


def test_a_views_methods_attribute_wins() -> None:
    """path() follows a view's methods before anything else of it."""

    class Chosen(Both):
        methods = ("POST",)

    assert ["POST"] == path("/a", Chosen).methods


def test_a_views_methods_have_to_be_a_list() -> None:
    """A view whose methods are one text is refused, not taken letter by letter."""

    class Wrong(Both):
        methods = "GET"

    with pytest.raises(InvalidRoute, match="methods='GET' of '/a' is no list"):
        path("/a", Wrong)


def test_given_methods_win() -> None:
    """path() with methods answers those, whatever the view says."""
    assert ["PUT"] == path("/a", Both, ["PUT"]).methods


@pytest.mark.parametrize(
    ("prefix", "written", "whole"),
    [
        ("", "/a", "/a"),
        ("/shop", "/a", "/shop/a"),
        ("/shop/", "/a", "/shop/a"),
        ("shop", "/a", "/shop/a"),
        ("/", "/a", "/a"),
        ("/shop", "/", "/shop/"),
        ("/shop/{shop_id:int}", "/a", "/shop/{shop_id:int}/a"),
    ],
)
def test_prefix_and_path_are_joined_by_one_slash(
    make_module: MakeModule, prefix: str, written: str, whole: str
) -> None:
    """However prefix and path are written, one slash is between them."""
    make_module("joined_below", f"{VIEW}urlpatterns = [path({written!r}, view)]")
    make_module(
        "joined",
        f"{VIEW}urlpatterns = [include('joined_below', prefix={prefix!r})]",
    )

    assert [whole] == [route.path for route in collect("joined")]


def test_includes_nest(make_module: MakeModule) -> None:
    """Prefixes of nested includes add up, and the order of writing stays."""
    make_module("nest_c", f"{VIEW}urlpatterns = [path('/c', view, name='c')]")
    make_module(
        "nest_b", f"{VIEW}urlpatterns = [include('nest_c', '/y'), path('/b', view)]"
    )
    make_module(
        "nest_a",
        f"{VIEW}urlpatterns = (path('/first', view), include('nest_b', '/x'))",
    )

    assert ["/first", "/x/y/c", "/x/b"] == [route.path for route in collect("nest_a")]


def test_an_include_without_prefix_keeps_the_one_above(make_module: MakeModule) -> None:
    """An include without a prefix of its own stays under that of its parent."""
    make_module("bare_c", f"{VIEW}urlpatterns = [path('/c', view)]")
    make_module("bare_b", f"{VIEW}urlpatterns = [include('bare_c')]")
    make_module("bare_a", f"{VIEW}urlpatterns = [include('bare_b', '/x')]")

    assert ["/x/c"] == [route.path for route in collect("bare_a")]


def test_a_route_keeps_everything_under_a_prefix(make_module: MakeModule) -> None:
    """Behind a prefix a route has the view, methods, name and auth it was given."""
    module = make_module(
        "kept_below",
        f"{VIEW}urlpatterns = [path('/a', view, ['PUT'], 'it', requires_auth=True)]",
    )
    make_module("kept", f"{VIEW}urlpatterns = [include('kept_below', '/x')]")
    route = collect("kept")[0]
    expected = (module.view, ["PUT"], "it", True)

    assert expected == (route.view, route.methods, route.name, route.requires_auth)


def test_one_module_may_stand_under_two_prefixes(make_module: MakeModule) -> None:
    """A url module may be included twice, as long as its routes have no names."""
    make_module("twice_below", f"{VIEW}urlpatterns = [path('/a', view)]")
    make_module(
        "twice",
        f"{VIEW}urlpatterns = [include('twice_below', p) for p in ('/x', '/y')]",
    )

    assert ["/x/a", "/y/a"] == [route.path for route in collect("twice")]


def test_a_variable_of_the_prefix_is_not_used_again(make_module: MakeModule) -> None:
    """A variable that prefix and path both have is an error that shows the path."""
    make_module("same_below", f"{VIEW}urlpatterns = [path('/{{id}}', view)]")
    make_module("same", f"{VIEW}urlpatterns = [include('same_below', '/{{id}}')]")

    with pytest.raises(InvalidRoute, match=r"'/\{id\}/\{id\}' uses a variable twice"):
        collect("same")


def test_the_included_module_need_not_exist_yet() -> None:
    """include() imports nothing."""
    assert "not.there.yet" == include("not.there.yet", "/x").module_path


def test_an_include_shows_itself() -> None:
    """The repr of an include has its module and its prefix."""
    assert "<Include 'shop.urls' under '/shop'>" == repr(Include("shop.urls", "/shop"))


@pytest.mark.parametrize("module_path", ["", "  ", None, view])
def test_an_include_names_a_module(module_path: Any) -> None:
    """An include of anything but a dotted path is an error."""
    with pytest.raises(InvalidRoute, match="does not name a module"):
        include(module_path)


def test_a_prefix_is_a_text() -> None:
    """An include with another kind of prefix is an error."""
    with pytest.raises(InvalidRoute, match="a prefix is a text"):
        include("shop.urls", 5)  # type: ignore[arg-type]  # what is tested


def test_a_failing_url_module_is_named_with_its_line(make_module: MakeModule) -> None:
    """An error inside an included module names it, who includes it, and the line."""
    with pytest.raises(ZeroDivisionError):
        make_module("failing_below", "import os\n\n1 / 0\n")
    make_module("failing", f"{VIEW}urlpatterns = [include('failing_below')]")

    with pytest.raises(
        AppBroken,
        match=(
            "'failing_below', which failing includes, cannot be imported: "
            r"ZeroDivisionError: .* \(.*failing_below.py:3\)"
        ),
    ):
        collect("failing")


def test_a_syntax_error_is_named_with_its_line(make_module: MakeModule) -> None:
    """A url module that is no Python is an error with file and line."""
    with pytest.raises(SyntaxError):
        make_module("typo_below", "\nurlpatterns = [\n")
    make_module("typo", f"{VIEW}urlpatterns = [include('typo_below')]")

    with pytest.raises(AppBroken, match=r"SyntaxError: .*typo_below.py:2\)"):
        collect("typo")


def test_a_missing_url_module_is_named(make_module: MakeModule) -> None:
    """An include of a module that does not exist is an error that names it."""
    make_module("missing", f"{VIEW}urlpatterns = [include('missing_below')]")

    with pytest.raises(AppBroken, match="No module named 'missing_below'"):
        collect("missing")


def test_the_root_is_said_to_be_the_root() -> None:
    """A ROOT_URLCONF that does not exist is called by the name of the setting."""
    with pytest.raises(AppBroken, match=r"'no_such_urls' \(ROOT_URLCONF\) cannot be"):
        collect("no_such_urls")


def test_a_cycle_is_shown(make_module: MakeModule) -> None:
    """Url modules that include each other are an error that shows the chain."""
    make_module("cycle_a", f"{VIEW}urlpatterns = [include('cycle_b')]")
    make_module("cycle_b", f"{VIEW}urlpatterns = [include('cycle_a')]")

    with pytest.raises(InvalidRoute, match="cycle_a -> cycle_b -> cycle_a"):
        collect("cycle_a")


@pytest.mark.parametrize("text", ["", "urlpatterns = None", "urlpatterns = 'abc'"])
def test_urlpatterns_has_to_be_a_list(make_module: MakeModule, text: str) -> None:
    """A url module without a list called urlpatterns is an error."""
    make_module("listless", text)

    with pytest.raises(InvalidRoute, match="has no list called urlpatterns"):
        collect("listless")


@pytest.mark.parametrize("entry", ["'/a'", "('/a', view)", "None", "view"])
def test_urlpatterns_holds_routes_and_includes(
    make_module: MakeModule, entry: str
) -> None:
    """Anything else in urlpatterns is an error, never passed over."""
    make_module("odd", f"{VIEW}urlpatterns = [{entry}]")

    with pytest.raises(InvalidRoute, match=r"urlpatterns of odd holds"):
        collect("odd")


def test_one_name_in_two_modules_is_an_error(make_module: MakeModule) -> None:
    """A route name that two included modules use is refused by the router."""
    make_module("name_a", f"{VIEW}urlpatterns = [path('/', view, name='it')]")
    make_module("name_b", f"{VIEW}urlpatterns = [path('/', view, name='it')]")
    make_module(
        "names",
        f"{VIEW}urlpatterns = [include('name_a', '/a'), include('name_b', '/b')]",
    )
    first, second = collect("names")
    router = Router()
    router.add(first)

    with pytest.raises(DuplicateRouteName, match="'/a/' and to '/b/'"):
        router.add(second)


# --- Namespaces ----------------------------------------------------------------------


@pytest.fixture
def mounted(make_module: MakeModule) -> Router:
    """Return the routes of an app that is mounted twice, and once more inside."""
    make_module(
        "app_urls",
        dedent("""
        from lback import path

        def view(request):
            return ""

        urlpatterns = [path("/", view, name="app.list"), path("/x", view)]
        """),
    )
    make_module(
        "site_urls",
        dedent("""
        from lback import include

        urlpatterns = [
            include("app_urls", "/en", namespace="en"),
            include("app_urls", "/de", namespace="de"),
            include("inner_urls", "/fr", namespace="fr"),
            include("app_urls", "/plain"),
        ]
        """),
    )
    make_module(
        "inner_urls",
        dedent("""
        from lback import include

        urlpatterns = [include("app_urls", "/deep", namespace="deep")]
        """),
    )
    router = Router()
    for route in collect("site_urls"):
        router.add(route)
    return router


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("app.list", "/plain/"),
        ("en:app.list", "/en/"),
        ("de:app.list", "/de/"),
        ("fr:deep:app.list", "/fr/deep/"),
    ],
)
def test_a_namespace_stands_before_the_name(
    mounted: Router, name: str, url: str
) -> None:
    """One module, several places, each with a name of its own."""
    assert url == mounted.url_for(name)


@pytest.mark.parametrize(
    ("here", "name", "url"),
    [
        ("/de/x", "app.list", "/de/"),
        ("/de/x", "en:app.list", "/en/"),
        ("/fr/deep/x", "app.list", "/fr/deep/"),
        ("/fr/deep/x", "deep:app.list", "/fr/deep/"),
        ("/plain/x", "app.list", "/plain/"),
    ],
)
def test_an_app_stays_where_it_is_mounted(
    mounted: Router, here: str, name: str, url: str
) -> None:
    """Its own names are those of the request's namespace, or of one around it."""
    request = Request(here, "GET", None, None, {})
    request.services = {"router": mounted}
    request.route, _ = mounted.find(here, "GET")

    assert url == request.url_for(name)


def test_templates_stay_where_the_request_is(
    site: Any, make_module: MakeModule
) -> None:
    """url_for in a template knows the request it is rendered for."""
    make_module(
        "page_urls",
        dedent("""
        from lback import path, render

        def view(request):
            return render(request, "page.txt")

        urlpatterns = [path("/", view, name="page")]
        """),
    )
    make_module(
        "pages_urls",
        dedent("""
        from lback import include

        urlpatterns = [
            include("page_urls", "/a", namespace="a"),
            include("page_urls", "/b", namespace="b"),
        ]
        """),
    )
    site.write("page.txt", "{{ url_for('page') }} {{ url_for('a:page', q=1) }}")
    for route in collect("pages_urls"):
        site.router.add(route)

    assert ["/a/ /a/?q=1", "/b/ /a/?q=1"] == [site.ask(p).text for p in ("/a/", "/b/")]


@pytest.mark.parametrize("namespace", ["a b", "a:b", "1", None])
def test_a_namespace_is_a_plain_word(namespace: Any) -> None:
    """The message says how to write it."""
    with pytest.raises(InvalidRoute, match="a namespace is a plain word"):
        Include("app_urls", "", namespace)
