"""Many threads at once: no call is lost, doubled or torn."""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import pytest

from lback.core import _observers
from lback.core._observers import observe
from lback.core._observers import Observer
from lback.core._observers import stop_observing
from lback.core._signal_depth import nesting as _nesting
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher

THREADS = 16


class Pair(NamedTuple):
    """A payload whose fields belong together."""

    left: Any
    right: Any


class Passer:
    """An object that receives for a while."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def receive(self, sender: Any) -> None:
        """Write down who sent."""
        self.heard.append(sender)


@pytest.fixture(autouse=True)
def eager_switching() -> Iterator[None]:
    """Switch threads as often as the interpreter can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(autouse=True)
def no_send_is_left() -> Iterator[None]:
    """Whatever the threads did, the depth guard counts no send afterwards."""
    yield
    assert 0 == _nesting.alarm
    assert not _nesting.loops


def at_once(*works: Callable[[int], object]) -> None:
    """Run *works* in threads of their own that start together, and raise what failed.

    The works are handed out in turn to all threads, each with the number of its own.
    """
    gate = threading.Barrier(THREADS, timeout=60)
    failures: list[BaseException] = []

    def run(work: Callable[[int], object], number: int) -> None:
        try:
            gate.wait()
            work(number)
        except BaseException as error:  # noqa: BLE001  # raised below
            failures.append(error)

    threads = [
        threading.Thread(target=run, args=(works[number % len(works)], number))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise BaseExceptionGroup("threads failed", failures)


def test_who_stays_hears_each_send_once_while_others_come_and_go(
    dispatcher: SignalDispatcher,
) -> None:
    """Receivers that stay are called once for each send, with what belongs to it."""
    signal = dispatcher.signal("x", payload=Pair)
    heard: list[Any] = []
    signal.connect(lambda sender, left, right: heard.append((sender, left, right)))
    signal.connect(lambda sender, **fields: heard.append((sender, *fields.values())))

    def send(number: int) -> None:
        for turn in range(50):
            token = (number, turn)
            signal.send(token, left=token, right=token)
            signal.send(Pair(token, token))

    def come_and_go(number: int) -> None:
        for _ in range(50):
            passer = Passer()
            signal.connect(passer.receive, sender=number % 3 or None, order=-number)
            signal.disconnect(passer.receive, sender=number % 3 or None)

    at_once(send, come_and_go)

    tokens = [(number, turn) for number in range(0, THREADS, 2) for turn in range(50)]
    expected: Counter[Any] = Counter({(token, token, token): 2 for token in tokens})
    expected += Counter({(None, token, token): 2 for token in tokens})
    assert expected == Counter(heard)
    assert 2 == len(signal.receivers)


def test_results_of_a_send_are_its_own(dispatcher: SignalDispatcher) -> None:
    """Each send returns what its own calls returned, one for each receiver in order."""
    signal = dispatcher.signal("x")
    for _ in range(3):
        signal.connect(lambda sender, left: (sender, left))
    torn: list[Any] = []

    def send(number: int) -> None:
        for turn in range(200):
            values = signal.send(number, left=turn).values
            torn.extend([values] if values != [(number, turn)] * 3 else [])

    at_once(send)

    assert [] == torn


def test_a_change_holds_for_the_next_send_of_its_thread(
    dispatcher: SignalDispatcher,
) -> None:
    """Who connects hears the own next send, who disconnects does not, held or weak."""
    signal = dispatcher.signal("x")
    heard: Counter[Any] = Counter()

    def come_and_go(number: int) -> None:
        for turn in range(50):
            passer = Passer()
            signal.connect(passer.receive, weak=turn % 2 == 0, order=number)
            signal.send((number, turn, "connected"))
            signal.disconnect(passer.receive)
            signal.send((number, turn, "gone"))
            heard.update(who for who in passer.heard if who[:2] == (number, turn))

    at_once(come_and_go)

    expected = [(number, turn) for number in range(THREADS) for turn in range(50)]
    assert Counter((*token, "connected") for token in expected) == heard
    assert not signal


def test_weak_receivers_that_threads_let_go_of_leave_nothing(
    dispatcher: SignalDispatcher,
) -> None:
    """Objects that die in one thread while another one sends are forgotten."""
    signal = dispatcher.signal("x")
    heard: list[Any] = []
    signal.connect(heard.append)

    def let_go(number: int) -> None:
        for turn in range(50):
            passer = Passer()
            signal.connect(passer.receive, weak=True)
            signal.send((number, turn))
            del passer

    at_once(let_go)

    assert [heard.append] == [receiver.target() for receiver in signal.receivers]
    expected = [(number, turn) for number in range(THREADS) for turn in range(50)]
    assert Counter(expected) == Counter(heard)


def test_one_name_is_one_signal_whoever_asks_first(
    dispatcher: SignalDispatcher,
) -> None:
    """Threads that connect by a new name at the same time connect to one signal."""
    heard: list[Any] = []
    gate = threading.Barrier(THREADS, timeout=60)

    def connect(number: int) -> None:
        for turn in range(50):
            gate.wait()
            dispatcher.connect(
                f"s{turn}", lambda sender: heard.append((*sender, number))
            )

    at_once(connect)
    for turn in range(50):
        dispatcher.send(f"s{turn}", (turn,))

    expected = [(turn, number) for turn in range(50) for number in range(THREADS)]
    assert Counter(expected) == Counter(heard)
    assert 50 == len(dispatcher)


def test_threads_that_read_do_not_stumble_over_those_that_change(
    dispatcher: SignalDispatcher,
) -> None:
    """Asking who is connected works while others connect, disconnect and declare."""
    signal = dispatcher.signal("x")
    signal.connect(lambda sender: None)
    answers: list[Any] = []

    def read(_: int) -> None:
        for _ in range(100):
            answers.append((bool(signal), signal.has_receivers(), signal in dispatcher))
            assert signal.receivers
            assert signal in set(dispatcher)

    def change(number: int) -> None:
        for turn in range(50):
            dispatcher.signal(f"{number}-{turn}")
            with signal.connected_to(Passer().receive, weak=True):
                dispatcher.renew()

    at_once(read, change)

    assert {(True, True, False)} == set(answers)


def test_muting_in_some_threads_leaves_the_others_alone(
    dispatcher: SignalDispatcher,
) -> None:
    """Threads that mute hear nothing of their own, the others everything of theirs."""
    signal = dispatcher.signal("x", payload=Pair)
    heard: list[Any] = []
    signal.connect(lambda sender, left: heard.append((sender, left)))

    def mute(number: int) -> None:
        for turn in range(100):
            with signal.muted():
                signal.send("muted", left=turn, right=turn)
            signal.send(number, left=turn, right=turn)

    def send(number: int) -> None:
        for turn in range(100):
            signal.send(number, left=turn, right=turn)

    at_once(mute, send)

    expected = [(number, turn) for number in range(THREADS) for turn in range(100)]
    assert Counter(expected) == Counter(heard)


def test_async_receivers_run_once_in_each_thread(dispatcher: SignalDispatcher) -> None:
    """``send`` and ``asend`` of async receivers go on in all threads side by side."""
    signal = dispatcher.signal("x")

    async def receive(sender: Any, turn: int) -> Any:
        await asyncio.sleep(0)
        return sender, turn

    signal.connect(receive)
    returned: list[Any] = []

    async def asend(number: int) -> None:
        sends = (signal.asend(number, turn=turn) for turn in range(20))
        returned.extend(r.values[0] for r in await asyncio.gather(*sends))

    def send(number: int) -> None:
        for turn in range(20):
            returned.extend(signal.send(number, turn=turn).values)

    at_once(send, lambda number: asyncio.run(asend(number)))

    expected = [(number, turn) for number in range(THREADS) for turn in range(20)]
    assert Counter(expected) == Counter(returned)


class Log(Observer):
    """An observer that counts the sends it sees."""

    def __init__(self) -> None:
        self.seen: Counter[Any] = Counter()
        self._lock = threading.Lock()

    def sent(self, signal: Any, sender: Any, fields: Mapping[str, Any]) -> None:
        """Count a send."""
        with self._lock:
            self.seen[sender, *sorted(fields.items())] += 1


@pytest.fixture
def log() -> Iterator[Log]:
    """Return an observer that watches while a test runs."""
    made = Log()
    observe(made)
    yield made
    stop_observing(made)


def test_a_watched_send_is_seen_and_heard_once_and_whole(
    dispatcher: SignalDispatcher, log: Log
) -> None:
    """An observer that stays sees each send once, with all its fields."""
    signal = dispatcher.signal("x", payload=Pair)
    heard: Counter[Any] = Counter()
    signal.connect(lambda sender, left: heard.update([left]))

    def send(number: int) -> None:
        for turn in range(50):
            signal.send(Pair((number, turn), (number, turn)))

    def watch(_: int) -> None:
        for _ in range(50):
            observe(other := Log())
            stop_observing(other)

    at_once(send, watch)

    tokens = [(number, turn) for number in range(0, THREADS, 2) for turn in range(50)]
    assert {(None, ("left", t), ("right", t)): 1 for t in tokens} == log.seen
    assert dict.fromkeys(tokens, 1) == heard


def test_a_block_never_takes_away_who_is_connected_anyway(
    dispatcher: SignalDispatcher,
) -> None:
    """A receiver that stays hears sends of others while a block connects it again."""
    signal = dispatcher.signal("x")
    heard: Counter[Any] = Counter()

    def receive(sender: Any) -> None:
        heard.update([sender])

    signal.connect(receive)

    def send(number: int) -> None:
        for turn in range(200):
            if number:
                signal.send((number, turn))
            else:
                with signal.connected_to(receive, order=1):
                    pass

    at_once(send)

    tokens = [(number, turn) for number in range(1, THREADS) for turn in range(200)]
    assert dict.fromkeys(tokens, 1) == heard


def test_observers_of_many_threads_are_all_told(dispatcher: SignalDispatcher) -> None:
    """Nobody is lost when observers come and go at the same time."""
    many = [Observer() for _ in range(2000)]
    for observer in many:
        observe(observer)
    lost: list[int] = []

    def watch(number: int) -> None:
        for turn in range(20):
            observe(observer := Observer())
            lost.extend([turn] if observer not in _observers.active else [])
            stop_observing(observer)
            lost.extend([turn] if observer in _observers.active else [])

    try:
        at_once(watch)
    finally:
        _observers.active = ()

    assert [] == lost


def test_dispatchers_may_be_made_while_observers_come_and_go(
    dispatcher: SignalDispatcher,
) -> None:
    """Neither making and dropping a dispatcher nor watching is in the other's way."""
    heard: list[int] = []

    def make(number: int) -> None:
        for _ in range(25):
            made = [SignalDispatcher() for _ in range(5)]
            made[0].connect("x", heard.append)
            made[0].send("x", number)

    def watch(_: int) -> None:
        for _ in range(25):
            observe(observer := Observer())
            stop_observing(observer)

    at_once(make, watch)

    assert dict.fromkeys(range(0, THREADS, 2), 25) == Counter(heard)
    assert () == _observers.active


def test_loops_in_many_threads_are_all_left(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A loop with two branches stops in each thread where it would stop alone."""
    caplog.set_level("CRITICAL")
    counts: list[int] = []

    def loop(_: int) -> None:
        signal = Signal()
        calls: list[int] = []

        def resend(sender: Any) -> None:
            calls.append(1)
            # Not to run for ever if the guard fails.
            if len(calls) < 1000:
                signal.send()

        signal.connect(resend)
        signal.connect(resend, uid="again")
        for _ in range(10):
            signal.send()
            counts.append(len(calls))
            calls.clear()

    at_once(loop)

    assert {128: THREADS * 10} == Counter(counts)


def test_a_leak_that_many_threads_make_is_told_once(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Threads that connect the same lambda over and over are warned of once."""

    def leak(_: int) -> None:
        for _ in range(80):
            dispatcher.connect("x", lambda sender: None)

    at_once(leak)

    assert 1 == len(caplog.records)
