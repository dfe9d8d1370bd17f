"""The SQL of a migration can be read without running it."""

from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError
from lback.migrations.sql import sql_of


@pytest.fixture
def made(site: Any) -> Any:
    """Return a project with two migrations, the second of which changes a column."""
    sa.Table("shop_order", site.metadata, sa.Column("note", sa.String(10)))
    site.make()
    site.migrate()
    sa.Table(
        "shop_order",
        site.models(),
        sa.Column("note", sa.String(20), nullable=False, server_default=""),
        sa.Column("state", sa.Enum("a", "b", name="state")),
    )
    site.make()
    return site


def test_the_sql_of_a_change(made: Any) -> None:
    """What would be run on this kind of database is shown."""
    sql = sql_of(made.target(), "add_state")
    expected = (
        "INSERT INTO _alembic_tmp_shop_order (note)"
        if made.target().kind == "sqlite"
        else "ALTER TABLE shop_order ALTER COLUMN note TYPE VARCHAR(20)"
    )

    assert (True, True) == (expected in sql, "alembic_version" in sql)


def test_the_sql_of_the_way_back(made: Any) -> None:
    """What would undo it is shown, too."""
    sql = sql_of(made.target(), "create", backwards=True)

    assert "DROP TABLE shop_order" in sql


def test_nothing_is_run(made: Any) -> None:
    """The database is where it was."""
    sql_of(made.target(), "add_state")
    sql_of(made.target(), "create", backwards=True)

    assert (1, []) == (
        len(made.sql("SELECT * FROM alembic_version")),
        made.sql("SELECT note FROM shop_order"),
    )


def test_what_needs_data_is_an_error(site: Any) -> None:
    """A migration that computes with rows cannot be told from outside."""
    site.hand_write(
        "20250101_000000",
        None,
        'op.get_bind().execute(sa.text("SELECT 1")).one()[0] / 0',
    )

    with pytest.raises(MigrationError, match="needs what is in the database"):
        sql_of(site.target(), "20250101")
