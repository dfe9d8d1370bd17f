"""Async receivers after the commit: awaited where that is possible, never lost."""

import asyncio
import functools
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from lback.core._unit_of_work import current_unit
from lback.core.response import Response
from lback.core.signals import SignalDispatcher
from lback.core.types import Request
from lback.db import atomic
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session

Put = Callable[[str], object]


@pytest.fixture
def calls() -> list[str]:
    """Return the list that everybody writes to."""
    return []


@pytest.fixture(params=["on_commit", "after_commit"])
def put(
    request: pytest.FixtureRequest, calls: list[str], dispatcher: SignalDispatcher
) -> Put:
    """Return a function that lets a word be written down, async, after the commit."""

    async def write_down(sender: Any, word: str) -> None:
        await asyncio.sleep(0)
        calls.append(word)

    if request.param == "on_commit":
        return lambda word: on_commit(functools.partial(write_down, None, word))
    dispatcher.connect("x", write_down, when="after_commit")
    return lambda word: dispatcher.send("x", word=word)


def test_a_sync_unit_runs_them(store: Any, put: Put, calls: list[str]) -> None:
    """Without a running loop they are run to their end behind the commit."""
    with separate_unit():
        put("a")
        put("b")
        before = list(calls)

    assert [] == before
    assert ["a", "b"] == calls


def test_an_async_block_awaits_them(store: Any, put: Put, calls: list[str]) -> None:
    """``async with atomic()`` comes back when they are done."""

    async def main() -> list[str]:
        async with atomic():
            put("a")
            put("b")
            calls.append("end")
        return list(calls)

    assert ["end", "a", "b"] == asyncio.run(main())


def test_a_commit_by_hand_does_not_lose_them(
    store: Any, models: SimpleNamespace, put: Put, calls: list[str]
) -> None:
    """In a running loop they wait for the end of the block, in order."""

    async def main() -> None:
        async with atomic() as own:
            own.add(models.Basket(name="a"))
            put("a")
            own.commit()
            put("b")

    asyncio.run(main())

    assert ["a", "b"] == calls


@pytest.mark.parametrize("end", ["raise", "rollback"])
def test_a_later_rollback_does_not_lose_them(
    store: Any, models: SimpleNamespace, put: Put, calls: list[str], end: str
) -> None:
    """What belongs to a commit runs, even if what comes behind it is undone."""

    async def main() -> None:
        async with atomic() as own:
            own.add(models.Basket(name="a"))
            put("kept")
            own.commit()
            own.scalar(select(1))
            put("lost")
            if end == "rollback":
                own.rollback()
            else:
                raise KeyError

    with suppress(KeyError):
        asyncio.run(main())

    assert ["kept"] == calls
    assert ["a"] == store.names()


@pytest.mark.parametrize("status", [200, 400])
def test_an_async_view_that_commits_by_hand(
    store: Any, site: Any, put: Put, calls: list[str], status: int
) -> None:
    """They run at the end of the request, whatever it answers."""

    async def view(request: Request) -> Response:
        session.scalar(select(1))
        put("a")
        session.commit()
        await asyncio.sleep(0)
        return Response("x", status)

    site.add("/", view, "POST")
    site.post("/")

    assert ["a"] == calls


def test_a_view_sends_to_them(
    store: Any, site: Any, put: Put, calls: list[str]
) -> None:
    """Behind an async view nobody waits in a loop any more."""

    async def view(request: Request) -> str:
        put("a")
        return "x"

    site.add("/", view, "POST")
    site.post("/")

    assert ["a"] == calls


def test_sync_and_async_keep_their_order(
    store: Any, dispatcher: SignalDispatcher, calls: list[str]
) -> None:
    """No plain receiver overtakes an async one, also behind a commit by hand."""

    async def second(sender: Any) -> None:
        calls.append("second")

    dispatcher.connect("x", lambda sender: calls.append("first"), when="after_commit")
    dispatcher.connect("x", second, when="after_commit")
    dispatcher.connect("x", lambda sender: calls.append("third"), when="after_commit")

    async def main() -> None:
        async with atomic() as own:
            dispatcher.send("x")
            own.commit()

    asyncio.run(main())

    assert ["first", "second", "third"] == calls


