"""Rows that do not fit stop a migration, and the error says what to do."""

from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError


def put(metadata: sa.MetaData, **options: Any) -> None:
    """Put a table with a text into the models."""
    sa.Table(
        "orders_entry",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("color", sa.Text, **options),
    )


@pytest.fixture
def old(site: Any) -> Any:
    """Return a project with two rows of one empty text."""
    put(site.metadata)
    site.make()
    site.migrate()
    site.sql("INSERT INTO orders_entry VALUES (1, NULL), (2, NULL)")
    return site


def refused(site: Any, **how: Any) -> str:
    """Return what ``migrate`` says."""
    with pytest.raises(MigrationError) as caught:
        site.migrate(**how)
    return str(caught.value)


def test_rows_without_a_value_are_told(old: Any) -> None:
    """A column that may not be empty any more names its table, file and remedy."""
    put(old.models(), nullable=False)
    file = old.make().path.name
    said = refused(old)

    assert (True, True, False) == (
        said.endswith(f" It was undone. Correct the rows, or edit or delete {file}."),
        "orders_entry" in said and "color" in said,
        "_alembic_tmp_" in said,
    )


def test_rows_that_are_alike_are_told(old: Any) -> None:
    """A column that is unique from now on says the same."""
    old.sql("UPDATE orders_entry SET color = 'red'")
    put(old.models(), unique=True)
    file = old.make().path.name

    assert refused(old).endswith(f"Correct the rows, or edit or delete {file}.")


def test_corrected_rows_are_enough(old: Any) -> None:
    """The first half of the remedy works."""
    put(old.models(), nullable=False)
    old.make()
    refused(old)
    old.sql("UPDATE orders_entry SET color = 'red'")
    old.migrate()

    assert [] == old.left()


def test_a_deleted_file_is_enough(old: Any) -> None:
    """The second half of the remedy works: the models are compared again."""
    put(old.models(), nullable=False)
    file = old.make().path
    refused(old)
    file.unlink()
    put(old.models())

    assert [] == old.left()


def test_going_back_only_rows_can_be_corrected(old: Any) -> None:
    """A migration that is applied is not to be deleted."""
    old.sql("UPDATE orders_entry SET color = 'red'")
    put(old.models(), nullable=False)
    old.make()
    old.migrate()
    put(old.models())
    old.make()
    old.migrate()
    old.sql("INSERT INTO orders_entry VALUES (3, NULL)")
    with pytest.raises(MigrationError) as caught:
        old.rollback()

    assert str(caught.value).endswith(" It was undone. Correct the rows.")


def test_another_error_has_no_such_remedy(old: Any) -> None:
    """What has nothing to do with rows says nothing of them."""
    old.hand_write("20990101_000000", old.files[0][:15], 'op.drop_table("nowhere")')

    assert "Correct" not in refused(old, allow_destructive=True)
