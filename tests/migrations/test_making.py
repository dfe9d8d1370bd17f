"""What a made migration is called, what stands in it, and why there is none."""

from datetime import datetime
from datetime import UTC
from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError
from lback.migrations._naming import revision_of
from lback.migrations.history import History
from lback.migrations.history import Migration
from lback.migrations.making import NoChanges
from lback.migrations.making import Wish
from lback.migrations.making import write


def put(site: Any, *names: str, **columns: Any) -> None:
    """Put tables into the models, and columns into each."""
    metadata = site.models()
    for name in names:
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *(sa.Column(column, kind) for column, kind in columns.items()),
        )


def test_a_file_is_named_by_date_and_content(sqlite_site: Any) -> None:
    """The moment, in UTC, and what it does make the name; the moment is the id."""
    put(sqlite_site, "shop_order")
    plan = sqlite_site.make()

    assert ("20250114_093100_create_shop_order.py", True) == (
        plan.path.name,
        'revision = "20250114_093100"\ndown_revision = None\n' in plan.text,
    )


def test_a_file_names_the_one_before(sqlite_site: Any) -> None:
    """The second migration comes after the first."""
    put(sqlite_site, "shop_order")
    sqlite_site.make()
    sqlite_site.migrate()
    put(sqlite_site, "shop_order", total=sa.Integer)
    plan = sqlite_site.make()

    head = ["Add total to shop_order.", "", "Revision: 20250114_093200"]

    assert ("20250114_093200_add_total_to_shop_order.py", head) == (
        plan.path.name,
        plan.text.removeprefix('"""').splitlines()[:3],
    )
    assert 'down_revision = "20250114_093100"\n' in plan.text


def test_more_than_one_step_is_said(sqlite_site: Any) -> None:
    """A file that does several things is named by the first."""
    put(sqlite_site, "shop_line", "shop_order")
    plan = sqlite_site.plan()

    assert (
        "20250114_093100_create_shop_line_and_more.py",
        ["create shop_line", "create shop_order"],
    ) == (plan.path.name, plan.says)


def test_a_message_is_the_title_and_the_name(sqlite_site: Any) -> None:
    """Whoever has something to say says it."""
    put(sqlite_site, "shop_order")
    plan = sqlite_site.plan(wish=Wish('Prepare "orders" \\ für 2025'))

    assert (
        "20250114_093100_prepare_orders_für_2025.py",
        True,
    ) == (
        plan.path.name,
        plan.text.startswith('"""Prepare "orders" \\\\ für 2025.\n'),
    )


def test_a_message_cannot_break_out_of_its_file(sqlite_site: Any) -> None:
    """Quotes, slashes and line breaks of a message do no harm."""
    put(sqlite_site, "shop_order")
    wish = Wish('x"""\nimport os\n../../etc/passwd\n"""')
    plan = sqlite_site.make(wish=wish)
    sqlite_site.migrate()

    assert sqlite_site.target().folder == plan.path.parent


def test_two_in_a_second_have_their_own_ids() -> None:
    """An id that is taken, or older than the last one, is counted on."""
    now = datetime(2025, 1, 14, 9, 30, 0, tzinfo=UTC)
    taken = [Migration(r, None, None, None) for r in ("20250114_093000", "abc")]  # type: ignore[arg-type]  # only ids matter
    ahead = [Migration("20300101_000000", None, None, None)]  # type: ignore[arg-type]  # likewise
    folder = None

    assert ["20250114_093000", "20250114_093001", "20300101_000001"] == [
        revision_of(now, History(folder, known))  # type: ignore[arg-type]  # likewise
        for known in ([], taken, ahead)
    ]


def test_an_empty_file_is_for_steps_by_hand(sqlite_site: Any) -> None:
    """A file without steps can be applied, and needs no database to be made."""
    plan = sqlite_site.make(wish=Wish("Fill totals", is_empty=True))
    there = (sqlite_site.root / "db.sqlite3").exists()
    sqlite_site.migrate()

    assert ("20250114_093100_fill_totals.py", False, True) == (
        plan.path.name,
        there,
        "def downgrade() -> None:" in plan.text,
    )


def test_a_database_that_lacks_migrations_is_not_compared(sqlite_site: Any) -> None:
    """What is not applied yet would be made twice."""
    put(sqlite_site, "shop_order")
    sqlite_site.make()

    with pytest.raises(MigrationError, match=r"lacks 1 of its .* Run: lback migrate$"):
        sqlite_site.plan()


def test_a_file_is_never_overwritten(sqlite_site: Any) -> None:
    """Where something is already, nothing is written."""
    put(sqlite_site, "shop_order")
    plan = sqlite_site.make()

    with pytest.raises(FileExistsError):
        write(plan)


def test_tables_that_nobody_knows_are_left_alone(site: Any) -> None:
    """A table of another program is never dropped."""
    site.sql("CREATE TABLE somebody_elses (id INTEGER)")
    put(site, "shop_order")

    assert ["create shop_order"] == site.plan().says


