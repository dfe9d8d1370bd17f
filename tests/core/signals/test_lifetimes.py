"""What ends before its time: a send, a receiver, and the memory that they took."""

import asyncio
import gc
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from typing import Any

import pytest

from lback.core._signal_depth import nesting as _nesting
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher


class Stock:
    """An object with a receiver."""

    # Itself, so that only the garbage collector can take it away.
    itself: "Stock | None" = None

    def reserve(self, sender: Any) -> str:
        """Receive."""
        return "reserved"


@pytest.fixture
def signal(dispatcher: SignalDispatcher) -> Signal:
    """Return a signal without receivers."""
    return dispatcher.signal("x")


@pytest.fixture(autouse=True)
def no_send_is_left() -> Iterator[None]:
    """However a send ended, the depth guard does not count it afterwards."""
    yield
    assert 0 == _nesting.alarm


def send(signal: Signal) -> Any:
    """Send from synchronous code."""
    return signal.send()


def asend(signal: Signal) -> Any:
    """Send from asynchronous code."""
    return asyncio.run(signal.asend())


SENDS = pytest.mark.parametrize("sending", [send, asend])


# A send that is left before its end.
def test_cancelling_a_send_reaches_the_receiver_and_whoever_sends(
    signal: Signal,
) -> None:
    """A cancelled ``asend`` ends in the receiver that waits; later ones do not run."""
    heard: list[str] = []

    @signal.connect
    async def wait(sender: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    signal.connect(lambda sender: heard.append("behind"))

    async def cancel() -> None:
        task = asyncio.create_task(signal.asend())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())

    assert ["cancelled"] == heard


def test_a_send_that_takes_too_long_ends_in_time(signal: Signal) -> None:
    """``asyncio.timeout`` around an ``asend`` works, and the next one is as ever."""
    waiting = [True]

    @signal.connect
    async def wait(sender: Any) -> str:
        if waiting:
            await asyncio.Event().wait()
        return "done"

    async def send_twice() -> Any:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await signal.asend()
        waiting.clear()
        return await signal.asend()

    assert ["done"] == asyncio.run(send_twice()).values


def test_a_send_that_nobody_awaits_to_its_end_is_over_with_its_coroutine(
    signal: Signal,
) -> None:
    """A suspended ``asend`` that is thrown away is not counted for ever."""

    class Never:
        def __await__(self) -> Generator[None, None, None]:
            yield

    signal.connect(lambda sender: Never())
    coroutine = signal.asend()
    coroutine.send(None)
    assert 1 == _nesting.alarm

    coroutine.close()

    assert 0 == _nesting.alarm


class Stop(BaseException):
    """What no receiver may swallow."""


@SENDS
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, Stop])
@pytest.mark.parametrize("is_async", [True, False])
def test_what_ends_the_program_leaves_a_send_at_once(
    signal: Signal, sending: Any, error: type[BaseException], is_async: bool
) -> None:
    """Exits pass through, no receiver behind runs, and the signal works again."""
    heard: list[str] = []
    errors = [error]

    def stop(sender: Any) -> None:
        if errors:
            raise errors.pop()

    async def stop_async(sender: Any) -> None:
        await asyncio.sleep(0)
        stop(sender)

    signal.connect(stop_async if is_async else stop)
    signal.connect(lambda sender: heard.append("behind"))

    with pytest.raises(error):
        sending(signal)
    assert [] == heard

    assert [None, None] == sending(signal).values
    assert ["behind"] == heard


