"""`lback routes`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[dict[str, str]], None]

PROJECT = {
    "settings.py": "DEBUG = True\nROOT_URLCONF = 'urls'\nINSTALLED_APPS = ['shop']\n",
    "urls.py": """
from lback import include, path
from shop.views import Made, other

urlpatterns = [
    include("shop.urls", prefix="/shop"),
    path("/made", Made),
    path("/other", other, ["PUT", "POST"]),
]
""",
    "shop/__init__.py": "",
    "shop/apps.py": """
from pathlib import Path
from lback import AppConfig

class ShopConfig(AppConfig):
    def ready(self):
        Path("is_ready").touch()
""",
    "shop/urls.py": """
from lback import path
from shop.views import Basket, show

urlpatterns = [
    path("/{id:int}", show, name="show"),
    path("/basket", Basket),
]
""",
    "shop/views.py": """
import functools


def show(request, id):
    return ""


class Basket:
    def get(self, request):
        return ""

    def post(self, request):
        return ""


Made = type("Made", (), {"get": show, "__module__": "nowhere"})
other = functools.partial(show, id=1)
""",
}


@pytest.fixture
def project(write: Write, here: Path) -> Path:
    """Return the folder of a project with routes, which is the current one."""
    write(PROJECT)
    return here


def test_the_table_shows_every_route(project: Path, lback: Lback) -> None:
    """The table has each path with its prefix, its methods, name, view and place."""
    done = lback("routes")

    assert [
        ["PATH", "METHODS", "NAME", "VIEW", "PLACE"],
        ["/shop/{id:int}", "GET", "show", "shop.views.show", "shop/views.py:5"],
        ["/shop/basket", "GET,POST", "shop.views.Basket", "shop/views.py:9"],
        ["/made", "GET", "nowhere.Made"],
        ["/other", "PUT,POST", "shop.views.show", "shop/views.py:5"],
    ] == [line.split() for line in done.stdout.splitlines()]


def test_json_has_the_documented_keys(project: Path, lback: Lback) -> None:
    """--json prints a list of objects with all keys."""
    rows = json.loads(lback("routes", "--json").stdout)

    assert [
        {
            "path": "/shop/{id:int}",
            "methods": ["GET"],
            "name": "show",
            "view": "shop.views.show",
            "file": str(project / "shop/views.py"),
            "line": 5,
        },
        {
            "path": "/made",
            "methods": ["GET"],
            "name": None,
            "view": "nowhere.Made",
            "file": None,
            "line": None,
        },
    ] == [rows[0], rows[2]]


def test_nothing_is_made_ready(project: Path, lback: Lback) -> None:
    """Listing routes runs no ready()."""
    done = lback("routes")

    assert (0, False) == (done.returncode, (project / "is_ready").exists())


def test_no_routes_are_said(write: Write, lback: Lback) -> None:
    """A project without routes says so, or prints an empty list."""
    write({"settings.py": "DEBUG = True\n"})

    assert ("There are no routes.\n", "[]\n") == (
        lback("routes").stdout,
        lback("routes", "--json").stdout,
    )


@pytest.mark.usefixtures("project")
def test_a_failing_url_module_is_a_failure(write: Write, lback: Lback) -> None:
    """A url module that fails exits with 1 and one sentence with file and line."""
    write({"shop/urls.py": "\nfrom shop import no_such_name\n"})
    done = lback("routes")

    assert (1, "", True, 1) == (
        done.returncode,
        done.stdout,
        "'shop.urls', which urls includes, cannot be imported" in done.stderr,
        len(done.stderr.splitlines()),
    )


def test_a_route_for_all_methods_says_so(write: Write, lback: Lback) -> None:
    """A route without methods is listed as answering all."""
    write(
        {
            "settings.py": "DEBUG = True\nROOT_URLCONF = 'urls'\n",
            "urls.py": "from lback.core.router import Route\n"
            "def view(request): return ''\n"
            "urlpatterns = [Route('/a', view, requires_auth=False)]\n",
        }
    )

    assert ["/a", "ALL", "urls.view", "urls.py:2"] == (
        lback("routes").stdout.splitlines()[1].split()
    )


def test_the_project_may_be_named(
    write: Write, lback: Lback, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that knows the project's folder, as manage.py does, may pass it."""
    write({"settings.py": "DEBUG = True\n"})
    monkeypatch.chdir("/")

    assert 0 == lback("routes", root=here).returncode


@pytest.mark.usefixtures("project")
def test_a_path_is_explained(lback: Lback) -> None:
    """The route that answers it, and the values of its variables."""
    done = lback("routes", "--explain", "/shop/7?page=2")
    *_, route, value = done.stdout.splitlines()

    assert (0, "") == (done.returncode, done.stderr)
    assert route.startswith("/shop/{id:int}  GET")
    assert "  id = 7" == value


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "first", "reason"),
    [
        (["/shop/x"], "GET /shop/x: 404; no route", "does not fit {id:int}"),
        (["/shop/baskett"], "GET /shop/baskett: 404", "is 'baskett', not 'basket'"),
        (
            ["/other", "--method", "get"],
            "GET /other: 405; allowed: POST, PUT.",
            "it answers PUT, POST, not GET",
        ),
    ],
)
def test_a_path_that_nothing_answers_is_explained(
    lback: Lback, words: list[str], first: str, reason: str
) -> None:
    """The nearest routes are there with the reason; the exit code is a failure's."""
    done = lback("routes", "--explain", *words)
    said = done.stdout.splitlines()

    assert 1 == done.returncode
    assert said[0].startswith(first)
    assert any(reason in line for line in said[2:])


@pytest.mark.usefixtures("project")
def test_an_explanation_is_an_object(lback: Lback) -> None:
    """For whatever asks in place of a person."""
    found = json.loads(lback("routes", "--json", "--explain", "/shop/7").stdout)
    missed = lback("routes", "--json", "--explain", "/shop/x")
    nearest = json.loads(missed.stdout)["nearest"]

    assert ("/shop/{id:int}", {"id": "7"}, []) == (
        found["route"]["path"],
        found["values"],
        found["nearest"],
    )
    assert (1, 4) == (missed.returncode, len(nearest))
    assert "segment 2, 'x', does not fit {id:int}" in [n["reason"] for n in nearest]


@pytest.mark.usefixtures("project")
def test_only_a_path_can_be_explained(lback: Lback) -> None:
    """Anything else is a misuse of the command."""
    done = lback("routes", "--explain", "shop")

    assert 2 == done.returncode
    assert "'shop' is no path; it begins with a slash" in done.stderr
