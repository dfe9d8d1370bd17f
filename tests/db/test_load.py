"""Many requests and threads: nobody keeps a connection or sees another's data."""

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy import text

from lback.core._unit_of_work import current_unit
from lback.core.exceptions import NoUnitOfWork
from lback.core.response import Response
from lback.core.signals import SignalDispatcher
from lback.core.types import Request
from lback.db import atomic
from lback.db import databases
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session

SERVICE_UNAVAILABLE = 503
# How many requests come one after another; `make soak` sends more.
REQUESTS = int(os.environ.get("LBACK_REQUESTS", "2000"))


def together(count: int, work: Callable[[int], object]) -> None:
    """Do *work* in as many threads, which all start at once."""
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        gate.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _forgets(request: Request, models: SimpleNamespace) -> Any:
    session.scalars(select(models.Basket))
    return "x"


def _raises(request: Request, models: SimpleNamespace) -> Any:
    session.add(models.Basket(name="lost"))
    session.flush()
    raise ValueError


def _fails_in_the_database(request: Request, models: SimpleNamespace) -> Any:
    session.execute(text("SELECT nothing FROM nowhere"))


def _catches(request: Request, models: SimpleNamespace) -> Any:
    with separate_unit():
        session.scalar(select(1))
    session.begin_nested()
    session.scalars(select(models.Basket)).all()
    return Response("x", 400)


def _returns_rows(request: Request, models: SimpleNamespace) -> Any:
    rows = session.scalars(select(models.Basket)).all()
    return [row.name for row in rows if row.items is not None]


def _streams(request: Request, models: SimpleNamespace) -> Any:
    return Response(row.name.encode() for row in session.scalars(select(models.Basket)))


def _starts_a_thread(request: Request, models: SimpleNamespace) -> Any:
    mine = session()

    def late() -> None:
        try:
            mine.scalar(select(1))
        except Exception as error:  # noqa: BLE001  # whatever it is
            errors.append(error)

    errors: list[Exception] = []
    mine.scalar(select(1))
    thread = threading.Thread(target=late)
    on_commit(thread.start)
    on_commit(thread.join)
    return "x"


VIEWS = [
    _forgets,
    _raises,
    _fails_in_the_database,
    _catches,
    _returns_rows,
    _streams,
    _starts_a_thread,
]


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_keeps_a_connection(
    store: Any, models: SimpleNamespace, site: Any, view: Any
) -> None:
    """Whatever a view does or forgets, its connection is back (V05)."""
    site.add("/", lambda request: view(request, models))
    for _ in range(20):
        site.ask("/")

        assert 0 == store.taken()


def test_a_thread_that_outlives_the_request_gets_no_connection(
    store: Any, models: SimpleNamespace, site: Any
) -> None:
    """A session that somebody has kept is of no use behind the end of its unit."""
    kept: list[Any] = []

    def view(request: Request) -> str:
        kept.append(session())
        session.scalar(select(1))
        return "x"

    site.add("/", view)
    site.ask("/")
    errors: list[str] = []

    def late() -> None:
        try:
            kept[0].scalars(select(models.Basket)).all()
        except Exception as error:  # noqa: BLE001  # whatever it is
            errors.append(type(error).__name__)

    thread = threading.Thread(target=late)
    thread.start()
    thread.join()

    assert ["UnitOver"] == errors
    assert 0 == store.taken()


def test_thousands_of_requests_share_five_connections(
    sqlite: Any, models: SimpleNamespace, site: Any
) -> None:
    """Good and bad requests in turn find a connection each time (V05)."""
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
    for number, view in enumerate(VIEWS[:5]):
        site.add(f"/{number}", lambda request, view=view: view(request, models))
    answered = {site.ask(f"/{n % 5}").status_code for n in range(REQUESTS)}

    assert {200, 400, 500} == answered
    assert 0 == sqlite.taken()
    assert ["a"] == sqlite.names()


def test_an_exhausted_pool_is_a_503(postgresql: Any, site: Any) -> None:
    """50 threads and 5 connections: 503 with Retry-After, and all is well then."""
    databases.configure(
        {"default": {**postgresql.setting, "POOL_TIMEOUT": 1}}, databases._base
    )
    is_over = threading.Event()
    answers: list[Any] = []

    def view(request: Request) -> str:
        session.scalar(select(1))
        is_over.wait()
        return "x"

    def ask(number: int) -> None:
        answers.append(site.ask("/"))
        if len(answers) == 45:
            is_over.set()

    site.add("/", view)
    site.ask("/none")
    together(50, ask)
    refused = [answer for answer in answers if answer.status_code == 503]
    afterwards = [site.ask("/").status_code for _ in range(10)]

    assert 45 == len(refused)
    assert {"5"} == {answer.headers["Retry-After"] for answer in refused}
    assert [200] * 10 == afterwards
    assert 0 == postgresql.taken()


