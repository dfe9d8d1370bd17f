"""Start-up: the phases of a project, in order, and what stops them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lback.core import _startup
from lback.core._startup import build_application
from lback.core._startup import load_project
from lback.core._startup import Phase
from lback.core.config import settings
from lback.core.exceptions import AppBroken
from lback.core.exceptions import AppNotFound
from lback.core.exceptions import ConfigurationError
from lback.core.exceptions import DuplicateSignal
from lback.core.exceptions import FrameworkException
from lback.core.exceptions import RoutingError
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotFound
from lback.core.wsgi_entry import create_wsgi_app

WriteProject = Callable[[dict[str, str]], Path]
Python = Callable[..., subprocess.CompletedProcess[str]]

APPS = "DEBUG = True\nINSTALLED_APPS = ['first', 'second']\n"

READY = """
from lback import AppConfig

class Config(AppConfig):
    def ready(self):
        print(self.name, "ready")
"""

TWO_APPS = {
    "settings.py": f"{APPS}print('settings')\nROOT_URLCONF = 'urls'\n",
    "urls.py": "print('urls')\nurlpatterns = []\n",
    "first/__init__.py": "",
    "first/apps.py": READY,
    "first/signals.py": "print('first signals')\n",
    "first/models.py": "print('first models')\n",
    "first/listeners.py": """
print('first listeners')
from lback.signals import middleware_manager_initialized, receiver

@receiver(middleware_manager_initialized)
def heard(sender):
    print('components')
""",
    "second/__init__.py": "",
    "second/apps.py": READY,
    "second/signals.py": "print('second signals')\n",
    "second/models.py": "print('second models')\n",
    "second/listeners.py": "print('second listeners')\n",
}


@pytest.fixture(autouse=True)
def _own(own_process: Any) -> None:
    """Give every test here a process in which nothing is loaded."""


# --- The phases ---------------------------------------------------------------------


def test_phases_go_over_all_apps_once(
    write_project: WriteProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each phase goes over all apps before the next, each exactly once."""
    root = write_project(TWO_APPS)
    load_project(root, until=Phase.READY)
    load_project(root, until=Phase.READY)
    build_application(root)

    assert [
        "settings",
        "first signals",
        "second signals",
        "first models",
        "second models",
        "first listeners",
        "second listeners",
        "components",
        "urls",
        "first ready",
        "second ready",
    ] == capsys.readouterr().out.splitlines()


