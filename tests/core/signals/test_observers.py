"""Tools that watch every send of the process."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import pytest

from lback.core._observers import observe
from lback.core._observers import Observer
from lback.core._observers import on_failure
from lback.core._observers import remove_failure_hook
from lback.core._observers import stop_observing
from lback.core._receivers import Receiver
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


class Point(NamedTuple):
    """A payload."""

    x: int
    y: int


class Log(Observer):
    """Write down what is sent."""

    def __init__(self) -> None:
        self.lines: list[tuple[str | None, Any, dict[str, Any]]] = []

    def sent(self, signal: Any, sender: Any, fields: Mapping[str, Any]) -> None:
        """Write it down."""
        self.lines.append((signal.name, sender, dict(fields)))


class Gate(Observer):
    """Let no receiver run."""

    def lets_run(self, signal: Any, receiver: Receiver) -> bool:
        """Say no."""
        return False


@pytest.fixture
def log() -> Iterator[Log]:
    """Return a log of all sends while a test runs."""
    made = Log()
    observe(made)
    yield made
    stop_observing(made)


def test_a_send_is_seen_before_its_receivers_run(
    dispatcher: SignalDispatcher, log: Log
) -> None:
    """An observer knows of a send when the first receiver is called."""
    seen = []
    dispatcher.connect("x", lambda sender, **fields: seen.append(list(log.lines)))

    dispatcher.send("x", "me", a=1)

    assert [[("x", "me", {"a": 1})]] == seen


def test_a_send_that_nobody_hears_is_seen(
    dispatcher: SignalDispatcher, log: Log
) -> None:
    """While somebody watches, a signal without receivers is worth sending."""
    signal = dispatcher.signal("x")

    assert signal
    signal.send("me")

    assert [("x", "me", {})] == log.lines


def test_a_signal_made_while_watching_is_seen(
    dispatcher: SignalDispatcher, log: Log
) -> None:
    """Signals that come later are watched, too."""
    dispatcher.signal("later", payload=Point).send(Point(1, 2))

    assert [("later", None, {"x": 1, "y": 2})] == log.lines


def test_watching_ends(dispatcher: SignalDispatcher) -> None:
    """After an observer is gone, sends are as before."""
    signal, log = dispatcher.signal("x"), Log()
    observe(log)
    stop_observing(log)
    stop_observing(log)

    signal.send()

    assert not signal
    assert [] == log.lines


def test_an_observer_can_keep_receivers_from_running(
    dispatcher: SignalDispatcher,
) -> None:
    """A receiver that no observer lets run is not called."""
    signal, gate = dispatcher.signal("x"), Gate()
    signal.connect(lambda sender: "ran")
    signal.send()
    observe(gate)

    assert [] == signal.send()
    stop_observing(gate)

    assert ["ran"] == signal.send().values


async def _asend(signal: Signal[..., Any]) -> None:
    await signal.asend("me", a=1)


def test_asend_is_seen(dispatcher: SignalDispatcher, log: Log) -> None:
    """Awaited sends are seen like others."""
    import asyncio

    asyncio.run(_asend(dispatcher.signal("x")))

    assert [("x", "me", {"a": 1})] == log.lines


def test_a_hook_learns_of_isolated_failures(dispatcher: SignalDispatcher) -> None:
    """A failure hook gets signal, receiver and exception; raised ones are not its."""
    signal = dispatcher.signal("x")
    error = ValueError("no")

    def fail(sender: Any) -> None:
        raise error

    signal.connect(fail)
    failures: list[tuple[Any, str, Exception]] = []

    def hook(signal: Any, receiver: Receiver, exception: Exception) -> None:
        failures.append((signal, receiver.origin.name.rpartition(".")[2], exception))

    on_failure(hook)
    signal.send()
    remove_failure_hook(hook)
    signal.send()

    assert [(signal, "fail", error)] == failures
