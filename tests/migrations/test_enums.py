"""Enum types are made, changed and dropped with the columns that use them."""

from typing import Any

import pytest
import sqlalchemy as sa


def put(site: Any, *values: str, tables: int = 1, name: str = "state") -> None:
    """Put tables with a column of an enum into the models, or with none."""
    metadata = site.models()
    for number in range(2):
        table = sa.Table(
            f"shop_{number}", metadata, sa.Column("id", sa.Integer, primary_key=True)
        )
        if number < tables:
            table.append_column(sa.Column("state", sa.Enum(*values, name=name)))


def types(site: Any) -> dict[str, list[str]]:
    """Return the enum types of a PostgreSQL database."""
    with site.connect() as connection:
        return {e["name"]: e["labels"] for e in sa.inspect(connection).get_enums()}


@pytest.fixture(params=["sqlite", "postgresql"])
def maker_and_server(request: pytest.FixtureRequest, both_sites: Any) -> Any:
    """Return where files are made, once each kind, and a PostgreSQL database."""
    first, second = both_sites
    return (first if request.param == "sqlite" else second), second


def step(maker: Any, server: Any) -> None:
    """Make the next migration and apply it everywhere."""
    server.metadata = maker.metadata
    maker.make(refuses_renames=True)
    server.migrate(allow_destructive=True)
    maker.migrate(allow_destructive=True)


def test_a_type_comes_and_goes_with_its_columns(maker_and_server: Any) -> None:
    """A type is made for its first column, kept for others, dropped after the last."""
    maker, server = maker_and_server
    seen = []
    put(maker, tables=0)
    step(maker, server)
    for count in (1, 2, 1, 0):
        put(maker, "new", "paid", tables=count)
        step(maker, server)
        seen.append((types(server), maker.left(), server.left()))
    has = {"state": ["new", "paid"]}

    assert [(has, [], []), (has, [], []), (has, [], []), ({}, [], [])] == seen


def test_all_the_way_back(maker_and_server: Any) -> None:
    """Undoing every migration drops what they made, one file for both tables."""
    maker, server = maker_and_server
    put(maker, "new", "paid", tables=2)
    step(maker, server)
    server.migrate("zero")
    gone = types(server)
    server.migrate()

    assert ({}, {"state": ["new", "paid"]}) == (gone, types(server))


def test_undoing_a_drop_makes_the_type_again(maker_and_server: Any) -> None:
    """A column that comes back has its type back."""
    maker, server = maker_and_server
    put(maker, "new", "paid")
    step(maker, server)
    put(maker, tables=0)
    step(maker, server)
    server.rollback()
    server.sql("INSERT INTO shop_0 VALUES (1, 'paid')")

    assert {"state": ["new", "paid"]} == types(server)


def test_a_new_value_takes_its_place(maker_and_server: Any) -> None:
    """A value that an enum has got is there, where the enum has it."""
    maker, server = maker_and_server
    put(maker, "new", "paid")
    step(maker, server)
    put(maker, "draft", "new", "it's: sent", "paid", "void")
    step(maker, server)

    assert ({"state": ["draft", "new", "it's: sent", "paid", "void"]}, [], []) == (
        types(server),
        maker.left(),
        server.left(),
    )


def test_a_value_that_is_gone_is_no_change(maker_and_server: Any) -> None:
    """PostgreSQL keeps a value for ever, so there is nothing to make."""
    maker, server = maker_and_server
    put(maker, "new", "paid")
    step(maker, server)
    put(maker, "new")
    server.metadata = maker.metadata

    assert ([], []) == (maker.left(), server.left())


def test_a_text_becomes_an_enum_and_back(maker_and_server: Any) -> None:
    """Values stay where a column changes between a text and an enum."""
    maker, server = maker_and_server
    sa.Table("shop_0", maker.models(), sa.Column("state", sa.String(10)))
    step(maker, server)
    server.sql("INSERT INTO shop_0 VALUES ('paid')")
    sa.Table(
        "shop_0",
        maker.models(),
        sa.Column("state", sa.Enum("new", "paid", name="state")),
    )
    server.metadata = maker.metadata
    server.make()
    server.migrate()
    became = (types(server), server.sql("SELECT state FROM shop_0"), server.left())
    server.rollback()

    assert (
        ({"state": ["new", "paid"]}, [("paid",)], []),
        ({}, [("paid",)]),
    ) == (became, (types(server), server.sql("SELECT state FROM shop_0")))


def test_a_type_may_have_any_name(maker_and_server: Any) -> None:
    """A type whose name is a word of Python, or of the file, is made as well."""
    maker, server = maker_and_server
    for name in ("class", "op", "Order State"):
        put(maker, "a", "b", name=name)
        step(maker, server)

    assert {"Order State": ["a", "b"]} == types(server)