@pytest.mark.parametrize("how", ["send", "asend"])
def test_either_send_puts_them_off(
    store: Any, dispatcher: SignalDispatcher, calls: list[str], how: str
) -> None:
    """A plain send in a running loop may put off what is async."""

    async def later(sender: Any) -> None:
        calls.append("later")

    dispatcher.connect("x", later, when="after_commit")

    async def main() -> list[str]:
        async with atomic():
            if how == "send":
                dispatcher.send("x")
            else:
                await dispatcher.asend("x")
            return list(calls)

    assert [] == asyncio.run(main())
    assert ["later"] == calls


def test_a_send_that_is_refused_puts_nothing_off(
    store: Any, dispatcher: SignalDispatcher, calls: list[str]
) -> None:
    """If nobody may run now, nobody runs after the commit."""

    async def now(sender: Any) -> None:
        calls.append("now")

    dispatcher.connect("x", now)
    dispatcher.connect("x", lambda sender: calls.append("later"), when="after_commit")

    async def main() -> None:
        async with atomic():
            with pytest.raises(Exception, match="asend"):
                dispatcher.send("x")

    asyncio.run(main())

    assert [] == calls


def test_they_have_units_of_their_own(
    store: Any, models: SimpleNamespace, dispatcher: SignalDispatcher
) -> None:
    """What an async one writes is committed, and what a failing one writes is not."""

    async def write(sender: Any, name: str) -> None:
        session.add(models.Basket(name=name))
        await asyncio.sleep(0)
        session.flush()
        if name == "broken":
            raise ValueError(name)

    dispatcher.connect("x", write, when="after_commit")

    async def main() -> None:
        async with atomic():
            for name in ("a", "broken", "b"):
                dispatcher.send("x", name=name)

    asyncio.run(main())

    assert ["a", "b"] == store.names()
    assert 0 == store.taken()


def test_failures_are_announced_to_async_receivers(
    store: Any, dispatcher: SignalDispatcher, calls: list[str]
) -> None:
    """``receiver_failed`` may be heard by async receivers as well."""

    async def broken(sender: Any) -> None:
        raise ValueError

    async def failed(sender: Any, exception: Exception) -> None:
        calls.append(type(exception).__name__)

    dispatcher.connect("x", broken, when="after_commit")
    dispatcher.connect("receiver_failed", failed)

    async def main() -> None:
        async with atomic():
            dispatcher.send("x")

    asyncio.run(main())
    with separate_unit():
        dispatcher.send("x")

    assert ["ValueError", "ValueError"] == calls


def test_chains_are_awaited(
    store: Any, dispatcher: SignalDispatcher, calls: list[str]
) -> None:
    """What an async one puts off in turn runs behind the others, in the same await."""

    async def again(sender: Any, word: str) -> None:
        calls.append(word)
        if len(word) < 3:
            async with atomic():
                await dispatcher.asend("x", word=f"{word}{word[0]}")

    dispatcher.connect("x", again, when="after_commit")

    async def main() -> None:
        async with atomic():
            dispatcher.send("x", word="a")
            dispatcher.send("x", word="b")

    asyncio.run(main())

    assert ["a", "b", "aa", "bb", "aaa", "bbb"] == calls


def test_cancelling_names_what_was_not_called(
    store: Any,
    models: SimpleNamespace,
    put: Put,
    calls: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A task that is cancelled behind its commit says in the log what it cost."""

    async def block(sender: Any) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        async with atomic() as own:
            own.add(models.Basket(name="a"))
            on_commit(lambda: block(None))
            put("missed")

    async def cancel() -> None:
        task = asyncio.create_task(main())
        await asyncio.sleep(0.05)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(cancel())

    assert [] == calls
    assert "not called" in caplog.text
    assert ["a"] == store.names()
    assert current_unit() is None
    assert 0 == store.taken()
