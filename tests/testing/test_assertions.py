"""assert_sent and assert_not_sent: when they fail, and what they say then."""

from dataclasses import dataclass
from unittest.mock import ANY

import pytest

from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidSignal
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher
from lback.testing import SignalsFixture


@dataclass(frozen=True)
class Paid:
    """A payload with two fields."""

    order_id: int
    cents: int


@pytest.fixture
def paid(dispatcher: SignalDispatcher) -> Signal[..., object]:
    """Return a signal with a payload that nobody hears."""
    return dispatcher.signal("till.paid", payload=Paid)


def failure_of(signals: SignalsFixture, signal: object, **expected: object) -> str:
    """Return what ``assert_sent`` says when it fails."""
    with pytest.raises(AssertionError) as caught:
        signals.assert_sent(signal, **expected)  # type: ignore[arg-type]  # times, too
    return str(caught.value)


def test_named_fields_are_compared_and_others_are_free(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """A send fits if every field that the test names has that value."""
    paid.send("till", order_id=7, cents=100)

    signals.assert_sent(paid)
    signals.assert_sent(paid, order_id=7)
    signals.assert_sent(paid, cents=pytest.approx(100.0), order_id=ANY)
    signals.assert_not_sent(paid, order_id=8)
    assert "Signal 'till.paid' was not sent with order_id=7, cents=1." in failure_of(
        signals, paid, order_id=7, cents=1
    )


def test_sender_is_compared_like_a_field(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """``sender=`` is the sender; no field can be called so."""
    paid.send("till", order_id=7, cents=100)

    signals.assert_sent(paid, sender="till", order_id=7)
    signals.assert_not_sent(paid, sender="shop")
    assert "was not sent with sender='shop'." in failure_of(
        signals, paid, sender="shop"
    )


def test_a_field_that_a_send_does_not_have_fits_nothing(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """On a signal without a payload a missing field is a difference, even to None."""
    free = dispatcher.signal("free")
    free.send(a=1)

    signals.assert_not_sent(free, b=None)
    assert "was not sent with b=None." in failure_of(signals, free, b=None)


def test_all_fields_have_to_fit_in_one_send(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """Two sends with one fitting field each are not one with both."""
    paid.send(order_id=1, cents=10)
    paid.send(order_id=2, cents=20)

    message = failure_of(signals, paid, order_id=1, cents=20)

    assert (
        "Signal 'till.paid' was not sent with order_id=1, cents=20. It was sent with:\n"
        "  sender=None, order_id=1, cents=10\n"
        "  sender=None, order_id=2, cents=20"
    ) == message


def test_times_counts_the_sends_that_fit(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """``times=`` is the exact number of sends with these fields."""
    for order_id in (1, 2, 2):
        paid.send(order_id=order_id, cents=0)

    signals.assert_sent(paid, times=3)
    signals.assert_sent(paid, times=2, order_id=2)
    signals.assert_sent(paid, times=0, order_id=9)
    assert failure_of(signals, paid, times=1, order_id=2).startswith(
        "Signal 'till.paid' was sent 2 times with order_id=2, not 1 time. "
        "It was sent with:\n  sender=None, order_id=1, cents=0\n"
    )


def test_a_signal_that_was_not_sent_shows_what_was(
    signals: SignalsFixture, dispatcher: SignalDispatcher, paid: Signal[..., object]
) -> None:
    """The message counts the other signals and names the nearest."""
    dispatcher.signal("till.opened").send()
    dispatcher.signal("till.payed").send()
    dispatcher.signal("till.payed").send()

    assert (
        "Signal 'till.paid' was not sent. Sent were: 'till.opened', 'till.payed' "
        "(2 times). Did you mean 'till.payed'?"
    ) == failure_of(signals, paid)


def test_a_test_without_any_send_says_so(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """Where nothing was sent there is nothing to list."""
    assert "Signal 'till.paid' was not sent. Nothing was sent." == failure_of(
        signals, paid
    )


def test_another_signal_of_the_same_name_is_pointed_out(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """If a second declaration was sent, the message names both places."""
    other = SignalDispatcher().signal("till.paid", doc="Another one.")

    other.send()

    message = failure_of(signals, paid)
    assert "Another signal of this name was sent." in message
    assert 2 == message.count(f"{__file__}:")


def test_long_lists_and_values_are_cut(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A message shows 20 sends, and the ends of long values."""
    free = dispatcher.signal("free")
    for number in range(23):
        free.send(number=number, text="x" * 1000)

    message = failure_of(signals, free, number=99)

    assert "number=19" in message
    assert "number=20" not in message
    assert message.endswith("\n  ... and 3 more")
    assert len(message) < 20 * 200


def test_a_value_that_cannot_be_shown_does_not_hide_the_failure(
    signals: SignalsFixture, dispatcher: SignalDispatcher
) -> None:
    """A ``repr`` that raises leaves the message as it should be."""

    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    free = dispatcher.signal("free")
    free.send(who=Shy())

    assert "  sender=None, who=<Shy instance at" in failure_of(signals, free, who=1)


def test_not_sent_shows_the_sends_that_were(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """assert_not_sent lists what should not have been."""
    paid.send("till", order_id=7, cents=100)
    paid.send("till", order_id=8, cents=100)

    with pytest.raises(AssertionError) as caught:
        signals.assert_not_sent(paid, order_id=8)

    assert (
        "Signal 'till.paid' was sent 1 time with order_id=8:\n"
        "  sender='till', order_id=8, cents=100"
    ) == str(caught.value)


def test_a_signal_that_was_not_sent_is_not_sent(
    signals: SignalsFixture, dispatcher: SignalDispatcher, paid: Signal[..., object]
) -> None:
    """Other signals do not matter to assert_not_sent."""
    dispatcher.signal("other").send()

    signals.assert_not_sent(paid)


@pytest.mark.parametrize("name", ["assert_sent", "assert_not_sent"])
def test_a_field_that_is_not_declared_is_a_mistake_of_the_test(
    signals: SignalsFixture, paid: Signal[..., object], name: str
) -> None:
    """A misspelt field neither passes nor fails: it is refused."""
    with pytest.raises(InvalidPayload) as caught:
        getattr(signals, name)(paid, order=7)

    assert (
        "Signal 'till.paid' has no field 'order'. Did you mean 'order_id'? "
        "Its fields are: order_id, cents."
    ) == str(caught.value)


@pytest.mark.usefixtures("own_process")
@pytest.mark.parametrize("name", ["assert_sent", "assert_not_sent"])
def test_a_misspelt_name_is_a_mistake_of_the_test(
    signals: SignalsFixture, name: str
) -> None:
    """A name that no signal has is refused, also where nothing is to be sent."""
    Signal("till.paid")

    with pytest.raises(InvalidSignal, match=r"Did you mean 'till\.paid'"):
        getattr(signals, name)("till.piad")


def test_a_recording_asserts_for_itself(
    signals: SignalsFixture, paid: Signal[..., object]
) -> None:
    """An assertion on a recording sees what that recording has."""
    paid.send(order_id=1, cents=1)
    with signals.record() as recording:
        paid.send(order_id=2, cents=1)

    recording.assert_sent(paid, times=1, order_id=2)
    recording.assert_not_sent(paid, order_id=1)
    signals.assert_sent(paid, times=2)
