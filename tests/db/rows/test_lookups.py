"""One row or the 404 that becomes the response."""

import enum
import uuid
from typing import Any

import pytest
from sqlalchemy import BigInteger
from sqlalchemy import ForeignKey
from sqlalchemy import select
from sqlalchemy import SmallInteger
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from sqlalchemy.orm import Session

from lback.core.exceptions import NotFound
from lback.core.exceptions import NoUnitOfWork
from lback.db import Model
from lback.db.lookups import get_object_or_404
from lback.db.mixins import SoftDeleteMixin

KEY = uuid.UUID("0123456789abcdef0123456789abcdef")


class Colour(enum.Enum):
    """What an enum column holds."""

    RED = 1
    BLUE = 2


class Parcel(SoftDeleteMixin, Model):
    """A row with columns of several types."""

    __tablename__ = "lookups_parcel"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(default="")
    weight: Mapped[int] = mapped_column(SmallInteger, default=1)
    tracking: Mapped[int] = mapped_column(BigInteger, default=0)
    colour: Mapped[Colour] = mapped_column(default=Colour.RED)
    stamps: Mapped[list["Stamp"]] = relationship(back_populates="parcel")


class Stamp(Model):
    """A row with a key of its own kind, which belongs to a parcel."""

    __tablename__ = "lookups_stamp"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    parcel_id: Mapped[int | None] = mapped_column(ForeignKey("lookups_parcel.id"))
    parcel: Mapped[Parcel | None] = relationship(back_populates="stamps")


class Shelf(Model):
    """A row with a key of two columns."""

    __tablename__ = "lookups_shelf"

    aisle: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def tables(make_tables: Any) -> None:
    """Create the tables of this module."""
    make_tables(Parcel, Stamp, Shelf)


@pytest.fixture
def parcel(unit: Session) -> Parcel:
    """Return a stored parcel, which the session has forgotten again."""
    row = Parcel(id=1, label="books", weight=3)
    unit.add(row)
    unit.flush()
    unit.expunge_all()
    return row


@pytest.mark.parametrize("key", [1, "1"])
def test_key_finds_its_row(parcel: Parcel, key: Any) -> None:
    """A row is found by its primary key, also by the text of it in a URL."""
    assert "books" == get_object_or_404(Parcel, key).label


@pytest.mark.parametrize(
    "key",
    [2, "2", None, "abc", "", " 1", "1_0", "\u0661", "1.0", 2**31, 2**63, -(2**70)],
)
def test_key_of_no_row_is_a_404(parcel: Parcel, unit: Session, key: Any) -> None:
    """No key that a URL may bring is an error of the server, nor spoils the unit."""
    with pytest.raises(NotFound, match=r"^No Parcel was found\.$"):
        get_object_or_404(Parcel, key)

    assert "books" == get_object_or_404(Parcel, 1).label


def test_very_long_number_is_a_404(parcel: Parcel) -> None:
    """More digits than Python itself reads are the key of no row."""
    with pytest.raises(NotFound):
        get_object_or_404(Parcel, "9" * 5000)


def test_message_keeps_the_values(parcel: Parcel) -> None:
    """What was looked for does not stand in the error."""
    with pytest.raises(NotFound) as caught:
        get_object_or_404(Parcel, label="s3cret-t0ken")

    assert "s3cret" not in f"{caught.value!r} {caught.value.data} {caught.value}"


def test_uuid_key_as_text(unit: Session) -> None:
    """A UUID is found by its text, and a text that is none is a 404."""
    unit.add(Stamp(id=KEY))
    unit.flush()

    assert get_object_or_404(Stamp, str(KEY)).id == KEY
    with pytest.raises(NotFound):
        get_object_or_404(Stamp, "no-uuid")


def test_key_of_two_columns(unit: Session) -> None:
    """A key of several columns is a tuple, in their order."""
    unit.add(Shelf(aisle="A", number=7))
    unit.flush()
    unit.expunge_all()

    assert 7 == get_object_or_404(Shelf, ("A", "7")).number
    with pytest.raises(NotFound):
        get_object_or_404(Shelf, ("A", 8))


