"""Columns that a database fills in by itself, and indexes on expressions."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError


def put_computed(site: Any, *more: Any) -> None:
    """Put a table with a computed column into the models."""
    sa.Table(
        "shop_order",
        site.models(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("total", sa.Integer),
        sa.Column("twice", sa.Integer, sa.Computed("total * 2", persisted=True)),
        *more,
    )


def put_identity(site: Any, *, may_be_empty: bool) -> None:
    """Put a table whose key is an identity into the models."""
    sa.Table(
        "shop_order",
        site.models(),
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("total", sa.Integer, nullable=may_be_empty),
    )


def test_a_computed_column_is_compared(site: Any) -> None:
    """A project with a computed column can go on making migrations."""
    put_computed(site)
    site.make()
    site.migrate()
    before = site.left()
    put_computed(site, sa.Column("note", sa.Text))
    site.make()
    site.migrate()
    site.sql("INSERT INTO shop_order (id, total) VALUES (1, 21)")

    assert ([], [], [(42,)]) == (
        before,
        site.left(),
        site.sql("SELECT twice FROM shop_order"),
    )


def test_an_identity_is_compared(site: Any) -> None:
    """A project with an identity can go on, on a database without them, too."""
    put_identity(site, may_be_empty=True)
    site.make()
    site.migrate()
    before = site.left()
    put_identity(site, may_be_empty=False)
    site.make()
    site.migrate()
    site.sql("INSERT INTO shop_order (total) VALUES (21)")

    assert ([], [], [(1, 21)]) == (
        before,
        site.left(),
        site.sql("SELECT * FROM shop_order"),
    )


def put_lower(site: Any, *more: Any) -> None:
    """Put a table into the models whose names differ by more than their case."""
    table = sa.Table(
        "shop_user",
        site.models(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20)),
        *more,
    )
    sa.Index("uq_lower", sa.func.lower(table.c.name), unique=True)
    sa.Index("ix_down", table.c.name.desc())


def test_an_index_on_an_expression_is_made(site: Any) -> None:
    """It is in the file and in the database, and is not made again."""
    put_lower(site)
    site.make()
    site.migrate()
    site.sql("INSERT INTO shop_user VALUES (1, 'Ann')")

    with pytest.raises(IntegrityError):
        site.sql("INSERT INTO shop_user VALUES (2, 'ANN')")

    assert [] == site.left()


def test_an_index_on_an_expression_comes_later(site: Any) -> None:
    """It can be added to a table, and goes again when that is undone."""
    sa.Table(
        "shop_user",
        site.models(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False),
    )
    site.make()
    site.migrate()
    put_lower(site)
    made = site.make().says
    site.migrate()
    left = site.left()
    site.rollback()
    site.target().folder.joinpath(site.files[-1]).unlink()

    assert ([], made) == (left, site.left())


def test_both_databases_make_the_same_of_an_expression(both_sites: Any) -> None:
    """The file does not depend on the database it was made on."""
    texts = []
    for site in both_sites:
        put_lower(site)
        texts.append(site.plan().text)

    assert texts[0] == texts[1]


def test_an_expression_is_no_reason_to_warn(
    sqlite_site: Any, recwarn: pytest.WarningsRecorder
) -> None:
    """Nobody is told that an index was left out which was not."""
    put_lower(sqlite_site)
    sqlite_site.make()
    sqlite_site.migrate()
    sqlite_site.left()

    assert [] == [str(each.message) for each in recwarn]