def test_tables_without_a_migration_are_named(site: Any) -> None:
    """What create_all() has made is told, neither changed nor passed over."""
    put(site, "shop_order")
    with site.connect() as connection:
        site.metadata.create_all(connection)
    put(site, "shop_order", total=sa.Integer)
    plan = site.plan()

    assert (True, ["shop_order"]) == (isinstance(plan, NoChanges), plan.unmanaged)


def test_tables_without_a_migration_can_be_adopted(site: Any) -> None:
    """Adopted and recorded, they go on like any others."""
    put(site, "shop_order", state=sa.Enum("a", "b", name="state"))
    sa.Index("ix_state", site.metadata.tables["shop_order"].c.state)
    with site.connect() as connection:
        site.metadata.create_all(connection)
    plan = site.make(wish=Wish(adopts=True))
    site.migrate(is_fake=True)
    put(site, "shop_order", state=sa.Enum("a", "b", name="state"), total=sa.Integer)
    sa.Index("ix_state", site.metadata.tables["shop_order"].c.state)

    assert (
        ["create shop_order", "create the type state"],
        ["add total to shop_order"],
    ) == (
        plan.says,
        site.left(),
    )


def test_tables_of_raw_sql_are_not_called_unmanaged(site: Any) -> None:
    """A table that a migration makes by SQL, or by a name in a list, is known."""
    site.hand_write(
        "20250101_000000",
        None,
        'op.execute("CREATE TABLE shop_order (id INTEGER NOT NULL PRIMARY KEY)")',
    )
    site.migrate()
    put(site, "shop_order", total=sa.Integer)

    assert ["add total to shop_order"] == site.plan().says


def test_each_database_has_its_own_migrations(
    tmp_path: Any, postgresql: str, sqlite_site: Any
) -> None:
    """Tables of another database go into a folder of its name."""
    sqlite_site.databases.configure(
        {"default": "sqlite:///db.sqlite3", "logs": postgresql}, sqlite_site.root
    )
    put(sqlite_site, "shop_order", "logs_entry")
    sqlite_site.metadata.tables["logs_entry"].info["database"] = "logs"
    first = sqlite_site.make()
    second = sqlite_site.make(name="logs")
    sqlite_site.migrate()
    sqlite_site.migrate(name="logs")
    with sqlite_site.connect() as one, sqlite_site.connect("logs") as other:
        names = [sorted(sa.inspect(each).get_table_names()) for each in (one, other)]

    assert (
        "migrations",
        "migrations/logs",
        [["alembic_version", "shop_order"], ["alembic_version", "logs_entry"]],
    ) == (
        str(first.path.parent.relative_to(sqlite_site.root)),
        str(second.path.parent.relative_to(sqlite_site.root)),
        names,
    )


def test_a_models_notes_stay_out_of_the_file(sqlite_site: Any) -> None:
    """What a table notes for the framework is not written down."""
    put(sqlite_site, "shop_order")
    sqlite_site.metadata.tables["shop_order"].info["anything"] = object()

    assert "info" not in sqlite_site.plan().text
    assert "anything" in sqlite_site.metadata.tables["shop_order"].info


def test_a_schema_is_kept(postgresql: str, sqlite_site: Any) -> None:
    """Tables of another schema of PostgreSQL are made, changed and found there."""
    site = sqlite_site
    site.databases.configure({"default": postgresql}, site.root)
    site.sql("CREATE SCHEMA billing")
    site.sql("CREATE TABLE billing.other (id INTEGER)")

    def put_invoice(**columns: Any) -> None:
        sa.Table(
            "invoice",
            site.models(),
            sa.Column("id", sa.Integer, primary_key=True),
            *(sa.Column(name, kind, index=True) for name, kind in columns.items()),
            schema="billing",
        )

    put_invoice(total=sa.Integer)
    site.make()
    site.migrate()
    made = site.left()
    put_invoice(amount=sa.Integer)
    site.make(renames={"billing.invoice.total": "amount"})
    site.migrate()
    renamed = site.left()
    site.migrate("zero")

    assert ([], []) == (made, renamed)


def test_a_type_of_a_project_is_imported(sqlite_site: Any, make_module: Any) -> None:
    """A type that is no form of SQLAlchemy's stands there with its import."""
    module = make_module(
        "money_types",
        "from sqlalchemy.types import UserDefinedType\n"
        "class Money(UserDefinedType):\n"
        "    cache_ok = True\n"
        "    def __init__(self, digits=2):\n"
        "        self.digits = digits\n"
        "    def get_col_spec(self, **kw):\n"
        "        return f'DECIMAL(10, {self.digits})'\n",
    )
    put(sqlite_site, "shop_order", total=module.Money(3))
    plan = sqlite_site.make()
    sqlite_site.migrate()

    assert (True, True) == (
        "import money_types\nimport sqlalchemy as sa\n" in plan.text,
        'sa.Column("total", money_types.Money(digits=3), nullable=True)' in plan.text,
    )
