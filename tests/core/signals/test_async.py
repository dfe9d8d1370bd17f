"""Plain and async receivers under ``send`` and ``asend``."""

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from lback.core.exceptions import AsyncReceiverInRunningLoop
from lback.core.signals import SignalDispatcher


async def double(sender: int) -> int:
    """Return twice the sender, after giving way once."""
    await asyncio.sleep(0)
    return sender * 2


class AsyncCallable:
    """An object whose call is a coroutine."""

    async def __call__(self, sender: int) -> int:
        """Return twice the sender."""
        return await double(sender)


ASYNC: dict[str, Callable[..., Any]] = {
    "function": double,
    "object": AsyncCallable(),
    "partial": functools.partial(double),
    "lambda": lambda sender: double(sender + 0),
}


@pytest.mark.parametrize("kind", ASYNC)
def test_send_waits_for_async_receivers(
    dispatcher: SignalDispatcher, kind: str
) -> None:
    """A synchronous send returns what the coroutine returned."""
    dispatcher.connect("x", ASYNC[kind])

    assert [6] == dispatcher.send("x", 3).values


@pytest.mark.parametrize("kind", ASYNC)
def test_asend_awaits_async_receivers(dispatcher: SignalDispatcher, kind: str) -> None:
    """An async send returns what the coroutine returned."""
    dispatcher.connect("x", ASYNC[kind])

    assert [6] == asyncio.run(dispatcher.asend("x", 3)).values


@pytest.mark.parametrize("kind", ["function", "object", "partial"])
def test_receiver_is_known_to_be_async(dispatcher: SignalDispatcher, kind: str) -> None:
    """Whether a receiver is async is decided when it is connected."""
    dispatcher.connect("x", ASYNC[kind])

    assert dispatcher.signal("x").receivers[0].is_async


def test_both_kinds_run_in_order(dispatcher: SignalDispatcher) -> None:
    """Async receivers run one after another with the plain ones."""
    heard: list[str] = []

    async def slow(sender: Any) -> None:
        await asyncio.sleep(0.01)
        heard.append("slow")

    dispatcher.connect("x", lambda sender: heard.append("first"))
    dispatcher.connect("x", slow)
    dispatcher.connect("x", lambda sender: heard.append("last"))

    dispatcher.send("x")
    asyncio.run(dispatcher.asend("x"))

    assert ["first", "slow", "last"] * 2 == heard


def test_asend_runs_plain_receivers_on_the_calling_thread(
    dispatcher: SignalDispatcher,
) -> None:
    """A plain receiver runs inline, without a change of thread."""
    dispatcher.connect("x", lambda sender: threading.get_ident())

    results = asyncio.run(dispatcher.asend("x"))

    assert [threading.get_ident()] == results.values


def test_failing_coroutine_is_isolated(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception in a coroutine is treated like one in a function."""

    async def fail(sender: Any) -> None:
        raise ValueError

    dispatcher.connect("x", fail)
    dispatcher.connect("x", lambda sender: "still here")

    assert ["still here"] == dispatcher.send("x").values
    assert ["still here"] == asyncio.run(dispatcher.asend("x")).values


def test_send_in_a_running_loop_is_refused_before_anything_ran(
    dispatcher: SignalDispatcher,
) -> None:
    """A send that would block the loop raises and calls nobody."""
    heard: list[str] = []
    dispatcher.connect("x", lambda sender: heard.append("plain"))
    dispatcher.connect("x", double)

    async def send() -> None:
        dispatcher.send("x", 1)

    with pytest.raises(AsyncReceiverInRunningLoop, match=r"await signal\.asend"):
        asyncio.run(send())

    assert [] == heard


@pytest.mark.filterwarnings("error")
def test_surprising_coroutine_in_a_running_loop_is_an_error_and_closed(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A plain callable that returns a coroutine fails alone: it was not known."""
    dispatcher.connect("x", lambda sender: double(sender + 0))

    async def send() -> None:
        dispatcher.send("x", 1)

    asyncio.run(send())

    assert ["AsyncReceiverInRunningLoop"] == [
        message.rpartition(" ")[-1] for message in caplog.messages
    ]


def test_plain_receivers_may_be_sent_to_in_a_running_loop(
    dispatcher: SignalDispatcher,
) -> None:
    """A send without async receivers works anywhere."""
    dispatcher.connect("x", lambda sender: 1)

    async def send() -> list[Any]:
        return dispatcher.send("x").values

    assert [1] == asyncio.run(send())


def test_context_variables_pass_both_ways(dispatcher: SignalDispatcher) -> None:
    """A coroutine under a synchronous send sees and sets the caller's variables."""
    variable = contextvars.ContextVar("variable", default=0)

    async def add(sender: Any) -> None:
        await asyncio.sleep(0)
        variable.set(variable.get() + 1)

    dispatcher.connect("x", add)
    variable.set(1)

    dispatcher.send("x")

    assert 2 == variable.get()


def test_sends_on_one_thread_share_its_loop(dispatcher: SignalDispatcher) -> None:
    """The loop of a thread is made once, and is another one on another thread."""
    loops: list[asyncio.AbstractEventLoop] = []

    async def remember(sender: Any) -> None:
        loops.append(asyncio.get_running_loop())

    dispatcher.connect("x", remember)
    dispatcher.send("x")
    dispatcher.send("x")
    thread = threading.Thread(target=dispatcher.send, args=("x",))
    thread.start()
    thread.join()

    assert loops[0] is loops[1]
    assert loops[0] is not loops[2]
    assert loops[2].is_closed()


def test_async_receiver_may_send_to_async_receivers(
    dispatcher: SignalDispatcher,
) -> None:
    """A coroutine under a synchronous send goes on with ``await asend()``."""

    async def relay(sender: Any) -> list[Any]:
        return (await dispatcher.asend("inner", 2)).values

    dispatcher.connect("outer", relay)
    dispatcher.connect("inner", double)

    assert [[4]] == dispatcher.send("outer").values


def test_async_loop_is_stopped(
    dispatcher: SignalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """A signal that awaits itself stops at a depth of 64."""
    calls: list[int] = []

    async def resend(sender: Any) -> None:
        calls.append(1)
        await asyncio.sleep(0)
        await dispatcher.asend("x")

    dispatcher.connect("x", resend)

    asyncio.run(dispatcher.asend("x"))

    assert 64 == len(calls)


def test_many_tasks_in_a_send_are_no_loop(dispatcher: SignalDispatcher) -> None:
    """A thousand tasks that wait inside a send do not look like a loop."""
    dispatcher.connect("x", double)

    async def send_all() -> list[Any]:
        sends = (dispatcher.asend("x", number) for number in range(1000))
        return [results.values[0] for results in await asyncio.gather(*sends)]

    assert [number * 2 for number in range(1000)] == asyncio.run(send_all())
