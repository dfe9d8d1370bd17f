"""Uses at the edge: wrappers, copies, late mistakes, what failures leave behind."""

import asyncio
import copy
import functools
import gc
import logging
import pickle
import weakref
from collections.abc import Callable
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import typing_extensions
from pydantic import Field
from pydantic.dataclasses import dataclass as pydantic_dataclass

from lback.core._signal_depth import nesting
from lback.core.catalogue import request_finished
from lback.core.exceptions import DuplicateSignal
from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.core.exceptions import ReceiverOrderCycle
from lback.core.signals import receiver
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]


@pytest.fixture
def signal(dispatcher: SignalDispatcher) -> Signal:
    """Return a signal of its own."""
    return dispatcher.signal("x")


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Switch the garbage collector off."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Payload:
    """Something that can be seen to go."""


def first(sender: Any) -> None:
    """Receive."""


def second(sender: Any) -> None:
    """Receive."""


def test_a_wrapper_that_takes_fields_by_name_gets_them_so(signal: Signal) -> None:
    """A decorated function gets its fields however its wrapper passes them on."""

    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(sender: Any, **fields: Any) -> Any:
            return function(sender, **fields)

        return wrapper

    signal.connect(logged(lambda sender, a: a))

    assert [1] == signal.send("me", a=1, b=2).values


def test_a_refused_send_inside_a_receiver_is_its_failure(
    dispatcher: SignalDispatcher, signal: Signal
) -> None:
    """A receiver that may not send where it is fails alone; the others run."""

    async def later(sender: Any) -> None: ...

    async def resend(sender: Any) -> None:
        dispatcher.send("inner")

    dispatcher.connect("inner", later)
    signal.connect(resend)
    signal.connect(lambda sender: "ran")

    assert ["ran"] == asyncio.run(signal.asend()).values


def test_a_task_that_a_receiver_started_is_its_result(signal: Signal) -> None:
    """In a running loop a task needs nobody to wait for it."""

    async def work() -> str:
        return "done"

    signal.connect(lambda sender: asyncio.ensure_future(work()))

    async def send() -> str:
        (task,) = signal.send().values
        return str(await task)

    assert "done" == asyncio.run(send())


def test_a_signal_is_copied_as_itself(signal: Signal) -> None:
    """A copy of what holds a signal holds the same signal."""
    assert signal is copy.copy(signal)
    assert signal is copy.deepcopy([signal])[0]


def test_a_signal_is_pickled_by_name(signal: Signal) -> None:
    """Only a signal that the other process can find by name can be pickled."""
    again = pickle.loads(pickle.dumps(request_finished))  # noqa: S301  # our own

    assert request_finished is again
    with pytest.raises(TypeError, match="Pickle its name"):
        pickle.dumps(signal)


