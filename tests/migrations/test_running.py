"""Migrations are applied and undone, each in one piece, and say how it goes."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.catalogue import Migrating
from lback.core.catalogue import post_migrate
from lback.core.catalogue import pre_migrate
from lback.core.exceptions import MigrationError
from lback.core.exceptions import UnknownRevision
from lback.migrations import _note
from lback.migrations._lock import lock_path

FIRST = "20250101_000000"
SECOND = "20250102_000000"
THIRD = "20250103_000000"


def create(name: str) -> tuple[str, str]:
    """Return what makes a table, and what undoes that."""
    return (
        f'op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))',
        f'op.drop_table("{name}")',
    )


@pytest.fixture
def three(site: Any) -> Any:
    """Return a project with three migrations, none of which is applied."""
    site.hand_write(FIRST, None, *create("a"))
    site.hand_write(SECOND, FIRST, *create("b"))
    site.hand_write(THIRD, SECOND, *create("c"))
    return site


def tables(site: Any) -> list[str]:
    """Return the tables of a project's own."""
    with site.connect() as connection:
        names = sa.inspect(connection).get_table_names()
    return sorted(set(names) - {"alembic_version"})


@pytest.mark.parametrize(
    ("words", "there"),
    [
        ("head", ["a", "b", "c"]),
        (FIRST, ["a"]),
        ("20250102", ["a", "b"]),
        ("zero", []),
    ],
)
def test_migrate_goes_up_to_a_revision(
    three: Any, words: str, there: list[str]
) -> None:
    """From an empty database the migrations up to a revision are applied."""
    three.migrate(words)

    assert there == tables(three)


@pytest.mark.parametrize(
    ("words", "there"),
    [("head", ["a", "b", "c"]), (FIRST, ["a"]), ("zero", [])],
)
def test_migrate_goes_down_to_a_revision(
    three: Any, words: str, there: list[str]
) -> None:
    """From a full database the migrations behind a revision are undone."""
    three.migrate()
    three.migrate(words)

    assert there == tables(three)


def test_an_unknown_revision_changes_nothing(three: Any) -> None:
    """A misspelt revision is an error before anything is applied."""
    with pytest.raises(UnknownRevision, match=f"Did you mean '{THIRD}'"):
        three.migrate("20250103_000001")

    assert [] == tables(three)


def test_rollback_undoes_as_many_as_asked(three: Any) -> None:
    """Two steps back from three migrations leave one."""
    three.migrate()
    three.rollback(2)

    assert ["a"] == tables(three)


def test_rollback_of_more_than_there_are_is_refused(three: Any) -> None:
    """Asking for too many steps undoes none."""
    three.migrate()

    with pytest.raises(MigrationError, match="has 3 migrations, so 4 cannot be"):
        three.rollback(4)

    assert ["a", "b", "c"] == tables(three)


def test_progress_is_told(three: Any) -> None:
    """Where it starts, each migration with its time, and the end are said."""
    three.migrate(FIRST)
    three.migrate()
    said = [re.sub(r"\d+\.\d\d s", "0.00 s", line) for line in three.said]

    assert [
        f"default ({three.target().place}): at {FIRST}, 2 to apply.",
        f"  1/2 {SECOND} ...",
        "      done in 0.00 s",
        f"  2/2 {THIRD} ...",
        "      done in 0.00 s",
        "Applied 2 in 0.00 s.",
    ] == said


def test_nothing_to_do_is_said(three: Any) -> None:
    """A database that has everything is told so."""
    three.migrate()
    three.migrate()

    assert [f"default ({three.target().place}): at {THIRD}, nothing to do."] == (
        three.said
    )


def test_a_failing_migration_leaves_nothing_behind(three: Any) -> None:
    """What failed is undone whole, also its tables; those before it stay."""
    path = three.hand_write(
        SECOND,
        FIRST,
        create("b")[0] + '\nop.add_column("nowhere", sa.Column("x", sa.Integer))',
    )

    with pytest.raises(MigrationError) as caught:
        three.migrate()

    said = str(caught.value)

    assert (["a"], True, True, True) == (
        tables(three),
        said.startswith(f"{SECOND} failed: "),
        "nowhere" in said and f"({path}:16)" in said,
        said.endswith("It was undone. 1 before it stay."),
    )


def test_an_error_of_python_names_its_line(three: Any) -> None:
    """A mistake in a file is told with the file and the line."""
    path = three.hand_write(SECOND, FIRST, "1 / 0")

    with pytest.raises(MigrationError, match=rf"ZeroDivisionError.*\({path}:15\)"):
        three.migrate()


def test_a_mended_migration_is_applied(three: Any) -> None:
    """After a failure the next run goes on, and has nothing to tell of it."""
    three.hand_write(SECOND, FIRST, "1 / 0")
    with pytest.raises(MigrationError):
        three.migrate()
    three.hand_write(SECOND, FIRST, *create("b"))
    three.migrate()

    assert (["a", "b", "c"], True) == (
        tables(three),
        three.said[0].startswith("default "),
    )


def test_a_revision_without_a_file_is_named(three: Any) -> None:
    """A database that another version has migrated is left alone."""
    three.migrate()
    three.target().folder.joinpath(f"{THIRD}.py").unlink()

    with pytest.raises(MigrationError, match=f"is at '{THIRD}', but no file"):
        three.migrate()


