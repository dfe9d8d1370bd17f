"""What is awaited, and what cannot be."""

import asyncio
import functools
from collections.abc import AsyncGenerator
from collections.abc import Callable
from collections.abc import Generator
from typing import Any

import pytest

from lback.core.exceptions import AsyncReceiverInRunningLoop
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


@pytest.fixture
def signal(dispatcher: SignalDispatcher) -> Signal:
    """Return a signal without receivers."""
    return dispatcher.signal("x")


def send(signal: Signal) -> Any:
    """Send from synchronous code."""
    return signal.send()


def asend(signal: Signal) -> Any:
    """Send from asynchronous code."""
    return asyncio.run(signal.asend())


SENDS = pytest.mark.parametrize("sending", [send, asend])


@SENDS
def test_an_async_receiver_of_receiver_failed_is_awaited(
    dispatcher: SignalDispatcher,
    signal: Signal,
    sending: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The announcement of a failure breaks the send of no other receiver."""
    heard: list[Any] = []

    @signal.connect
    def fail(sender: Any) -> None:
        raise ValueError

    async def note(sender: Any, receiver: Any) -> None:
        heard.append((sender, receiver))

    signal.connect(lambda sender: "still here")
    dispatcher.connect("receiver_failed", note)

    assert ["still here"] == sending(signal).values
    assert [(signal, fail)] == heard


@pytest.mark.parametrize("name", ["receiver_connected", "receiver_failed"])
def test_an_announcement_that_cannot_be_awaited_breaks_nothing(
    dispatcher: SignalDispatcher,
    signal: Signal,
    name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In a running loop ``connect`` and ``send`` work, and the log says who did not."""

    async def note(sender: Any) -> None: ...

    def fail(sender: Any) -> None:
        raise ValueError

    dispatcher.connect(name, note)

    async def connect_and_send() -> Any:
        signal.connect(fail)
        return signal.send()

    assert [ValueError] == [type(e) for e in asyncio.run(connect_and_send()).errors]
    assert "note" in caplog.text


def test_a_coroutine_function_around_a_plain_one_is_known_to_be_async(
    signal: Signal,
) -> None:
    """A send that could not wait for it is refused before anybody has run."""
    heard: list[str] = []

    def in_a_thread(function: Callable[..., None]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def wrapper(*args: Any, **fields: Any) -> None:
            await asyncio.to_thread(function, *args, **fields)

        return wrapper

    signal.connect(lambda sender: heard.append("plain"))
    signal.connect(in_a_thread(lambda sender: heard.append("wrapped")))

    async def send() -> None:
        signal.send()

    with pytest.raises(AsyncReceiverInRunningLoop):
        asyncio.run(send())
    assert [] == heard

    signal.send()
    assert ["plain", "wrapped"] == heard


def test_a_task_is_silent_no_longer_than_the_block_it_was_made_in(
    signal: Signal,
) -> None:
    """A mute of somebody else's does not silence a task that outlived its own."""
    signal.connect(lambda sender: sender)
    heard: list[Any] = []

    async def send_later(go: asyncio.Event) -> None:
        await go.wait()
        heard.extend(signal.send("later").values)

    async def mute_twice() -> None:
        go = asyncio.Event()
        with signal.muted():
            task = asyncio.create_task(send_later(go))
            await asyncio.sleep(0)
        with signal.muted():
            go.set()
            await task

    asyncio.run(mute_twice())

    assert ["later"] == heard


# Receivers that do not return a plain value.
@SENDS
def test_what_a_generator_yields_is_for_whoever_sends(
    signal: Signal, sending: Any
) -> None:
    """A receiver that yields has begun nothing: its generator is the result."""
    heard: list[str] = []

    @signal.connect
    def generate(sender: Any) -> Generator[str]:
        heard.append("begun")
        yield "yielded"

    @signal.connect
    async def generate_async(sender: Any) -> AsyncGenerator[str]:
        heard.append("begun")
        yield "yielded"

    first, second = sending(signal).values

    assert [] == heard
    assert ["yielded"] == list(first)
    assert hasattr(second, "__aiter__")


@SENDS
def test_whatever_can_be_awaited_is_awaited(signal: Signal, sending: Any) -> None:
    """An object with ``__await__`` that a receiver returns is waited for."""

    class Later:
        def __await__(self) -> Generator[Any, Any, str]:
            return asyncio.sleep(0, "awaited").__await__()

    signal.connect(lambda sender: Later())

    assert ["awaited"] == sending(signal).values
