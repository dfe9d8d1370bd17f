"""What somebody types for old rows has to be a value of the column's type."""

import enum
from datetime import date
from datetime import datetime
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError
from lback.db.types import UTCDateTime


class Level(enum.Enum):
    """Something that is stored by its name."""

    LOW = 1
    HIGH = 2


class Mark(sa.types.TypeDecorator[int]):
    """A form of a number."""

    impl = sa.Integer
    cache_ok = True


@pytest.fixture
def old(site: Any) -> Any:
    """Return a project with a row in a table."""
    put(site.metadata)
    site.make()
    site.migrate()
    site.sql("INSERT INTO lab_log VALUES (1)")
    return site


def put(metadata: sa.MetaData, *columns: "sa.Column[Any]") -> sa.Table:
    """Put a table with some more columns into the models."""
    return sa.Table(
        "lab_log", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns
    )


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (sa.Integer(), "abc", "a whole number (INTEGER)"),
        (sa.BigInteger(), "1.5", "a whole number (BIGINT)"),
        (Mark(), "abc", "a whole number (INTEGER)"),
        (sa.Float(), "1,5", "a number (FLOAT)"),
        (sa.Numeric(5, 2), "nan", "a number (NUMERIC(5, 2))"),
        (sa.Boolean(), "maybe", "true or false (BOOLEAN)"),
        (sa.Date(), "31.1.2025", "a date such as 2025-01-31 (DATE)"),
        (sa.Time(), "noon", "a time such as 08:30:00 (TIME)"),
        (UTCDateTime(), "now", "a moment such as 2025-01-31 08:30:00 (DATETIME)"),
        (sa.Uuid(), "12", "a UUID (CHAR(32))"),
        (sa.JSON(), "{a: 1}", "JSON (JSON)"),
        (sa.Enum(Level, name="level"), "low", "one of LOW, HIGH"),
    ],
)
def test_what_does_not_convert_is_refused(
    old: Any, kind: Any, value: str, said: str
) -> None:
    """The value and the type are named, and nothing is written."""
    put(old.models(), sa.Column("level", kind, nullable=False))

    with pytest.raises(MigrationError) as caught:
        old.plan(fills={"lab_log.level": value})

    assert f"lab_log.level is {said}, not {value!r}." == str(caught.value)


def test_what_is_typed_is_checked_as_well(old: Any) -> None:
    """An answer to the question is no better than a flag."""
    put(old.models(), sa.Column("level", sa.Integer, nullable=False))

    with pytest.raises(MigrationError, match="not 'abc'"):
        old.plan(ask=lambda question: "abc")


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (sa.Integer(), " 42 ", 42),
        (Mark(), "7", 7),
        (sa.Float(), "1e3", 1000.0),
        (sa.Numeric(5, 2), "1.50", Decimal("1.50")),
        (sa.Boolean(), "Yes", True),
        (sa.Date(), "20250131", date(2025, 1, 31)),
        (sa.Time(), "08:30", time(8, 30)),
        (sa.DateTime(), "2025-01-31T08:30", datetime(2025, 1, 31, 8, 30)),  # noqa: DTZ001  # has none
        (sa.Uuid(), "{" + "1" * 32 + "}", UUID("1" * 32)),
        (sa.JSON(), '"abc"', "abc"),
        (sa.Enum(Level, name="level"), "HIGH", Level.HIGH),
        (sa.String(10), "1,5", "1,5"),
    ],
)
def test_what_converts_is_what_models_read(
    old: Any, kind: Any, value: str, stored: Any
) -> None:
    """However a value is written, old rows have it as the model would store it."""
    table = put(old.models(), sa.Column("level", kind, nullable=False))
    old.make(fills={"lab_log.level": value})
    old.migrate()
    with old.connect() as connection:
        found = connection.execute(sa.select(table.c.level)).scalar_one()

    assert (stored, []) == (found, old.left())
