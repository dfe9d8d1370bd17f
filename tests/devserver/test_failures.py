"""Mistakes in the project never end the server, and the fix brings it back."""

import os
import signal
import subprocess
import sys
from typing import Any
from typing import NoReturn

import pytest

from lback.devserver._channel import Channel
from lback.devserver.address import Address
from lback.devserver.address import open_listener
from lback.devserver.supervisor import Supervisor
from lback.devserver.terminal import Terminal

MISTAKES = [
    pytest.param("shop/views.py", "def home(:\n", "SyntaxError", id="syntax"),
    pytest.param(
        "shop/views.py", "import nothing_like_it\n", "nothing_like_it", id="import"
    ),
    pytest.param("shop/models.py", "1 / 0\n", "ZeroDivisionError", id="models"),
    pytest.param("settings.py", "1 / 0\n", "settings.py", id="settings"),
    pytest.param("shop/__init__.py", "raise SystemExit(3)\n", "3", id="exit"),
    pytest.param("shop/__init__.py", "import os; os._exit(4)\n", "code 4", id="_exit"),
    pytest.param(
        "shop/__init__.py",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n",
        "SIGSEGV",
        id="crash",
    ),
    pytest.param("shop/views.py", "x = '\x00'\n", "null byte", id="null-byte"),
    pytest.param("shop/views.py", "home = " + "(" * 500, "shop/views.py", id="depth"),
]

DIES = """\
import os
import time
from pathlib import Path

from lback import receiver
from lback.core.catalogue import server_started


@receiver(server_started)
def die(sender):
    with Path("stamps").open("a") as stamps:
        stamps.write(f"{time.monotonic()}\\n")
    os._exit(7)
"""


@pytest.mark.parametrize(("name", "text", "shown"), MISTAKES)
def test_the_last_good_worker_keeps_serving(
    project: Any, name: str, text: str, shown: str
) -> None:
    """A mistake is shown in the terminal while the old code goes on answering."""
    project.start()
    project.answers(200, "one")
    project.write(name, text)
    project.says(shown)

    assert (200, "one") == project.get()
    assert project.process.poll() is None


@pytest.mark.parametrize(("name", "text", "shown"), MISTAKES)
def test_a_first_start_that_fails_shows_the_error(
    project: Any, name: str, text: str, shown: str
) -> None:
    """With no worker at all, clients get a 503 with the error until the fix."""
    good = project.read(name) if (project.root / name).exists() else ""
    project.write(name, text)
    project.start()
    project.answers(503, shown)
    project.write(name, good)

    project.answers(200, "one")
    assert shown in project.log()


def test_a_second_mistake_replaces_the_first_one(project: Any) -> None:
    """The 503 shows the mistake of the last save."""
    project.write("shop/views.py", "import first_mistake\n")
    project.start()
    project.answers(503, "first_mistake")
    project.write("shop/views.py", "import second_mistake\n")

    project.answers(503, "second_mistake")


