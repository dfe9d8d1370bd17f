"""What the tests of the command line share."""

import subprocess
import sys
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path

import pytest

from lback_cli.main import run

Lback = Callable[..., subprocess.CompletedProcess[str]]
Snapshot = Callable[[Path], dict[str, tuple[int, bytes]]]


def _snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Map every path under *folder* to its mode and its content."""
    return {
        path.relative_to(folder).as_posix(): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def snapshot() -> Snapshot:
    """Return a function that takes down a whole folder, for comparing."""
    return _snapshot


@pytest.fixture
def lback(capsys: pytest.CaptureFixture[str]) -> Lback:
    """Return a function that runs one command line in this process."""

    def call(*words: str, root: Path | None = None) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        code = run(words, root)
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(words, code, printed.out, printed.err)

    return call


@pytest.fixture
def spawn() -> Callable[..., subprocess.Popen[str]]:
    """Return a function that starts Python in a folder, by way of *before* if given."""

    def start(
        folder: Path, *words: str, before: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(  # our own words
            [*before, sys.executable, *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def shop(here: Path, lback: Lback) -> Path:
    """Return the folder of a fresh project ``shop``, which is the current one."""
    lback("startproject", "shop", ".")
    return here