def test_a_failure_leaves_nothing_to_the_collector(
    signal: Signal, no_collector: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent goes with the results, also if a receiver failed."""
    # What is captured of the log would hold the exception.
    monkeypatch.setattr(logging.getLogger("lback.signals"), "disabled", True)
    payload = Payload()
    gone = weakref.ref(payload)

    def fail(sender: Any, what: Any) -> None:
        raise ValueError

    signal.connect(fail)

    signal.send(what=payload)
    del payload

    assert gone() is None


def test_a_block_that_cannot_be_announced_connects_nobody(
    dispatcher: SignalDispatcher, signal: Signal
) -> None:
    """If ``connected_to`` raises, nothing is connected."""

    def refuse(sender: Any) -> None:
        raise ValueError("no")

    dispatcher.connect("receiver_connected", refuse, on_error="raise")

    with pytest.raises(ValueError, match="no"), signal.connected_to(first):
        pass

    assert not signal


def test_connecting_for_good_inside_a_block_outlasts_it(signal: Signal) -> None:
    """A listener that is loaded during a block is connected when it has ended."""
    with signal.connected_to(first):
        signal.connect(first)

    assert signal


def test_an_order_that_contradicts_itself_is_refused_at_connect_after_the_start(
    dispatcher: SignalDispatcher, signal: Signal
) -> None:
    """When start-up is over the mistake is told to who makes it, not to a sender."""
    dispatcher.settle({})
    signal.connect(first, after=f"{__name__}.second")

    with pytest.raises(ReceiverOrderCycle):
        signal.connect(second, after=f"{__name__}.first")

    assert [first] == [known.target() for known in signal.receivers]


def test_an_order_that_contradicts_itself_can_be_looked_at(signal: Signal) -> None:
    """Sends refuse it; whoever lists the receivers sees them as connected."""
    signal.connect(first, after=f"{__name__}.second")
    signal.connect(second, after=f"{__name__}.first")

    assert [first, second] == [known.target() for known in signal.receivers]
    with pytest.raises(ReceiverOrderCycle):
        signal.send()


def test_a_second_declaration_after_the_start_is_refused_at_once(
    dispatcher: SignalDispatcher,
    make_module: MakeModule,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A module that is imported late cannot take a name that is taken."""
    monkeypatch.setattr("lback.core.signals.dispatcher", dispatcher)
    declare = "from lback import Signal\npaid = Signal('app.paid')\n"
    make_module("early_signals", declare)
    dispatcher.settle({})

    with pytest.raises(DuplicateSignal, match="early_signals"):
        make_module("late_signals", declare)


def test_a_declaration_that_fails_leaves_no_name(dispatcher: SignalDispatcher) -> None:
    """What cannot be declared is not there afterwards."""
    with pytest.raises(InvalidSignal):
        dispatcher.signal("x", payload=int)

    assert "x" not in dispatcher


def test_not_required_fields_are_seen_in_annotations_that_are_texts(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """``from __future__ import annotations`` changes nothing."""
    module = make_module(
        "future_payload",
        "from __future__ import annotations\n"
        "from typing import NotRequired, TypedDict\n"
        "class Moved(TypedDict):\n    x: int\n    y: NotRequired[int]\n",
    )
    signal = dispatcher.signal("x", payload=module.Moved)
    signal.connect(lambda sender, **fields: fields)

    assert [{"x": 1}] == signal.send(x=1).values


class Extended(typing_extensions.TypedDict):
    """A typed dictionary of the other module."""

    x: int


@pydantic_dataclass
class Validated:
    """A dataclass of pydantic's."""

    x: int = Field(default=3)


def test_other_kinds_of_payload_are_read(dispatcher: SignalDispatcher) -> None:
    """Typed dictionaries of typing_extensions and pydantic's dataclasses fit."""
    for name, payload in (("a", Extended), ("b", Validated)):
        dispatcher.signal(name, payload=payload).connect(lambda sender, x: x)

    assert [1] == dispatcher.send("a", x=1).values
    assert [3] == dispatcher.send("b").values


@pytest.mark.parametrize(
    ("sent", "hint"), [(Validated, "The class was sent"), ({"x": 1}, r"send\(\*\*it\)")]
)
def test_a_payload_in_the_wrong_form_is_named(
    dispatcher: SignalDispatcher, sent: Any, hint: str
) -> None:
    """A class or a dictionary in place of an instance is told apart."""

    class Moved(typing_extensions.NamedTuple):
        x: int

    payload = Validated if sent is Validated else Moved
    signal = dispatcher.signal("x", payload=payload)

    with pytest.raises(InvalidPayload, match=hint):
        signal.send(sent, **({"y": 1} if sent is Validated else {}))


def test_a_method_without_its_object_is_refused(signal: Signal) -> None:
    """A decorator in a class body says what to connect instead."""
    with pytest.raises(InvalidReceiver, match=r"signal\.connect\(obj\.receive\)"):

        class Stock:
            @signal.connect
            def receive(self, sender: Any) -> None: ...


@pytest.mark.parametrize(
    ("given", "hint"),
    [([request_finished], "brackets"), (first, "which signal"), (5, "or its name")],
)
def test_what_is_no_signal_is_told_with_the_remedy(given: Any, hint: str) -> None:
    """``@receiver`` says what to write for what was meant."""
    with pytest.raises(InvalidSignal, match=hint):
        receiver(given)


@pytest.mark.parametrize("wrong", [None, "first"])
def test_disconnecting_what_is_no_receiver_is_refused(
    signal: Signal, wrong: Any
) -> None:
    """A mistake is no receiver that was not connected."""
    with pytest.raises(InvalidReceiver, match="not callable"):
        signal.disconnect(wrong)


def test_what_is_typed_in_again_replaces_what_was_there(signal: Signal) -> None:
    """An interactive session numbers its inputs; a name is still one receiver."""
    for number in (1, 2):
        scope: dict[str, Any] = {"__name__": "__main__", "signal": signal}
        source = f"@signal.connect\ndef receive(sender): return {number}\n"
        exec(compile(source, f"<python-input-{number}>", "exec"), scope)  # noqa: S102  # as a session does

    assert [2] == signal.send().values


def test_many_sends_that_are_under_way_cost_others_no_walk(
    signal: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flat send is known to be no loop without looking at frames one by one."""
    walks: list[int] = []

    def walk(self: Any) -> list[Any]:
        walks.append(1)
        return []

    monkeypatch.setattr(nesting, "alarm", 1000)
    monkeypatch.setattr(type(nesting), "_sends_above", walk)
    monkeypatch.setattr("lback.core._signal_depth.LIMIT", 500)
    signal.connect(first)

    signal.send()

    assert [] == walks


class Proxy:
    """Something that answers every question."""

    def __getattr__(self, name: str) -> str:
        return name


@pytest.mark.parametrize("value", [Proxy(), asyncio.Future])
def test_what_only_looks_awaitable_is_a_result(signal: Signal, value: Any) -> None:
    """A proxy or a class that has ``__await__`` is returned as it is."""
    signal.connect(lambda sender: value)

    assert [value] == signal.send().values == asyncio.run(signal.asend()).values
