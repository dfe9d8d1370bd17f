"""What is not needed is not imported."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "asyncio",
    "jinja2",
    "lback",
    "sqlalchemy",
    "watchdog",
    "werkzeug",
}


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that running *code* has loaded."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return {name.split(".")[0] for name in names}


def run(*words: str) -> str:
    """Return code that runs one command line."""
    return f"from lback_cli.main import run; assert run({list(words)}) == 0"


@pytest.mark.parametrize("words", [["--help"], ["-h"], []])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    """Help is printed from a table, without the runtime and what it needs."""
    code = f"from lback_cli.main import run; run({words})"

    assert set() == HEAVY & loaded_by(code)


def test_version_loads_only_the_door_of_the_runtime() -> None:
    """The version stands in the package that everything else is imported from."""
    assert {"lback"} == HEAVY & loaded_by(run("--version"))


def test_door_loads_nothing_behind_it() -> None:
    """``import lback`` loads no module of the core."""
    code = "import lback, sys; assert 'lback.core.signals' not in sys.modules"

    assert {"lback"} == HEAVY & loaded_by(code)


def test_declaring_a_signal_loads_nothing_heavy() -> None:
    """An app's ``signals.py`` costs what the signal system costs."""
    code = "from lback import Signal, receiver; Signal('x').send()"

    assert {"lback"} == HEAVY & loaded_by(code)


def test_serving_a_request_loads_no_template_engine() -> None:
    """A project that renders nothing does not import Jinja2, and no database."""
    code = (
        "from lback.core import app_controller, wsgi_entry, _startup, router, templates"
    )

    assert {"lback"} == HEAVY & loaded_by(code)
