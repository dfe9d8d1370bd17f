"""The blinker dialect: weak receivers, several senders, blocks, who tells of them."""

import functools
import gc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from lback.compat.blinker import ANY
from lback.compat.blinker import Signal
from lback.core.exceptions import InvalidReceiver


class Editor:
    """A receiver with a life of its own."""

    def hear(self, sender: Any) -> Any:
        """Return who sent."""
        return sender


def first(sender: Any) -> str:
    """Receive."""
    return "first"


def second(sender: Any) -> str:
    """Receive."""
    return "second"


@pytest.fixture
def signal() -> Signal:
    """Return a signal without receivers."""
    return Signal()


def heard(signal: Signal, sender: Any = None) -> list[str]:
    """Return what the receivers of a send returned."""
    return [result for _, result in signal.send(sender)]


# --- Weak and strong ------------------------------------------------------------


def fleeting(kind: str) -> Callable[..., Any]:
    """Make a receiver that nothing else holds."""

    def inner(sender: Any) -> str:
        return "inner"

    made: dict[str, Callable[..., Any]] = {
        "inner function": inner,
        "lambda": lambda sender: "lambda",
        "partial": functools.partial(inner),
        "method": Editor().hear,
    }
    return made[kind]


KINDS = ["inner function", "lambda", "partial", "method"]


@pytest.mark.parametrize("kind", KINDS)
def test_receiver_is_forgotten_with_its_object(signal: Signal, kind: str) -> None:
    """By default a receiver is held weakly, whatever it is."""
    kept = fleeting(kind)
    signal.connect(kept)
    before = len(signal.send())
    del kept
    gc.collect()

    assert (1, []) == (before, signal.send())
    assert [] == signal.receivers


@pytest.mark.parametrize("kind", KINDS)
def test_strong_receiver_stays(signal: Signal, kind: str) -> None:
    """``weak=False`` keeps a receiver alive."""
    signal.connect(fleeting(kind), weak=False)
    gc.collect()

    assert 1 == len(signal.send())


def test_strong_wins_over_an_earlier_weak(signal: Signal) -> None:
    """Who asks for a receiver to be kept is not let down by who asked before."""
    kept = fleeting("lambda")
    signal.connect(kept)
    signal.connect(kept, weak=False)
    del kept
    gc.collect()

    assert ["lambda"] == heard(signal)


def test_decorator_leaves_the_function(signal: Signal) -> None:
    """The bare decorator returns the function."""

    @signal.connect
    def receive(sender: Any) -> str:
        return "called"

    assert "called" == receive(None)
    assert ["called"] == heard(signal)


# --- Senders --------------------------------------------------------------------


def test_receiver_of_one_sender(signal: Signal) -> None:
    """A receiver hears the sender it was connected to: objects by identity."""
    here, there = Editor(), Editor()
    signal.connect(first, sender=here)

    assert ["first"] == heard(signal, here)
    assert [] == heard(signal, there)
    assert [] == heard(signal)


def test_connect_via_holds_its_function(signal: Signal) -> None:
    """The decorator for a sender is strong, unless told otherwise."""

    def decorate() -> None:
        @signal.connect_via("a")
        def kept(sender: Any) -> str:
            return "kept"

        @signal.connect_via("a", weak=True)
        def lost(sender: Any) -> str:
            return "lost"

    decorate()
    gc.collect()

    assert ["kept"] == heard(signal, "a")
    assert [] == heard(signal, "b")


def test_one_call_for_several_connections(signal: Signal) -> None:
    """A function that hears a sender twice over is called once."""
    signal.connect(first, sender="a")
    signal.connect(first, sender="b")
    signal.connect(first)
    signal.connect(first, sender="a")

    assert [["first"]] * 3 == [heard(signal, sender) for sender in ("a", "b", "c")]


def test_sender_none_is_refused(signal: Signal) -> None:
    """There is no filter for sends without a sender."""
    with pytest.raises(InvalidReceiver, match="None stands for any"):
        signal.connect(first, sender=None)


def test_receivers_for_a_sender(signal: Signal) -> None:
    """A signal tells whom a sender would reach."""
    signal.connect(first, sender="a")
    signal.connect(second)

    assert [first, second] == list(signal.receivers_for("a"))
    assert [second] == list(signal.receivers_for("b"))
    assert [second] == list(signal.receivers_for(ANY))


