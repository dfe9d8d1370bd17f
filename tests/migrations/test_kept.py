"""What SQLite loses where it makes a table anew is kept, or said to be lost."""

from typing import Any

import pytest

from lback.core.exceptions import MigrationError
from lback.migrations.sql import sql_of

FIRST = "20250101_000000"
SECOND = "20250102_000000"
TABLE = "CREATE TABLE t (a INTEGER, b VARCHAR(20))"
REBUILD = (
    'with op.batch_alter_table("t") as batch_op:\n'
    '    batch_op.alter_column("a", nullable=False)'
)


def start(site: Any, *statements: str, then: str = REBUILD) -> Any:
    """Make a database by hand, and a migration that is still to be applied."""
    site.hand_write(FIRST, None, "\n".join(f"op.execute({s!r})" for s in statements))
    site.migrate()
    site.hand_write(SECOND, FIRST, then)
    return site


def made(site: Any, kind: str) -> list[str]:
    """Return the SQL of what a database has."""
    rows = site.sql(
        "SELECT sql FROM sqlite_master WHERE type = :kind AND tbl_name = 't'", kind=kind
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("index", "CREATE UNIQUE INDEX i ON t (lower(b))"),
        ("index", "CREATE INDEX i ON t (a DESC)"),
        ("index", "CREATE INDEX i ON t (b COLLATE NOCASE)"),
        ("index", "CREATE INDEX i ON t (a) WHERE b IS NOT NULL"),
        ("trigger", "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT '%s ?'; END"),
    ],
)
def test_what_hangs_on_a_table_is_kept(sqlite_site: Any, kind: str, sql: str) -> None:
    """Indexes and triggers are on the new table as they were on the old one."""
    start(sqlite_site, TABLE, sql).migrate()

    assert [sql] == made(sqlite_site, kind)


def test_the_table_was_made_anew(sqlite_site: Any) -> None:
    """What the other tests lean on does change the table."""
    start(sqlite_site, TABLE).migrate()

    assert "a INTEGER NOT NULL" in made(sqlite_site, "table")[0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER)",
            (
                "It loses AUTOINCREMENT of t, which SQLAlchemy does not see. Add to "
                "batch_alter_table: table_kwargs={'sqlite_autoincrement': True}. "
            ),
        ),
        (
            "CREATE TABLE t (a INTEGER, b VARCHAR(20) COLLATE NOCASE NOT NULL)",
            (
                "It loses COLLATE NOCASE of t.b, which SQLAlchemy does not see. Add "
                "inside batch_alter_table: batch_op.alter_column('b', "
                "type_=sa.VARCHAR(20, collation='NOCASE')). "
            ),
        ),
    ],
)
def test_what_a_table_loses_is_said(sqlite_site: Any, table: str, said: str) -> None:
    """A migration that would lose it is undone, and says what to add."""
    start(sqlite_site, table)

    with pytest.raises(MigrationError) as caught:
        sqlite_site.migrate()

    assert (f"{SECOND} failed. {said}It was undone. ", [table]) == (
        f"{caught.value} ",
        made(sqlite_site, "table"),
    )


@pytest.mark.parametrize(
    ("table", "then", "kept"),
    [
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER)",
            REBUILD.replace(
                '"t"', "\"t\", table_kwargs={'sqlite_autoincrement': True}"
            ),
            "AUTOINCREMENT",
        ),
        (
            "CREATE TABLE t (a INTEGER, b VARCHAR(20) COLLATE NOCASE NOT NULL)",
            (
                f"{REBUILD}\n    batch_op.alter_column("
                "'b', type_=sa.VARCHAR(20, collation='NOCASE'))"
            ),
            'b VARCHAR(20) COLLATE "NOCASE" NOT NULL',
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER) WITHOUT ROWID",
            REBUILD.replace('"t"', "\"t\", table_kwargs={'sqlite_with_rowid': False}"),
            "WITHOUT ROWID",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER) STRICT",
            REBUILD,
            "STRICT",
        ),
    ],
)
def test_what_is_said_to_help_helps(
    sqlite_site: Any, table: str, then: str, kept: str
) -> None:
    """A table stays what it was, by itself or by what the message says."""
    start(sqlite_site, table, then=then).migrate()

    assert kept in made(sqlite_site, "table")[0]


