"""Signals that send each other are stopped, however they are sent."""

import asyncio
import threading
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lback.core._observers import observe
from lback.core._observers import Observer
from lback.core._observers import stop_observing
from lback.core._signal_depth import LIMIT
from lback.core._signal_depth import nesting as _nesting
from lback.core.exceptions import SignalLoop
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher

SIZES = pytest.mark.parametrize("size", [1, 2, 10])

# A guard that fails must not let a test run for ever.
ENOUGH = 3000


@dataclass(frozen=True)
class Step:
    """What the signals of a ring carry."""

    number: int


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """After a loop was left, nothing is counted or watched any more."""
    yield
    assert 0 == _nesting.alarm
    assert not _nesting.loops


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Do not write down each failure of each receiver."""
    caplog.set_level("CRITICAL")


class Ring:
    """Signals in a ring: a receiver of each sends the next one.

    Args:
        dispatcher: Where the signals are made.
        size: How many there are.

    Attributes:
        signals: The signals.
        calls: How often a receiver ran.
        loops: What receivers were told of loops.
    """

    def __init__(self, dispatcher: SignalDispatcher, size: int) -> None:
        self.calls = 0
        self.loops: list[str] = []
        self.signals = [
            dispatcher.signal(f"ring{number}", payload=Step) for number in range(size)
        ]

    def connect(self, pass_on: Callable[..., Any], **options: Any) -> None:
        """Let each signal call *pass_on* with the next one and its own number."""
        following = [*self.signals[1:], self.signals[0]]
        for signal, after in zip(self.signals, following, strict=True):
            signal.connect(self._receiver(pass_on, after), **options)

    def count(self) -> None:
        """Count a call."""
        self.calls += 1
        assert self.calls < ENOUGH, "the loop was not stopped"

    def _receiver(
        self, pass_on: Callable[..., Any], after: Signal[..., Any]
    ) -> Callable[..., Any]:
        def receive(sender: Any, number: int) -> Any:
            self.count()
            return pass_on(after, number + 1)

        return receive

    @property
    def chain(self) -> str:
        """What the message says of the loop that is stopped at the limit."""
        size = len(self.signals)
        names = [f"ring{(LIMIT + n) % size}" for n in range(-size, 1)]
        return " -> ".join(names)


def by_field(signal: Signal[..., Any], number: int) -> Any:
    """Send fields by keyword."""
    return signal.send("ring", number=number).raise_errors()


def by_instance(signal: Signal[..., Any], number: int) -> Any:
    """Send an instance of the payload."""
    return signal.send(Step(number)).raise_errors()


async def awaited(signal: Signal[..., Any], number: int) -> Any:
    """Send from a coroutine."""
    await asyncio.sleep(0)
    return (await signal.asend("ring", number=number)).raise_errors()


def awaited_now(signal: Signal[..., Any], number: int) -> Any:
    """Return what has to be awaited, without being a coroutine function."""
    return signal.asend(Step(number))


WAYS = pytest.mark.parametrize(
    "pass_on", [by_field, by_instance, awaited, awaited_now], ids=lambda f: f.__name__
)


def start_send(signal: Signal[..., Any]) -> Any:
    """Begin with ``send``."""
    return signal.send(Step(0))


def start_asend(signal: Signal[..., Any]) -> Any:
    """Begin with ``asend``."""
    return asyncio.run(signal.asend("ring", number=0))


def start_in_a_thread(signal: Signal[..., Any]) -> Any:
    """Begin in a thread of its own."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(signal.send(number=0)))
    thread.start()
    thread.join()
    return results[0]


STARTS = pytest.mark.parametrize(
    "start", [start_send, start_asend, start_in_a_thread], ids=lambda f: f.__name__
)


def innermost(results: Any) -> BaseException:
    """Return the exception at the bottom of groups of groups."""
    error: BaseException = results.errors[0]
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@SIZES
@WAYS
@STARTS
def test_a_ring_is_stopped_at_the_limit(
    dispatcher: SignalDispatcher, size: int, pass_on: Any, start: Any
) -> None:
    """Whoever sends whatever way, each ring makes 64 calls and no more."""
    ring = Ring(dispatcher, size)
    ring.connect(pass_on)

    start(ring.signals[0])

    assert LIMIT == ring.calls


