"""Modules of signals and receivers that are executed again, or under two names."""

import importlib.util
from collections.abc import Callable
from types import ModuleType

import pytest

from lback.core import signals
from lback.core.exceptions import DuplicateSignal
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]

LISTENERS = """
import signals_of_app
calls = []

@signals_of_app.paid.connect
def receive(sender):
    calls.append("{0}")

class Stock:
    @signals_of_app.paid.connect
    @staticmethod
    def static(sender):
        calls.append("{0}")

signals_of_app.paid.connect(lambda sender: calls.append("{0} lambda"), uid="lambda")
"""


@pytest.fixture
def process_wide(
    dispatcher: SignalDispatcher, monkeypatch: pytest.MonkeyPatch
) -> SignalDispatcher:
    """Put an empty dispatcher in place of the process-wide one."""
    monkeypatch.setattr(signals, "dispatcher", dispatcher)
    return dispatcher


def test_reloading_an_app_neither_doubles_nor_loses_its_receivers(
    process_wide: SignalDispatcher, make_module: MakeModule
) -> None:
    """After both modules ran again, each receiver is called once: the new one."""
    declare = "from lback import Signal\npaid = Signal('app.paid')\n"
    before = make_module("signals_of_app", declare).paid
    make_module("listeners_of_app", LISTENERS.format("old"))
    after = make_module("signals_of_app", declare).paid
    listeners = make_module("listeners_of_app", LISTENERS.format("new"))

    before.send()

    assert before is after
    assert ["new", "new", "new lambda"] == listeners.calls


def import_again(module: ModuleType, name: str) -> ModuleType:
    """Import the file of *module* once more, under another name."""
    spec = importlib.util.spec_from_file_location(name, str(module.__file__))
    assert spec is not None
    assert spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again


def test_listeners_that_are_imported_under_two_names_are_called_once(
    process_wide: SignalDispatcher, make_module: MakeModule
) -> None:
    """The file tells who a receiver is, and the later import is the one called."""
    declare = "from lback import Signal\npaid = Signal('app.paid')\n"
    signal = make_module("signals_of_app", declare).paid
    first = make_module("app_twice.listeners", LISTENERS.format("heard"))
    second = import_again(first, "listeners")

    signal.send()

    assert [] == first.calls
    assert ["heard", "heard", "heard lambda"] == second.calls


def test_signals_that_are_imported_under_two_names_stop_the_start(
    process_wide: SignalDispatcher, make_module: MakeModule
) -> None:
    """They are two signals, which share no receivers; the error says what happened."""
    declare = "from lback import Signal\npaid = Signal('app.paid')\n"
    first = make_module("app_two_names.signals", declare)
    second = import_again(first, "signals")
    first.paid.connect(lambda sender: "heard")

    assert [] == second.paid.send()
    message = r"under two names: app_two_names\.signals and signals\."
    with pytest.raises(DuplicateSignal, match=message):
        process_wide.settle({"app_two_names": "two"})
