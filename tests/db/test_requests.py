"""A request writes all or nothing, and nobody keeps its connection."""

import asyncio
import functools
import itertools
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import text

from lback.core._unit_of_work import current_unit
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ValidationError
from lback.core.response import Response
from lback.core.signals import SignalDispatcher
from lback.core.types import Request
from lback.db import atomic
from lback.db import databases
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session
from lback.signals import request_finished

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def test_a_request_without_data_opens_no_connection(store: Any, site: Any) -> None:
    """A view that uses no session leaves even the engine unmade."""
    databases.dispose()
    site.add("/", lambda request: Response("x"))
    site.ask("/")

    assert {} == databases._made


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("status", "names"), [(200, ["a"]), (302, ["a"]), (400, []), (404, []), (500, [])]
)
def test_the_status_decides(  # noqa: PLR0913, PLR0917  # what it depends on
    sqlite: Any,
    models: SimpleNamespace,
    site: Any,
    method: str,
    status: int,
    names: list[str],
) -> None:
    """A response below 400 commits, any other rolls back, whatever the method."""

    def view(request: Request) -> Response:
        session.add(models.Basket(name="a"))
        session.flush()
        return Response("x", status)

    site.add("/", view, method)
    site.ask("/", method)

    assert names == sqlite.names()
    assert 0 == sqlite.taken()


def test_the_request_has_the_session_of_the_proxy(store: Any, site: Any) -> None:
    """``request.db_session`` and ``session`` are one session."""
    seen: list[Any] = []

    def view(request: Request) -> str:
        seen.extend((request.db_session, session()))
        return "x"

    site.add("/", view)
    site.ask("/")

    assert seen[0] is seen[1]
    assert 2 == len(seen)


@pytest.mark.parametrize("error", [ValueError("x"), BadRequest(), ValidationError({})])
def test_an_exception_rolls_back(
    store: Any, models: SimpleNamespace, site: Any, error: Exception
) -> None:
    """Whatever a view raises, nothing of it is stored and the connection is back."""

    def view(request: Request) -> str:
        session.add(models.Basket(name="a"))
        session.flush()
        raise error

    site.add("/", view, "POST")
    site.post("/")

    assert [] == store.names()
    assert 0 == store.taken()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exit_rolls_back_and_goes_on(
    store: Any, models: SimpleNamespace, site: Any, error: type[BaseException]
) -> None:
    """An exit goes through the request, which rolls back and ends behind it."""

    def view(request: Request) -> str:
        session.add(models.Basket(name="a"))
        session.flush()
        raise error

    site.add("/", view, "POST")
    with pytest.raises(error):
        site.post("/")

    assert [] == store.names()
    assert 0 == store.taken()
    assert current_unit() is None


def returning(status: int) -> Any:
    """Make a view that writes and returns a status."""

    def view(request: Request) -> Response:
        session.execute(text("INSERT INTO dbtests_basket (name, total) VALUES ('a',0)"))
        return Response("x", status)

    return view


def test_a_commit_that_fails_is_a_500(
    store: Any, models: SimpleNamespace, site: Any, dispatcher: SignalDispatcher
) -> None:
    """A deferred constraint that breaks at the commit fails the view (V06)."""
    calls: list[str] = []
    dispatcher.connect(
        "x", lambda sender: calls.append("receiver"), when="after_commit"
    )

    def view(request: Request) -> str:
        session.add(models.Basket(name="a"))
        session.add(models.Voucher(basket_id=99))
        on_commit(lambda: calls.append("function"))
        dispatcher.send("x")
        return "stored"

    site.add("/", view, "POST")

    assert 500 == site.post("/").status_code
    assert [] == calls
    assert [] == store.names()
    assert 0 == store.taken()


def test_a_lost_connection_is_a_500(
    postgresql: Any, models: SimpleNamespace, site: Any
) -> None:
    """A server that goes before the commit is no success, and the next one works."""
    calls: list[str] = []

    def view(request: Request) -> str:
        session.add(models.Basket(name="a"))
        session.flush()
        on_commit(lambda: calls.append("called"))
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        postgresql.ask(f"SELECT pg_terminate_backend({pid})")
        return "stored"

    site.add("/", view, "POST")
    site.add("/next", returning(200), "POST")

    assert 500 == site.post("/").status_code
    assert 200 == site.post("/next").status_code
    assert [] == calls
    assert ["a"] == postgresql.names()
    assert 0 == postgresql.taken()


class Hook:
    """A middleware whose hooks do something."""

    def __init__(self, before: Any = None, after: Any = None) -> None:
        self.before, self.after = before, after

    def process_request(self, request: Request) -> Response | None:
        """Do it before the view."""
        if self.before is not None:
            self.before(request)
        return None

    def process_response(self, request: Request, response: Response) -> Response:
        """Do it behind the commit."""
        if self.after is not None:
            self.after(request)
        return response