def test_a_project_is_loaded_as_far_as_wanted(
    write_project: WriteProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A later call goes on where the first one stopped."""
    root = write_project(TWO_APPS)
    project = load_project(root, until=Phase.SIGNALS)
    first = capsys.readouterr().out.splitlines()
    same = load_project(root, until=Phase.LISTENERS)

    assert (True, 3, "first models") == (
        project is same,
        len(first),
        capsys.readouterr().out.splitlines()[0],
    )


def test_an_app_may_have_no_modules(write_project: WriteProject) -> None:
    """An app without signals, models and listeners is fine."""
    root = write_project(
        {"settings.py": APPS, "first/__init__.py": "", "second/__init__.py": ""}
    )

    assert 2 == len(load_project(root, until=Phase.READY).apps)


def test_a_project_may_have_no_urls(write_project: WriteProject) -> None:
    """A project without ROOT_URLCONF has no routes."""
    project = load_project(write_project({}), until=Phase.READY)

    assert 0 == len(project.router)


def test_settings_can_be_read_from_the_first_phase(write_project: WriteProject) -> None:
    """lback.settings has the project's values when an app is imported."""
    load_project(write_project({"settings.py": "NAME = 'shop'"}), until=Phase.SETTINGS)

    assert "shop" == settings.get("NAME")


def test_templates_of_project_and_apps_are_found(write_project: WriteProject) -> None:
    """The project's templates win over those of the apps, and url_for is there."""
    root = write_project(
        {
            "settings.py": f"{APPS}ROOT_URLCONF = 'urls'\n",
            "urls.py": "from lback import path\n"
            "urlpatterns = [path('/a', lambda request: '', name='it')]\n",
            "first/__init__.py": "",
            "second/__init__.py": "",
            "templates/a.html": "project",
            "first/templates/a.html": "first",
            "first/templates/b.html": "first",
            "second/templates/b.html": "second",
            "second/templates/c.html": "{{ url_for('it') }}",
        }
    )
    renderer = load_project(root, until=Phase.READY).controller._services[
        "template_renderer"
    ]

    assert ["project", "first", "/a"] == [
        renderer.render_to_string(name) for name in ("a.html", "b.html", "c.html")
    ]


def test_middlewares_get_services_and_params(write_project: WriteProject) -> None:
    """MIDDLEWARES of a project are made with its services."""
    root = write_project(
        {
            "settings.py": "DEBUG = True\nMIDDLEWARES = "
            "[{'class': 'ours.Mine', 'params': {'limit': 5}}]\n",
            "ours.py": """
from lback.core.base_middleware import RequestMiddleware

class Mine(RequestMiddleware):
    def __init__(self, config, router, limit):
        self.made_with = (config.DEBUG, len(router), limit)

    def process_request(self, request):
        return None
""",
        }
    )
    controller = load_project(root, until=Phase.COMPONENTS).controller
    made: Any = controller._middlewares.middlewares[0]

    assert (True, 0, 5) == made.made_with


# --- What stops it ------------------------------------------------------------------


@pytest.mark.parametrize(
    "module", ["signals", "models", "listeners", "apps", "__init__"]
)
def test_an_error_inside_a_module_stops_the_start(
    write_project: WriteProject, module: str
) -> None:
    """An error inside a module of an app names the app and the project's last line."""
    root = write_project(
        {
            "settings.py": "INSTALLED_APPS = ['first']",
            "first/__init__.py": "",
            "helper.py": "import json\n\n\ndef help():\n    json.loads('{')\n",
            f"first/{module}.py": "import helper\n\nhelper.help()\n",
        }
    )

    with pytest.raises(
        AppBroken, match=r"The app 'first' fails in .*JSONDecodeError.*helper.py:5\)"
    ):
        load_project(root, until=Phase.READY)


def test_a_missing_import_inside_a_module_is_an_error(
    write_project: WriteProject,
) -> None:
    """A module that imports something missing is broken, not missing itself."""
    root = write_project(
        {
            "settings.py": "INSTALLED_APPS = ['first']",
            "first/__init__.py": "",
            "first/listeners.py": "import no_such_module",
        }
    )

    with pytest.raises(AppBroken, match=r"No module named 'no_such_module'.*:1\)"):
        load_project(root, until=Phase.READY)


def test_a_failing_ready_stops_the_start(write_project: WriteProject) -> None:
    """An error in ready() names the app and the line."""
    root = write_project(
        {
            "settings.py": "INSTALLED_APPS = ['first']",
            "first/__init__.py": "",
            "first/apps.py": READY.replace("print(self.name", "print(no_such_name"),
        }
    )

    with pytest.raises(AppBroken, match=r"'first' fails in ready\(\): NameError.*:6\)"):
        load_project(root, until=Phase.READY)


def test_an_unknown_app_names_the_remedy(write_project: WriteProject) -> None:
    """An app that is not there is an error that says what to type."""
    root = write_project({"settings.py": "INSTALLED_APPS = ['shopp']"})

    with pytest.raises(AppNotFound, match="lback startapp shopp"):
        load_project(root, until=Phase.READY)


def test_two_apps_may_not_share_a_label(write_project: WriteProject) -> None:
    """Two apps of one label are an error that names both."""
    root = write_project(
        {
            "settings.py": "INSTALLED_APPS = ['first', 'other.first']",
            "first/__init__.py": "",
            "other/__init__.py": "",
            "other/first/__init__.py": "",
        }
    )

    with pytest.raises(ConfigurationError, match=r"'first' and 'other\.first', which"):
        load_project(root, until=Phase.READY)


def test_two_signals_of_a_name_stop_the_start(write_project: WriteProject) -> None:
    """A name that two apps declare is an error that shows both places."""
    declare = "from lback import Signal\nit = Signal('twice.declared')\n"
    root = write_project(
        {
            "settings.py": APPS,
            "first/__init__.py": "",
            "first/signals.py": declare,
            "second/__init__.py": "",
            "second/signals.py": declare,
        }
    )

    with pytest.raises(DuplicateSignal, match=r"first/signals.py:2 .*second/signals"):
        load_project(root, until=Phase.READY)


def test_nobody_authenticates_and_so_nobody_is_let_in(
    write_project: WriteProject,
) -> None:
    """A path with requires_auth=True that nobody can check refuses to start."""
    root = write_project(
        {
            "settings.py": "DEBUG = True\nROOT_URLCONF = 'urls'",
            "urls.py": "from lback import path\nurlpatterns = "
            "[path('/secret', lambda request: '', requires_auth=True)]",
        }
    )

    with pytest.raises(RoutingError, match="'/secret' has requires_auth=True, but no"):
        load_project(root, until=Phase.READY)


def test_mistakes_can_be_collected(write_project: WriteProject) -> None:
    """With somebody to tell, every mistake is told and the rest is loaded."""
    root = write_project(
        {
            "settings.py": "INSTALLED_APPS = ['no_app', 'first', 'second']\n"
            "DEBUG = True\nROOT_URLCONF = 'urls'\nMIDDLEWARES = ['no.Such']",
            "first/__init__.py": "",
            "first/listeners.py": "1 / 0",
            "second/__init__.py": "",
            "second/apps.py": READY.replace("print(self.name", "print(no_such_name"),
            "urls.py": "from lback import path\n"
            "def view(request): return ''\n"
            "urlpatterns = [path('/a', view, name='it'), path('/b', view, name='it'),"
            " path('/c', view)]",
        }
    )
    problems: list[FrameworkException] = []
    project = load_project(root, until=Phase.READY, on_problem=problems.append)

    assert (
        ["AppNotFound", "AppBroken", "AppBroken", "DuplicateRouteName", "AppBroken"],
        ["/a", "/c"],
    ) == (
        [type(problem).__name__ for problem in problems],
        [route.path for route in project.router],
    )


def test_broken_settings_stop_everything(write_project: WriteProject) -> None:
    """A settings.py that fails is an error, and is read again the next time."""
    root = write_project({"settings.py": "DEBUG = "})
    with pytest.raises(SettingsBroken):
        load_project(root, until=Phase.READY)
    (root / "settings.py").write_text("DEBUG = True  # mended")

    assert load_project(root, until=Phase.SETTINGS).config.DEBUG is True


def test_a_process_has_one_project(write_project: WriteProject, tmp_path: Path) -> None:
    """A second project in one process is refused: they would share their modules."""
    load_project(write_project({}), until=Phase.SETTINGS)

    with pytest.raises(ConfigurationError, match="cannot load the one in"):
        load_project(tmp_path, until=Phase.SETTINGS)


# --- The finished application -------------------------------------------------------

SERVED = {
    "settings.py": "DEBUG = True\nINSTALLED_APPS = ['first']\nROOT_URLCONF = 'urls'\n",
    "urls.py": "from lback import path\n"
    "urlpatterns = [path('/', lambda request: 'hello')]\n",
    "first/__init__.py": "",
    "first/listeners.py": """
from lback.signals import receiver, server_starting, server_started
from lback.signals import server_shutting_down

@receiver(server_starting, server_started, server_shutting_down)
def note(sender, host, port):
    print(type(sender).__name__, host, port, flush=True)
""",
}

ASK = """
def ask(application):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "localhost"}
    print(b"".join(application(environ, lambda status, headers: print(status))))
"""


def test_an_application_is_built_anywhere(
    write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """create_wsgi_app() of a folder answers, whatever the current folder is."""
    root = write_project(SERVED)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    application = create_wsgi_app(root)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "localhost"}

    assert [b"hello"] == application(environ, lambda *_: None)  # type: ignore[arg-type]  # nothing is written


def test_an_application_finds_its_project(
    write_project: WriteProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """create_wsgi_app() alone looks for settings.py from the current folder upward."""
    root = write_project(SERVED)
    monkeypatch.chdir(root / "first")

    create_wsgi_app()

    assert [root.resolve()] == list(_startup._loaded)


def test_an_application_needs_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """create_wsgi_app() without a project is one clear error."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsNotFound, match=r"There is no settings\.py in"):
        create_wsgi_app()


def test_a_foreign_server_starts_and_ends(
    write_project: WriteProject, tmp_path: Path, python: Python
) -> None:
    """Under a foreign server the three signals come at creation and exit, once each."""
    root = write_project(SERVED)
    done = python(
        tmp_path,
        f"{ASK}\nfrom lback.core.wsgi_entry import create_wsgi_app\n"
        f"application = create_wsgi_app({str(root)!r})\nask(application)\n",
    )

    assert (
        [
            "WSGIApplication None None",
            "WSGIApplication None None",
            "200 OK",
            "b'hello'",
            "WSGIApplication None None",
        ],
        "",
    ) == (done.stdout.splitlines(), done.stderr)


# --- Once, and only once -------------------------------------------------------------


def test_a_start_that_failed_is_not_tried_again(
    write_project: WriteProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked again, the same error comes back, and no ready() runs twice."""
    root = write_project(
        {
            "settings.py": "DEBUG = True\nINSTALLED_APPS = ['good', 'bad']\n",
            "good/__init__.py": "",
            "good/apps.py": "from lback import AppConfig\nclass Good(AppConfig):\n"
            "    def ready(self):\n        print('good is ready')\n",
            "bad/__init__.py": "",
            "bad/apps.py": "from lback import AppConfig\nclass Bad(AppConfig):\n"
            "    def ready(self):\n        raise RuntimeError('not yet')\n",
        }
    )
    errors = []
    for _ in range(2):
        with pytest.raises(AppBroken, match="not yet") as caught:
            load_project(root, until=Phase.READY)
        errors.append(caught.value)

    assert errors[0] is errors[1]
    assert "good is ready\n" == capsys.readouterr().out


def test_a_module_that_loads_the_project_it_belongs_to_is_an_error(
    write_project: WriteProject,
) -> None:
    """An app cannot ask for the start that is under way; it says so and ends."""
    root = write_project(
        {
            "settings.py": "DEBUG = True\nINSTALLED_APPS = ['eager']\n",
            "eager/__init__.py": "",
            "eager/apps.py": "from lback import AppConfig\n"
            "from lback.core.wsgi_entry import create_wsgi_app\n"
            "class Eager(AppConfig):\n    def ready(self):\n"
            "        create_wsgi_app(self.path.parent)\n",
        }
    )

    with pytest.raises(AppBroken, match="is being loaded"):
        load_project(root, until=Phase.READY)


def test_an_application_is_made_and_announced_once(
    write_project: WriteProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """create_wsgi_app() called twice is one application and one start."""
    root = write_project(SERVED)

    assert create_wsgi_app(root) is create_wsgi_app(root)
    assert 2 == len(capsys.readouterr().out.splitlines())


EVENTS = """
from lback import receiver

@receiver("a.b", before="first.events.{other}")
def {name}(sender): pass
"""


def test_receivers_that_come_with_the_urls_are_looked_at_too(
    write_project: WriteProject,
) -> None:
    """An order that contradicts itself stops the start wherever it is connected."""
    both = EVENTS.format(name="x", other="y") + EVENTS.format(name="y", other="x")
    files = {
        "settings.py": "DEBUG = True\nINSTALLED_APPS = ['first']\nROOT_URLCONF='urls'",
        "urls.py": "import first.events\nurlpatterns = []\n",
        "first/__init__.py": "",
        "first/events.py": both,
    }

    with pytest.raises(AppBroken, match=r"ReceiverOrderCycle.*first\.events\.x"):
        load_project(write_project(files), until=Phase.URLS)


def test_signals_that_come_with_the_urls_are_looked_at_too(
    write_project: WriteProject,
) -> None:
    """A second declaration of a name stops the start wherever it is."""
    files = {
        "settings.py": "DEBUG = True\nINSTALLED_APPS = ['first']\nROOT_URLCONF='urls'",
        "urls.py": "import first.events\nurlpatterns = []\n",
        "first/__init__.py": "",
        "first/signals.py": "from lback import Signal\npaid = Signal('first.paid')\n",
        "first/events.py": "from lback import Signal\npaid = Signal('first.paid')\n",
    }

    with pytest.raises(FrameworkException, match=r"'first\.paid' is declared at"):
        load_project(write_project(files), until=Phase.URLS)
