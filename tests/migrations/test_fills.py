"""A new column that cannot be empty gets a value for the rows that exist."""

import enum
from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError
from lback.db.types import UTCDateTime


class Size(enum.Enum):
    """Something with a default that is no text."""

    SMALL = "s"
    LARGE = "l"


@pytest.fixture
def old(site: Any) -> Any:
    """Return a project with a row in a table."""
    put(site.metadata)
    site.make()
    site.migrate()
    site.sql("INSERT INTO shop_order VALUES (1)")
    return site


def put(metadata: sa.MetaData, *columns: "sa.Column[Any]") -> None:
    """Put a table with some more columns into the models."""
    sa.Table(
        "shop_order", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns
    )


@pytest.mark.parametrize(
    ("kind", "default", "stored"),
    [
        (sa.Integer, 7, 7),
        (sa.String(10), "it's", "it's"),
        (sa.Boolean, False, False),
        (sa.Boolean, True, True),
        (sa.Float, 1.5, 1.5),
        (sa.Enum(Size, name="size"), Size.LARGE, "LARGE"),
        (sa.JSON, {}, {}),
    ],
)
def test_the_models_default_is_used(
    old: Any, kind: Any, default: Any, stored: Any
) -> None:
    """Old rows get what the model gives new ones, and nobody is asked."""
    put(old.models(), sa.Column("new", kind, default=default, nullable=False))
    old.make()
    old.migrate()
    table = sa.table("shop_order", sa.column("new", sa.JSON if default == {} else None))
    with old.connect() as connection:
        value = connection.execute(sa.select(table.c.new)).scalar()

    assert (stored, []) == (value, old.left())


def test_the_value_is_no_default_afterwards(old: Any) -> None:
    """A new row has to bring its own value; the column cannot be empty."""
    put(old.models(), sa.Column("new", sa.Integer, default=7, nullable=False))
    old.make()
    old.migrate()

    with pytest.raises(sa.exc.IntegrityError):
        old.sql("INSERT INTO shop_order (id) VALUES (2)")


def test_somebody_is_asked(old: Any) -> None:
    """Without a default the value is what somebody types."""
    put(old.models(), sa.Column("new", sa.Integer, nullable=False))
    old.make(ask=lambda question: "42")
    old.migrate()

    assert [(1, 42)] == old.sql("SELECT id, new FROM shop_order")


def test_a_flag_answers(old: Any) -> None:
    """What is said beforehand is not asked."""
    put(old.models(), sa.Column("at", UTCDateTime(), nullable=False))
    old.make(fills={"shop_order.at": "2025-01-14 00:00:00+00:00"})
    old.migrate()

    assert [(1,)] == old.sql("SELECT id FROM shop_order WHERE at > '2025-01-01'")


def test_nobody_to_ask_is_an_error(old: Any) -> None:
    """Without a terminal nothing is written, and the flag is named."""
    put(old.models(), sa.Column("new", sa.Integer, nullable=False))

    with pytest.raises(MigrationError, match=r"--fill shop_order\.new=VALUE"):
        old.plan()


@pytest.mark.parametrize(
    ("kind", "value"),
    [(sa.Boolean, "maybe"), (sa.Enum("a", "b", name="ab"), "c")],
)
def test_a_value_that_does_not_fit_is_an_error(old: Any, kind: Any, value: str) -> None:
    """A value that the column cannot hold is refused before a file is written."""
    put(old.models(), sa.Column("new", kind, nullable=False))

    with pytest.raises(MigrationError, match=f"not '{value}'"):
        old.plan(fills={"shop_order.new": value})


def test_a_default_of_the_database_needs_nothing(old: Any) -> None:
    """A column with a default of the database keeps it."""
    put(
        old.models(),
        sa.Column("at", UTCDateTime(), server_default=sa.func.now(), nullable=False),
    )
    plan = old.make()
    old.migrate()

    assert (["add at to shop_order"], []) == (plan.says, old.left())
