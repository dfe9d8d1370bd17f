"""The fixture ``transactional_db``: real commits, and as before after the test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunPytest = Callable[..., Any]

# A migration as somebody writes it by hand, with a row that is always to be there.
MIGRATION = '''
"""Orders, and the first of them."""

import sqlalchemy as sa
from alembic import op

revision = "20240101_000000"
down_revision = None


def upgrade():
    orders = op.create_table(
        "shop_order",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.String, nullable=False, unique=True),
    )
    op.create_table(
        "shop_line",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.Integer, sa.ForeignKey("shop_order.id")),
    )
    op.bulk_insert(orders, [{"text": "always there"}])


def downgrade():
    op.drop_table("shop_line")
    op.drop_table("shop_order")
'''


def test_threads_have_connections_of_their_own(run: RunPytest) -> None:
    """Threads see what the test has committed, and it sees what they have."""
    outcome = run("""
from concurrent.futures import ThreadPoolExecutor

def test_it(transactional_db):
    transactional_db.add(Order(text="0"))
    transactional_db.commit()

    def work(number):
        with separate_unit() as own:
            assert 0 < own.scalar(select(func.count()).select_from(Order))
            own.add(Order(text=str(number)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(1, 9)))
    assert set("012345678") == set(transactional_db.scalars(select(Order.text)))
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_everything_is_undone_after_a_test(run: RunPytest) -> None:
    """Rows are gone after a test, and the next one's are counted from 1 again."""
    outcome = run("""
@pytest.mark.parametrize("number", [1, 2])
def test_it(transactional_db, number):
    order = Order(text="a", lines=[Line(), Line()])
    transactional_db.add(order)
    transactional_db.commit()
    assert 1 == order.id
    assert [1, 2] == list(transactional_db.scalars(select(Line.id)))

def test_next(db):
    assert [] == list(db.scalars(select(Line.id)))
""")

    assert "3 passed" == outcome.counts, outcome.output


def test_requests_and_receivers_run_as_in_production(run: RunPytest) -> None:
    """A request sees what the test has added, and the test what came of it."""
    outcome = run("""
def test_it(client, transactional_db):
    order = Order(text="old")
    transactional_db.add(order)
    client.post("/rename", data={"text": "mine"})
    assert "mine" == order.text
    assert 404 == client.post("/attempt").status_code
    client.post("/add", data={"text": "a"})
    assert "mine,attempt,a,twin of a" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


@pytest.mark.parametrize("project", ["postgresql"], indirect=True)
def test_a_separate_unit_survives_the_one_around(run: RunPytest) -> None:
    """What is written separately, late in a request, is there after its rollback."""
    outcome = run("""
def test_it(client, transactional_db):
    assert 404 == client.post("/late_attempt").status_code
    assert "attempt" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_it_takes_the_place_of_db(run: RunPytest) -> None:
    """A test that has both, one by way of another fixture, has one session."""
    outcome = run("""
@pytest.fixture
def order(db):
    db.add(order := Order(text="a"))
    return order

def test_it(order, db, transactional_db):
    assert db is transactional_db
    db.commit()
    assert db.get_bind() is not db.connection()
""")

    assert "1 passed" == outcome.counts, outcome.output


def test_rows_of_migrations_are_there_for_every_test(
    run: RunPytest, project: Path
) -> None:
    """Tables are made by the project's migrations, and their rows come back."""
    folder = project / "migrations"
    folder.mkdir()
    (folder / "20240101_000000_orders.py").write_text(MIGRATION, encoding="utf-8")

    outcome = run("""
@pytest.mark.parametrize("number", [1, 2])
def test_it(transactional_db, number):
    db = transactional_db
    assert ["always there"] == list(db.scalars(select(Order.text)))
    db.execute(Order.__table__.delete())
    db.add(Order(text="a"))
    db.commit()

def test_next(client, db):
    assert "always there" == client.get("/texts").text
    client.post("/add", data={"text": "a"})
""")

    assert "3 passed" == outcome.counts, outcome.output


def test_what_a_test_leaves_open_is_an_error(run: RunPytest, project: Path) -> None:
    """A thread that outlives its test, amid a transaction, is named as the cause."""
    (project / "conftest.py").write_text(
        "import lback.testing._own_databases, lback.testing._postgresql\n"
        "lback.testing._own_databases._PATIENCE = 0.2\n"
        "lback.testing._postgresql._PATIENCE = 0.2\n",
        encoding="utf-8",
    )

    outcome = run("""
from threading import Event, Thread

written, over = Event(), Event()

def work():
    with separate_unit() as own:
        own.add(Order(text="a"))
        own.flush()
        written.set()
        over.wait()

@pytest.fixture
def thread():
    thread = Thread(target=work)
    yield thread
    over.set()
    thread.join()

def test_it(thread, transactional_db):
    thread.start()
    written.wait()
""")

    assert "1 passed, 1 error" == outcome.counts, outcome.output
    assert "DatabaseRefused: The test is over, but somebody still" in outcome.output
