"""Recordings: what was sent, by whom, with what."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lback.core.exceptions import InvalidSignal
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher
from lback.testing import Recording
from lback.testing import SignalsFixture


@dataclass(frozen=True)
class Moved:
    """A payload with a default."""

    x: int
    y: int = 0


def in_a_thread(function: Callable[[], object]) -> None:
    """Call *function* in another thread and wait for it."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_a_send_is_recorded_with_sender_and_fields(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A record holds the signal, the sender and the fields by name."""
    paid = dispatcher.signal("paid")

    paid.send("till", cents=1)

    assert [(paid, "till", {"cents": 1})] == [
        (send.signal, send.sender, send.fields) for send in signals.sent
    ]


def test_defaults_are_recorded(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """Of a declared payload all fields are recorded, however it was sent."""
    moved = dispatcher.signal("moved", payload=Moved)

    moved.send("player", x=3)
    moved.send(Moved(4, 5))

    assert [("player", {"x": 3, "y": 0}), (None, {"x": 4, "y": 5})] == [
        (send.sender, send.fields) for send in signals.sent
    ]


def test_a_record_is_made_before_receivers_run(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A receiver finds its own send recorded, and nested sends come behind it."""
    first, second = dispatcher.signal("first"), dispatcher.signal("second")
    first.connect(lambda _: second.send())
    second.connect(lambda _: [send.signal for send in signals.sent])

    results = first.send()

    assert [[first, second]] == results.values[0].values


def test_a_guarded_send_is_recorded_though_nobody_listens(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """``if signal: signal.send()`` is recorded while something records."""
    quiet = dispatcher.signal("quiet")

    if quiet:
        quiet.send()

    assert [quiet] == [send.signal for send in signals.sent]


def test_nobody_listens_again_when_the_recording_is_over(
    dispatcher: SignalDispatcher,
) -> None:
    """A signal without receivers is false once nothing records any more."""
    quiet = dispatcher.signal("quiet")

    with Recording():
        assert quiet

    assert not quiet


def test_changing_the_sent_dictionary_changes_no_record(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A receiver that changes the fields it got leaves the record as it was."""
    paid = dispatcher.signal("paid")
    paid.connect(lambda _, **fields: fields.clear())

    paid.send(cents=1)

    assert [{"cents": 1}] == [send.fields for send in signals.sent]


def test_an_asend_is_recorded(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """``asend`` is recorded like ``send``."""
    paid = dispatcher.signal("paid")

    asyncio.run(paid.asend("till", cents=1))

    assert [("till", {"cents": 1})] == [(s.sender, s.fields) for s in signals.of(paid)]


def test_all_threads_and_later_signals_are_recorded(signals: SignalsFixture) -> None:
    """A thread and a signal that did not exist at the start are recorded, too."""
    later = SignalDispatcher().signal("later")

    in_a_thread(later.send)

    assert [later] == [send.signal for send in signals.sent]


def test_local_records_this_thread_alone(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """With ``local=True`` what another thread sends is left out."""
    paid = dispatcher.signal("paid")
    recording = signals.record(local=True)

    in_a_thread(lambda: paid.send("thread"))
    paid.send("here")

    assert ["here"] == [send.sender for send in recording.sent]


def test_local_records_the_tasks_that_are_started_inside(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A task inherits the context it is started in; one from before is left out."""
    paid = dispatcher.signal("paid")
    recordings: list[Recording] = []

    async def send_after(turns: int, sender: str) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        paid.send(sender)

    async def main() -> None:
        before = asyncio.create_task(send_after(3, "before"))
        recordings.append(signals.record(local=True))
        await asyncio.create_task(send_after(0, "inside"))
        await before

    asyncio.run(main())

    assert ["inside"] == [send.sender for send in recordings[0].sent]


def test_a_block_ends_the_recording(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """What is sent before and behind the block is not in it."""
    paid = dispatcher.signal("paid")

    paid.send("before")
    with signals.record() as recording:
        paid.send("inside")
    paid.send("behind")

    assert ["inside"] == [send.sender for send in recording.sent]


def test_a_recording_starts_with_the_call(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """No block is needed; ``stop()`` ends it, and may be called again."""
    paid = dispatcher.signal("paid")
    recording = signals.record()

    paid.send("inside")
    recording.stop()
    recording.stop()
    paid.send("behind")

    assert ["inside"] == [send.sender for send in recording.sent]


def test_a_recording_that_is_over_has_no_block(signals: SignalsFixture) -> None:
    """A block that would record nothing is refused."""
    recording = signals.record()
    recording.stop()

    with pytest.raises(RuntimeError, match="This Recording is over"), recording:
        pass


def test_the_recording_of_a_test_does_not_stop_with_another(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """Recordings may overlap and end in any order."""
    paid = dispatcher.signal("paid")
    outer = signals.record()
    inner = signals.record()
    outer.stop()

    paid.send()

    assert [0, 1, 1] == [len(r.sent) for r in (outer, inner, signals)]


def test_only_the_wanted_signals_are_recorded(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """``record(a, b)`` leaves every other signal out."""
    a, b, c = (dispatcher.signal(name) for name in "abc")
    recording = signals.record(a, b)

    for signal in (c, b, a):
        signal.send()

    assert [b, a] == [send.signal for send in recording.sent]


def test_of_is_one_signal(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """``of`` filters what was sent by signal."""
    a, b = dispatcher.signal("a"), dispatcher.signal("b")

    a.send(n=1)
    b.send(n=2)
    a.send(n=3)

    assert [{"n": 1}, {"n": 3}] == [send.fields for send in signals.of(a)]


@pytest.mark.usefixtures("own_process")
def test_a_signal_may_be_given_by_name(signals: SignalsFixture) -> None:
    """A name means the signal of the process-wide dispatcher."""
    paid = Signal("till.paid")
    Signal("till.opened").send()

    paid.send()

    assert [paid] == [send.signal for send in signals.of("till.paid")]


@pytest.mark.usefixtures("own_process")
def test_a_name_that_nobody_knows_is_refused(signals: SignalsFixture) -> None:
    """A misspelt name is an error with the nearest one, not an empty record."""
    Signal("till.paid")

    with pytest.raises(InvalidSignal, match=r"Did you mean 'till\.paid'"):
        signals.of("till.payed")


@pytest.mark.parametrize("word", [3, None, len])
def test_what_is_no_signal_is_refused(signals: SignalsFixture, word: Any) -> None:
    """Only signals and names can be recorded."""
    with pytest.raises(InvalidSignal, match="is not a signal"):
        signals.record(word)


def test_the_signal_of_a_dialect_means_the_native_one(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """Whatever has a signal in ``.signal`` stands for it."""

    class Dialect:
        signal = dispatcher.signal("paid")

    Dialect.signal.send()

    assert 1 == len(signals.of(Dialect()))


def test_no_send_is_lost_while_others_begin_and_end(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """Sends of many threads are all recorded, whatever else starts and stops."""
    tick, ran = dispatcher.signal("tick"), list[object]()
    tick.connect(lambda sender, number: ran.append(number))
    workers = [
        threading.Thread(target=lambda: [tick.send(number=n) for n in range(500)])
        for _ in range(8)
    ]
    recording = signals.record(tick)

    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        with signals.record(), signals.mute(receiver=len):
            pass
    for worker in workers:
        worker.join()

    assert sorted(list(range(500)) * 8) == sorted(
        send.fields["number"] for send in recording.sent
    )
    assert 4000 == len(ran)
