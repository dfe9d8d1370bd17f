"""What startproject and startapp write is good code that works."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Spawn = Callable[..., subprocess.Popen[str]]

UNFIT = [
    *("ARG001", "COM812", "CPY001", "D203", "D213", "INP001", "PLR2004", "S101"),
    "TC002",  # the types of fixtures are imported like everything else
]
VISIT = """
from werkzeug.test import Client
from shop.wsgi import application
response = Client(application).get("/")
print(response.status, response.text)
"""


@pytest.fixture(params=[("shop", "orders"), ("a", "b"), ("p" * 62, "q" * 62)])
def generated(
    request: pytest.FixtureRequest, here: Path, lback: Lback
) -> tuple[Path, list[str]]:
    """Return a project with two apps, and the ruff rules that its names break."""
    project, app = request.param
    lback("startproject", project, ".")
    lback("startapp", app)
    lback("startapp", "zz_last")
    return here, ["E501"] if len(app) > 50 else []


@pytest.mark.parametrize("length", [*range(1, 101, 9), *range(60, 80)])
def test_generated_code_is_formatted(
    here: Path, lback: Lback, spawn: Spawn, length: int
) -> None:
    """Whatever the length of the names, a formatter has nothing to change."""
    lback("startproject", "p" * length, ".")
    lback("startapp", "q" * length)
    lback("startapp", "zz_last")

    run = spawn(here, "-m", "ruff", "format", "--no-cache", "--diff", ".")
    out, _ = run.communicate(timeout=60)

    assert (0, "") == (run.returncode, out)


def test_generated_code_passes_ruff(
    generated: tuple[Path, list[str]], spawn: Spawn
) -> None:
    """Generated code breaks none of ruff's rules, neither the usual nor all others.

    Left out are those that contradict the formatter or each other, that want a
    copyright notice, that forbid asserts and numbers in tests and test folders
    without ``__init__``, and that forbid a receiver to ignore its sender.
    """
    project, broken = generated
    ignored = [*UNFIT, *broken]

    usual = spawn(project, "-m", "ruff", "check", "--no-cache", "--quiet", ".")
    every = spawn(
        *(project, "-m", "ruff", "check", "--no-cache", "--quiet", "."),
        *("--select", "ALL", "--ignore", ",".join(ignored)),
    )

    assert "" == usual.communicate(timeout=60)[0]
    assert "" == every.communicate(timeout=60)[0]


def test_generated_code_passes_mypy(shop: Path, lback: Lback, spawn: Spawn) -> None:
    """Generated code is fully typed, even if an app is called like a test: home."""
    lback("startapp", "home")

    run = spawn(shop, "-m", "mypy", "--strict", "--no-incremental", ".")
    out, _ = run.communicate(timeout=300)

    assert "Success: no issues found in 17 source files\n" == out


@pytest.mark.parametrize(
    ("project", "app"), [("shop", "orders"), ("a", "B2"), ("p" * 100, "q" * 100)]
)
def test_generated_tests_pass(
    here: Path, lback: Lback, spawn: Spawn, project: str, app: str
) -> None:
    """The tests of a new project and its app pass as they are."""
    lback("startproject", project, ".")
    lback("startapp", app)

    run = spawn(here, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    out, _ = run.communicate(timeout=120)

    assert "\n7 passed" in out
    assert 0 == run.returncode


def test_home_page_shows_a_receiver_of_the_new_app(
    shop: Path, lback: Lback, spawn: Spawn
) -> None:
    """With no hand edit the home page runs and shows another app's receiver."""
    lback("startapp", "orders")

    run = spawn(shop, "-c", VISIT)
    out, err = run.communicate(timeout=60)

    assert out.startswith("200 OK")
    assert "note_home_page" in out
    assert "INFO orders.listeners: Opened: /" in err


BREAKS = {
    "the receiver does not wait": ("listeners.py", ', when="after_commit"', ""),
    "nothing is sent": ("views.py", "entry_added.send(", "print("),
    "nothing is stored": ("views.py", "session.add(entry)", "entry.id = 1"),
    "an empty text is stored": ("views.py", "not 0 < len(text)", "not 0 <= len(text)"),
    "a long text is stored": ("views.py", "<= LONGEST_TEXT:", "<= 999:"),
    "a refusal is no error": ("views.py", ", status_code=422", ""),
    "texts are not escaped": ("entries.html", "entry.text }}", "entry.text|safe }}"),
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_generated_tests_notice(
    shop: Path, lback: Lback, spawn: Spawn, broken: tuple[str, str, str]
) -> None:
    """Whoever breaks the example is told by its tests."""
    lback("startapp", "orders")
    file, old, new = broken
    path = next((shop / "orders").rglob(file))
    text = path.read_text()
    path.write_text(text.replace(old, new))

    run = spawn(shop, "-m", "pytest", "-q", "-p", "no:cacheprovider", "orders")
    out, _ = run.communicate(timeout=120)

    assert old in text
    assert 1 == run.returncode
    assert " failed" in out


def test_tests_of_an_unwired_app_pass(shop: Path, lback: Lback, spawn: Spawn) -> None:
    """An app that stands on its own has a test that needs no project."""
    lback("startapp", "orders", "--no-wire")

    run = spawn(shop, "-m", "pytest", "-q", "-p", "no:cacheprovider", "orders")
    out, _ = run.communicate(timeout=120)

    assert "\n1 passed" in out
    assert 0 == run.returncode
