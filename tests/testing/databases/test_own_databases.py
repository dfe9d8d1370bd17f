"""The databases that tests have in the place of the project's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from lback.core.exceptions import DatabaseRefused
from lback.testing._own_databases import _own
from lback.testing._postgresql import _MARK
from lback.testing._postgresql import PostgreSQLDatabase

RunPytest = Callable[..., Any]
MakeProject = Callable[..., Path]

USES = """
def test_it(client, db):
    client.post("/add", data={"text": "a"})
"""


def names_on(server: str, database: str) -> list[str]:
    """Return the databases on a server whose names contain that of *database*."""
    name = database.rpartition("/")[2]
    with psycopg.connect(server) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1",
            [f"%{name}%"],
        ).fetchall()
    return [row[0] for row in rows]


def execute(server: str, statement: str) -> None:
    """Execute a statement outside any transaction."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_a_plain_test_uses_no_database(run: RunPytest, project: Path) -> None:
    """Without a fixture a request and a unit of work are refused, saying what to do."""
    outcome = run("""
from lback.core.exceptions import DatabaseRefused

def test_request(client):
    with pytest.raises(DatabaseRefused, match="have the fixture 'db'"):
        client.get("/texts")

def test_unit(client):
    with pytest.raises(DatabaseRefused, match="have the fixture 'db'"):
        with separate_unit() as own:
            own.add(Order(text="a"))

def test_next_to_others(db):
    pass

def test_unit_again(client):
    with pytest.raises(DatabaseRefused, match="have the fixture 'db'"):
        with separate_unit() as own:
            own.add(Order(text="a"))
""")

    assert "4 passed" == outcome.counts, outcome.output
    assert not (project / "db.sqlite3").exists()


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_modules_and_start_up_use_no_database(run: RunPytest, project: Path) -> None:
    """What runs before any test is refused, too: while modules are imported."""
    outcome = run("""
with separate_unit() as own:
    own.add(Order(text="a"))

def test_it():
    pass
""")

    assert "1 error" == outcome.counts, outcome.output
    assert "DatabaseRefused: Tests use no database unless" in outcome.output


def test_the_databases_of_the_project_stay_as_they_are(
    run: RunPytest, project: Path, request: pytest.FixtureRequest
) -> None:
    """Tests with fixtures write elsewhere."""
    outcome = run("""
def test_db(client, db):
    client.post("/add", data={"text": "a"})

def test_transactional_db(client, transactional_db):
    client.post("/add", data={"text": "a"})
""")

    assert "2 passed" == outcome.counts, outcome.output
    assert not (project / "db.sqlite3").exists()


def test_the_database_of_postgresql_is_untouched_and_the_other_is_dropped(
    run_pytest: RunPytest,
    make_project: MakeProject,
    postgresql: str,
    postgresql_server: str,
) -> None:
    """The project's own has no table afterwards, and nothing is left beside it."""
    project = make_project({"default": postgresql})
    run_pytest(USES, folder=project)

    with psycopg.connect(postgresql) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()

    assert [] == tables
    assert [postgresql.rpartition("/")[2]] == names_on(postgresql_server, postgresql)


def test_each_worker_has_databases_of_its_own(run: RunPytest) -> None:
    """Processes that run tests side by side do not meet."""
    outcome = run(
        """
import os

@pytest.mark.parametrize("number", range(6))
def test_it(client, transactional_db, number):
    worker = os.environ["PYTEST_XDIST_WORKER"]
    assert worker in str(transactional_db.connection().engine.url)
    client.post("/add", data={"text": "a"})
    assert "a,twin of a" == client.get("/texts").text
""",
        "-p",
        "xdist",
        "-n",
        "2",
    )

    assert "6 passed" == outcome.counts, outcome.output


def test_a_killed_run_is_in_nobodys_way(
    run: RunPytest, project: Path, postgresql: str, postgresql_server: str
) -> None:
    """After kill -9 the next run makes its database anew."""
    run("""
import os

def test_it(transactional_db):
    transactional_db.add(Order(text="a"))
    transactional_db.commit()
    os.kill(os.getpid(), 9)
""")

    outcome = run("""
def test_it(client, transactional_db):
    assert "" == client.get("/texts").text
""")

    assert "1 passed" == outcome.counts, outcome.output
    assert [postgresql.rpartition("/")[2]] == names_on(postgresql_server, postgresql)


@pytest.mark.parametrize("project", ["postgresql"], indirect=True)
def test_a_database_of_somebody_else_is_not_dropped(
    run: RunPytest, postgresql: str, postgresql_server: str
) -> None:
    """One that has the name and was made by no test is left alone."""
    name = f"test_{postgresql.rpartition('/')[2]}"
    execute(postgresql_server, f"CREATE DATABASE {name}")

    outcome = run(USES)
    there = names_on(postgresql_server, postgresql)
    execute(postgresql_server, f"DROP DATABASE {name}")

    assert "1 error" == outcome.counts, outcome.output
    assert f"would make the database '{name}', but the server has" in outcome.output
    assert name in there


