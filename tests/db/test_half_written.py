"""A receiver that failed amid its writes leaves nothing of them."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import text

from lback.core.exceptions import HalfWritten
from lback.core.response import Response
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher
from lback.core.types import Request
from lback.db import atomic
from lback.db import separate_unit
from lback.db import session


@pytest.fixture
def signal(dispatcher: SignalDispatcher) -> Signal[..., Any]:
    """Return a signal."""
    return dispatcher.signal("x")


def _proxy(given: Any, models: SimpleNamespace) -> None:
    session.add(models.Basket(name="half"))


def _given(given: Any, models: SimpleNamespace) -> None:
    given.add(models.Basket(name="half"))


def _given_all(given: Any, models: SimpleNamespace) -> None:
    given.add_all([models.Basket(name="half")])


def _merge(given: Any, models: SimpleNamespace) -> None:
    given.merge(models.Basket(id=9, name="half"))


def _delete(given: Any, models: SimpleNamespace) -> None:
    given.delete(given.get(models.Basket, 1000))


def _flush(given: Any, models: SimpleNamespace) -> None:
    given.get(models.Basket, 1000).name = "half"
    given.flush()


def _execute(given: Any, models: SimpleNamespace) -> None:
    given.execute(insert(models.Basket).values(name="half", total=0))


def _raw(given: Any, models: SimpleNamespace) -> None:
    given.execute(text("UPDATE dbtests_basket SET name = 'half'"))


def _lazy(given: Any, models: SimpleNamespace) -> None:
    row = given.get(models.Basket, 1000)
    given.expire(row, ["total"])
    row.total += 1


def _connection(given: Any, models: SimpleNamespace) -> None:
    given.connection().execute(insert(models.Basket).values(name="half", total=0))


def _bulk(given: Any, models: SimpleNamespace) -> None:
    given.bulk_save_objects([models.Basket(name="half")])


WAYS = [
    _proxy,
    _given,
    _given_all,
    _merge,
    _delete,
    _flush,
    _execute,
    _raw,
    _lazy,
    _connection,
    _bulk,
]


def send_in_unit(
    signal: Signal[..., Any], models: SimpleNamespace, **fields: Any
) -> None:
    """Store a row, and send in the same unit."""
    with separate_unit() as own:
        own.add(models.Basket(id=1000, name="whole"))
        own.flush()
        signal.send(given=own, **fields)


@pytest.mark.parametrize("use", WAYS)
def test_half_a_receiver_is_not_stored(
    sqlite: Any, models: SimpleNamespace, signal: Signal[..., Any], use: Any
) -> None:
    """However it used the session, the commit is refused and names it."""

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        use(given, models)
        raise ValueError

    with pytest.raises(HalfWritten, match=r"broken \(.*test_half_written\.py:\d+\)"):
        send_in_unit(signal, models)

    assert [] == sqlite.names()
    assert 0 == sqlite.taken()


@pytest.mark.parametrize("use", WAYS)
def test_a_block_protects(
    sqlite: Any, models: SimpleNamespace, signal: Signal[..., Any], use: Any
) -> None:
    """What a receiver writes in atomic() is undone alone; all else is stored."""

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        with atomic():
            use(given, models)
            raise ValueError

    send_in_unit(signal, models)

    assert ["whole"] == sqlite.names()


def test_a_decorated_receiver_is_protected(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """``@atomic()`` under the connection does what the block does."""

    @signal.connect
    @atomic()
    def broken(sender: Any, given: Any) -> None:
        given.add(models.Basket(name="half"))
        raise ValueError

    send_in_unit(signal, models)

    assert ["whole"] == store.names()


def test_what_fails_behind_its_block_keeps_the_block(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """A block that succeeded is whole; failing behind it is no reason to undo it."""

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        with atomic() as own:
            own.add(models.Basket(name="block"))
        raise ValueError

    send_in_unit(signal, models)

    assert ["block", "whole"] == store.names()


def test_what_stands_outside_the_block_is_not_protected(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """A block does not cover what the receiver wrote before it."""

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        given.add(models.Basket(name="half"))
        with atomic():
            raise ValueError

    with pytest.raises(HalfWritten):
        send_in_unit(signal, models)

    assert [] == store.names()


def test_the_others_are_no_reason(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """A receiver that fails without the session is isolated while others write."""

    @signal.connect
    def writing(sender: Any, given: Any) -> None:
        given.add(models.Basket(name="other"))
        given.flush()

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        raise ValueError

    send_in_unit(signal, models)

    assert ["other", "whole"] == store.names()


def test_an_earlier_success_is_no_reason(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """What a receiver did in an earlier send is whole; only the failed call counts."""
    calls: list[str] = []

    @signal.connect
    def second_time(sender: Any, given: Any) -> None:
        calls.append("x")
        if len(calls) == 2:
            raise ValueError
        given.add(models.Basket(name="first"))

    with separate_unit() as own:
        signal.send(given=own)
        signal.send(given=own)

    assert ["first"] == store.names()


def test_a_failure_inside_a_block_that_goes_is_forgotten(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """If the block around the send rolls back, the unit is whole again."""

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        given.add(models.Basket(name="half"))
        raise ValueError

    with separate_unit() as own:
        own.add(models.Basket(name="whole"))
        with suppress(KeyError), atomic():
            signal.send(given=own)
            raise KeyError

    assert ["whole"] == store.names()


def test_a_block_that_would_keep_half_is_refused(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """The end of the block around the send raises; whoever catches it can go on."""

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        given.add(models.Basket(name="half"))
        raise ValueError

    with separate_unit() as own:
        own.add(models.Basket(name="whole"))
        with pytest.raises(HalfWritten), atomic():
            signal.send(given=own)

    assert ["whole"] == store.names()


def test_a_rollback_by_hand_forgets_it(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """After session.rollback() nothing is half any more."""

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        given.add(models.Basket(name="half"))
        raise ValueError

    with separate_unit() as own:
        signal.send(given=own)
        own.rollback()
        own.add(models.Basket(name="whole"))

    assert ["whole"] == store.names()


@pytest.mark.parametrize("is_protected", [False, True])
def test_a_nested_send_counts(
    store: Any,
    models: SimpleNamespace,
    dispatcher: SignalDispatcher,
    *,
    is_protected: bool,
) -> None:
    """The outer receiver did what its inner ones did, unless that was undone."""

    def inner(sender: Any) -> None:
        session.add(models.Basket(name="inner"))
        session.flush()

    def outer(sender: Any, given: Any) -> None:
        if is_protected:
            with atomic():
                dispatcher.send("inner")
                raise ValueError
        dispatcher.send("inner")
        raise ValueError

    dispatcher.connect("inner", inner)
    dispatcher.connect("outer", outer)
    signal = dispatcher.signal("outer")
    if is_protected:
        send_in_unit(signal, models)
    else:
        with pytest.raises(HalfWritten, match="outer"):
            send_in_unit(signal, models)

    assert (["whole"] if is_protected else []) == store.names()


async def _write(given: Any, models: SimpleNamespace) -> None:
    await asyncio.sleep(0)
    given.add(models.Basket(name="half"))


async def _write_in_task(given: Any, models: SimpleNamespace) -> None:
    await asyncio.create_task(_write(given, models))


@pytest.mark.parametrize("use", [_write, _write_in_task])
@pytest.mark.parametrize("is_protected", [False, True])
@pytest.mark.parametrize("how", ["send", "asend"])
def test_async_receivers_count(  # noqa: PLR0913  # what it depends on
    sqlite: Any,
    models: SimpleNamespace,
    signal: Signal[..., Any],
    how: str,
    use: Callable[..., Any],
    *,
    is_protected: bool,
) -> None:
    """An async receiver is judged like any other, in a send and in an awaited one."""

    @signal.connect
    async def broken(sender: Any, given: Any) -> None:
        if is_protected:
            async with atomic():
                await use(given, models)
                raise ValueError
        await use(given, models)
        raise ValueError

    async def main() -> None:
        async with atomic() as own:
            own.add(models.Basket(name="whole"))
            await signal.asend(given=own)

    with suppress(HalfWritten):
        if how == "send":
            send_in_unit(signal, models)
        else:
            asyncio.run(main())

    assert (["whole"] if is_protected else []) == sqlite.names()


def test_a_request_answers_500(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any], site: Any
) -> None:
    """A view does not notice, so its commit fails, and nothing is stored."""

    @signal.connect
    def broken(sender: Any, request: Request) -> None:
        assert request.db_session is not None
        request.db_session.add(models.Basket(name="half"))
        raise ValueError

    def view(request: Request) -> Response:
        session.add(models.Basket(name="whole"))
        signal.send(request=request)
        return Response("stored")

    site.add("/", view, "POST")

    assert 500 == site.post("/").status_code
    assert [] == store.names()
    assert 0 == store.taken()


def test_one_that_raises_is_for_the_sender(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """``on_error="raise"`` reaches the sender, who decides; the commit is his."""

    @signal.connect(on_error="raise")
    def broken(sender: Any, given: Any) -> None:
        raise KeyError

    with separate_unit() as own:
        own.add(models.Basket(name="whole"))
        with suppress(KeyError):
            signal.send(given=own)

    assert ["whole"] == store.names()


def test_counting_is_no_writing_elsewhere(
    store: Any, models: SimpleNamespace, signal: Signal[..., Any]
) -> None:
    """A receiver that worked in a unit of its own leaves the sender's unit alone."""
    count = select(func.count()).select_from(models.Basket)

    @signal.connect
    def broken(sender: Any, given: Any) -> None:
        with separate_unit(read_only=True) as own:
            own.scalar(count)
        raise ValueError

    send_in_unit(signal, models)

    assert ["whole"] == store.names()


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