@SIZES
@STARTS
@pytest.mark.parametrize("pass_on", [by_field, by_instance])
def test_the_error_shows_the_chain(
    dispatcher: SignalDispatcher, size: int, pass_on: Any, start: Any
) -> None:
    """The message names the signals of the loop in the order in which they send."""
    ring = Ring(dispatcher, size)
    ring.connect(pass_on)

    error = innermost(start(ring.signals[0]))

    assert isinstance(error, SignalLoop)
    assert f"{ring.chain}. Break the loop" in str(error)


@SIZES
def test_a_loop_of_receivers_that_raise_reaches_whoever_began(
    dispatcher: SignalDispatcher, size: int
) -> None:
    """With ``on_error="raise"`` all the way the loop ends where it began."""
    ring = Ring(dispatcher, size)
    ring.connect(by_field, on_error="raise")

    with pytest.raises(SignalLoop):
        ring.signals[0].send(Step(0))

    assert LIMIT == ring.calls


@STARTS
@pytest.mark.parametrize("pass_on", [by_instance, awaited])
def test_a_ring_with_branches_makes_a_bounded_number_of_calls(
    dispatcher: SignalDispatcher, pass_on: Any, start: Any
) -> None:
    """Three receivers of each signal make three times as many calls, not 3 ** 64."""
    ring = Ring(dispatcher, 2)
    for _ in range(3):
        ring.connect(pass_on)

    start(ring.signals[0])

    assert 3 * LIMIT == ring.calls


@SIZES
def test_an_observed_ring_is_stopped_too(
    dispatcher: SignalDispatcher, size: int
) -> None:
    """While somebody watches, the guard counts the same."""
    observer = Observer()
    ring = Ring(dispatcher, size)
    ring.connect(by_instance)

    observe(observer)
    try:
        ring.signals[0].send(Step(0))
    finally:
        stop_observing(observer)

    assert LIMIT == ring.calls


def test_a_ring_with_a_muted_signal_is_open(dispatcher: SignalDispatcher) -> None:
    """Nobody hears the muted signal, so that nothing goes on behind it."""
    ring = Ring(dispatcher, 10)
    ring.connect(by_field)

    with ring.signals[4].muted():
        ring.signals[0].send(Step(0)).raise_errors()

    assert 4 == ring.calls


def test_a_loop_that_goes_round_through_a_block_of_mutes_is_stopped(
    dispatcher: SignalDispatcher,
) -> None:
    """A receiver that mutes another signal while it sends is stopped as well."""
    other = dispatcher.signal("other")
    ring = Ring(dispatcher, 1)

    def muting(signal: Signal[..., Any], number: int) -> Any:
        with other.muted(), signal.connected_to(lambda sender: None):
            return signal.send(number=number)

    ring.connect(muting)

    ring.signals[0].send(Step(0))

    assert LIMIT == ring.calls


@pytest.mark.parametrize(("length", "is_heard"), [(LIMIT, True), (LIMIT + 1, False)])
def test_a_chain_may_be_as_long_as_the_limit(
    dispatcher: SignalDispatcher, length: int, is_heard: bool
) -> None:
    """Sixty-four signals inside each other are sent, though they are no loop."""
    ring = Ring(dispatcher, length)
    ring.connect(by_field)
    last = ring.signals[-1]
    for receiver in last.receivers:
        last.disconnect(receiver.target())
    heard: list[int] = []
    last.connect(lambda sender, number: heard.append(number))

    ring.signals[0].send(Step(0))

    assert is_heard is bool(heard)


def test_a_loop_in_one_task_does_not_touch_another(
    dispatcher: SignalDispatcher,
) -> None:
    """While one task leaves its loop, others send the same signal undisturbed."""
    ring = Ring(dispatcher, 1)
    failures: list[Exception] = []

    def go_on_if_asked(signal: Signal[..., Any], number: int) -> Any:
        return awaited(signal, number) if number > 1 else asyncio.sleep(0)

    ring.connect(go_on_if_asked)

    async def send_calmly() -> None:
        for _ in range(100):
            failures.extend((await ring.signals[0].asend(number=0)).errors)

    async def send_all() -> None:
        loop = asyncio.create_task(ring.signals[0].asend(number=1))
        await asyncio.gather(loop, *(send_calmly() for _ in range(20)))

    asyncio.run(send_all())

    assert [] == failures
    assert LIMIT + 20 * 100 == ring.calls