@pytest.mark.parametrize("project", ["postgresql"], indirect=True)
def test_a_run_that_is_under_way_is_not_disturbed(
    run: RunPytest, project: Path, postgresql: str, postgresql_server: str
) -> None:
    """A database that another run uses is refused, not taken away."""
    (project / "conftest.py").write_text(
        "import lback.testing._postgresql as module\nmodule._PATIENCE = 0.2\n",
        encoding="utf-8",
    )
    name = f"test_{postgresql.rpartition('/')[2]}"
    execute(postgresql_server, f"CREATE DATABASE {name}")
    execute(postgresql_server, f"COMMENT ON DATABASE {name} IS '{_MARK}'")

    with psycopg.connect(f"{postgresql_server.rpartition('/')[0]}/{name}"):
        outcome = run(USES)
    execute(postgresql_server, f"DROP DATABASE {name}")

    assert "1 error" == outcome.counts, outcome.output
    assert f"The database '{name}' of the tests is in use" in outcome.output


def test_a_server_that_is_not_there_is_named(
    run_pytest: RunPytest, make_project: MakeProject
) -> None:
    """The error of the driver comes with what tests wanted there."""
    project = make_project({"default": "postgresql://nobody:secret@127.0.0.1:1/shop"})

    outcome = run_pytest(USES, folder=project)

    assert "1 error" == outcome.counts, outcome.output
    assert "make a database 'test_shop' of their own on this server" in outcome.output


def test_a_project_without_a_database_is_told_so(
    run_pytest: RunPytest, make_project: MakeProject
) -> None:
    """The fixture says which setting is missing."""
    outcome = run_pytest("def test_it(db): pass", folder=make_project({}))

    assert "1 error" == outcome.counts, outcome.output
    assert "SettingsBroken: The project has no database." in outcome.output


def test_every_database_of_the_project_has_one(run: RunPytest, project: Path) -> None:
    """Models that are bound elsewhere have tables there, undone with the others."""
    settings = project / "settings.py"
    text = settings.read_text(encoding="utf-8")
    more = '{"reports": "sqlite:///reports.sqlite3", '
    settings.write_text(text.replace("{", more), encoding="utf-8")
    with (project / "shop" / "models.py").open("a", encoding="utf-8") as models:
        models.write(
            '\n\nclass Report(Model):\n    __database__ = "reports"\n'
            "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        )

    outcome = run("""
from shop.models import Report

@pytest.mark.parametrize("name", ["db", "transactional_db"] * 2)
def test_it(client, request, name):
    db = request.getfixturevalue(name)
    db.add_all([Report(), Order(text="a")])
    db.commit()
    assert "a" == client.get("/texts").text
    assert [1] == list(db.scalars(select(Report.id)))
    assert "reports" in str(db.connection(bind_arguments={"mapper": Report}).engine.url)
""")

    assert "4 passed" == outcome.counts, outcome.output
    assert not (project / "reports.sqlite3").exists()


def test_two_names_of_one_database_stay_so(run: RunPytest, project: Path) -> None:
    """What one name has written the other one sees, in tests as everywhere."""
    settings = project / "settings.py"
    text = settings.read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(
        text.partition("DATABASES: dict[str, str] = ")[2].replace("'", '"')
    )
    found["again"] = found["default"]
    settings.write_text(f"{text}\nDATABASES = {found}\n", encoding="utf-8")

    outcome = run("""
from lback.db import databases

@pytest.mark.parametrize("name", ["db", "transactional_db"] * 2)
def test_it(request, name):
    db = request.getfixturevalue(name)
    db.add(Order(text="a"))
    db.commit()
    bind = databases.pinned.get("again") or databases.engine("again")
    found = db.connection(bind_arguments={"bind": bind}).scalars(select(Order.text))
    assert ["a"] == list(found)
""")

    assert "4 passed" == outcome.counts, outcome.output


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Nobody's database is used because tests can make none like it."""
    with pytest.raises(DatabaseRefused, match=r"kind 'mysql'.* sqlite and postgresql"):
        _own("default", make_url("mysql://localhost/shop"), tmp_path / "x", "")


@pytest.mark.parametrize(
    ("url", "worker", "name"),
    [
        ("postgresql:///shop", "", "test_shop"),
        ("postgresql:///shop", "gw1", "test_shop_gw1"),
        ("postgresql:///shop?dbname=other", "", "test_other"),
        ("postgresql://me@host", "gw0", "test_me_gw0"),
        (f"postgresql:///{'s' * 63}", "gw10", f"test_{'s' * 53}_gw10"),
    ],
)
def test_the_database_of_the_tests_has_a_name_of_its_own(
    url: str, worker: str, name: str
) -> None:
    """It is never the project's own, however that is written, nor another worker's."""
    own = PostgreSQLDatabase(make_url(url), worker, lambda: None)

    assert (name, {}) == (own.url.database, dict(own.url.query))
