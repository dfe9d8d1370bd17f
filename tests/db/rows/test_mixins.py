"""Moments of making and change, and the soft delete."""

import subprocess
import sys
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy import func
from sqlalchemy import Index
from sqlalchemy import insert
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlalchemy.orm import joinedload
from sqlalchemy.orm import lazyload
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from sqlalchemy.orm import selectinload
from sqlalchemy.orm import Session
from sqlalchemy.orm import subqueryload

from lback.db import Model
from lback.db.mixins import SoftDeleteMixin
from lback.db.mixins import TimestampMixin

LONG_AGO = datetime(2020, 2, 29, 12, tzinfo=UTC)
LIVE = text("deleted_at IS NULL")


class Diary(TimestampMixin, Model):
    """A row that knows its moments."""

    __tablename__ = "mixins_diary"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class Owner(Model):
    """A row that is deleted for good, with all that belongs to it."""

    __tablename__ = "mixins_owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    pets: Mapped[list["Pet"]] = relationship(
        back_populates="owner",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="Pet.id",
    )


class Pet(Model, SoftDeleteMixin):
    """A row that is only marked as deleted; the mixin may stand behind the base."""

    __tablename__ = "mixins_pet"
    __table_args__ = (
        Index(
            "uq_mixins_pet_name",
            "name",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner_id: Mapped[int] = mapped_column(
        ForeignKey("mixins_owner.id", ondelete="CASCADE")
    )
    owner: Mapped[Owner] = relationship(back_populates="pets")
    visits: Mapped[list["Visit"]] = relationship(
        back_populates="pet", cascade="all, delete-orphan", passive_deletes=True
    )


class Visit(Model):
    """A row that refers to one that may be marked as deleted."""

    __tablename__ = "mixins_visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    pet_id: Mapped[int] = mapped_column(ForeignKey("mixins_pet.id", ondelete="CASCADE"))
    pet: Mapped[Pet | None] = relationship(back_populates="visits")


class Paper(SoftDeleteMixin, Model):
    """A row whose model has another one below it."""

    __tablename__ = "mixins_paper"
    __mapper_args__ = {  # noqa: RUF012  # SQLAlchemy's name
        "polymorphic_on": "kind",
        "polymorphic_identity": "paper",
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Report(Paper):
    """A row in two tables."""

    __tablename__ = "mixins_report"
    __mapper_args__ = {  # noqa: RUF012  # SQLAlchemy's name
        "polymorphic_identity": "report"
    }

    id: Mapped[int] = mapped_column(ForeignKey("mixins_paper.id"), primary_key=True)


@pytest.fixture
def tables(make_tables: Any) -> None:
    """Create the tables of this module."""
    make_tables(Diary, Owner, Pet, Visit, Paper, Report)


# --- Timestamps -----------------------------------------------------------------------


def test_moments_of_a_new_row(unit: Session) -> None:
    """A new row has both moments, equal and in UTC."""
    row = Diary(title="first")
    unit.add(row)
    unit.flush()
    unit.expunge_all()
    row = unit.get_one(Diary, row.id)

    assert row.created_at == row.updated_at
    assert UTC == row.created_at.tzinfo
    assert LONG_AGO < row.created_at


def test_moment_of_a_change(unit: Session) -> None:
    """A change moves ``updated_at`` and nothing else; it is known without loading."""
    row = Diary(title="first", created_at=LONG_AGO)
    unit.add(row)
    unit.flush()
    row.title = "second"
    unit.flush()

    assert LONG_AGO == row.created_at
    assert LONG_AGO < row.__dict__["updated_at"]


def test_flush_without_a_change(unit: Session) -> None:
    """A row that is not written keeps its moment."""
    row = Diary(title="first", created_at=LONG_AGO)
    unit.add(row)
    unit.flush()
    row.title = "first"
    unit.flush()

    assert LONG_AGO == row.updated_at


def test_moments_that_are_given(unit: Session) -> None:
    """Imported rows keep their moments, in whatever time zone they are given."""
    east = timezone(timedelta(hours=3))
    row = Diary(title="old", created_at=LONG_AGO.astimezone(east), updated_at=LONG_AGO)
    unit.add(row)
    unit.flush()
    unit.expunge_all()
    row = unit.get_one(Diary, row.id)

    assert (LONG_AGO, LONG_AGO) == (row.created_at, row.updated_at)


def test_moments_of_statements(unit: Session) -> None:
    """Statements that write many rows set the moments, too."""
    unit.execute(
        insert(Diary),
        [
            {"title": "a", "created_at": LONG_AGO},
            {"title": "b", "created_at": LONG_AGO},
        ],
    )
    before = unit.scalars(select(Diary.updated_at)).all()
    unit.execute(update(Diary).where(Diary.title == "a").values(title="c"))
    after = unit.scalars(select(Diary.updated_at).order_by(Diary.title)).all()

    assert [LONG_AGO, LONG_AGO] == before
    assert [True, False] == [moment == LONG_AGO for moment in after]


def test_columns_stand_last() -> None:
    """The columns of the mixin come behind those of the model."""
    names = [column.name for column in inspect(Diary).local_table.columns]

    assert ["id", "title", "created_at", "updated_at"] == names


# --- Soft delete ----------------------------------------------------------------------


@pytest.fixture
def pets(unit: Session) -> None:
    """Store an owner with two pets, of which the second is deleted, and its visit."""
    gone = Pet(id=2, name="gone", visits=[Visit(id=1)])
    unit.add(Owner(id=1, pets=[Pet(id=1, name="here"), gone]))
    unit.flush()
    gone.soft_delete()
    unit.flush()
    unit.expunge_all()


def find_gone(session: Session) -> Pet:
    """Load the deleted pet."""
    options = {"include_deleted": True}
    return session.get_one(Pet, 2, execution_options=options)


def test_mark_and_restore(unit: Session, pets: None) -> None:
    """A deleted row can be found if asked for, and be restored."""
    row = find_gone(unit)

    assert row.is_deleted
    row.restore()
    unit.flush()
    unit.expunge_all()
    assert not unit.get_one(Pet, 2).is_deleted


def test_second_delete_keeps_the_moment() -> None:
    """The moment is that of the first delete."""
    row = Pet(deleted_at=LONG_AGO)
    row.soft_delete()

    assert LONG_AGO == row.deleted_at


ALIAS = aliased(Pet)


@pytest.mark.parametrize(
    "statement",
    [
        select(Pet.id),
        select(ALIAS.id),
        select(func.count()).select_from(Pet),
        select(func.count(Pet.id)),
        select(func.count()).select_from(select(Pet).subquery()),
        select(func.count(Pet.id)).join(Pet.owner),
        select(Owner.id).where(Owner.pets.any(Pet.name == "here")),
        select(Owner.id).join(Owner.pets),
        select(Owner.id).where(Owner.id.in_(select(Pet.owner_id))),
    ],
)
def test_selects_do_not_find_it(unit: Session, pets: None, statement: Any) -> None:
    """Whichever way a select comes to the rows, there is one."""
    assert [1] == unit.scalars(statement).all()


@pytest.mark.parametrize(
    "statement",
    [
        select(Owner.id).where(Owner.pets.any(Pet.name == "gone")),
        select(Owner.id).where(Owner.id.in_(select(Pet.owner_id).where(Pet.id == 2))),
        select(Visit.id).join(Visit.pet),
    ],
)
def test_what_only_the_deleted_row_fulfils(
    unit: Session, pets: None, statement: Any
) -> None:
    """A deleted row does not count in joins and subqueries, unless it is asked for."""
    everything = statement.execution_options(include_deleted=True)

    assert [] == unit.scalars(statement).all()
    assert [1] == unit.scalars(everything).all()


def test_including_it(unit: Session, pets: None) -> None:
    """With the option a select finds all."""
    statement = select(Pet.id).order_by(Pet.id)

    assert [1, 2] == unit.scalars(
        statement.execution_options(include_deleted=True)
    ).all()


LOADS = [lazyload, selectinload, joinedload, subqueryload]


@pytest.mark.parametrize("load", LOADS)
def test_collections_do_not_have_it(unit: Session, pets: None, load: Any) -> None:
    """However a collection is loaded, the deleted row is not in it."""
    owner = unit.scalars(select(Owner).options(load(Owner.pets))).unique().one()

    assert [1] == [pet.id for pet in owner.pets]


def test_collection_of_a_row_made_here(unit: Session, pets: None) -> None:
    """A row that no select has loaded hides them, too."""
    owner = Owner(id=7)
    unit.add(owner)
    unit.flush()
    unit.expire(owner)
    unit.add(Pet(id=7, name="later", owner_id=7, deleted_at=LONG_AGO))
    unit.flush()

    assert [] == owner.pets


@pytest.mark.parametrize("load", [selectinload, joinedload, subqueryload])
def test_collections_with_it(unit: Session, pets: None, load: Any) -> None:
    """The option of a statement holds for what it loads along."""
    statement = select(Owner).options(load(Owner.pets))
    everything = statement.execution_options(include_deleted=True)
    owner = unit.scalars(everything).unique().one()

    assert [1, 2] == [pet.id for pet in owner.pets]


@pytest.mark.parametrize("load", LOADS)
def test_reference_to_it_is_none(unit: Session, pets: None, load: Any) -> None:
    """What refers to a deleted row refers to nothing, and keeps the key."""
    visit = unit.scalars(select(Visit).options(load(Visit.pet))).one()

    assert (None, 2) == (visit.pet, visit.pet_id)


@pytest.mark.parametrize("load", [selectinload, joinedload])
def test_reference_with_it(unit: Session, pets: None, load: Any) -> None:
    """The option of a statement shows what its rows refer to."""
    statement = select(Visit).options(load(Visit.pet))
    visit = unit.scalars(statement.execution_options(include_deleted=True)).one()

    assert visit.pet is not None
    assert "gone" == visit.pet.name


def test_loading_it_again(unit: Session, pets: None) -> None:
    """A row that is in the session can be refreshed and expired."""
    row = find_gone(unit)
    unit.refresh(row)
    unit.expire(row)

    assert "gone" == row.name


def test_models_below(unit: Session) -> None:
    """A model hides what a model above it hides."""
    unit.add_all([Report(), Report(deleted_at=LONG_AGO), Paper(deleted_at=LONG_AGO)])
    unit.flush()

    assert 1 == len(unit.scalars(select(Report)).all())
    assert 1 == len(unit.scalars(select(Paper)).all())


def test_deleting_for_good(unit: Session, pets: None) -> None:
    """The session deletes for good."""
    unit.delete(find_gone(unit))
    unit.flush()

    assert 1 == unit.scalar(text("SELECT count(*) FROM mixins_pet"))


def test_deleting_the_owner(unit: Session, pets: None) -> None:
    """With the database's own cascade hidden rows go with the row they belong to."""
    unit.delete(unit.get_one(Owner, 1))
    unit.flush()

    assert 0 == unit.scalar(text("SELECT count(*) FROM mixins_pet"))


def test_value_is_free_again(unit: Session, pets: None) -> None:
    """With a unique index over the others the value of a deleted row can be used."""
    unit.add(Pet(id=3, name="gone", owner_id=1))
    unit.flush()

    unit.add(Pet(id=4, name="gone", owner_id=1))
    with pytest.raises(IntegrityError, match=r"uq_mixins_pet_name|mixins_pet\.name"):
        unit.flush()
    unit.rollback()


def test_condition_is_there_once(
    unit: Session, pets: None, statements: list[str]
) -> None:
    """A lazy load of a loaded row does not say it twice."""
    owner = unit.scalars(select(Owner)).one()
    statements.clear()
    owner.pets  # noqa: B018  # loads them

    assert [1] == [statement.count("IS NULL") for statement in statements]


def test_nothing_is_attached_without_such_a_model() -> None:
    """A project pays for the hiding from its first such model on."""
    code = """
from lback.db import Model
from lback.db._session import Session
from lback.db.mixins import SoftDeleteMixin
from sqlalchemy.orm import mapped_column, Mapped

def attached():
    return len(Session.dispatch.do_orm_execute._clslevel.get(Session, ()))

before = attached()
class One(SoftDeleteMixin, Model):
    id: Mapped[int] = mapped_column(primary_key=True)
class Two(SoftDeleteMixin, Model):
    id: Mapped[int] = mapped_column(primary_key=True)
print(before, attached())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert "0 1" == done.stdout.strip()