def test_two_revisions_at_once_are_named(three: Any) -> None:
    """A version table with two rows is not guessed about."""
    three.migrate()
    three.sql("INSERT INTO alembic_version VALUES (:revision)", revision=FIRST)

    with pytest.raises(MigrationError, match=f"2 revisions at once: {FIRST}, {THIRD}"):
        three.migrate()


def test_recorded_migrations_are_not_run(three: Any) -> None:
    """Faking goes up and down without touching a table."""
    three.migrate(is_fake=True)
    up = (tables(three), three.sql("SELECT version_num FROM alembic_version"))
    three.migrate("zero", is_fake=True)

    assert (([], [(THIRD,)]), []) == (
        up,
        three.sql("SELECT version_num FROM alembic_version"),
    )


def test_signals_frame_a_run(three: Any, own_process: Any) -> None:
    """Receivers hear once before and once after, with all revisions."""
    heard: list[tuple[str, Migrating, list[str]]] = []

    @pre_migrate.connect
    def before(sender: None, database: str, revisions: Any, direction: str) -> None:
        payload = Migrating(database, list(revisions), direction)
        heard.append(("pre", payload, tables(three)))

    @post_migrate.connect
    def after(sender: None, database: str, revisions: Any, direction: str) -> None:
        payload = Migrating(database, list(revisions), direction)
        heard.append(("post", payload, tables(three)))

    three.migrate(SECOND)
    three.migrate(SECOND)
    three.migrate("zero")
    up = Migrating("default", [FIRST, SECOND], "up")
    down = Migrating("default", [SECOND, FIRST], "down")

    assert [
        ("pre", up, []),
        ("post", up, ["a", "b"]),
        ("pre", down, ["a", "b"]),
        ("post", down, []),
    ] == heard


def test_a_receiver_may_refuse(three: Any, own_process: Any) -> None:
    """An error of a receiver that may raise stops the run before it begins."""

    def refuse(sender: None) -> None:
        raise RuntimeError("not today")

    pre_migrate.connect(refuse, on_error="raise")

    with pytest.raises(RuntimeError, match="not today"):
        three.migrate()

    assert [] == tables(three)


def test_a_waiting_statement_gives_up(postgresql: str, three: Any) -> None:
    """On PostgreSQL a migration does not wait for ever for a table."""
    if three.target().kind == "sqlite":
        three.databases.configure({"default": postgresql}, three.root)
    three.migrate()
    fourth = "20250104_000000"
    three.hand_write(fourth, THIRD, 'op.add_column("a", sa.Column("x", sa.Integer))')
    with three.connect() as other:
        other.execute(sa.text("LOCK TABLE a IN SHARE MODE"))

        with pytest.raises(MigrationError, match=r"lock timeout.*uses the table"):
            three.migrate(lock_timeout=0.1)


def test_the_time_limit_ends_with_the_run(postgresql: str, three: Any) -> None:
    """Connections that others use afterwards wait as long as they did before."""
    three.databases.configure({"default": postgresql}, three.root)
    before = three.sql("SHOW lock_timeout")
    three.migrate()

    assert before == three.sql("SHOW lock_timeout")


def test_parts_outside_a_transaction_may_be_run(postgresql: str, three: Any) -> None:
    """An index may be built on PostgreSQL without locking its table."""
    three.databases.configure({"default": postgresql}, three.root)
    fourth = "20250104_000000"
    three.hand_write(
        fourth,
        THIRD,
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("i", "a", ["id"], postgresql_concurrently=True)',
    )
    three.migrate()

    assert [(fourth,)] == three.sql("SELECT version_num FROM alembic_version")


def test_a_failure_outside_a_transaction_is_not_called_undone(
    postgresql: str, three: Any
) -> None:
    """Who has run parts outside a transaction is told that they may be there."""
    three.databases.configure({"default": postgresql}, three.root)
    three.hand_write(
        "20250104_000000",
        THIRD,
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("i", "a", ["id"], postgresql_concurrently=True)\n'
        "1 / 0",
    )

    with pytest.raises(MigrationError, match="it may be half done"):
        three.migrate()


def test_a_database_in_memory_can_be_migrated(sqlite_site: Any) -> None:
    """A database without a file, as tests have it, needs no lock."""
    sqlite_site.databases.configure({"default": "sqlite://"}, sqlite_site.root)
    sqlite_site.hand_write(FIRST, None, *create("a"))
    sqlite_site.migrate()

    assert ["a"] == tables(sqlite_site)


def test_a_folder_that_takes_no_lock_is_named(sqlite_site: Any) -> None:
    """Where the lock cannot be made, nothing is run."""
    sqlite_site.hand_write(FIRST, None, *create("a"))
    lock_path(sqlite_site.target().file).mkdir()

    with pytest.raises(MigrationError, match=r"migrate\.lock cannot be made"):
        sqlite_site.migrate()

    assert [] == tables(sqlite_site)


def test_no_trace_is_left(three: Any) -> None:
    """When a run has ended, its note and its lock are gone."""
    three.migrate()
    with three.connect() as connection:
        note = _note.read(connection)
    hidden = [path.name for path in three.root.glob(".*")]

    assert (None, []) == (note, hidden)
