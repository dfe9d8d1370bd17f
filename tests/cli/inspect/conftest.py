"""What the tests of the commands that look at a project share."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own(here: Path, own_process: pytest.MonkeyPatch) -> None:
    """Give every test here a process in which nothing is loaded."""


@pytest.fixture
def write(here: Path) -> Callable[[dict[str, str]], None]:
    """Return a function that writes files of a project into the current folder."""

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return write
