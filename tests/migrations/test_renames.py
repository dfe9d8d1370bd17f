"""A drop beside an add that looks like it is asked about, never guessed."""

from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError


def put_order(metadata: sa.MetaData, name: str = "shop_order", **columns: Any) -> None:
    """Put a table with an id and some columns into the models."""
    sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(column, kind, index=True) for column, kind in columns.items()),
    )


@pytest.fixture
def old(site: Any) -> Any:
    """Return a project with a row in a table of three columns."""
    put_order(site.metadata, total=sa.Integer, note=sa.String(20))
    site.make()
    site.migrate()
    site.sql("INSERT INTO shop_order VALUES (1, 100, 'fragile')")
    return site


def test_a_renamed_column_keeps_its_values(old: Any) -> None:
    """Somebody who says yes finds the old values under the new name, and back."""
    put_order(old.models(), amount=sa.Integer, note=sa.String(20))
    old.make(ask=lambda question: "y")
    old.migrate()
    there = old.sql("SELECT amount FROM shop_order")
    left = old.left()
    old.rollback()

    assert ([(100,)], [], [(100,)]) == (
        there,
        left,
        old.sql("SELECT total FROM shop_order"),
    )


def test_the_question_names_both(old: Any) -> None:
    """The question says what would be what."""
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return "n"

    put_order(old.models(), amount=sa.Integer, note=sa.String(20))
    plan = old.plan(ask=ask)

    assert (
        ["Was shop_order.total renamed to amount? [y/N]"],
        ["add amount to shop_order", "drop total from shop_order"],
    ) == (questions, plan.says[:2])


def test_nobody_to_ask_is_an_error(old: Any) -> None:
    """Without a terminal nothing is written, and the flags are named."""
    put_order(old.models(), amount=sa.Integer, note=sa.String(20))

    with pytest.raises(
        MigrationError,
        match=r"--rename shop_order\.total=amount, or --no-rename\.$",
    ):
        old.plan()


def test_a_flag_answers(old: Any) -> None:
    """What is said beforehand is not asked."""
    put_order(old.models(), amount=sa.Integer, note=sa.String(20))
    plan = old.plan(renames={"shop_order.total": "amount"})

    assert "rename total to amount in shop_order" == plan.says[0]


def test_a_flag_that_fits_nothing_is_an_error(old: Any) -> None:
    """A misspelt answer is not passed over."""
    put_order(old.models(), amount=sa.Integer, note=sa.String(20))

    with pytest.raises(MigrationError, match=r"--rename shop_order\.totl=amount fits"):
        old.plan(renames={"shop_order.totl": "amount"}, refuses_renames=True)


def test_a_flag_answers_for_its_table_only(site: Any) -> None:
    """What is said of one table leaves the question about another open."""
    for column in ("total", "amount"):
        metadata = site.models()
        for name in ("shop_order", "shop_bill"):
            sa.Table(name, metadata, sa.Column(column, sa.Integer))
        if column == "total":
            site.make()
            site.migrate()

    with pytest.raises(MigrationError, match=r"Was shop_bill\.total renamed"):
        site.plan(renames={"shop_order.total": "amount"})


def test_another_kind_of_moment_is_asked_about(site: Any) -> None:
    """A column may have got a time zone and another name at once."""
    sa.Table("shop_order", site.metadata, sa.Column("at", sa.DateTime()))
    site.make()
    site.migrate()
    sa.Table(
        "shop_order", site.models(), sa.Column("placed", sa.DateTime(timezone=True))
    )

    with pytest.raises(MigrationError, match=r"Was shop_order\.at renamed to placed"):
        site.plan()


def test_another_type_is_not_asked_about(old: Any) -> None:
    """A number that goes and a text that comes are two things."""
    put_order(old.models(), amount=sa.LargeBinary, note=sa.String(20))
    plan = old.plan()

    assert ["add amount to shop_order", "drop total from shop_order"] == plan.says[:2]


def test_what_else_changed_is_not_lost(old: Any) -> None:
    """A column that is renamed and changed at once is both."""
    put_order(old.models(), amount=sa.BigInteger, note=sa.String(20))
    plan = old.make(renames={"shop_order.total": "amount"})
    old.migrate()

    assert (
        ["rename total to amount in shop_order", "alter amount of shop_order"],
        [],
    ) == (plan.says[:2], old.left())


def test_two_may_have_changed_names(old: Any) -> None:
    """Each of two new columns gets the old one that is said of it."""
    put_order(old.models(), amount=sa.Integer, remark=sa.String(20))
    old.make(renames={"shop_order.total": "amount", "shop_order.note": "remark"})
    old.migrate()

    assert [(1, 100, "fragile")] == old.sql("SELECT id, amount, remark FROM shop_order")


def test_a_renamed_table_keeps_its_rows(old: Any) -> None:
    """A table whose columns stayed may have another name, and back."""
    put_order(old.models(), "shop_purchase", total=sa.Integer, note=sa.String(20))
    old.make(ask=lambda question: "yes")
    old.migrate()
    there = old.sql("SELECT total FROM shop_purchase")
    left = old.left()
    old.rollback()

    assert ([(100,)], [], [(100,)]) == (
        there,
        left,
        old.sql("SELECT total FROM shop_order"),
    )


def test_a_table_and_its_column_may_both_be_renamed(old: Any) -> None:
    """Columns are asked about once the table is known."""
    put_order(old.models(), "shop_purchase", amount=sa.Integer, note=sa.String(20))
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "y"

    old.make(ask=ask)
    old.migrate()

    assert (
        [
            "Was shop_order renamed to shop_purchase? [y/N]",
            "Was shop_purchase.total renamed to amount? [y/N]",
        ],
        [(100,)],
    ) == (asked, old.sql("SELECT amount FROM shop_purchase"))


def test_comparing_changes_nothing(old: Any) -> None:
    """The database is as it was after a comparison that tried names."""
    put_order(old.models(), "shop_purchase", amount=sa.Integer, note=sa.String(20))
    old.plan(ask=lambda question: "y")

    assert [(100,)] == old.sql("SELECT total FROM shop_order")


def test_children_follow_a_renamed_parent(site: Any) -> None:
    """References to a table and a column that are renamed still hold."""
    put_order(site.metadata, total=sa.Integer)
    sa.Table(
        "shop_line",
        site.metadata,
        sa.Column("order_id", sa.ForeignKey("shop_order.id", ondelete="CASCADE")),
    )
    site.make()
    site.migrate()
    site.sql("INSERT INTO shop_order VALUES (1, 100)")
    site.sql("INSERT INTO shop_line VALUES (1)")
    sa.Table(
        "shop_purchase",
        site.models(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("total", sa.Integer, index=True),
    )
    sa.Table(
        "shop_line",
        site.metadata,
        sa.Column(
            "order_id", sa.ForeignKey("shop_purchase.number", ondelete="CASCADE")
        ),
    )
    site.make(renames={"shop_order": "shop_purchase", "shop_purchase.id": "number"})
    site.migrate()
    kept = site.sql("SELECT * FROM shop_line")
    left = site.left()
    site.sql("DELETE FROM shop_purchase")

    assert ([(1,)], [], []) == (kept, left, site.sql("SELECT * FROM shop_line"))
