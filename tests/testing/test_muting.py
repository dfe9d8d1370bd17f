"""mute and only: who runs, and that everything is as before afterwards."""

import asyncio
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core._receiver_order import AppOrder
from lback.core.dispatcher_instance import dispatcher as process_wide
from lback.core.exceptions import AppNotFound
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher
from lback.testing import Muting
from lback.testing import SignalsFixture
from lback.testing._errors import ErrorGuard

LISTENERS = """
from lback import receiver

@receiver("till.paid", "till.opened")
def note(sender):
    return "{app}.note"

@receiver("till.paid")
def count(sender):
    return "{app}.count"
"""


class Till:
    """Two signals, heard by two apps with the same two receivers each."""

    def __init__(self, stock: ModuleType, mail: ModuleType) -> None:
        self.paid = Signal("till.paid")
        self.opened = Signal("till.opened")
        self.stock = stock
        self.mail = mail

    def ran(self) -> list[list[Any]]:
        """Send both signals; return who ran."""
        return [self.paid.send().values, self.opened.send().values]


ALL = [
    ["stock.note", "stock.count", "mail.note", "mail.count"],
    ["stock.note", "mail.note"],
]


@pytest.fixture
def till(
    own_process: pytest.MonkeyPatch, make_module: Callable[..., ModuleType]
) -> Till:
    """Return signals that the apps ``stock`` and ``mail`` of a project hear."""
    apps = AppOrder({"firm.stock": "stock", "firm.mail": "mail"})
    own_process.setattr(process_wide, "apps", apps)
    make_module("firm.__init__", "")
    modules = [
        make_module(f"firm.{app}.listeners", LISTENERS.format(app=app))
        for app in ("stock", "mail")
    ]
    return Till(*modules)


def test_mute_alone_lets_nobody_run(signals: SignalsFixture, till: Till) -> None:
    """``mute()`` keeps every receiver of every signal from running."""
    signals.mute()

    assert [[], []] == till.ran()


def test_a_muted_signal_lets_none_of_its_receivers_run(
    signals: SignalsFixture, till: Till
) -> None:
    """``mute(signal)`` leaves other signals alone."""
    signals.mute(till.paid)

    assert [[], ALL[1]] == till.ran()


@pytest.mark.parametrize("name", ["stock.note", "firm.stock.listeners.note"])
def test_a_receiver_is_muted_by_name_at_every_signal(
    signals: SignalsFixture, till: Till, name: str
) -> None:
    """``receiver=`` takes the names that ``before=`` takes."""
    signals.mute(receiver=name)

    assert [["stock.count", "mail.note", "mail.count"], ["mail.note"]] == till.ran()


def test_a_receiver_is_muted_by_the_function(
    signals: SignalsFixture, till: Till
) -> None:
    """``receiver=`` takes the function that was connected."""
    signals.mute(receiver=till.mail.note)

    assert [["stock.note", "stock.count", "mail.count"], ["stock.note"]] == till.ran()


@pytest.mark.parametrize("name", ["stock", "firm.stock"])
def test_an_app_is_muted_by_label_or_package(
    signals: SignalsFixture, till: Till, name: str
) -> None:
    """``app=`` means all receivers whose module belongs to the app."""
    signals.mute(app=name)

    assert [["mail.note", "mail.count"], ["mail.note"]] == till.ran()


def test_arguments_of_mute_hold_together(signals: SignalsFixture, till: Till) -> None:
    """A receiver has to fit all of signal, receiver and app to be muted."""
    signals.mute("till.paid", app="mail")
    signals.mute(till.opened, receiver=till.stock.note)

    assert [["stock.note", "stock.count"], ["mail.note"]] == till.ran()


def test_a_muted_send_is_recorded(signals: SignalsFixture, till: Till) -> None:
    """Muting keeps receivers from running, not signals from being sent."""
    signals.mute()

    till.paid.send("shop")

    signals.assert_sent(till.paid, times=1, sender="shop")


def test_the_order_is_untouched(signals: SignalsFixture, till: Till) -> None:
    """Receivers run in their order while others are muted, and afterwards."""
    with signals.mute(receiver="stock.note"):
        inside = till.ran()

    assert [["stock.count", "mail.note", "mail.count"], ["mail.note"]] == inside
    assert ALL == till.ran()


def test_an_exception_ends_the_block(signals: SignalsFixture, till: Till) -> None:
    """A block that fails leaves everything as it was."""
    with pytest.raises(KeyError), signals.mute():
        raise KeyError

    assert ALL == till.ran()


def test_mutings_may_overlap(signals: SignalsFixture, till: Till) -> None:
    """Ending one muting does not end another one of the same signal."""
    outer = signals.mute(till.paid)
    inner = signals.mute(till.paid)

    outer.stop()
    between = till.ran()
    inner.stop()

    assert [[], ALL[1]] == between
    assert ALL == till.ran()


def test_a_muting_holds_in_other_threads(signals: SignalsFixture, till: Till) -> None:
    """A worker thread finds the same receivers muted."""
    ran: list[Any] = []
    thread = threading.Thread(target=lambda: ran.extend(till.ran()))
    signals.mute(app="stock")

    thread.start()
    thread.join()

    assert [["mail.note", "mail.count"], ["mail.note"]] == ran


def test_a_local_muting_holds_in_this_thread(
    signals: SignalsFixture, till: Till
) -> None:
    """With ``local=True`` another thread runs its receivers."""
    ran: list[Any] = []
    thread = threading.Thread(target=lambda: ran.extend(till.ran()))
    signals.mute(local=True)

    thread.start()
    thread.join()

    assert ALL == ran
    assert [[], []] == till.ran()


