"""One name per dispatcher is one signal."""

import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from lback.core import signals
from lback.core.dispatcher_instance import dispatcher as documented
from lback.core.exceptions import DuplicateSignal
from lback.core.exceptions import InvalidSignal
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]


def installed(*names: str) -> dict[str, str]:
    """Return the labels of apps that are called after their packages."""
    return {name: name.rpartition(".")[2] for name in names}


DECLARE = "from lback import Signal\nsignal = Signal({!r})\n"


@pytest.fixture
def process_wide(
    dispatcher: SignalDispatcher, monkeypatch: pytest.MonkeyPatch
) -> SignalDispatcher:
    """Put an empty dispatcher in place of the process-wide one."""
    monkeypatch.setattr(signals, "dispatcher", dispatcher)
    return dispatcher


def test_documented_dispatcher_is_the_one_signals_register_on() -> None:
    """There is one process-wide dispatcher, under every documented name."""
    assert signals.dispatcher is documented


def test_declaration_adopts_receivers_connected_by_name(
    process_wide: SignalDispatcher,
) -> None:
    """A receiver that came before the declaration hears it."""
    process_wide.connect("shop.order_paid", lambda sender: "heard")

    signal = Signal("shop.order_paid", doc="An order was paid.")

    assert ["heard"] == signal.send().values
    assert signal is process_wide.signal("shop.order_paid")


def test_second_declaration_is_a_separate_signal(
    process_wide: SignalDispatcher,
) -> None:
    """Two signals of one name do not share receivers."""
    first = Signal("shop.order_paid")
    second = Signal("shop.order_paid")
    first.connect(lambda sender: "first")

    assert first is not second
    assert [] == second.send()
    assert first is process_wide.signal("shop.order_paid")


def test_second_declaration_stops_the_start_with_both_places(
    process_wide: SignalDispatcher, make_module: MakeModule
) -> None:
    """An ambiguous name is an error that shows where both stand."""
    make_module("app_one.signals", DECLARE.format("paid"))
    make_module("app_two.signals", "\n" + DECLARE.format("paid"))

    with pytest.raises(DuplicateSignal, match=r"app_one.signals\.py:2.*two.*\.py:3"):
        process_wide.settle(installed("app_one", "app_two"))


def test_second_declaration_in_a_test_does_not_stop_the_start(
    process_wide: SignalDispatcher, make_module: MakeModule
) -> None:
    """A test may declare what the application declares, too."""
    make_module("app_six.signals", DECLARE.format("paid"))
    make_module("app_six.tests.test_it", DECLARE.format("paid"))

    process_wide.settle(installed("app_six"))

    assert 1 == len(process_wide)


def test_reload_keeps_the_signal_and_its_receivers(
    process_wide: SignalDispatcher, make_module: MakeModule
) -> None:
    """A module that is executed again declares the object there is."""
    first = make_module("app_three.signals", DECLARE.format("paid")).signal
    first.connect(lambda sender: "heard")
    second = make_module("app_three.signals", "\n\n" + DECLARE.format("paid")).signal

    process_wide.settle(installed("app_three"))

    assert first is second
    assert ["heard"] == second.send().values
    assert 4 == second.declaration.line


def test_declaration_knows_its_place(
    process_wide: SignalDispatcher, make_module: MakeModule
) -> None:
    """File and line of a declaration are those of the application's module."""
    signal = make_module("app_four.signals", DECLARE.format("paid")).signal

    assert signal.declaration.file.endswith("app_four/signals.py")
    assert 2 == signal.declaration.line


@pytest.mark.parametrize("name", ["", "  ", 5, b"x"])
def test_unusable_name_is_refused(process_wide: SignalDispatcher, name: Any) -> None:
    """A name is a text that says something."""
    with pytest.raises(InvalidSignal, match="is not a name"):
        Signal(name)
    with pytest.raises(InvalidSignal, match="is not a name"):
        process_wide.connect(name, lambda sender: None)


def test_signal_without_a_name_is_in_no_registry(
    process_wide: SignalDispatcher,
) -> None:
    """An anonymous signal works and is found nowhere."""
    signal = Signal()
    signal.connect(lambda sender: "heard")

    assert ["heard"] == signal.send().values
    assert 0 == len(process_wide)


def test_two_dispatchers_share_nothing(dispatcher: SignalDispatcher) -> None:
    """The same name in another dispatcher is another signal."""
    other = SignalDispatcher()
    dispatcher.connect("x", lambda sender: None)

    assert [] == other.send("x")
    assert dispatcher.signal("x") is not other.signal("x")


def test_dispatcher_iterates_over_its_signals_once(
    dispatcher: SignalDispatcher,
) -> None:
    """Iteration gives each signal once, an alias or not."""
    first = dispatcher.signal("first")
    second = dispatcher.signal("second")
    dispatcher.alias("erste", first)

    assert [first, second] == list(dispatcher)
    assert first is dispatcher.get("erste")
    assert "erste" in dispatcher


def test_alias_of_a_taken_name_is_refused(dispatcher: SignalDispatcher) -> None:
    """A name that belongs to a signal cannot mean another one."""
    dispatcher.signal("second")

    with pytest.raises(DuplicateSignal, match="'second'"):
        dispatcher.alias("second", dispatcher.signal("first"))


def test_a_class_of_its_own_must_come_first(process_wide: SignalDispatcher) -> None:
    """A signal that was connected by name before cannot become another class."""

    class OwnSignal(Signal[..., Any]):
        """A signal with more to it."""

    process_wide.connect("own.signal", lambda sender: None)

    with pytest.raises(InvalidSignal, match=r"as a Signal\. Declare it first"):
        OwnSignal("own.signal")


def test_results_of_a_send_nobody_heard_stay_empty(
    dispatcher: SignalDispatcher,
) -> None:
    """All sends without a receiver share their results, so these cannot be filled."""
    results = dispatcher.signal("x").send()

    with pytest.raises(TypeError, match=r"list\(results\)"):
        results.append((print, 1))

    assert [[], [], []] == [results, results.values, results.errors]
    assert [] == pickle.loads(pickle.dumps(results))  # noqa: S301  # our own
    results.raise_errors()
