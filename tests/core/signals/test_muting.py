"""A signal that is silent for a while, in one context."""

import asyncio
import threading
from collections.abc import Generator

import pytest

from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


@pytest.fixture
def signal(dispatcher: SignalDispatcher) -> Signal:
    """Return a signal with one receiver."""
    made = dispatcher.signal("x")
    made.connect(lambda sender: "ran")
    return made


def test_a_muted_signal_calls_nobody(signal: Signal) -> None:
    """Inside the block no receiver runs, behind it all do again."""
    with signal.muted():
        assert [] == signal.send()

    assert ["ran"] == signal.send().values


def test_a_mute_inside_a_mute_ends_alone(signal: Signal) -> None:
    """The inner block ends without ending the outer one."""
    with signal.muted():
        with signal.muted():
            pass

        assert [] == signal.send()

    assert ["ran"] == signal.send().values


def test_a_mute_ends_with_an_exception(signal: Signal) -> None:
    """A block that raises unmutes the signal."""
    with pytest.raises(ValueError, match="out"), signal.muted():
        raise ValueError("out")

    assert ["ran"] == signal.send().values


def test_other_signals_are_heard(dispatcher: SignalDispatcher, signal: Signal) -> None:
    """Only the muted signal is silent."""
    other = dispatcher.signal("other")
    other.connect(lambda sender: "other")

    with signal.muted():
        assert ["other"] == other.send().values


def test_another_thread_is_heard(signal: Signal) -> None:
    """A mute holds in its own thread."""
    heard = []

    with signal.muted():
        thread = threading.Thread(target=lambda: heard.extend(signal.send().values))
        thread.start()
        thread.join()

    assert ["ran"] == heard


def test_another_task_is_heard(signal: Signal) -> None:
    """A mute holds in its own task, also across an await."""
    heard = []

    async def mute(begun: asyncio.Event, done: asyncio.Event) -> None:
        with signal.muted():
            begun.set()
            await done.wait()
            heard.append(("muted", (await signal.asend()).values))

    async def listen() -> None:
        begun, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(mute(begun, done))
        await begun.wait()
        heard.append(("free", (await signal.asend()).values))
        done.set()
        await task

    asyncio.run(listen())

    assert [("free", ["ran"]), ("muted", [])] == heard


def test_a_mute_may_end_in_another_context(signal: Signal) -> None:
    """A generator that mutes may be closed where it was not started."""

    def muting() -> Generator[None]:
        with signal.muted():
            yield

    generator = muting()
    next(generator)
    thread = threading.Thread(target=generator.close)
    thread.start()
    thread.join()

    assert ["ran"] == threading_send(signal)


def threading_send(signal: Signal) -> list[object]:
    """Send from a thread of its own."""
    values: list[object] = []
    thread = threading.Thread(target=lambda: values.extend(signal.send().values))
    thread.start()
    thread.join()
    return values
