"""The server says when a database is not where the project's migrations are."""

import contextlib
import sqlite3
from typing import Any

import pytest

FIRST, SECOND, UNKNOWN = "20300101_100000", "20300101_110000", "20300101_120000"
ONE_BEHIND = "The database is 1 migration behind. Run: lback migrate"
TWO_BEHIND = "The database is 2 migrations behind. Run: lback migrate"


@pytest.fixture
def project(project: Any) -> Any:
    """A project with a database and one migration, which nobody has applied."""
    use(project, "sqlite:///db.sqlite3")
    (project.root / "migrations").mkdir()
    migrate(project, FIRST, None)
    return project


def use(project: Any, url: str) -> None:
    """Let the project's database be the one at *url*."""
    settings = f"{project.read('settings.py')}DATABASES = {{'default': {url!r}}}\n"
    project.write("settings.py", settings)


def migrate(project: Any, revision: str, after: str | None) -> None:
    """Write a migration."""
    project.write(
        f"migrations/{revision}_more.py",
        f"revision = {revision!r}\ndown_revision = {after!r}\n\n\n"
        "def upgrade():\n    pass\n",
    )


def stand_at(project: Any, revision: str) -> None:
    """Let the database be at a revision, as the command migrate does."""
    with contextlib.closing(sqlite3.connect(project.root / "db.sqlite3")) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))"
        )
        database.execute("DELETE FROM alembic_version")
        database.execute("INSERT INTO alembic_version VALUES (?)", [revision])
        database.commit()


def test_a_database_that_is_behind_is_told_once(project: Any) -> None:
    """The sentence comes after the start, and not again with every reload."""
    project.start()
    project.says(ONE_BEHIND)
    project.replace("shop/views.py", '"one"', '"two"')
    project.says("Reloaded")
    migrate(project, SECOND, FIRST)
    project.says(TWO_BEHIND)

    assert 1 == project.log().count(ONE_BEHIND)


def test_a_difference_is_told_again_after_another_one(project: Any) -> None:
    """What changed and is as before is news."""
    project.start()
    project.says(ONE_BEHIND)
    migrate(project, SECOND, FIRST)
    project.says(TWO_BEHIND)
    stand_at(project, FIRST)
    project.replace("shop/views.py", '"one"', '"two"')

    project.says(ONE_BEHIND, times=2)


def test_a_database_that_is_ahead_is_told(project: Any) -> None:
    """A revision that no file has is named."""
    stand_at(project, UNKNOWN)
    project.start()

    project.says(f"is at {UNKNOWN!r}, but no file")


def test_a_database_out_of_reach_keeps_nobody_from_serving(project: Any) -> None:
    """Requests are answered, and the sentence does not hold the password."""
    use(project, "postgresql://ann:canary@127.0.0.1:1/shop")
    project.start()
    project.answers(200, "one")
    project.says("cannot be reached")

    assert "canary" not in project.log()


def test_a_project_at_its_head_is_told_nothing(project: Any) -> None:
    """Where nothing is to be done the server says nothing of migrations."""
    stand_at(project, FIRST)
    project.start()
    project.answers(200, "one")
    migrate(project, SECOND, FIRST)
    project.says(ONE_BEHIND)

    assert 1 == project.log().count("warning:")


def test_asking_loads_no_alembic(project: Any) -> None:
    """The worker answers the question from the files and one statement."""
    project.replace(
        "shop/views.py",
        'return "one"',
        'import sys; return str("alembic" in sys.modules)',
    )
    project.start()
    project.says(ONE_BEHIND)

    assert (200, "False") == project.get()
