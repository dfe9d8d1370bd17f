"""Rows that refer to a table survive a change of it."""

from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError

FIRST = "20250101_000000"
SECOND = "20250102_000000"
TABLES = """op.create_table(
    "parent",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(10)),
)
op.create_table(
    "child",
    sa.Column("parent_id", sa.Integer, sa.ForeignKey("parent.id", ondelete="CASCADE")),
)"""


@pytest.fixture
def family(site: Any) -> Any:
    """Return a project with a row that refers to another."""
    site.hand_write(FIRST, None, TABLES)
    site.migrate()
    site.sql("INSERT INTO parent VALUES (1, 'a')")
    site.sql("INSERT INTO child VALUES (1)")
    return site


def test_changing_a_parent_keeps_its_children(family: Any) -> None:
    """A table that is made anew does not take with it what refers to it."""
    family.hand_write(
        SECOND,
        FIRST,
        'with op.batch_alter_table("parent") as batch:\n'
        '    batch.alter_column("name", nullable=False)',
    )
    family.migrate()

    assert [(1,)] == family.sql("SELECT parent_id FROM child")


def test_references_are_enforced_afterwards(family: Any) -> None:
    """Deleting a parent deletes its children again, on the same connections."""
    family.sql("DELETE FROM parent")

    assert [] == family.sql("SELECT * FROM child")


def test_a_migration_that_breaks_a_reference_is_undone(sqlite_site: Any) -> None:
    """A row that is left without what it refers to is found before the commit."""
    sqlite_site.hand_write(FIRST, None, TABLES)
    sqlite_site.migrate()
    sqlite_site.sql("INSERT INTO parent VALUES (1, 'a')")
    sqlite_site.sql("INSERT INTO child VALUES (1)")
    sqlite_site.hand_write(SECOND, FIRST, "op.execute('DELETE FROM parent')")

    with pytest.raises(MigrationError, match=r"leaves 1 row of child .* in parent"):
        sqlite_site.migrate()

    assert [(1, "a")] == sqlite_site.sql("SELECT * FROM parent")


def test_a_reference_that_was_broken_before_is_no_reason(sqlite_site: Any) -> None:
    """Old mistakes in the data do not stop a migration that has no part in them."""
    sqlite_site.hand_write(FIRST, None, TABLES)
    sqlite_site.migrate()
    with sqlite_site.databases.engine().connect() as connection:
        driver = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute("INSERT INTO child VALUES (7)")
        driver.execute("PRAGMA foreign_keys = ON")
    sqlite_site.hand_write(
        SECOND, FIRST, 'op.add_column("parent", sa.Column("x", sa.Integer))'
    )
    sqlite_site.migrate()

    assert [(SECOND,)] == sqlite_site.sql("SELECT version_num FROM alembic_version")


BAD_TABLES = """op.create_table("parent", sa.Column("id", sa.Integer))
op.create_table(
    "child", sa.Column("parent_id", sa.Integer, sa.ForeignKey("parent.id"))
)"""


def test_a_reference_that_cannot_work_is_undone(sqlite_site: Any) -> None:
    """A reference to a column that is not unique would fail at the first row."""
    sqlite_site.hand_write(FIRST, None, BAD_TABLES)

    with pytest.raises(MigrationError, match="cannot work: foreign key mismatch"):
        sqlite_site.migrate()


def test_a_reference_that_never_worked_can_be_mended(sqlite_site: Any) -> None:
    """An old mistake does not stop the migration that ends it."""
    sqlite_site.sql("CREATE TABLE parent (id INTEGER)")
    sqlite_site.sql("CREATE TABLE child (parent_id INTEGER REFERENCES parent(id))")
    sqlite_site.hand_write(
        FIRST, None, 'op.create_index("i", "parent", ["id"], unique=True)'
    )
    sqlite_site.migrate()

    assert [(FIRST,)] == sqlite_site.sql("SELECT version_num FROM alembic_version")


def test_references_in_a_circle_are_made(site: Any) -> None:
    """Two tables that refer to each other can be made, changed and undone."""
    for name, other in (("egg", "hen"), ("hen", "egg")):
        sa.Table(
            name,
            site.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column(
                f"{other}_id", sa.ForeignKey(f"{other}.id", use_alter=name == "egg")
            ),
        )
    site.make()
    site.migrate()
    left = site.left()
    site.migrate("zero")

    assert ([], []) == (left, site.sql("SELECT * FROM alembic_version"))


def test_tables_go_behind_those_that_refer_to_them(site: Any) -> None:
    """Dropping several tables at once starts with the children."""
    metadata = site.metadata
    sa.Table("a", metadata, sa.Column("id", sa.Integer, primary_key=True))
    for name, parent in (("b", "a"), ("c", "b"), ("d", "a")):
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("up", sa.ForeignKey(f"{parent}.id")),
        )
    sa.Table(
        "z",
        metadata,
        sa.Column("id", sa.Integer),
        sa.Column("d_id", sa.ForeignKey("d.id")),
    )
    site.make()
    site.migrate()
    kept = site.models()
    sa.Table("z", kept, sa.Column("id", sa.Integer), sa.Column("number", sa.String(5)))
    site.make(refuses_renames=True)
    site.migrate(allow_destructive=True)
    left = site.left()
    site.migrate("zero", allow_destructive=True)

    assert [] == left
