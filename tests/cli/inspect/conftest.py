"""What the tests of the commands that look at a project share."""

import logging
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from lback.core import _startup
from lback.core.config import use_config
from lback.core.dispatcher_instance import dispatcher


@pytest.fixture(autouse=True)
def own_process(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test load a project as if it were the first in this process."""
    monkeypatch.setattr(_startup, "_loaded", {})
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(dispatcher, "_signals", dict(dispatcher._signals))
    monkeypatch.setattr(dispatcher, "_clashes", [])
    monkeypatch.setattr(dispatcher, "apps", dispatcher.apps)
    for signal in dispatcher:
        monkeypatch.setattr(signal, "_by_key", dict(signal._by_key))
        monkeypatch.setattr(signal, "_plan", None)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    monkeypatch.setattr(root, "level", root.level)
    used, modules = use_config(None), set(sys.modules)
    yield
    use_config(used)
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or str(here)
        if file.startswith(str(here)):
            del sys.modules[name]


@pytest.fixture
def write(here: Path) -> Callable[[dict[str, str]], None]:
    """Return a function that writes files of a project into the current folder."""

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return write
