"""Nothing is lost for good unless somebody says that it may be."""

from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError
from lback.migrations.history import read_history
from lback.migrations.losses import losses_of

UNFIT = "what does not fit becomes 0 on SQLite"
FIRST = "20250101_000000"
SECOND = "20250102_000000"
CREATE = 'op.create_table("t", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))'


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('op.drop_table("t")', ["drops the table t"]),
        ('op.drop_table("t", schema="s")', ["drops the table s.t"]),
        ('op.drop_table(table_name="t")', ["drops the table t"]),
        ('op.drop_column("t", "a")', ["drops the column t.a"]),
        (
            'with op.batch_alter_table("t") as b:\n    b.drop_column("a")',
            ["drops the column t.a"],
        ),
        (
            (
                'with op.batch_alter_table(table_name="t") as b:\n'
                '    b.drop_column(column_name="a")'
            ),
            ["drops the column t.a"],
        ),
        (
            'for name in ["t", "u"]:\n    op.drop_table(name)',
            ["drops the table name"],
        ),
        ('op.execute("DROP TABLE t")', ["runs 'DROP TABLE t'"]),
        ('op.execute(sa.text("drop  table t"))', ["runs 'drop table t'"]),
        ('op.execute(f"ALTER TABLE {1} DROP COLUMN a")', ["runs 'DROP COLUMN a'"]),
        ('op.get_bind().exec_driver_sql("TRUNCATE t")', ["runs 'TRUNCATE t'"]),
        (
            (
                'with op.batch_alter_table("t") as b:\n    b.alter_column("a", '
                "existing_type=sa.String(length=5), type_=sa.Integer())"
            ),
            [f"turns t.a from String into Integer; {UNFIT}"],
        ),
        (
            'op.alter_column("t", "a", existing_type=sa.DateTime(), type_=sa.Date)',
            [f"turns t.a from DateTime into Date; {UNFIT}"],
        ),
        (
            (
                'op.alter_column("t", "a", existing_type=sa.Text(), '
                'type_=sa.JSON().with_variant(postgresql.JSONB(), "postgresql"))'
            ),
            [f"turns t.a from Text into JSON; {UNFIT}"],
        ),
        (
            'op.alter_column("t", "a", existing_type=color, type_=sa.Integer())',
            [f"turns t.a from color into Integer; {UNFIT}"],
        ),
        ('op.alter_column("t", "a", existing_type=sa.Text(), type_=sa.String())', []),
        ('op.alter_column("t", "a", existing_type=sa.Date(), type_=sa.String())', []),
        ('op.alter_column("t", "a", existing_type=sa.Integer(), type_=sa.Float())', []),
        ('op.alter_column("t", "a", existing_type=sa.String(), nullable=False)', []),
        ('op.create_table("t", sa.Column("a", sa.Integer))', []),
        ('op.drop_index("i", table_name="t")', []),
        ('op.drop_constraint("c", "t")', []),
        ('op.execute("UPDATE t SET a = 1")', []),
    ],
)
def test_what_takes_data_away_is_found(
    sqlite_site: Any, code: str, said: list[str]
) -> None:
    """Drops are found however they are written, and nothing else is."""
    sqlite_site.hand_write(FIRST, None, code)
    (migration,) = read_history(sqlite_site.target().folder)

    assert said == [loss.text for loss in losses_of(migration)]


def test_functions_that_upgrade_calls_count(sqlite_site: Any) -> None:
    """A drop in a function of the file is found, unless only downgrade calls it."""
    path = sqlite_site.hand_write(FIRST, None, "forward()", "back()")
    with path.open("a", encoding="utf-8") as file:
        file.write('def forward():\n    op.drop_table("a")\n')
        file.write('def back():\n    op.drop_table("b")\n')
    (migration,) = read_history(sqlite_site.target().folder)

    assert ["drops the table a"] == [loss.text for loss in losses_of(migration)]