@pytest.mark.parametrize(
    ("sql", "then"),
    [
        ("CREATE INDEX i ON t (lower(b))", 'op.drop_index("i", "t")'),
        ("CREATE INDEX i ON t (lower(b))", 'op.execute("DROP INDEX i")'),
        (
            "CREATE TRIGGER i INSERT ON t BEGIN SELECT 1; END",
            'op.execute("DROP TRIGGER i")',
        ),
    ],
)
def test_what_a_migration_drops_stays_dropped(
    sqlite_site: Any, sql: str, then: str
) -> None:
    """What somebody takes away by name does not come back."""
    start(sqlite_site, TABLE, sql, then=f"{then}\n{REBUILD}").migrate()

    assert ([], []) == (made(sqlite_site, "index"), made(sqlite_site, "trigger"))


def test_a_collation_goes_with_its_column(sqlite_site: Any) -> None:
    """Dropping a column that has a collation loses nothing else."""
    then = 'with op.batch_alter_table("t") as batch_op:\n    batch_op.drop_column("b")'
    start(sqlite_site, "CREATE TABLE t (a INTEGER, b TEXT COLLATE NOCASE)", then=then)
    sqlite_site.migrate(allow_destructive=True)

    assert ["a"] == [row[1] for row in sqlite_site.sql("PRAGMA table_info(t)")]


def test_what_cannot_be_made_again_is_said(sqlite_site: Any) -> None:
    """A trigger on a column that goes stops the migration, which changes nothing."""
    trigger = "CREATE TRIGGER g UPDATE OF b ON t BEGIN SELECT new.b; END"
    index = "CREATE INDEX i ON t (lower(b))"
    then = 'with op.batch_alter_table("t", recreate="always") as batch_op:\n'
    then += '    batch_op.drop_column("b")'
    start(sqlite_site, TABLE, index, trigger, then=then)

    with pytest.raises(MigrationError, match=r"loses the index i of t, .*no such col"):
        sqlite_site.migrate(allow_destructive=True)

    assert [TABLE] == made(sqlite_site, "table")


def test_a_table_may_be_made_new(sqlite_site: Any) -> None:
    """Whoever drops a table and makes another of its name means it."""
    table = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER)"
    then = 'op.drop_table("t")\nop.create_table("t", sa.Column("a", sa.Integer))'
    start(sqlite_site, table, "CREATE INDEX i ON t (a)", then=then)
    sqlite_site.migrate(allow_destructive=True)

    assert [] == made(sqlite_site, "index")


def test_a_renamed_column_keeps_its_collation(sqlite_site: Any) -> None:
    """A batch that renames a column does not lose its collation unheard."""
    then = f'{REBUILD}\n    batch_op.alter_column("b", new_column_name="c")'
    start(
        sqlite_site,
        "CREATE TABLE t (a INTEGER, b VARCHAR(20) COLLATE NOCASE)",
        then=then,
    )

    with pytest.raises(MigrationError, match=r"COLLATE NOCASE of t\.c, which"):
        sqlite_site.migrate()

    assert "COLLATE" in made(sqlite_site, "table")[0]


def test_going_back_keeps_it_too(sqlite_site: Any) -> None:
    """What hangs on a table is kept where a migration is undone."""
    sql = "CREATE INDEX i ON t (lower(b))"
    start(sqlite_site, TABLE, sql)
    sqlite_site.hand_write(SECOND, FIRST, REBUILD, REBUILD.replace("False", "True"))
    sqlite_site.migrate()
    sqlite_site.rollback()

    assert [sql] == made(sqlite_site, "index")


def test_the_sql_of_a_migration_has_what_is_made_again(sqlite_site: Any) -> None:
    """What is told of a migration is all that it runs."""
    sql = "CREATE INDEX i ON t (lower(b))"
    start(sqlite_site, TABLE, sql)

    assert f"\n{sql};\n" in sql_of(sqlite_site.target(), SECOND)
