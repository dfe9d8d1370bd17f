"""What the tests of the testing tools share."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lback.testing import SignalsFixture
from lback.testing._errors import ErrorGuard

_numbers = itertools.count()


class Outcome(NamedTuple):
    """How a run of pytest ended.

    Attributes:
        counts: The last line without the time, such as ``"1 failed, 2 passed"``.
        output: What it printed.
    """

    counts: str
    output: str


RunPytest = Callable[..., Outcome]


def _run_python(folder: Path, *words: str, **environ: str) -> str:
    """Run Python in *folder*, outside the pytest that is running; return its output."""
    own = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COLUMNS"))
    }
    done = subprocess.run(  # our own words
        [sys.executable, *words],
        cwd=folder,
        env={**own, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout


@pytest.fixture
def signals() -> Iterator[SignalsFixture]:
    """Return the fixture of the plugin, whether the plugin is loaded here or not."""
    guard = ErrorGuard()
    guard.start()
    fixture = SignalsFixture(guard)
    yield fixture
    fixture.stop()
    guard.stop()

    assert [] == guard.take()


@pytest.fixture(scope="session")
def run_python() -> Callable[..., str]:
    """Return a function that runs Python in a folder and returns its output."""
    return _run_python


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a generated project with the app ``orders``; it has no conftest."""
    root = tmp_path_factory.mktemp("shop")
    _run_python(root, "-m", "lback_cli", "startproject", "shop", ".")
    _run_python(root, "-m", "lback_cli", "startapp", "orders")
    return root


@pytest.fixture
def run_pytest(shop: Path) -> RunPytest:
    """Return a function that runs pytest over one module of tests in a folder."""

    def run(text: str, *options: str, folder: Path = shop, **environ: str) -> Outcome:
        module = folder / "tests" / f"test_it{next(_numbers)}.py"
        module.parent.mkdir(exist_ok=True)
        module.write_text(text, encoding="utf-8")
        words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no"]
        output = _run_python(folder, *words, *options, str(module), **environ)
        counts, _, _ = output.strip().rpartition("\n")[2].rpartition(" in ")
        return Outcome(counts, output)

    return run
