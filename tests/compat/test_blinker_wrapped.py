"""The blinker dialect: sends that wrap the receivers of the other kind."""

import asyncio
import functools
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import pytest

from lback.compat.blinker import Signal
from lback.core import _observers
from lback.core import signals

Function = Callable[..., Any]


def runner(function: Function) -> Function:
    """Make a plain function of a coroutine function, on a loop of its own thread."""

    @functools.wraps(function)
    def call(*args: Any, **fields: Any) -> Any:
        results: list[Any] = []

        def run() -> None:
            results.append(asyncio.run(function(*args, **fields)))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return results[0]

    return call


def threaded(function: Function) -> Function:
    """Make a coroutine function of a plain one, in a thread."""

    @functools.wraps(function)
    async def call(*args: Any, **fields: Any) -> Any:
        return await asyncio.to_thread(function, *args, **fields)

    return call


def plain(sender: Any, size: int = 0) -> Any:
    """Return who sent what, and where this ran."""
    return sender, size, threading.get_ident()


async def slow(sender: Any, size: int = 0) -> Any:
    """Return who sent what, and where this ran."""
    await asyncio.sleep(0)
    return sender, size, threading.get_ident()


@pytest.fixture
def signal() -> Signal:
    """Return a signal with one receiver of each kind."""
    made = Signal()
    made.connect(plain)
    made.connect(slow)
    return made


HERE = threading.get_ident()


def kinds_of(pairs: list[Any]) -> list[Any]:
    """Return receiver, sender and field of each pair, and whether it ran elsewhere."""
    return [(f, who, size, place != HERE) for f, (who, size, place) in pairs]


def test_plain_send_wraps_coroutine_functions(signal: Signal) -> None:
    """Inside a loop the wrapper runs them; plain receivers are called as ever."""

    async def main() -> list[Any]:
        return signal.send("editor", _async_wrapper=runner, size=1, format="txt")

    expected = [(plain, "editor", 1, False), (slow, "editor", 1, True)]
    assert expected == kinds_of(asyncio.run(main()))


def test_async_send_wraps_plain_functions(signal: Signal) -> None:
    """The wrapper puts them into a thread; coroutine functions are awaited as ever."""
    sending = signal.send_async("editor", _sync_wrapper=threaded, size=1, format="txt")

    expected = [(plain, "editor", 1, True), (slow, "editor", 1, False)]
    assert expected == kinds_of(asyncio.run(sending))


def test_awaitable_of_a_plain_function_is_run(signal: Signal) -> None:
    """A lambda that returns a coroutine is no coroutine function, and runs as ever."""
    receive = lambda sender: slow(sender, 5)  # noqa: E731  # the kind under test
    signal.connect(receive)
    pairs = signal.send("editor", _async_wrapper=runner)

    assert (receive, "editor", 5, False) == kinds_of(pairs)[-1]


class Saved(NamedTuple):
    """A declared payload."""

    size: int


def test_payload_object_is_unpacked(own_process: pytest.MonkeyPatch) -> None:
    """Wrapped receivers get the fields of a declared payload, as all others do."""
    made = Signal()
    made.signal = signals.Signal("compat.saved", payload=Saved)
    made.connect(plain)
    made.connect(slow)
    pairs = made.send(Saved(3), _async_wrapper=runner)
    later = asyncio.run(made.send_async(Saved(4), _sync_wrapper=threaded))

    assert [(plain, None, 3, False), (slow, None, 3, True)] == kinds_of(pairs)
    assert [(plain, None, 4, True), (slow, None, 4, False)] == kinds_of(later)


def test_senders_and_muting_count(signal: Signal) -> None:
    """Wrapping changes how receivers are called, not which."""
    signal.connect(plain, sender="other")
    only: Signal = Signal()
    only.connect(slow, sender="editor")

    assert [] == only.send("other", _async_wrapper=runner)
    assert 1 == len(only.send("editor", _async_wrapper=runner))
    with signal.muted():
        assert [] == signal.send("editor", _async_wrapper=runner)
        assert [] == asyncio.run(signal.send_async(_sync_wrapper=threaded))


def test_exception_reaches_the_sender() -> None:
    """A receiver of the dialect stops a wrapped send, too."""
    signal = Signal()

    def fail(sender: Any) -> None:
        raise ValueError("no disk")

    signal.connect(fail)

    with pytest.raises(ValueError, match="no disk"):
        signal.send(_async_wrapper=runner)
    with pytest.raises(ValueError, match="no disk"):
        asyncio.run(signal.send_async(_sync_wrapper=threaded))


def test_native_receiver_is_isolated(
    signal: Signal, caplog: pytest.LogCaptureFixture
) -> None:
    """What was connected natively fails for itself alone, and is logged."""
    error = ValueError("no disk")

    def fail(sender: Any) -> None:
        raise error

    signal.signal.connect(fail, order=-1)
    pairs = signal.send(_async_wrapper=runner)
    later = asyncio.run(signal.send_async(_sync_wrapper=threaded))

    assert (fail, error) == pairs[0] == later[0]
    assert 3 == len(pairs) == len(later)
    assert 2 == len(caplog.records)


class Watch(_observers.Observer):
    """Writes down what is sent."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def sent(self, signal: Any, sender: Any, fields: Mapping[str, Any]) -> None:
        """Write down a send."""
        self.seen.append((signal, sender, dict(fields)))


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Return an observer of every send."""
    made = Watch()
    _observers.observe(made)
    yield made
    _observers.stop_observing(made)


def test_tools_see_wrapped_sends(signal: Signal, watch: Watch) -> None:
    """A tool that watches every send watches these."""
    signal.send("editor", _async_wrapper=runner, size=1)
    asyncio.run(signal.send_async("editor", _sync_wrapper=threaded, size=2))

    assert [(signal.signal, "editor", {"size": n}) for n in (1, 2)] == watch.seen