def test_half_a_key_is_refused(unit: Session) -> None:
    """A key with too few values says which there are."""
    with pytest.raises(ValueError, match=r"key of Shelf is \(aisle, number\)"):
        get_object_or_404(Shelf, "A")


def test_filters(parcel: Parcel) -> None:
    """Attributes have to be equal, or what an operator says."""
    found = get_object_or_404(Parcel, label="books", weight__gte=3)

    assert 1 == found.id
    with pytest.raises(NotFound):
        get_object_or_404(Parcel, label="books", weight__gt=3)


def test_key_with_filters(parcel: Parcel) -> None:
    """A key and filters have to hold both."""
    assert 1 == get_object_or_404(Parcel, "1", label="books").id
    for key, label in ((1, "other"), (2, "books"), ("x", "books")):
        with pytest.raises(NotFound):
            get_object_or_404(Parcel, key, label=label)


@pytest.mark.parametrize(
    "filters",
    [
        {"weight": 70000},
        {"tracking": 2**63},
        {"weight": "heavy"},
        {"label": "nul\0byte"},
        {"colour": "GREEN"},
    ],
)
def test_values_that_no_column_holds_are_a_404(
    parcel: Parcel, filters: dict[str, Any]
) -> None:
    """A value out of a form is compared only where the database can do it."""
    with pytest.raises(NotFound):
        get_object_or_404(Parcel, **filters)

    assert "books" == get_object_or_404(Parcel, 1).label


def test_enum_by_name(parcel: Parcel) -> None:
    """An enum is found by its member and by the name of it."""
    assert 1 == get_object_or_404(Parcel, colour=Colour.RED).id
    assert 1 == get_object_or_404(Parcel, colour="RED").id


def test_select_with_a_join(unit: Session) -> None:
    """A row that a join repeats is one row."""
    parcel = Parcel(stamps=[Stamp(id=KEY), Stamp(id=uuid.uuid4())])
    unit.add(parcel)
    unit.flush()

    assert parcel is get_object_or_404(select(Parcel).join(Parcel.stamps))


def test_several_rows_are_an_error(unit: Session) -> None:
    """More than one row names the filters, and not their values."""
    unit.add_all([Parcel(label="twin"), Parcel(label="twin")])
    unit.flush()

    with pytest.raises(MultipleResultsFound, match="asked for by: label") as caught:
        get_object_or_404(Parcel, label="twin")
    assert "twin" not in str(caught.value)


def test_soft_deleted_row_is_a_404(parcel: Parcel, unit: Session) -> None:
    """A soft-deleted row is not found, be it in the session or not."""
    row = get_object_or_404(Parcel, 1)
    row.soft_delete()
    unit.flush()

    with pytest.raises(NotFound):
        get_object_or_404(Parcel, 1)
    unit.expunge_all()
    with pytest.raises(NotFound):
        get_object_or_404(Parcel, 1)


def test_unknown_attribute_is_named(parcel: Parcel) -> None:
    """A misspelt attribute gets a suggestion."""
    with pytest.raises(
        ValueError, match=r"'lable' to filter by\. Did you mean 'label'"
    ):
        get_object_or_404(Parcel, lable="books")


def test_unknown_operator_is_named(parcel: Parcel) -> None:
    """A misspelt operator gets a suggestion."""
    with pytest.raises(ValueError, match=r"operator 'gtt'. Did you mean 'gt"):
        get_object_or_404(Parcel, weight__gtt=1)


def test_what_is_no_model_is_refused(unit: Session) -> None:
    """A select of something else than one model says what to give."""
    with pytest.raises(TypeError, match="a select of one model"):
        get_object_or_404(select(Parcel.id))


def test_without_a_unit_of_work(tables: None) -> None:
    """Outside any unit of work the error is that of the session."""
    with pytest.raises(NoUnitOfWork):
        get_object_or_404(Parcel, 1)