def test_browsers_get_a_page_with_the_error_escaped(project: Any) -> None:
    """The page for browsers shows the source line as text, never as markup."""
    project.write("shop/views.py", "raise ValueError('<script>alert(1)</script>')\n")
    project.start()
    project.answers(503, "ValueError")

    status, page = project.get("/", Accept="text/html,*/*")

    assert 503 == status
    assert page.startswith("<!doctype html>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page


def test_a_foreign_name_is_not_shown_the_error(project: Any) -> None:
    """A page elsewhere that points its own name here cannot read the traceback."""
    project.write("shop/views.py", "raise ValueError('canary')\n")
    project.start()
    project.answers(503, "canary")

    status, text = project.get("/", Host="evil.example")

    assert 503 == status
    assert "canary" not in text


def test_an_error_is_said_once() -> None:
    """What two processes find out about the same save is reported once."""
    said: list[str] = []

    def refuse(_: Channel) -> NoReturn:
        raise OSError("no more processes")

    terminal = Terminal(say=said.append, warn=said.append, complain=said.append)
    supervisor = Supervisor(open_listener(Address(port=0)), refuse, terminal)
    supervisor.broken("settings.py:1: broken\n\nTraceback")
    supervisor.broken("settings.py:1: broken")
    supervisor.post(supervisor.stop)
    code = supervisor.run()

    assert [
        "Cannot start a worker: no more processes.",
        "settings.py:1: broken\n\nTraceback",
    ] == said
    assert 0 == code


def test_a_save_during_a_start_begins_anew(project: Any) -> None:
    """A start that hangs is given up as soon as a save replaces the code."""
    project.start()
    project.answers(200, "one")
    project.write(
        "shop/__init__.py",
        "import pathlib, time\npathlib.Path('hangs').touch()\ntime.sleep(1000)\n",
    )
    project.exists("hangs")
    project.write("shop/__init__.py", "")
    project.replace("shop/views.py", '"one"', '"two"')

    project.answers(200, "two")
    project.gone(project.workers()[0])
    assert 2 == len(project.processes())


def test_a_killed_worker_is_replaced(project: Any) -> None:
    """A worker that dies while it serves is replaced without a save."""
    project.start()
    project.answers(200, "one")
    os.kill(project.workers()[0], signal.SIGKILL)
    project.says("SIGKILL")

    assert (200, "one") == project.get()
    assert 2 == len(project.workers())


def test_restarts_are_limited(project: Any) -> None:
    """A worker that dies again and again is restarted once a second, not at once."""
    project.write("shop/listeners.py", DIES)
    project.start()
    project.says("code 7", times=4)
    project.write("shop/listeners.py", "")
    project.answers(200, "one")

    stamps = [float(stamp) for stamp in project.read("stamps").split()]
    assert stamps[3] - stamps[1] > 1.0


def test_debug_on_a_public_address_is_refused(project: Any) -> None:
    """With DEBUG on, the server does not start where others can reach it."""
    project.launch(f"0.0.0.0:{project.port}")

    assert 1 == project.process.wait(30)
    assert "DEBUG is on" in project.log()
    assert "Traceback" not in project.log()


REFUSED = [
    pytest.param("SECRET_KEY", "SECRET_KEY is not set", id="no-key"),
    pytest.param("ALLOWED_HOSTS", "ALLOWED_HOSTS is empty", id="no-hosts"),
]


def without(project: Any, name: str) -> str:
    """Return the project's settings outside debug and without one of them."""
    lines = project.read("settings.py").splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith((name, "DEBUG")))
    return kept.replace("only-for-tests", "only-for-this-one-test")


@pytest.mark.parametrize(("name", "shown"), REFUSED)
def test_unsafe_settings_are_refused(project: Any, name: str, shown: str) -> None:
    """Settings that must not be served end the first start with one sentence."""
    project.write("settings.py", without(project, name))
    project.launch(str(project.port))

    assert 1 == project.process.wait(30)
    assert project.log().startswith(f"lback: {shown}")
    assert 1 == len(project.log().splitlines())


def test_a_refused_start_writes_no_config(project: Any) -> None:
    """Settings that are refused do not replace the config.json of the last good."""
    project.write("config.json", "{}")
    project.write("settings.py", without(project, "SECRET_KEY"))
    project.launch(str(project.port))
    project.process.wait(30)

    assert "{}" == project.read("config.json")


def test_unsafe_settings_later_do_not_end_it(project: Any) -> None:
    """After the first start they are shown, and the next save may mend them."""
    good = project.read("settings.py")
    unsafe = without(project, "SECRET_KEY")
    project.write("settings.py", "1 / 0\n")
    project.start()
    project.write("settings.py", unsafe)
    project.answers(503, "SECRET_KEY is not set")
    project.write("settings.py", good)

    project.answers(200, "one")