def test_a_loop_is_stopped_exactly_while_many_others_send(
    dispatcher: SignalDispatcher,
) -> None:
    """A thousand sends that wait in other tasks do not count for this one."""
    ring = Ring(dispatcher, 2)
    ring.connect(awaited)
    begun: list[int] = []

    async def send_all() -> None:
        over = asyncio.Event()
        waiting = dispatcher.signal("waiting")

        @waiting.connect
        async def wait(sender: Any) -> None:
            begun.append(1)
            await over.wait()

        tasks = [asyncio.create_task(waiting.asend()) for _ in range(1000)]
        await asyncio.sleep(0)
        await ring.signals[0].asend(Step(0))
        over.set()
        await asyncio.gather(*tasks)

    asyncio.run(send_all())

    assert 1000 == len(begun)
    assert LIMIT == ring.calls


async def gathered(signal: Signal[..., Any], number: int) -> Any:
    """Send in a task of its own and wait for it."""
    return await asyncio.gather(signal.asend(Step(number)))


async def in_a_group(signal: Signal[..., Any], number: int) -> Any:
    """Send in a group of tasks."""
    async with asyncio.TaskGroup() as group:
        return group.create_task(signal.asend("ring", number=number))


@SIZES
@pytest.mark.parametrize("pass_on", [gathered, in_a_group])
def test_a_loop_through_tasks_is_stopped(
    dispatcher: SignalDispatcher, size: int, pass_on: Any
) -> None:
    """Receivers that send in tasks of their own, and wait for them, end soon."""
    ring = Ring(dispatcher, size)
    ring.connect(pass_on)

    start_asend(ring.signals[0])

    assert ring.calls <= 3 * LIMIT


@pytest.mark.parametrize("pass_on", [gathered, in_a_group])
def test_a_loop_through_tasks_with_branches_is_stopped(
    dispatcher: SignalDispatcher, pass_on: Any
) -> None:
    """Two receivers that both send in tasks do not make 2 ** 64 of them."""
    ring = Ring(dispatcher, 2)
    ring.connect(pass_on)
    ring.connect(pass_on)

    start_asend(ring.signals[0])

    assert ring.calls < ENOUGH - 1


def test_tasks_that_nobody_waits_for_are_no_loop(dispatcher: SignalDispatcher) -> None:
    """A signal that sends itself again and again, but each time later, goes on."""
    ring = Ring(dispatcher, 1)
    tasks: list[Any] = []

    def send_later(signal: Signal[..., Any], number: int) -> None:
        if number < 500:
            tasks.append(asyncio.ensure_future(signal.asend(Step(number))))

    ring.connect(send_later)

    async def send_all() -> list[Any]:
        await ring.signals[0].asend(Step(0))
        return [error for task in tasks for error in (await task).errors]

    assert [] == asyncio.run(send_all())
    assert 500 == ring.calls


def test_a_loop_that_fills_the_stack_is_stopped(dispatcher: SignalDispatcher) -> None:
    """Receivers that call so deep that 64 sends do not fit end soon, too."""
    ring = Ring(dispatcher, 2)

    def call_deep(signal: Signal[..., Any], number: int, depth: int = 25) -> Any:
        if depth:
            return call_deep(signal, number, depth - 1)
        return signal.send(number=number)

    ring.connect(call_deep)
    ring.connect(call_deep)

    ring.signals[0].send(Step(0))

    assert ring.calls < ENOUGH - 1


def test_a_receiver_that_recurses_by_itself_does_not_stop_the_others(
    dispatcher: SignalDispatcher,
) -> None:
    """A full stack below a few sends is the receiver's own mistake, and no loop."""
    signal = dispatcher.signal("tree")
    heard: list[int] = []

    def walk(sender: int) -> None:
        for _ in range(2 if sender else 0):
            signal.send(sender - 1)

    def recurse(sender: int) -> None:
        recurse(sender)

    signal.connect(recurse)
    signal.connect(walk)
    signal.connect(heard.append)

    signal.send(2)

    assert [0, 0, 1, 0, 0, 1, 2] == heard
