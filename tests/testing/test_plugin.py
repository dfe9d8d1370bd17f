"""The plugin, in real runs of pytest over a generated project without a conftest."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunPytest = Callable[..., Any]


def lback_modules(code: str) -> set[str]:
    """Return the modules of Lback that running *code* in a new process has loaded."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    names: list[str] = json.loads(done.stdout)
    return {name for name in names if name.partition(".")[0] == "lback"}


def test_loading_the_plugin_loads_nothing_behind_it() -> None:
    """What every run of pytest pays for is the plugin's own module."""
    assert {"lback", "lback._door", "lback.testing", "lback.testing.plugin"} == (
        lback_modules("import lback.testing.plugin")
    )


def test_the_door_loads_nothing_behind_it() -> None:
    """``import lback.testing`` loads nothing until a name is asked for."""
    assert {"lback", "lback._door", "lback.testing"} == (
        lback_modules("import lback.testing; dir(lback.testing)")
    )


def test_a_run_outside_a_project_loads_nothing(
    run_pytest: RunPytest, tmp_path: Path
) -> None:
    """Tests of other people's code run without any module of the core."""
    text = """
import sys

def test_it():
    ours = ("lback.core", "lback.testing._")
    assert [name for name in sys.modules if name.startswith(ours)] == []
"""

    assert "1 passed" == run_pytest(text, folder=tmp_path).counts


def test_the_fixtures_are_there_without_a_conftest(run_pytest: RunPytest) -> None:
    """A project's tests have ``signals``, ``client`` and ``app`` as they are."""
    text = """
from orders.signals import visited

def test_it(app, client, signals):
    assert "note_visit" in client.get("/orders/").text
    signals.assert_sent(visited, path="/orders/", times=1)
    signals.assert_sent("request_finished")
    assert client.app is app
"""

    assert "1 passed" == run_pytest(text).counts


@pytest.mark.parametrize("option", ["--import-mode=prepend", "--numprocesses=2"])
def test_other_ways_to_run_pytest_find_them_too(
    run_pytest: RunPytest, option: str
) -> None:
    """The plugin works in other import modes and in processes of their own."""
    text = """
def test_one(client):
    assert client.get("/").status_code == 200

def test_two(signals, client):
    client.get("/")
    signals.assert_sent("shop.page_opened", times=1)
"""

    assert "2 passed" == run_pytest(text, option).counts


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("project", ["."]),
        ("project/tests", ["."]),
        (".", ["project/tests"]),
        ("other", ["--rootdir=../project", "../project/tests"]),
    ],
)
def test_a_project_is_found_from_where_pytest_is_run(
    tmp_path: Path, run_python: Callable[..., str], inner: str, words: list[str]
) -> None:
    """The root folder, the current folder and the tests themselves lead to it."""
    tests = tmp_path / "project" / "tests"
    tests.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "settings.py").write_text("1 / 0\n", encoding="utf-8")
    (tests.parent / "settings.py").write_text("DEBUG = True\n", encoding="utf-8")
    (tests / "test_it.py").write_text(
        "def test_it(client): assert client.get('/').status_code == 404",
        encoding="utf-8",
    )

    output = run_python(tmp_path / inner, "-m", "pytest", "-q", *words)

    assert "1 passed" in output


def test_outside_a_project_there_is_signals_alone(
    run_pytest: RunPytest, tmp_path: Path
) -> None:
    """A reusable app's tests can record; other plugins' ``client`` is left alone."""
    text = """
from lback import Signal

def test_signals(signals):
    Signal("x").send()
    signals.assert_sent("x")

def test_client(client):
    pass
"""

    outcome = run_pytest(text, folder=tmp_path)

    assert "1 passed, 1 error" == outcome.counts
    assert "fixture 'client' not found" in outcome.output


def test_settings_of_django_are_not_a_project(
    run_pytest: RunPytest, tmp_path: Path
) -> None:
    """Where the environment says so, settings.py and ``client`` are Django's."""
    (tmp_path / "settings.py").write_text("", encoding="utf-8")
    text = "def test_client(client): pass"

    outcome = run_pytest(text, folder=tmp_path, DJANGO_SETTINGS_MODULE="settings")

    assert "fixture 'client' not found" in outcome.output


def test_a_project_that_does_not_start_is_an_error_of_the_test(
    run_pytest: RunPytest, tmp_path: Path
) -> None:
    """The message of the start is what the test shows."""
    settings = "DEBUG = True\nINSTALLED_APPS = ['nowhere']\n"
    (tmp_path / "settings.py").write_text(settings, encoding="utf-8")

    outcome = run_pytest("def test_it(client): pass", folder=tmp_path)

    assert "1 error" == outcome.counts
    assert "there is no package 'nowhere'" in outcome.output


@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        ("example.com,localhost", "localhost"),
        (".example.com", "example.com"),
    ],
)
def test_the_client_asks_for_a_host_that_the_project_answers_to(
    run_pytest: RunPytest, hosts: str, host: str
) -> None:
    """ALLOWED_HOSTS is not loosened for tests; the client keeps to it."""
    text = f"""
def test_it(client):
    response = client.get("/")
    assert (200, "{host}") == (response.status_code, response.request.host)
    assert 400 == client.get("http://elsewhere.example/").status_code
"""

    assert "1 passed" == run_pytest(text, ALLOWED_HOSTS=hosts).counts


def test_an_assertion_points_at_the_line_of_the_test(run_pytest: RunPytest) -> None:
    """The frames of the tools are left out of the traceback."""
    text = """
def test_it(client, signals):
    client.get("/")
    signals.assert_sent("orders.visited")
"""

    output = run_pytest(text).output

    assert '>       signals.assert_sent("orders.visited")' in output
    assert "lback/testing" not in output
    assert "E       AssertionError: Signal 'orders.visited' was not sent. " in output


def test_the_plugin_can_be_left_out(run_pytest: RunPytest) -> None:
    """``-p no:lback`` takes away the fixtures, and what fails tests."""
    text = """
from lback import Signal

def test_it():
    failing = Signal()
    failing.connect(lambda sender: 1 / 0)
    assert failing.send().errors

def test_client(client):
    pass
"""

    outcome = run_pytest(text, "-p", "no:lback")

    assert "1 passed, 1 error" == outcome.counts