def test_async_receivers_are_muted(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A muted coroutine function is not called, so a running loop may ``send()``."""
    tick = dispatcher.signal("tick")

    async def wait(sender: object) -> None: ...

    async def main() -> list[Any]:
        return tick.send()

    tick.connect(wait)
    signals.mute(receiver=wait)

    assert [] == asyncio.run(main())


def test_a_weak_receiver_is_muted(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A bound method that is held weakly can be muted like any other."""

    class Screen:
        def show(self, sender: object) -> str:
            return "shown"

    tick, screen = dispatcher.signal("tick"), Screen()
    tick.connect(screen.show, weak=True)

    with signals.mute(tick, receiver=screen.show):
        inside = tick.send().values

    assert ([], ["shown"]) == (inside, tick.send().values)


def test_only_takes_signals(signals: SignalsFixture, till: Till) -> None:
    """``only(signal)`` lets no receiver of another signal run."""
    signals.only(till.opened)

    assert [[], ALL[1]] == till.ran()


def test_only_takes_receivers_and_apps(signals: SignalsFixture, till: Till) -> None:
    """What is named runs, whatever it is named by; everything else does not."""
    with signals.only("mail"):
        by_app = till.ran()
    with signals.only(till.stock.count, "firm.mail.listeners.note"):
        by_receiver = till.ran()
    with signals.only("till.opened", "stock.count"):
        by_both = till.ran()

    assert [["mail.note", "mail.count"], ["mail.note"]] == by_app
    assert [["stock.count", "mail.note"], ["mail.note"]] == by_receiver
    assert [["stock.count"], ALL[1]] == by_both
    assert ALL == till.ran()


def test_mute_narrows_only(signals: SignalsFixture, till: Till) -> None:
    """A receiver runs if nothing that is in force keeps it from running."""
    signals.only("stock")
    signals.mute(till.opened)

    assert [["stock.note", "stock.count"], []] == till.ran()


def test_only_without_anything_is_refused(signals: SignalsFixture) -> None:
    """``only()`` would be ``mute()``; which was meant has to be said."""
    with pytest.raises(InvalidReceiver, match=r"signals\.mute\(\)"):
        signals.only()


@pytest.mark.usefixtures("till")
@pytest.mark.parametrize(
    ("what", "kind", "text"),
    [
        ({"signal": "till.payed"}, InvalidSignal, "Did you mean 'till.paid'"),
        ({"receiver": "stock.coun"}, InvalidReceiver, "Did you mean 'stock.count'"),
        ({"receiver": 3}, InvalidReceiver, "3 is not a receiver"),
        ({"app": "stok"}, AppNotFound, "Did you mean 'stock'"),
    ],
)
def test_what_is_not_there_cannot_be_muted(
    signals: SignalsFixture, what: dict[str, Any], kind: type[Exception], text: str
) -> None:
    """A misspelt name is an error, not a muting of nothing."""
    with pytest.raises(kind, match=text):
        signals.mute(**what)


@pytest.mark.usefixtures("till")
@pytest.mark.parametrize("word", ["till.payed", "stock.coun", "stok"])
def test_what_is_not_there_cannot_be_the_only_one(
    signals: SignalsFixture, word: str
) -> None:
    """A misspelt name is an error that names the nearest."""
    with pytest.raises(InvalidReceiver, match="Did you mean"):
        signals.only(word)


@pytest.mark.usefixtures("till")
def test_a_name_of_two_things_is_refused(signals: SignalsFixture) -> None:
    """A signal called like an app has to be given as an object."""
    Signal("stock")

    with pytest.raises(InvalidReceiver, match="a signal and an app"):
        signals.only("stock")


def test_outside_a_project_an_app_is_the_outermost_package(
    signals: SignalsFixture, till: Till, own_process: pytest.MonkeyPatch
) -> None:
    """Where no apps are installed ``app=`` takes what receivers' modules begin with."""
    own_process.setattr(process_wide, "apps", AppOrder())

    signals.mute(app="firm")

    assert [[], []] == till.ran()


def test_stop_ends_everything(signals: SignalsFixture, till: Till) -> None:
    """What the fixture does at the end of a test, it does to all that is in force."""
    recording = signals.record()
    signals.mute(till.paid)
    signals.only("stock")

    signals.stop()

    assert ALL == till.ran()
    assert [] == [*recording.sent, *signals.of(till.paid)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["mute", "only"]), st.integers(0, 2)),
        st.tuples(st.just("stop"), st.integers(0, 9)),
    ),
    max_size=12,
)


@given(STEPS)
def test_what_is_in_force_decides_alone(steps: list[tuple[str, int]]) -> None:
    """Whatever starts and ends in whatever order, who runs is who may run now."""
    tick = SignalDispatcher().signal("tick")
    receivers = [lambda _, number=number: number for number in range(3)]
    for receiver in receivers:
        tick.connect(receiver)
    signals = SignalsFixture(ErrorGuard())
    in_force: list[tuple[Muting, set[int]]] = []
    for word, number in steps:
        if word == "mute":
            muting = signals.mute(receiver=receivers[number])
            in_force.append((muting, {0, 1, 2} - {number}))
        elif word == "only":
            in_force.append((signals.only(receivers[number]), {number}))
        elif in_force:
            muting, _ = in_force.pop(number % len(in_force))
            muting.stop()
        may_run = {0, 1, 2}.intersection(*(allowed for _, allowed in in_force))

        assert sorted(may_run) == tick.send().values

    signals.stop()

    assert [0, 1, 2] == tick.send().values
