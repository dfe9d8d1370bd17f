"""The fixture ``db``: one connection, of which nothing stays."""

from collections.abc import Callable
from typing import Any

import pytest

RunPytest = Callable[..., Any]


def test_requests_see_what_the_test_has_added(run: RunPytest) -> None:
    """A row that a test adds, and does nothing else with, is there for a request."""
    outcome = run("""
def test_it(client, db):
    db.add(Order(text="a"))
    assert "a" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_what_runs_after_a_commit_runs_with_the_request(run: RunPytest) -> None:
    """Receivers after the commit have run, and written, when the response is there."""
    outcome = run("""
def test_it(client, db):
    client.post("/add", data={"text": "a"})
    assert ["a", "twin of a"] == list(db.scalars(select(Order.text).order_by(Order.id)))
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_everything_is_undone_after_a_test(run: RunPytest) -> None:
    """What the test, requests and their receivers have committed is gone after it."""
    outcome = run("""
@pytest.mark.parametrize("number", [1, 2])
def test_it(client, db, number):
    assert "" == client.get("/texts").text
    db.add(Order(text="mine"))
    db.commit()
    client.post("/add", data={"text": "a"})
    assert "mine,a,twin of a" == client.get("/texts").text
""")

    assert "2 passed" == outcome.counts, outcome.output


def test_a_refused_request_undoes_its_own_writes_alone(run: RunPytest) -> None:
    """A response of 400 or above rolls back what the request did, and no more."""
    outcome = run("""
def test_it(client, db):
    db.add(Order(text="mine"))
    assert 404 == client.post("/refuse").status_code
    assert "mine" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_a_separate_unit_before_the_refusal_stays(run: RunPytest) -> None:
    """What a request writes separately is there after its rollback."""
    outcome = run("""
def test_it(client, db):
    assert 404 == client.post("/attempt").status_code
    assert "attempt" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_a_separate_unit_in_a_transaction_that_reads_stays(run: RunPytest) -> None:
    """What it has written is there after the one around, which only read, is undone."""
    outcome = run("""
def test_it(client, db):
    db.add(Order(text="user"))
    assert 403 == client.post("/login").status_code
    assert 403 == client.post("/login").status_code
    db.rollback()
    assert "user,attempt 1,attempt 2" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_a_separate_unit_that_is_lost_is_told(run: RunPytest) -> None:
    """One that began inside a transaction is undone with it, which is a warning."""
    outcome = run("""
def test_it(client, db):
    with pytest.warns(UserWarning, match="another one had committed inside"):
        client.post("/late_attempt")
    assert "" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_the_test_is_in_a_unit_of_work(run: RunPytest) -> None:
    """``session``, ``atomic()`` and sends in a test belong to the fixture's session."""
    outcome = run("""
def test_it(db):
    assert session() is db
    with pytest.raises(ZeroDivisionError), atomic():
        session.add(Order(text="undone"))
        1 / 0
    with atomic():
        session.add(Order(text="kept"))
    assert ["kept"] == list(db.scalars(select(Order.text)))
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_a_commit_of_the_test_runs_what_waits_for_it(run: RunPytest) -> None:
    """Receivers after the commit run at ``db.commit()``, in order, and not before."""
    outcome = run("""
def test_it(db):
    calls = []
    on_commit(lambda: calls.append(1))
    order_added.send(text="a")
    on_commit(lambda: calls.append(2))
    assert [] == calls
    db.commit()
    assert [1, 2] == calls
    assert ["twin of a"] == list(db.scalars(select(Order.text)))
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_a_request_commits_what_the_test_has_done(run: RunPytest) -> None:
    """What a test does before a request is committed, with receivers, as it must be."""
    outcome = run("""
def test_it(client, db):
    order_added.send(text="a")
    assert "twin of a" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_a_rollback_of_the_test_leaves_requests_alone(run: RunPytest) -> None:
    """``db.rollback()`` undoes what the test did since its last request."""
    outcome = run("""
def test_it(client, db):
    db.add(Order(text="before"))
    client.post("/add", data={"text": "a"})
    db.add(Order(text="behind"))
    db.flush()
    db.rollback()
    assert "before,a,twin of a" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_an_error_of_the_database_can_be_rolled_back(run: RunPytest) -> None:
    """After a violated constraint the test goes on behind ``db.rollback()``."""
    outcome = run("""
from sqlalchemy.exc import IntegrityError

def test_it(client, db):
    db.add(Order(text="a"))
    db.commit()
    db.add(Order(text="a"))
    with pytest.raises(IntegrityError):
        db.flush()
    db.rollback()
    assert "a" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_rows_are_as_a_request_has_left_them(run: RunPytest) -> None:
    """A row that a test holds is loaded again after a request has written."""
    outcome = run("""
def test_it(client, db):
    order = Order(text="a")
    db.add(order)
    client.post("/rename", data={"text": "b"})
    assert "b" == order.text
    with separate_unit() as own:
        own.get(Order, order.id).text = "c"
    assert "c" == db.get(Order, order.id).text
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_rows_that_a_test_has_changed_stay_so(run: RunPytest) -> None:
    """Loading rows again loses no change of the test, nor one of a related row."""
    outcome = run("""
def test_it(db):
    order = Order(text="a", lines=[Line()])
    other = Order(text="b")
    db.add_all([order, other])
    db.commit()
    line = order.lines[0]
    line.order_id = other.id
    other.text = "changed"
    with separate_unit() as own:
        own.execute(text("UPDATE shop_order SET text = 'elsewhere' WHERE text = 'a'"))
    assert ("elsewhere", "changed") == (order.text, other.text)
    assert line.order_id == other.id
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_commands_use_the_connection_of_the_test(run: RunPytest) -> None:
    """A command that is invoked in the test's process sees its rows and is undone."""
    outcome = run("""
import click
from click.testing import CliRunner

@click.command()
def double():
    with separate_unit() as own:
        for name in list(own.scalars(select(Order.text))):
            own.add(Order(text=2 * name))

@pytest.mark.parametrize("number", [1, 2])
def test_it(db, number):
    db.add(Order(text="a"))
    db.commit()
    result = CliRunner().invoke(double, catch_exceptions=False)
    assert 0 == result.exit_code
    assert {"a", "aa"} == set(db.scalars(select(Order.text)))
""")

    assert "2 passed" == outcome.counts, outcome.output


def test_what_fails_after_a_commit_fails_the_test(run: RunPytest) -> None:
    """Receivers and functions that fail after the commit are named."""
    outcome = run("""
def broken():
    raise ConnectionError("no network")

def test_function(db):
    on_commit(broken)
    db.commit()

def test_receiver(client, db):
    def upload(sender, text):
        raise ConnectionError("no network")
    order_added.connect(upload, when="after_commit")
    client.post("/add", data={"text": "a"})
    order_added.disconnect(upload)
""")

    assert "2 failed" == outcome.counts, outcome.output
    assert "broken of signal 'on_commit' failed: ConnectionError" in outcome.output
    assert "upload of signal 'shop.order_added' failed: Conn" in outcome.output


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_another_thread_is_refused(run: RunPytest) -> None:
    """A thread gets no session of the one connection, and is told what to use."""
    outcome = run("""
from concurrent.futures import ThreadPoolExecutor
from lback.core.exceptions import DatabaseRefused

def work():
    with separate_unit() as own:
        own.add(Order(text="a"))

def test_it(db):
    with ThreadPoolExecutor() as pool:
        future = pool.submit(work)
        with pytest.raises(DatabaseRefused, match="'transactional_db' in place of"):
            future.result()
""")

    assert "1 passed" == outcome.counts, outcome.output


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_another_connection_is_refused(run: RunPytest) -> None:
    """An engine would see nothing of the test, so there is none."""
    outcome = run("""
from lback.core.exceptions import DatabaseRefused
from lback.db import databases

def test_it(db):
    with pytest.raises(DatabaseRefused, match=r"Use db.connection\\(\\)"):
        databases.engine()
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_units_that_overlap_are_refused(run: RunPytest) -> None:
    """Two that take turns on the one connection end with a clear error."""
    outcome = run("""
import asyncio
from lback.core.exceptions import DatabaseRefused

async def write(name, begun, may_end):
    with separate_unit() as own:
        own.add(Order(text=name))
        own.flush()
        begun.set()
        await may_end.wait()

async def overlap():
    one, two, over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(write("a", one, two))
    await one.wait()
    second = asyncio.create_task(write("b", two, over))
    try:
        await first
    finally:
        over.set()
        await asyncio.gather(second, return_exceptions=True)

def test_it(db):
    with pytest.raises(DatabaseRefused, match="'transactional_db' in place of"):
        asyncio.run(overlap())

def test_next(client, db):
    assert "" == client.get("/texts").text
""")

    # SQLAlchemy warns of what the refusal has left.
    assert "2 passed" == outcome.counts.partition(",")[0], outcome.output


def test_the_session_of_the_test_may_be_used_amid_another_unit(run: RunPytest) -> None:
    """What a test does with its own session while another is at work does not end."""
    outcome = run("""
def test_it(db):
    with separate_unit() as own:
        own.add(Order(text="a"))
        own.flush()
        db.add(Order(text="b"))
        db.flush()
    db.commit()
    assert {"a", "b"} == set(db.scalars(select(Order.text)))
""")

    assert "1 passed" == outcome.counts, outcome.output


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_a_request_amid_a_block_sees_what_is_written(run: RunPytest) -> None:
    """In ``atomic()`` nothing is committed, but what it added is there."""
    outcome = run("""
def test_it(client, db):
    with pytest.raises(ZeroDivisionError), atomic():
        db.add(Order(text="a"))
        assert "a" == client.get("/texts").text
        1 / 0
    assert "" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_signals_of_models_are_recorded(run: RunPytest) -> None:
    """The recording hears of rows and bulk statements, whichever fixture is first."""
    outcome = run("""
def test_it(db, signals):
    db.add(Order(text="a"))
    db.commit()
    db.execute(update(Order).values(text="b"))
    db.commit()
    signals.assert_sent(post_save, created=True)
    signals.assert_sent(changes_committed, times=2)
""")

    assert "1 passed" == outcome.counts, outcome.output


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_the_end_of_a_test_is_no_event_of_the_project(run: RunPytest) -> None:
    """What is undone after a test announces nothing and logs nothing."""
    outcome = run("""
import logging

class Loud(logging.Handler):
    def emit(self, record):
        raise AssertionError(record.getMessage())

@pytest.fixture
def quiet():
    heard, handler = [], Loud(logging.WARNING)
    def hear(sender, **fields):
        heard.append(fields)
    logging.getLogger("lback").addHandler(handler)
    with db_session_rolled_back.connected_to(hear):
        yield
    logging.getLogger("lback").removeHandler(handler)
    assert [] == heard

def test_it(quiet, db):
    db.add(Order(text="a"))
    db.flush()
    db.add(Order(text="b"))
""")

    assert "1 passed" == outcome.counts, outcome.output