def test_a_response_hook_may_read(
    store: Any, models: SimpleNamespace, site: Any
) -> None:
    """Behind the commit a hook sees what was stored, and keeps no connection."""
    seen: list[Any] = []
    names = select(models.Basket.name)
    site.manager.add_middleware(
        Hook(after=lambda r: seen.extend(r.db_session.scalars(names)))
    )
    site.add("/", returning(200), "POST")
    site.post("/")

    assert ["a"] == seen
    assert 0 == store.taken()


def _orm(models: SimpleNamespace) -> None:
    session.add(models.Basket(name="lost"))
    session.flush()


def _core(models: SimpleNamespace) -> None:
    session.execute(insert(models.Basket).values(name="lost", total=0))


def _text(models: SimpleNamespace) -> None:
    returning(200)(None)


def _connection(models: SimpleNamespace) -> None:
    statement = insert(models.Basket).values(name="lost", total=0)
    session.connection().execute(statement)


def _mappings(models: SimpleNamespace) -> None:
    session.bulk_insert_mappings(models.Basket, [{"name": "lost", "total": 0}])


WRITES = [_orm, _core, _text, _connection, _mappings]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_behind_the_commit_is_refused(
    store: Any,
    models: SimpleNamespace,
    site: Any,
    write: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a response hook writes is refused and logged, not lost without a word."""
    site.manager.add_middleware(Hook(after=lambda r: write(models)))
    site.add("/", lambda request: "x", "POST")
    with caplog.at_level(logging.ERROR):
        site.post("/")

    assert "ERROR" in {record.levelname for record in caplog.records}
    assert 0 == store.taken()


def test_a_row_added_behind_the_commit_is_logged(
    sqlite: Any,
    models: SimpleNamespace,
    site: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A row that nobody flushes any more is named in the log, with the view."""
    site.manager.add_middleware(Hook(after=lambda r: session.add(models.Basket())))
    site.add("/there", lambda request: "x", "POST")
    site.post("/there")

    assert "POST /there" in caplog.text
    assert "changed these rows after its end" in caplog.text


STEPS = ["first before", "second before", "view", "second after", "first after"]


@pytest.mark.parametrize("failing", [*itertools.combinations(STEPS, 2), *zip(STEPS)])
def test_whatever_step_raises_the_request_ends(
    sqlite: Any, models: SimpleNamespace, site: Any, failing: tuple[str, ...]
) -> None:
    """A step before the commit that raises rolls back; all give the connection back."""

    def step(name: str, request: Request) -> None:
        if "after" in name:
            session.scalar(select(1))
        else:
            session.add(models.Basket(name=name))
            session.flush()
        if name in failing:
            raise ValueError(name)

    def view(request: Request) -> str:
        step("view", request)
        return "x"

    for name in ("first", "second"):
        site.manager.add_middleware(
            Hook(
                functools.partial(step, f"{name} before"),
                functools.partial(step, f"{name} after"),
            )
        )
    site.add("/", view, "POST")
    response = site.post("/")
    failed = not set(STEPS[:3]).isdisjoint(failing)

    assert (500 if failed else 200) == response.status_code
    assert (0 if failed else 3) == len(sqlite.names())
    assert 0 == sqlite.taken()
    assert current_unit() is None


def test_a_separate_unit_survives_a_refusal(
    store: Any, models: SimpleNamespace, site: Any
) -> None:
    """What is written in a unit of its own stays, whatever the request answers."""

    def view(request: Request) -> Response:
        with separate_unit() as own:
            own.add(models.Basket(name="audit"))
        session.add(models.Basket(name="lost"))
        return Response("no", 403)

    site.add("/", view, "POST")
    site.post("/")

    assert ["audit"] == store.names()


def test_an_async_view_has_the_unit(
    store: Any, models: SimpleNamespace, site: Any
) -> None:
    """Before and behind each await, and in blocks, it is the session of the request."""

    async def view(request: Request) -> str:
        session.add(models.Basket(name="a"))
        await asyncio.sleep(0)
        async with atomic() as own:
            own.add(models.Basket(name="b"))
            await asyncio.sleep(0)
        assert own is request.db_session
        return "x"

    site.add("/", view, "POST")

    assert 200 == site.post("/").status_code
    assert ["a", "b"] == store.names()


@pytest.mark.parametrize("view", [returning(200), lambda request: Response("x")])
def test_a_late_receiver_takes_no_connection(store: Any, site: Any, view: Any) -> None:
    """What uses the request's session behind its end keeps no connection."""

    def late(sender: Any, request: Any) -> None:
        request.db_session.scalar(select(1))

    site.add("/", view, "POST")
    with request_finished.connected_to(late):
        site.post("/")

    assert 0 == store.taken()
