"""The blinker dialect: namespaces, sending, muting, and the native signal behind."""

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any
from typing import NamedTuple

import pytest

from lback.compat.blinker import ANY
from lback.compat.blinker import default_namespace
from lback.compat.blinker import NamedSignal
from lback.compat.blinker import Namespace
from lback.compat.blinker import Signal
from lback.compat.blinker import signal as default_signal
from lback.core import signals
from lback.core.catalogue import request_started
from lback.core.dispatcher_instance import dispatcher
from lback.core.exceptions import AsyncReceiverInRunningLoop
from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.signals import receiver

MakeModule = Callable[..., ModuleType]


def hear(sender: Any, **fields: Any) -> Any:
    """Return what was heard."""
    return sender, fields


def echo(sender: Any) -> Any:
    """Return who sent."""
    return sender


@pytest.fixture
def signal() -> NamedSignal:
    """Return a signal of a namespace that nobody else has."""
    return Namespace().signal("saved")


def results_of(pairs: list[Any]) -> list[Any]:
    """Return what the receivers returned."""
    return [result for _, result in pairs]


# --- Namespaces -----------------------------------------------------------------


def test_namespace_has_one_signal_for_a_name() -> None:
    """Asking again gives the same object, which is in the namespace as in a dict."""
    namespace = Namespace()
    first = namespace.signal("saved", doc="A file was saved.")

    assert first is namespace.signal("saved")
    assert {"saved": first} == namespace
    assert ("saved", "A file was saved.") == (first.name, first.__doc__)


def test_namespaces_share_nothing() -> None:
    """The same name in two namespaces is two signals."""
    first, second = Namespace().signal("saved"), Namespace().signal("saved")
    first.connect(hear)

    assert [] == second.send()
    assert "saved" not in dispatcher


def test_default_namespace_is_the_process(own_process: pytest.MonkeyPatch) -> None:
    """``signal(name)`` is the face of the process-wide native signal of that name."""
    made = default_signal("compat.default")

    assert made is default_namespace["compat.default"]
    assert made.signal is dispatcher.get("compat.default")


def test_first_caller_declares(own_process: Any, make_module: MakeModule) -> None:
    """A signal is declared where it was asked for first; nobody is refused later."""
    text = "from lback.compat.blinker import signal\nasked = signal('compat.asked')\n"
    first, other = make_module("first", text), make_module("other", text)
    dispatcher.settle({})
    declaration = first.asked.signal.declaration

    assert first.asked is other.asked
    assert declaration is not None
    assert ("first", 2) == (declaration.module, declaration.line)


def test_native_declaration_counts(own_process: Any) -> None:
    """A signal that was declared natively keeps its payload."""

    class Saved(NamedTuple):
        path: str

    native = signals.Signal("compat.native", payload=Saved, doc="A file was saved.")
    made = default_signal("compat.native", doc="Something else.")
    made.connect(hear)

    assert native is made.signal
    assert "A file was saved." == native.doc == made.__doc__
    with pytest.raises(InvalidPayload, match="'size' is not declared"):
        made.send("editor", size=1)


def test_signals_of_the_framework_are_found() -> None:
    """A name of the catalogue is the catalogue's signal."""
    assert request_started is default_signal("request_started").signal


def test_promised_name_is_not_declared() -> None:
    """A name whose sender the framework still owes is left to the framework."""
    assert default_signal("message_flashed").signal.declaration is None


@pytest.mark.parametrize("name", ["", " ", 5])
def test_name_has_to_say_something(name: Any) -> None:
    """A name that is none is refused where the signal is asked for."""
    with pytest.raises(InvalidSignal, match="not a name"):
        Namespace().signal(name)


def test_signals_outside_any_namespace() -> None:
    """Signals made directly stand in no registry."""
    unnamed, named = Signal("A doc."), NamedSignal("compat.alone")
    unnamed.connect(hear)
    named.connect(hear)

    assert ["A doc.", "compat.alone"] == [unnamed.__doc__, named.name]
    assert [(1, {})] == results_of(unnamed.send(1)) == results_of(named.send(1))
    assert "compat.alone" not in dispatcher


def test_text_forms() -> None:
    """Signals and ANY say what they are."""
    texts = [repr(ANY), repr(Signal()), repr(NamedSignal("saved"))]

    assert ["ANY", "<Signal None>", "<NamedSignal 'saved'>"] == texts


def test_signal_is_true() -> None:
    """A signal is true without receivers; what tells of them is ``receivers``."""
    signal: object = Signal()

    assert signal
    assert not Signal().receivers


# --- Sending --------------------------------------------------------------------