def test_has_receivers_for_a_sender(signal: Signal) -> None:
    """ANY asks for receivers that hear everybody."""
    signal.connect(first, sender="a")
    before = [signal.has_receivers_for(sender) for sender in ("a", "b", None, ANY)]
    signal.connect(second)
    after = [signal.has_receivers_for(sender) for sender in ("a", "b", None, ANY)]

    assert [True, False, False, False] == before
    assert [True] * 4 == after


def test_disconnect_from_one_sender(signal: Signal) -> None:
    """The other senders are still heard."""
    signal.connect(first, sender="a")
    signal.connect(first, sender="b")
    signal.disconnect(first, sender="a")

    assert ([], ["first"]) == (heard(signal, "a"), heard(signal, "b"))


def test_disconnect_from_one_sender_leaves_who_hears_all(signal: Signal) -> None:
    """A receiver of any sender cannot be kept from a single one."""
    signal.connect(first)
    signal.disconnect(first, sender="a")

    assert ["first"] == heard(signal, "a")


def test_disconnect_from_all(signal: Signal) -> None:
    """Without a sender the receiver is disconnected altogether; again is fine."""
    signal.connect(first, sender="a")
    signal.connect(first, sender="b")
    signal.connect(second, sender="b")
    for _ in range(2):
        signal.disconnect(first)

    assert [second] == signal.receivers


SENDERS = ("a", "b", ANY)
steps = st.lists(
    st.tuples(
        st.sampled_from(["connect", "disconnect"]),
        st.sampled_from([first, second]),
        st.sampled_from(SENDERS),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(steps)
def test_any_sequence_calls_whom_the_rule_says(
    taken: list[tuple[str, Callable[..., Any], Any]],
) -> None:
    """A receiver has a set of senders; ANY hears all, and leaving ANY leaves all."""
    signal = Signal()
    rule: dict[Any, set[Any]] = {first: set(), second: set()}
    for step, function, sender in taken:
        getattr(signal, step)(function, sender)
        if step == "connect":
            rule[function].add(sender)
        elif sender is ANY:
            rule[function].clear()
        else:
            rule[function].discard(sender)

    for sender in ("a", "b", "c"):
        expected = {f for f, senders in rule.items() if senders & {sender, ANY}}
        called = [function for function, _ in signal.send(sender)]

        assert expected == set(called)
        assert len(called) == len(expected)


# --- Blocks ---------------------------------------------------------------------


def test_connected_to_ends_with_the_block(signal: Signal) -> None:
    """A receiver of a block is held during it and gone after it, also on error."""
    inside: list[str] = []

    def use() -> None:
        with signal.connected_to(lambda sender: "block"):
            inside.extend(heard(signal))
            raise KeyError

    with pytest.raises(KeyError):
        use()
    assert ["block"] == inside
    assert [] == signal.receivers


def test_connected_to_one_sender(signal: Signal) -> None:
    """A block may be for one sender."""
    with signal.connected_to(first, sender="a"):
        inside = heard(signal, "a"), heard(signal, "b")

    assert (["first"], []) == inside
    assert [] == heard(signal, "a")


@pytest.mark.parametrize("before", [["a"], ["a", "b"], [ANY]])
@pytest.mark.parametrize("block", ["a", "c", ANY])
def test_connected_to_restores(signal: Signal, before: list[Any], block: Any) -> None:
    """After a block a receiver hears whom it heard before it."""
    for sender in before:
        signal.connect(first, sender)
    expected = [heard(signal, sender) for sender in ("a", "b", "c")]
    with signal.connected_to(first, block):
        pass

    assert expected == [heard(signal, sender) for sender in ("a", "b", "c")]


def test_connected_to_restores_what_the_block_took(signal: Signal) -> None:
    """Code in the block cannot take away what was connected before it."""
    signal.connect(first)
    with signal.connected_to(first):
        signal.disconnect(first)

    assert ["first"] == heard(signal)


# --- Telling of connections -----------------------------------------------------


def test_connections_are_told(signal: Signal) -> None:
    """Each signal tells of its own connections, with what was asked for."""
    told: list[Any] = []

    def connected(told_by: Any, receiver: Any, sender: Any, weak: Any) -> None:
        told.append((told_by, receiver, sender, weak))

    def disconnected(told_by: Any, receiver: Any, sender: Any) -> None:
        told.append((told_by, receiver, sender))

    signal.receiver_connected.connect(connected)
    signal.receiver_disconnected.connect(disconnected)
    Signal().connect(first)
    signal.connect(first, sender="a")
    signal.connect(second, weak=False)
    signal.disconnect(first)

    expected = [
        (signal, first, "a", True),
        (signal, second, ANY, False),
        (signal, first, ANY),
    ]
    assert expected == told
