"""A rename that is said beforehand has to fit a change, or nothing is written."""

from datetime import datetime
from datetime import UTC
from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError
from lback.migrations._answers import Answers
from lback.migrations.making import Plan
from lback.migrations.making import plan_migration
from lback.migrations.making import Wish


def put_entry(metadata: sa.MetaData, *columns: str, name: str = "blog_entry") -> None:
    """Put a table with an id and some texts into the models."""
    sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(column, sa.Text) for column in columns),
    )


@pytest.fixture
def old(site: Any) -> Any:
    """Return a project with a table of two texts."""
    put_entry(site.metadata, "text", "title")
    site.make()
    site.migrate()
    return site


def never(question: str) -> str:
    """Fail, for nobody may be asked."""
    raise AssertionError(question)


@pytest.mark.parametrize(
    ("old_name", "new_name"),
    [
        ("blog_entry.text", "boddy"),
        ("blog_entry.txt", "body"),
        ("blog_enty.text", "body"),
        ("blog_entry.title", "body_"),
    ],
)
@pytest.mark.parametrize("refuses", [True, False])
def test_a_wrong_name_of_a_column_is_refused(
    old: Any, old_name: str, new_name: str, *, refuses: bool
) -> None:
    """A wrong name on either side is said before anything is asked."""
    put_entry(old.models(), "body", "title")

    with pytest.raises(MigrationError) as caught:
        old.plan(renames={old_name: new_name}, refuses_renames=refuses, ask=never)

    assert (
        f"--rename {old_name}={new_name} fits no change. Did you mean "
        "'blog_entry.text=body'? What could be said is: blog_entry.text=body."
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("old_name", "new_name"),
    [("blog_entry", "blog_pots"), ("blog_entyr", "blog_post")],
)
def test_a_wrong_name_of_a_table_is_refused(
    old: Any, old_name: str, new_name: str
) -> None:
    """A table is not dropped because its new name is misspelt."""
    put_entry(old.models(), "text", "title", name="blog_post")

    with pytest.raises(MigrationError) as caught:
        old.plan(renames={old_name: new_name}, ask=never)

    assert (
        f"--rename {old_name}={new_name} fits no change. Did you mean "
        "'blog_entry=blog_post'? What could be said is: blog_entry=blog_post."
    ) == str(caught.value)


def test_a_column_of_a_renamed_table_is_checked_as_well(old: Any) -> None:
    """A column is said under the new name of its table, and has to be right, too."""
    put_entry(old.models(), "body", "title", name="blog_post")

    with pytest.raises(MigrationError, match=r"mean 'blog_post\.text=body'"):
        old.plan(
            renames={"blog_entry": "blog_post", "blog_post.text": "boddy"}, ask=never
        )


def test_nothing_to_rename_is_said(old: Any) -> None:
    """Where nothing went, no name can be said."""
    put_entry(old.models(), "text", "title", "body")

    with pytest.raises(MigrationError, match="What could be said is: nothing"):
        old.plan(renames={"blog_entry.text": "body"}, ask=never)


def test_both_sides_may_name_the_table(old: Any) -> None:
    """The new name with its table in front is right as well."""
    put_entry(old.models(), "body", "title")
    plan = old.plan(renames={"blog_entry.text": "blog_entry.body"})

    assert ["rename text to body in blog_entry"] == plan.says


def test_what_is_said_of_another_database_waits_for_it(sqlite_site: Any) -> None:
    """A rename in one database is no mistake while another is compared."""
    files = {name: f"sqlite:///{name}.sqlite3" for name in ("default", "logs")}
    sqlite_site.databases.configure(files, sqlite_site.root)
    put_entry(sqlite_site.metadata, "text")
    answers = Answers({"logs_line.text": "body"}, refuses_renames=True)
    plan = plan_migration(
        sqlite_site.target(),
        sqlite_site.metadata,
        answers,
        Wish(),
        datetime(2025, 1, 14, 9, 30, 0, tzinfo=UTC),
    )

    assert isinstance(plan, Plan)
    with pytest.raises(MigrationError, match=r"logs_line\.text=body fits no change"):
        answers.check_used()