def test_send_passes_sender_and_fields(signal: Signal) -> None:
    """Pairs of receiver and result come back, in order of connection."""
    signal.connect(hear)
    signal.connect(echo)

    assert [(hear, ("editor", {"size": 1})), (echo, "editor")] == (
        signal.send("editor", size=1)
    )


def test_sender_may_be_left_away(signal: Signal) -> None:
    """Without a sender receivers get None."""
    signal.connect(hear)

    assert [(None, {})] == results_of(signal.send())


def test_one_sender_only(signal: Signal) -> None:
    """A second positional argument is an error."""
    send: Any = signal.send
    with pytest.raises(TypeError, match="positional"):
        send("editor", "again")


def test_list_of_a_send_is_the_senders_own(signal: Signal) -> None:
    """It can be changed, also if nobody has received anything."""
    first = signal.send()
    first.append((echo, 1))

    assert [] == signal.send()


def test_exception_reaches_the_sender(signal: Signal) -> None:
    """A receiver that fails stops the send."""
    calls: list[str] = []

    def fail(sender: Any) -> None:
        raise ValueError("no disk")

    def after(sender: Any) -> None:
        calls.append("after")

    signal.connect(fail)
    signal.connect(after)

    with pytest.raises(ValueError, match="no disk"):
        signal.send()
    assert [] == calls


def test_native_receiver_is_isolated(signal: Signal) -> None:
    """What was connected natively fails for itself alone."""
    error = ValueError("no disk")

    def fail(sender: Any) -> None:
        raise error

    signal.signal.connect(fail)
    signal.connect(echo)

    assert [(fail, error), (echo, 1)] == signal.send(1)


def test_coroutines_run_to_their_end(signal: Signal) -> None:
    """Without a wrapper a plain send waits for receivers that are async."""

    async def receive(sender: Any) -> Any:
        await asyncio.sleep(0)
        return sender

    signal.connect(receive)

    assert [1] == results_of(signal.send(1))


def test_plain_send_in_a_loop_asks_for_the_other(signal: Signal) -> None:
    """Inside an event loop a plain send cannot wait; it is a RuntimeError, too."""

    async def receive(sender: Any) -> None: ...

    async def main() -> None:
        signal.send()

    signal.connect(receive)

    with pytest.raises(AsyncReceiverInRunningLoop):
        asyncio.run(main())


def test_send_async_takes_both_kinds(signal: Signal) -> None:
    """Without a wrapper an async send runs plain receivers inline."""

    async def receive(sender: Any, size: int) -> Any:
        await asyncio.sleep(0)
        return sender, size

    signal.connect(receive)
    signal.connect(hear)
    pairs = asyncio.run(signal.send_async("editor", size=1))

    assert [(receive, ("editor", 1)), (hear, ("editor", {"size": 1}))] == pairs


def test_exception_reaches_the_async_sender(signal: Signal) -> None:
    """A receiver that fails stops an async send as well."""

    async def fail(sender: Any) -> None:
        raise ValueError("no disk")

    signal.connect(fail)

    with pytest.raises(ValueError, match="no disk"):
        asyncio.run(signal.send_async())


# --- Muting ---------------------------------------------------------------------


def test_muted_for_a_block(signal: Signal) -> None:
    """Nobody is called in the block, by either send; afterwards all is as before."""
    signal.connect(hear)
    with signal.muted():
        inside = [signal.is_muted, signal.send(), asyncio.run(signal.send_async())]

    assert [True, [], []] == inside
    assert not signal.is_muted
    assert [(None, {})] == results_of(signal.send())


def test_muting_nests(signal: Signal) -> None:
    """The end of an inner block does not end the outer one."""
    signal.connect(hear)
    with signal.muted():
        with signal.muted():
            pass
        inside = signal.send()

    assert [] == inside


# --- Beside native signals ------------------------------------------------------


def test_receiver_decorator_takes_the_signal(signal: Signal) -> None:
    """``@receiver`` accepts a signal of the dialect."""
    decorate: Any = receiver
    decorate(signal, order=-1)(echo)
    signal.connect(hear)

    assert [echo, hear] == signal.receivers


def test_native_connection_is_left_as_it_is(signal: Signal) -> None:
    """Connecting what is connected natively already changes nothing."""
    signal.signal.connect(echo, order=5)
    signal.connect(echo)
    known = signal.signal.receivers

    assert [(5, False, "log")] == [(r.order, r.is_weak, r.on_error) for r in known]


@pytest.mark.parametrize("wrong", [5, None, "shop.listeners.send_mail"])
def test_what_cannot_be_called_is_refused(signal: Signal, wrong: Any) -> None:
    """The mistake shows where it is made."""
    with pytest.raises(InvalidReceiver, match="not callable"):
        signal.connect(wrong)
