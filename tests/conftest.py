"""Fixtures that every test may use."""

import importlib
import itertools
import logging
import os
import sys
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from weakref import WeakSet

import pytest

from lback.core import _startup
from lback.core import catalogue
from lback.core._plan import UNPREPARED
from lback.core.config import use_config
from lback.core.dispatcher_instance import dispatcher as process_wide
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]

_numbers = itertools.count()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure in CI, where every service and tool has to be."""
    report = yield
    if (
        report.skipped
        and os.environ.get("LBACK_CI")
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture
def dispatcher() -> SignalDispatcher:
    """Return a dispatcher that nobody else has."""
    return SignalDispatcher()


@pytest.fixture
def make_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeModule]:
    """Return a function that writes a module and imports it.

    Called again with the same name it rewrites the file and reloads the module.
    """
    folder = tmp_path / f"modules{next(_numbers)}"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made: list[str] = []

    def make(name: str, text: str) -> ModuleType:
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        if name in sys.modules:
            return importlib.reload(sys.modules[name])
        made.append(name)
        return importlib.import_module(name)

    yield make
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def own_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """Let a test load a project as if it were the first in this process."""
    monkeypatch.setattr(_startup, "_loaded", {})
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    own = {
        name: signal
        for name, signal in process_wide._signals.items()
        if signal.declaration and signal.declaration.module == catalogue.__name__
    }
    monkeypatch.setattr(process_wide, "_signals", own)
    monkeypatch.setattr(process_wide, "_unregistered", WeakSet())
    monkeypatch.setattr(process_wide, "_clashes", [])
    monkeypatch.setattr(process_wide, "apps", process_wide.apps)
    monkeypatch.setattr(process_wide, "is_settled", False)
    monkeypatch.setattr(process_wide, "checks_types", False)
    for signal in process_wide:
        monkeypatch.setattr(signal, "_by_key", dict(signal._by_key))
        monkeypatch.setattr(signal, "_plan", None)
        monkeypatch.setattr(signal, "is_heard", signal.is_heard)
        monkeypatch.setattr(signal, "_ready", UNPREPARED)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    monkeypatch.setattr(root, "level", root.level)
    used, modules = use_config(None), set(sys.modules)
    yield monkeypatch
    use_config(used)
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or str(tmp_path)
        if file.startswith(str(tmp_path)):
            del sys.modules[name]