def _ask_until_served(site: Any, number: int) -> int:
    # NOTE: 32 threads that never pause may keep one from the five connections for
    # longer than it waits. It is told so, and comes again like any client.
    status: int = SERVICE_UNAVAILABLE
    while status == SERVICE_UNAVAILABLE:
        status = site.ask(f"/{number}").status_code
    return status


def test_threads_do_not_see_each_other(
    store: Any, models: SimpleNamespace, site: Any, dispatcher: SignalDispatcher
) -> None:
    """Session, unit, rows and later calls of a request are its own (V08)."""
    databases.configure(
        {"default": {**store.setting, "POOL_TIMEOUT": 30}}, databases._base
    )
    mixed: list[Any] = []
    later: list[tuple[int, int]] = []

    def now(sender: Any, request: Request, number: int) -> None:
        if request.db_session is not session() or request.unit is not current_unit():
            mixed.append(number)

    def after(sender: Any, number: int, thread: int) -> None:
        later.append((number, thread))
        if thread != threading.get_ident():
            mixed.append(number)

    dispatcher.connect("now", now)
    dispatcher.connect("later", after, when="after_commit")

    def view(request: Request) -> Response:
        number = int(request.path_params["number"])
        before = session()
        session.add(models.Basket(id=number, name=f"{number}"))
        dispatcher.send("now", request=request, number=number)
        dispatcher.send("later", number=number, thread=threading.get_ident())
        session.flush()
        (found,) = session.scalars(
            select(models.Basket.name).where(models.Basket.id == number)
        )
        if found != f"{number}" or session() is not before:
            mixed.append(number)
        return Response(found, 200 if number % 3 else 400)

    site.router.add_route(
        "/{number:int}",
        lambda request, number: view(request),
        ["GET"],
        requires_auth=False,
    )
    site.ask("/none")
    each, count = max(12, REQUESTS // 100), 32
    together(
        count,
        lambda t: [_ask_until_served(site, t * each + n + 1) for n in range(each)],
    )
    expected = {n for n in range(1, each * count + 1) if n % 3}

    assert [] == mixed
    assert expected == {number for number, _ in later}
    assert len(expected) == len(later)
    assert expected == set(map(int, store.names()))
    assert 0 == store.taken()


def test_a_thread_has_no_unit(store: Any, models: SimpleNamespace) -> None:
    """Not even one with a copy of the context, such as asyncio.to_thread makes."""
    found: list[Any] = []

    def look() -> None:
        found.append(current_unit())
        with pytest.raises(NoUnitOfWork):
            session()
        with separate_unit() as own:
            own.add(models.Basket(name="thread"))

    async def main() -> None:
        async with atomic():
            await asyncio.to_thread(look)

    asyncio.run(main())

    assert [None] == found
    assert ["thread"] == store.names()
    assert 0 == store.taken()


def test_threads_have_units_of_their_own(
    postgresql: Any, models: SimpleNamespace
) -> None:
    """Each thread of separate_unit() commits or rolls back its own."""

    def write(name: str, turn: int) -> None:
        with separate_unit() as own:
            own.add(models.Basket(name=name))
            own.flush()
            if turn % 2:
                raise KeyError

    def work(number: int) -> None:
        for turn in range(5):
            with suppress(KeyError):
                write(f"{number:02}.{turn}", turn)

    databases.configure(
        {"default": {**postgresql.setting, "POOL_TIMEOUT": 30}}, databases._base
    )
    together(16, work)

    assert [f"{n:02}.{t}" for n in range(16) for t in (0, 2, 4)] == postgresql.names()
    assert 0 == postgresql.taken()


def test_tasks_have_units_of_their_own(
    postgresql: Any, models: SimpleNamespace
) -> None:
    """Tasks that are under way at once do not share a session."""

    async def work(number: int) -> bool:
        async with atomic() as own:
            own.add(models.Basket(name=f"{number}"))
            await asyncio.sleep(0)
            return own is session()

    async def main() -> list[bool]:
        return await asyncio.gather(*(work(n) for n in range(5)))

    assert [True] * 5 == asyncio.run(main())
    assert ["0", "1", "2", "3", "4"] == postgresql.names()
    assert 0 == postgresql.taken()