def test_the_loop_of_a_thread_ends_with_it_though_a_receiver_failed(
    signal: Signal, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception that is kept keeps the event loop of its thread from nothing."""
    loops: list[asyncio.AbstractEventLoop] = []
    results: list[Any] = []

    @signal.connect
    async def fail(sender: Any) -> None:
        loops.append(asyncio.get_running_loop())
        raise ValueError

    thread = threading.Thread(target=lambda: results.append(signal.send()))
    thread.start()
    thread.join()

    assert [ValueError] == [type(error) for error in results[0].errors]
    assert loops[0].is_closed()


PROGRAM = """
import asyncio
from lback import Signal

signal = Signal("x")

@signal.connect
async def wait(sender):
    asyncio.create_task(asyncio.sleep(60))
    return await asyncio.to_thread(lambda: "done")

print(signal.send().values)
"""


def test_a_program_ends_quietly_whatever_its_event_loop_has_left() -> None:
    """Neither a task that waits nor a pool of threads is in the way of the exit."""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (0, "['done']\n", "") == (done.returncode, done.stdout, done.stderr)


# Receivers that are held weakly.
@SENDS
def test_a_weak_receiver_that_is_let_go_of_during_a_send_still_runs(
    signal: Signal, sending: Any
) -> None:
    """Who was there when the send began is held until it ends, and forgotten then."""
    stocks = [Stock()]
    signal.connect(lambda sender: stocks.clear())
    signal.connect(stocks[0].reserve, weak=True)

    assert [None, "reserved"] == sending(signal).values

    gc.collect()
    assert 1 == len(signal.receivers)


@pytest.mark.parametrize("is_in_a_cycle", [True, False])
def test_weak_receivers_that_are_gone_leave_no_entry(
    signal: Signal, is_in_a_cycle: bool
) -> None:
    """A signal forgets collected receivers, however they were collected."""
    stocks = [Stock() for _ in range(100)]
    for stock in stocks:
        stock.itself = stock if is_in_a_cycle else None
        signal.connect(stock.reserve, weak=True)
        signal.connect(stock.reserve, weak=True, sender="shop")
    del stocks[1:], stock
    gc.collect()

    assert ["reserved"] * 2 == signal.send("shop").values

    stocks[0].itself = None
    stocks.clear()

    assert [] == [receiver.target() for receiver in signal.receivers]
    assert not signal


@pytest.fixture
def eager_collection() -> Iterator[Callable[[int], None]]:
    """Return a function that says after how many new objects garbage is collected."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()  # what was there before is passed over, to be quick
    yield gc.set_threshold
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def connect_what_is_garbage(signal: Signal) -> None:
    """Connect receivers weakly that wait to be collected."""
    for _ in range(10):
        stock = Stock()
        stock.itself = stock
        signal.connect(stock.reserve, weak=True)


def test_collecting_a_receiver_in_the_middle_of_anything_is_harmless(
    dispatcher: SignalDispatcher, eager_collection: Callable[[int], None]
) -> None:
    """Wherever the collector takes weak receivers away, a send calls those that stay.

    Each round lets it run one object later.
    """
    heard: list[int] = []
    left: list[int] = []

    def receive(sender: int) -> None:
        heard.append(sender)

    for size in range(1, 400):
        signal = dispatcher.signal(f"s{size}")
        signal.connect(receive)
        connect_what_is_garbage(signal)
        eager_collection(size)
        signal.send(size)
        eager_collection(1000)
        gc.collect()
        left.append(len(signal.receivers))

    assert list(range(1, 400)) == heard
    assert {1} == set(left)


# Memory.
def test_many_receivers_leave_no_memory(
    signal: Signal, caplog: pytest.LogCaptureFixture
) -> None:
    """What connecting took is free again, to less than a byte for each receiver."""
    caplog.set_level("CRITICAL")
    count = 20_000

    def connect_and_disconnect(count: int) -> None:
        receivers = [lambda sender, place=place: place for place in range(count)]
        for receiver in receivers:
            signal.connect(receiver)
        signal.send()
        for receiver in receivers:
            signal.disconnect(receiver)
        signal.send()

    connect_and_disconnect(10)
    gc.collect()
    tracemalloc.start()
    connect_and_disconnect(count)
    gc.collect()
    left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak > 100 * count
    assert left < count


def test_code_that_is_made_anew_each_time_is_let_go_of(signal: Signal) -> None:
    """Counting the receivers of one code object does not keep the code."""
    function = eval("lambda sender: None")  # noqa: S307  # code of its own
    code = weakref.ref(function.__code__)
    signal.connect(function)
    signal.disconnect(function)

    del function
    gc.collect()

    assert code() is None


@SENDS
def test_sends_that_fail_leave_no_memory(
    signal: Signal, sending: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception that was isolated lives no longer than the results."""
    caplog.set_level("CRITICAL")

    class Error(Exception):
        pass

    made: list[weakref.ref[Error]] = []

    def fail(sender: Any) -> None:
        error = Error()
        made.append(weakref.ref(error))
        raise error

    signal.connect(fail)
    results = sending(signal)
    assert [made[0]()] == results.errors

    del results
    gc.collect()

    assert made[0]() is None
