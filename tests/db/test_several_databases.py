"""Several databases: each model is where it says, and commits are one."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Column
from sqlalchemy import ForeignKey
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from lback.core.exceptions import SettingsBroken
from lback.db import databases
from lback.db import Model
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session
from lback.db.models import bind_apps
from lback.db.models import database_of


class Report(Model):
    """A row in another database."""

    __tablename__ = "dbtests_report"
    __database__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Ledger(Model):
    """A row in the database of its app."""

    __tablename__ = "dbtests_ledger"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@pytest.fixture
def both(sqlite: Any, tmp_path: Path) -> Iterator[Any]:
    """Return the default database; there is one named "reports" beside it."""
    setting = {**sqlite.setting, "URL": f"sqlite:///{tmp_path}/reports.sqlite3"}
    databases.configure({"default": sqlite.setting, "reports": setting}, tmp_path)
    Report.metadata.create_all(databases.engine("reports"), tables=[Report.__table__])  # type: ignore[list-item]  # a table
    yield sqlite
    table: Any = Ledger.__table__
    table.info.pop("database", None)


def reports() -> list[str]:
    """Return the names in the other database."""
    with databases.engine("reports").connect() as connection:
        return list(connection.scalars(select(Report.name).order_by(Report.name)))


def test_models_are_where_they_say(both: Any, models: SimpleNamespace) -> None:
    """ORM, statements and reads of one session each find the table's database."""
    with separate_unit() as own:
        own.add(Report(name="orm"))
        own.add(models.Basket(name="orm"))
        own.execute(insert(Report).values(name="statement"))
        own.execute(insert(models.Basket).values(name="statement", total=0))
        own.flush()
        seen = own.scalars(select(Report.name).order_by(Report.id)).all()

    assert ["orm", "statement"] == sorted(seen)
    assert ["orm", "statement"] == reports()
    assert ["orm", "statement"] == both.names()


def test_an_exception_rolls_back_all(both: Any, models: SimpleNamespace) -> None:
    """One unit writes in both databases or in none."""

    def write() -> None:
        with separate_unit() as own:
            own.add_all([Report(name="a"), models.Basket(name="a")])
            own.flush()
            raise KeyError

    with pytest.raises(KeyError):
        write()

    assert [] == reports()
    assert [] == both.names()
    assert 0 == both.taken()


def test_what_waits_runs_behind_the_last_commit(
    both: Any, models: SimpleNamespace
) -> None:
    """When it runs, every database has its rows."""
    seen: list[Any] = []
    with separate_unit() as own:
        own.add_all([Report(name="a"), models.Basket(name="a")])
        on_commit(lambda: seen.append((reports(), both.names())))

    assert [(["a"], ["a"])] == seen


@pytest.mark.filterwarnings("ignore:transaction already deassociated")
def test_what_waits_does_not_run_if_one_commit_fails(
    both: Any, models: SimpleNamespace
) -> None:
    """A database that refuses its commit keeps the calls from being made."""
    calls: list[str] = []

    def write() -> None:
        with separate_unit() as own:
            own.add(Report(name="a"))
            own.add(models.Voucher(basket_id=99))
            on_commit(lambda: calls.append("called"))

    with pytest.raises(IntegrityError):
        write()

    assert [] == calls
    assert 0 == both.taken()


def test_a_request_works_with_both(
    both: Any, models: SimpleNamespace, site: Any
) -> None:
    """A view commits in both databases and keeps no connection of either."""

    def view(request: Any) -> str:
        session.add_all([Report(name="a"), models.Basket(name="a")])
        return "x"

    site.add("/", view, "POST")
    site.post("/")
    pool: Any = databases.engine("reports").pool

    assert ["a"] == reports()
    assert ["a"] == both.names()
    assert 0 == pool.checkedout()


def test_an_app_puts_its_models_elsewhere(both: Any) -> None:
    """AppConfig.database holds for models that do not say otherwise."""
    bind_apps({__name__: "reports"})

    assert "reports" == database_of(Ledger.__table__)  # type: ignore[arg-type]  # a table
    assert "reports" == database_of(Report.__table__)  # type: ignore[arg-type]  # a table


def test_a_table_between_models_follows_them(both: Any) -> None:
    """A many-to-many table has no model; it is where the tables are it refers to."""
    between = Table(
        "dbtests_between",
        Model.metadata,
        Column("ledger_id", ForeignKey(Ledger.__table__.c.id)),
    )
    bind_apps({__name__: "reports"})
    Model.metadata.remove(between)

    assert "reports" == database_of(between)


def test_a_model_beside_the_models_module_belongs_to_the_app(both: Any) -> None:
    """An app is its whole package, whatever the module of a model is called."""
    package = __name__.rpartition(".")[0]
    bind_apps({package: "reports"})

    assert "reports" == database_of(Ledger.__table__)  # type: ignore[arg-type]  # a table


def test_an_app_with_an_unknown_database_is_an_error(both: Any) -> None:
    """The message says which databases there are."""
    with pytest.raises(SettingsBroken, match=r"'reprots'.*'reports'"):
        bind_apps({__name__: "reprots"})


def test_a_model_with_an_unknown_database_is_an_error(
    sqlite: Any, tmp_path: Path
) -> None:
    """A model of a database that was taken out of the settings is found at start."""
    databases.configure({"default": sqlite.setting, "other": "sqlite://"}, tmp_path)

    with pytest.raises(SettingsBroken, match="reports"):
        bind_apps({})


def test_names_are_told_default_first(both: Any) -> None:
    """The databases can be gone through."""
    assert ["default", "reports"] == list(databases)
    assert "reports" in databases
    assert "other" not in databases
