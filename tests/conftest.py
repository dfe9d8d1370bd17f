"""Fixtures that every test may use."""

import importlib
import itertools
import os
import sys
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

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
