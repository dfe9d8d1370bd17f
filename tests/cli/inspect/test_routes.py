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