def test_a_drop_is_marked_in_the_file(sqlite_site: Any) -> None:
    """A made file says before each drop what goes."""
    sa.Table(
        "t", sqlite_site.metadata, sa.Column("a", sa.Integer), sa.Column("b", sa.Text)
    )
    sqlite_site.make()
    sqlite_site.migrate()
    sa.Table("t", sqlite_site.models(), sa.Column("a", sa.Integer))
    plan = sqlite_site.make()

    assert (
        '    with op.batch_alter_table("t") as batch_op:\n'
        "        # DESTRUCTIVE: drops the column t.b, with what is in it.\n"
        '        batch_op.drop_column("b")\n'
    ) in plan.text


def test_another_kind_of_type_is_marked_in_the_file(sqlite_site: Any) -> None:
    """A made file says what a type cannot hold, and is not applied by chance."""
    sa.Table("shop_order", sqlite_site.metadata, sa.Column("size", sa.String(9)))
    sqlite_site.make()
    sqlite_site.migrate()
    sqlite_site.sql("INSERT INTO shop_order VALUES ('large')")
    sa.Table("shop_order", sqlite_site.models(), sa.Column("size", sa.Integer))
    plan = sqlite_site.make()

    with pytest.raises(MigrationError, match="size from String into Integer"):
        sqlite_site.migrate()

    assert (
        "        # DESTRUCTIVE: turns shop_order.size from String into Integer; what "
        "does not fit\n        # becomes 0 on SQLite.\n        batch_op.alter_column("
    ) in plan.text
    assert [("large",)] == sqlite_site.sql("SELECT size FROM shop_order")


def test_nothing_runs_before_a_drop_is_allowed(site: Any) -> None:
    """Migrate lists every file and step, and applies not even those before."""
    site.hand_write(FIRST, None, CREATE)
    site.hand_write(SECOND, FIRST, 'op.drop_column("t", "b")\nop.drop_table("t")')

    with pytest.raises(MigrationError) as caught:
        site.migrate()

    with site.connect() as connection:
        tables = sa.inspect(connection).get_table_names()

    said = (
        "Data would be lost for good:\n"
        f"  {SECOND}.py:15 drops the column t.b\n"
        f"  {SECOND}.py:16 drops the table t\n"
        "Nothing was done. If that is meant: --allow-destructive"
    )

    assert (said, []) == (str(caught.value), tables)


def test_what_is_allowed_is_done(site: Any) -> None:
    """With the flag, a drop is a migration like any other."""
    site.hand_write(FIRST, None, CREATE)
    site.hand_write(SECOND, FIRST, 'op.drop_table("t")')
    site.migrate(allow_destructive=True)

    assert [(SECOND,)] == site.sql("SELECT version_num FROM alembic_version")


def test_going_back_may_drop_what_is_empty(site: Any) -> None:
    """Undoing what was made a moment ago needs no flag."""
    site.hand_write(FIRST, None, CREATE, 'op.drop_table("t")')
    site.migrate()
    site.rollback()

    assert [] == site.sql("SELECT version_num FROM alembic_version")


def test_going_back_keeps_what_has_rows(site: Any) -> None:
    """Undoing needs the flag where rows would go, and goes with it."""
    site.hand_write(FIRST, None, CREATE, 'op.drop_table("t")')
    site.migrate()
    site.sql("INSERT INTO t VALUES (1, 2)")

    with pytest.raises(MigrationError, match=r"drops the table t\nNothing was done"):
        site.rollback()

    site.rollback(allow_destructive=True)

    assert [] == site.sql("SELECT version_num FROM alembic_version")


def test_an_interrupting_answer_writes_nothing(sqlite_site: Any) -> None:
    """Whoever leaves in the middle of a question has lost nothing."""

    def leave(question: str) -> str:
        raise KeyboardInterrupt

    sa.Table("t", sqlite_site.metadata, sa.Column("a", sa.Integer))
    sqlite_site.make()
    sqlite_site.migrate()
    sa.Table("t", sqlite_site.models(), sa.Column("b", sa.Integer))
    before = sqlite_site.files

    with pytest.raises(KeyboardInterrupt):
        sqlite_site.make(ask=leave)

    assert before == sqlite_site.files
