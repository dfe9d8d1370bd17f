"""What the tests of the dialects share; above all, how the documents' samples are run.

The samples stand in ``samples/``, one page for each document, one heading for each
sample, changed only in their import lines.
"""

import ast
import asyncio
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lback.compat import fastkit
from lback.compat import flask
from lback.compat.blinker import default_namespace

FOLDER = Path(__file__).parent

_SAMPLE = re.compile(r"^## ([\w-]+)\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w/]+\.py)\n")


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of tests that run samples."""
    config.addinivalue_line("markers", "samples(*names): the samples that a test runs")


def _samples() -> dict[str, str]:
    """Read all samples: the text of each by page and heading."""
    return {
        f"{page.stem}/{name}": text
        for page in sorted(FOLDER.glob("samples/*.md"))
        for name, text in _SAMPLE.findall(page.read_text(encoding="utf-8"))
    }


class Desk:
    """Where samples are written down and run, in a folder of their own.

    Args:
        folder: Where to write; modules are found there.
        samples: The text of each sample by its name.

    Attributes:
        used: The names of those that were written or run.
    """

    def __init__(self, folder: Path, samples: Mapping[str, str]) -> None:
        self.folder = folder
        self.used: set[str] = set()
        self._samples = samples

    def read(self, name: str) -> str:
        """Return the text of a sample."""
        self.used.add(name)
        return self._samples[name]

    def write(self, *names: str, to: str | None = None, more: str = "") -> None:
        """Write samples to the files that they name in their first line.

        Args:
            names: Which samples.
            to: The file for all of them, where they name none.
            more: Lines to put behind the last one.
        """
        for name in names:
            text = self.read(name)
            named = _FILE.match(text)
            path = self.folder / (to or (named[1] if named else ""))
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(text + (more if name == names[-1] else ""))

    def load(self, name: str) -> ModuleType:
        """Import a module that was written."""
        importlib.invalidate_caches()
        return importlib.import_module(name)

    def follow(self, *names: str, **given: Any) -> dict[str, Any]:
        """Run samples one after another in one scope; return the scope.

        Args:
            names: Which samples; they may await.
            given: The names that the text around them has introduced.
        """
        scope = {"__name__": "sample", **given}
        for name in names:
            awaits = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(self.read(name), name, "exec", flags=awaits)
            running = eval(code, scope)  # noqa: S307  # our own samples
            if inspect.iscoroutine(running):
                asyncio.run(running)
        return scope

    def test(self, *files: str) -> str:
        """Let pytest run test files that were written; return what it says."""
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        path = os.pathsep.join([str(FOLDER), str(self.folder)])
        done = subprocess.run(
            [*command, "-p", "adapter", *files],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout + done.stderr


@pytest.fixture(autouse=True)
def _usual_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with the usual backend and without any application's signals."""
    monkeypatch.setattr(fastkit, "_backend_instance", None)
    monkeypatch.setattr(flask, "_signals", {})
    before = set(default_namespace)
    yield
    for name in set(default_namespace) - before:
        del default_namespace[name]


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the module of the names that are not Lback's, with nothing called yet."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("adapter")
    sys.modules.pop("adapter", None)


@pytest.fixture
def samples() -> dict[str, str]:
    """Return the text of every sample by its name."""
    return _samples()


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    own_process: pytest.MonkeyPatch,
    adapter: ModuleType,
    samples: dict[str, str],
) -> Iterator[Desk]:
    """Return a desk with the samples of the test, and signals that nobody else has."""
    own_process.syspath_prepend(str(tmp_path))
    own_process.chdir(tmp_path)
    marks = request.node.iter_markers("samples")
    wanted = {name: samples[name] for mark in marks for name in mark.args}
    desk = Desk(tmp_path, wanted)
    yield desk

    assert set(wanted) == desk.used
