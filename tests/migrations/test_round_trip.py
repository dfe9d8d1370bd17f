"""What is made on one database is right on both, and leaves nothing to be made."""

import enum
import subprocess
import sys
from datetime import datetime
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from lback.db.types import UTCDateTime

ROOT = Path(__file__).parents[2]


class Color(enum.Enum):
    """A type of its own on PostgreSQL."""

    RED = "red"
    GREEN = "green"


class Address(sa.types.TypeDecorator[str]):
    """A type of a project, which each database stores in its own way."""

    impl = sa.String(45)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return PostgreSQL's own type, or a text."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(pg.INET())
        return dialect.type_descriptor(sa.String(45))


COLUMNS: dict[str, tuple[Any, ...]] = {
    "big": (sa.BigInteger,),
    "small": (sa.SmallInteger,),
    "text": (sa.Text,),
    "name": (sa.String(50),),
    "unlimited": (sa.String,),
    "price": (sa.Numeric(10, 2),),
    "ratio": (sa.Float,),
    "double": (sa.Double,),
    "flag": (sa.Boolean,),
    "day": (sa.Date,),
    "hour": (sa.Time,),
    "moment": (UTCDateTime(),),
    "naive": (sa.DateTime,),
    "span": (sa.Interval,),
    "blob": (sa.LargeBinary,),
    "uuid": (sa.Uuid,),
    "data": (sa.JSON,),
    "better_data": (sa.JSON().with_variant(pg.JSONB(), "postgresql"),),
    "address": (Address(),),
    "color": (sa.Enum(Color, name="color"),),
    "plain_enum": (sa.Enum("a", "b", name="ab", native_enum=False),),
    "checked_enum": (sa.Enum("c", "d", name="cd", create_constraint=True),),
}

DEFAULTS: dict[str, tuple[Any, Any]] = {
    "at": (UTCDateTime(), sa.func.now()),
    "stamp": (sa.DateTime(), sa.func.current_timestamp()),
    "yes": (sa.Boolean, sa.true()),
    "nope": (sa.Boolean, sa.false()),
    "zero": (sa.Integer, "0"),
    "minus": (sa.Integer, sa.text("-1")),
    "word": (sa.String(20), "word"),
    "blank": (sa.String(20), ""),
    "quoted": (sa.String(20), "it's"),
    "doubly": (sa.String(20), 'say "hi"'),
    "spelled": (sa.String(20), sa.text("'spelled'")),
    "sum": (sa.Integer, sa.text("1 + 2")),
    "color": (sa.Enum(Color, name="color"), "RED"),
    "price": (sa.Numeric(10, 2), "1.50"),
    "day": (sa.Date, "2025-01-14"),
}


def put_everything(metadata: sa.MetaData) -> None:
    """Put every kind of thing into the models."""
    sa.Table(
        "shop_order",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(20), unique=True, nullable=False),
        sa.Column("placed", UTCDateTime(), index=True, server_default=sa.func.now()),
        sa.Column("total", sa.Numeric(10, 2), comment="Before taxes."),
        sa.Column("parent_id", sa.ForeignKey("shop_order.id", ondelete="SET NULL")),
        sa.CheckConstraint("total >= 0", name="positive"),
        sa.Index("ix_both", "number", "placed"),
        sa.Index(
            "ix_open",
            "number",
            unique=True,
            postgresql_where=sa.text("total > 0"),
            sqlite_where=sa.text("total > 0"),
        ),
    )
    sa.Table(
        "shop_line",
        metadata,
        sa.Column("order_id", sa.ForeignKey("shop_order.id", ondelete="CASCADE")),
        sa.Column("position", sa.Integer),
        sa.Column("color", sa.Enum(Color, name="color")),
        sa.PrimaryKeyConstraint("order_id", "position"),
        sa.UniqueConstraint("position", "color"),
    )
    sa.Table(
        "shop_kinds",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, *args) for name, args in COLUMNS.items()),
    )
    sa.Table(
        "shop_defaults",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, kind, server_default=default, nullable=False)
            for name, (kind, default) in DEFAULTS.items()
        ),
    )


