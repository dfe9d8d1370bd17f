"""Several heads after a merge: what to write depends on what the database has."""

from pathlib import Path
from typing import Any

import pytest

from lback.core.exceptions import MigrationError
from lback.migrations.sql import sql_of
from lback.migrations.state import behind
from lback.migrations.state import read_state

FIRST = "20250101_000000"
OURS = "20250102_000000"
OURS_TOO = "20250103_000000"
THEIRS = "20250104_000000"


@pytest.fixture
def forked(site: Any) -> Any:
    """Return a project in which two branches went on from its first migration."""
    site.hand_write(FIRST, None, "pass")
    site.hand_write(OURS, FIRST, "pass")
    site.hand_write(OURS_TOO, OURS, "pass")
    site.migrate()
    site.hand_write(THEIRS, FIRST, "pass")
    return site


def refused(site: Any) -> str:
    """Return what ``migrate`` says."""
    with pytest.raises(MigrationError) as caught:
        site.migrate()
    return str(caught.value)


def follow(site: Any, name: str, parent: str) -> None:
    """Do what the error says."""
    path: Path = site.target().folder / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(repr(FIRST), repr(parent)), encoding="utf-8")


def test_what_the_database_has_comes_first(forked: Any) -> None:
    """The other file follows the last one of the branch that was applied."""
    assert (
        f"The migrations have several heads: {OURS}.py and {THEIRS}.py in "
        f"{forked.target().folder} both follow '{FIRST}'. The database has {OURS}.py, "
        f'so write in {THEIRS}.py: down_revision = "{OURS_TOO}"'
    ) == refused(forked)


def test_no_going_back_is_needed(forked: Any) -> None:
    """With the line changed, what is missing is applied."""
    follow(forked, THEIRS, OURS_TOO)
    route = forked.migrate()

    assert [THEIRS] == [migration.revision for migration in route.steps]


def test_the_later_file_may_be_the_applied_one(site: Any) -> None:
    """Whoever has their own migration applied lets the other file follow it."""
    site.hand_write(FIRST, None, "pass")
    site.hand_write(THEIRS, FIRST, "pass")
    site.migrate()
    site.hand_write(OURS, FIRST, "pass")
    said = refused(site)
    follow(site, OURS, THEIRS)
    site.migrate()

    assert (True, [FIRST, THEIRS, OURS]) == (
        said.endswith(
            f"The database has {THEIRS}.py, so write in {OURS}.py: "
            f'down_revision = "{THEIRS}"'
        ),
        [migration.revision for migration in read_state(site.target()).history],
    )


def test_without_either_both_orders_are_told(site: Any) -> None:
    """A database that has neither leaves the choice."""
    site.hand_write(FIRST, None, "pass")
    site.migrate()
    site.hand_write(OURS, FIRST, "pass")
    site.hand_write(THEIRS, FIRST, "pass")

    assert refused(site).endswith(
        f'Write in {THEIRS}.py: down_revision = "{OURS}" (or, if a database has it, '
        f'in {OURS}.py: down_revision = "{THEIRS}")'
    )


def test_every_command_tells_the_same(forked: Any) -> None:
    """Whoever reads the files looks at the database for the remedy."""
    said = refused(forked)
    told = [str(behind(forked.root, forked.databases))]
    for look in (forked.plan, lambda: sql_of(forked.target(), FIRST)):
        with pytest.raises(MigrationError) as caught:
            look()
        told.append(str(caught.value))

    assert [said] * 3 == told


def test_a_database_that_is_not_there_is_not_made(sqlite_site: Any) -> None:
    """Looking for the remedy leaves no empty file."""
    sqlite_site.hand_write(OURS, None, "pass")
    sqlite_site.hand_write(THEIRS, None, "pass")
    with pytest.raises(MigrationError, match="are both the first"):
        read_state(sqlite_site.target())

    assert not (sqlite_site.root / "db.sqlite3").exists()