def test_it_says_who_answers(project: Any) -> None:
    """Serving is announced when a worker serves, not while there is only an error."""
    project.write("shop/views.py", "import nothing_like_it\n")
    project.start()
    before = project.log()
    project.write("shop/views.py", "def home(request): return 'two'\nslow = home\n")
    project.says("Serving project on")

    assert f"Showing this error on http://127.0.0.1:{project.port}/" in before
    assert "Serving" not in before


PLAIN = [
    pytest.param('INSTALLED_APPS = ["shop", "ordrs"]', "ordrs", id="app"),
    pytest.param('ROOT_URLCONF = "shop.urlz"', "shop.urlz", id="urls"),
    pytest.param('MIDDLEWARES = ["shop.nowhere.M"]', "shop.nowhere", id="middleware"),
]


@pytest.mark.parametrize(("line", "shown"), PLAIN)
def test_a_plain_mistake_has_no_traceback(project: Any, line: str, shown: str) -> None:
    """Where no line of the project is to blame, the sentence stands alone."""
    project.write("settings.py", f"{project.read('settings.py')}{line}\n")
    project.start()
    project.answers(503, shown)

    assert "Traceback" not in project.log()
    assert "importlib" not in project.log()


@pytest.mark.parametrize("name", ["base.py", "shop/views.py"])
@pytest.mark.parametrize("when", ["at the start", "on a save"])
def test_no_line_that_does_not_compile_is_shown(
    project: Any, name: str, when: str
) -> None:
    """Neither the terminal nor the page repeats a line that may hold a key."""
    project.write("base.py", "")
    project.write("settings.py", f"from base import *\n{project.read('settings.py')}")
    broken = 'DATABASE_KEY = "canary-57a1\n'
    at_start = {"at the start": broken, "on a save": project.read(name)}[when]
    project.write(name, at_start)
    project.start()
    project.write(name, broken + "\n")
    project.says("SyntaxError")

    assert "canary" not in project.log() + project.get()[1]


def test_a_cut_off_settings_file_is_waited_for(project: Any) -> None:
    """A settings.py that lost its end changes neither the page nor config.json."""
    project.start()
    project.contains("config.json", "shop.urls")
    good, whole = project.read("config.json"), project.read("settings.py")
    project.write("settings.py", whole.partition("INSTALLED_APPS")[0])
    project.says("only a beginning")

    assert (good, (200, "one")) == (project.read("config.json"), project.get())
    assert 1 == len(project.workers())


def test_a_save_of_another_file_does_not_let_the_cut_off_one_in(project: Any) -> None:
    """While settings.py is cut off nothing is reloaded; afterwards everything is."""
    project.start()
    project.contains("config.json", "shop.urls")
    whole = project.read("settings.py")
    project.write("settings.py", whole.partition("INSTALLED_APPS")[0])
    project.says("only a beginning")
    project.replace("shop/views.py", '"one"', '"two"')
    project.write("settings.py", whole + "A = 1\n")

    project.answers(200, "two")
    assert 2 == len(project.workers())


def test_a_cut_off_settings_file_may_be_meant(project: Any) -> None:
    """`lback settings sync` accepts it, and the running server reloads."""
    project.write("settings.py", f"{project.read('settings.py')}A = 1\n")
    project.start()
    project.contains("config.json", '"A": 1')
    project.replace("settings.py", "A = 1\n", "")
    project.says("only a beginning")
    words = [sys.executable, "-m", "lback_cli", "settings", "sync"]
    done = subprocess.run(
        words, cwd=project.root, capture_output=True, text=True, check=True
    )

    assert "removed A" in done.stdout
    assert "is only a beginning of the one" in done.stderr
    project.says("Reloaded")


def test_a_view_that_fails_does_not_end_the_worker(project: Any) -> None:
    """An exception in a view is a 500, and the same worker goes on."""
    project.replace("shop/views.py", 'return "one"', "raise ValueError('canary')")
    project.start()
    status, _ = project.get()
    project.get()

    assert 500 == status
    assert 1 == len(project.workers())