def put_less(metadata: sa.MetaData) -> None:
    """Put one table into the models, which has changed in every way."""
    sa.Table(
        "shop_order",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(40), nullable=True),
        sa.Column("total", sa.Integer, nullable=False, server_default="7"),
        sa.Column("at", UTCDateTime(), server_default=sa.func.now()),
        sa.Column("size", sa.Enum("s", "m", name="size"), index=True),
    )


@pytest.mark.parametrize("made_on", ["sqlite", "postgresql"])
def test_one_file_is_right_on_both(both_sites: Any, made_on: str) -> None:
    """A file leaves nothing to be made on either database, wherever it was made."""
    first, second = both_sites if made_on == "sqlite" else both_sites[::-1]
    put_everything(first.models())
    put_everything(second.models())
    first.make()
    first.migrate()
    second.migrate()

    assert ([], []) == (first.left(), second.left())


def test_the_same_file_comes_from_both(both_sites: Any) -> None:
    """What stands in a file does not depend on the database it was made on."""
    texts = []
    for site in both_sites:
        put_everything(site.models())
        texts.append(site.plan().text)

    assert texts[0] == texts[1]


def test_the_same_later_file_comes_from_both(both_sites: Any) -> None:
    """What a change undoes is written as it was made, not as a database tells it."""
    first, second = both_sites
    put_everything(first.models())
    first.make()
    first.migrate()
    second.migrate()
    texts = []
    for site in both_sites:
        put_less(site.models())
        plan = site.plan(refuses_renames=True)
        texts.append(plan.text.partition("def upgrade()")[2])

    assert texts[0] == texts[1]


@pytest.mark.parametrize("made_on", ["sqlite", "postgresql"])
def test_a_later_file_is_right_on_both(both_sites: Any, made_on: str) -> None:
    """Columns that come, change and go, and their undoing, are right on both."""
    first, second = both_sites if made_on == "sqlite" else both_sites[::-1]
    put_everything(first.models())
    put_everything(second.models())
    first.make()
    first.migrate()
    second.migrate()
    put_less(first.models())
    put_less(second.models())
    first.make(refuses_renames=True)
    first.migrate(allow_destructive=True)
    second.migrate(allow_destructive=True)
    after = [first.left(), second.left()]
    first.rollback()
    second.rollback()
    first.target().folder.joinpath(first.files[-1]).unlink()
    back = []
    for site in (first, second):
        put_everything(site.models())
        back.append(site.left())

    assert ([[], []], [[], []]) == (after, back)


def test_a_file_satisfies_formatter_and_linter(sqlite_site: Any) -> None:
    """A made file is formatted, and clean by every rule that fits a migration."""
    put_everything(sqlite_site.models())
    plan = sqlite_site.make()
    ruff = [sys.executable, "-m", "ruff"]
    path = str(plan.path)
    formatted = subprocess.run(
        [*ruff, "format", "--isolated", "--check", path], check=False
    )
    linted = subprocess.run(
        [
            *ruff,
            "check",
            "--isolated",
            "--quiet",
            "--select=ALL",
            "--ignore=INP001,COM812,CPY001",
            path,
        ],
        capture_output=True,
        check=False,
        text=True,
    )

    assert (0, "") == (formatted.returncode, linted.stdout)


def test_a_moment_keeps_its_zone(both_sites: Any) -> None:
    """A moment is a timestamp with a zone on PostgreSQL, made on SQLite."""
    first, second = both_sites
    sa.Table("shop_order", first.models(), sa.Column("at", UTCDateTime()))
    first.make()
    second.migrate()
    second.sql("INSERT INTO shop_order VALUES (:at)", at=datetime.now(UTC))
    ((kind,),) = second.sql("SELECT pg_typeof(at)::text FROM shop_order")

    assert "timestamp with time zone" == kind
