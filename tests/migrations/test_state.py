"""Where a database stands is told in a sentence, without Alembic and without harm."""

import subprocess
import sys
from typing import Any

import pytest

from lback.core.exceptions import MigrationError
from lback.db.engines import Databases
from lback.migrations.state import behind
from lback.migrations.state import read_state

FIRST = "20250101_000000"
SECOND = "20250102_000000"


@pytest.fixture
def two(site: Any) -> Any:
    """Return a project with two migrations."""
    site.hand_write(FIRST, None, "pass")
    site.hand_write(SECOND, FIRST, "pass")
    return site


def test_a_database_behind_is_told(two: Any) -> None:
    """How many are missing is said, and what to run."""
    none = behind(two.root, two.databases)
    two.migrate(FIRST)

    assert (
        "The database is 2 migrations behind. Run: lback migrate",
        "The database is 1 migration behind. Run: lback migrate",
    ) == (none, behind(two.root, two.databases))


def test_a_database_that_has_everything_is_not_mentioned(two: Any) -> None:
    """Nothing is said where there is nothing to do."""
    two.migrate()

    assert None is behind(two.root, two.databases)


def test_a_database_ahead_is_told(two: Any) -> None:
    """A revision without a file is the other way round."""
    two.migrate()
    (two.target().folder / f"{SECOND}.py").unlink()

    assert str(behind(two.root, two.databases)).startswith(
        f"The database 'default' is at '{SECOND}', but no file in "
    )


def test_files_that_do_not_fit_are_told(two: Any) -> None:
    """Two heads are a sentence, not an error."""
    two.hand_write("20250103_000000", FIRST, "pass")

    assert "have several heads" in str(behind(two.root, two.databases))


def test_a_project_without_migrations_is_not_asked(site: Any) -> None:
    """Without files no database is opened."""
    said = behind(site.root, site.databases)

    assert (None, False) == (said, (site.root / "db.sqlite3").exists())


def test_a_project_without_databases_is_not_asked(two: Any) -> None:
    """Migrations of databases that are not configured are nobody's business."""
    assert None is behind(two.root, Databases())


def test_looking_makes_no_file(sqlite_site: Any) -> None:
    """Asking about an SQLite database that is not there does not make it."""
    sqlite_site.hand_write(FIRST, None, "pass")
    behind(sqlite_site.root, sqlite_site.databases)

    assert not (sqlite_site.root / "db.sqlite3").exists()


def test_what_is_no_database_is_told(sqlite_site: Any) -> None:
    """A file of something else is a sentence, not an error."""
    sqlite_site.hand_write(FIRST, None, "pass")
    (sqlite_site.root / "db.sqlite3").write_bytes(b"not a database" * 100)

    assert "file is not a database" in str(
        behind(sqlite_site.root, sqlite_site.databases)
    )


def test_what_is_no_database_is_an_error_of_a_command(sqlite_site: Any) -> None:
    """A command that needs the database says the same, and fails."""
    (sqlite_site.root / "db.sqlite3").write_bytes(b"not a database" * 100)

    with pytest.raises(MigrationError, match="file is not a database"):
        read_state(sqlite_site.target())


def test_several_databases_are_told_by_name(sqlite_site: Any) -> None:
    """Each database that is behind is said with its name."""
    sqlite_site.databases.configure(
        {"default": "sqlite:///db.sqlite3", "logs": "sqlite:///logs.sqlite3"},
        sqlite_site.root,
    )
    sqlite_site.hand_write(FIRST, None, "pass")
    source = (sqlite_site.target().folder / f"{FIRST}.py").read_text(encoding="utf-8")
    folder = sqlite_site.target("logs").folder
    folder.mkdir()
    (folder / f"{FIRST}.py").write_text(source, encoding="utf-8")

    assert (
        "The database is 1 migration behind. Run: lback migrate "
        "Database 'logs' is 1 migration behind. Run: lback migrate"
    ) == behind(sqlite_site.root, sqlite_site.databases)


def test_asking_needs_no_alembic() -> None:
    """The development server asks at every start, so it must be light."""
    code = (
        "import sys; import lback.migrations.state; import lback.migrations.losses;"
        "sys.exit('alembic' in sys.modules or 'sqlalchemy' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
