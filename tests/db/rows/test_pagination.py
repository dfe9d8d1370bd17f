"""Pages: what they hold, what they cost, and what they refuse."""

from typing import Any

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import union_all
from sqlalchemy.orm import joinedload
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from sqlalchemy.orm import selectinload
from sqlalchemy.orm import Session

from lback.core.exceptions import BadRequest
from lback.core.exceptions import NotFound
from lback.db import Model
from lback.db.mixins import SoftDeleteMixin
from lback.db.pagination import Page
from lback.db.pagination import paginate


class Singer(SoftDeleteMixin, Model):
    """A row with others that belong to it."""

    __tablename__ = "pages_singer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    songs: Mapped[list["Song"]] = relationship(back_populates="singer")


class Song(Model):
    """A row that belongs to a singer."""

    __tablename__ = "pages_song"

    id: Mapped[int] = mapped_column(primary_key=True)
    singer_id: Mapped[int] = mapped_column(ForeignKey("pages_singer.id"))
    singer: Mapped[Singer] = relationship(back_populates="songs")


@pytest.fixture
def tables(make_tables: Any) -> None:
    """Create the tables of this module."""
    make_tables(Singer, Song)


@pytest.fixture
def singers(unit: Session) -> list[Singer]:
    """Return five singers with two songs each, stored."""
    rows = [
        Singer(id=n, name=f"singer {n % 3}", songs=[Song(), Song()])
        for n in range(1, 6)
    ]
    unit.add_all(rows)
    unit.flush()
    unit.expunge_all()
    return rows


BY_ID = select(Singer).order_by(Singer.id)


def ids(page: Page[Singer]) -> list[int]:
    """Return the keys of a page's rows."""
    return [row.id for row in page]


def test_first_page(singers: list[Singer]) -> None:
    """A page has its rows, and knows what is before and after it."""
    page = paginate(BY_ID, 1, 2)

    assert [1, 2] == ids(page)
    assert (1, 2, 5, 3) == (page.page, page.per_page, page.total, page.pages)
    assert (True, 2) == (page.has_next, page.next_page)
    assert (False, None) == (page.has_previous, page.previous_page)
    assert 2 == len(page)


def test_last_page(singers: list[Singer]) -> None:
    """The last page has what is left."""
    page = paginate(BY_ID, 3, 2)

    assert [5] == ids(page)
    assert (False, None) == (page.has_next, page.next_page)
    assert (True, 2) == (page.has_previous, page.previous_page)


def test_all_pages_together(singers: list[Singer]) -> None:
    """Going through all pages meets each row once."""
    pages = [ids(paginate(BY_ID, number, 2)) for number in (1, 2, 3)]

    assert [[1, 2], [3, 4], [5]] == pages


def test_meta(singers: list[Singer]) -> None:
    """What a JSON response says beside the rows."""
    expected = {
        "page": 2,
        "per_page": 2,
        "total": 5,
        "pages": 3,
        "has_next": True,
        "has_previous": True,
    }

    assert expected == paginate(BY_ID, 2, 2).meta


def test_map(singers: list[Singer]) -> None:
    """A page of rows becomes a page of something else."""
    page = paginate(BY_ID, 2, 2).map(lambda row: row.id * 10)

    assert ([30, 40], 5, 2) == (page.items, page.total, page.page)


def test_no_rows_are_one_empty_page(unit: Session) -> None:
    """Without any rows there is a first page."""
    page = paginate(BY_ID)

    assert ([], 0, 1, False) == (page.items, page.total, page.pages, page.has_next)


@pytest.mark.parametrize("raw", ["2", 2])
def test_text_of_a_query_string(singers: list[Singer], raw: Any) -> None:
    """Page and size may be the text that a client sent."""
    assert [3, 4] == ids(paginate(BY_ID, raw, raw))


def test_missing_text_of_a_query_string(singers: list[Singer]) -> None:
    """What a client left out is the first page, with 20 rows at most."""
    page = paginate(BY_ID, None, None)

    assert (1, 20, 5) == (page.page, page.per_page, len(page))


WRONG = ["0", "-1", "", "x", "1.5", " 1", "1_0", "²", "\u0661", "9" * 5000, 0, -1]


@pytest.mark.parametrize("raw", WRONG)
def test_page_that_is_no_number(raw: Any) -> None:
    """A page that is no whole number from 1 on is a 400."""
    with pytest.raises(BadRequest, match="page must be a whole number from 1 on"):
        paginate(BY_ID, raw)


@pytest.mark.parametrize("raw", WRONG)
def test_size_that_is_no_number(raw: Any) -> None:
    """Likewise for the number of rows."""
    with pytest.raises(BadRequest, match="per_page must be a whole number from 1 on"):
        paginate(BY_ID, 1, raw)


def test_size_is_bounded(singers: list[Singer]) -> None:
    """A client does not get everything at once."""
    with pytest.raises(BadRequest, match="per_page is 101, but may be at most 100"):
        paginate(BY_ID, 1, "101")

    assert 3 == len(paginate(BY_ID, 1, 3, max_per_page=3))
    with pytest.raises(BadRequest, match="at most 3"):
        paginate(BY_ID, 1, 4, max_per_page=3)


@pytest.mark.parametrize("number", ["4", "9999999999999999", "9" * 19])
def test_page_behind_the_last(singers: list[Singer], number: str) -> None:
    """A page that is not there is a 404, however large its number."""
    with pytest.raises(NotFound, match=f"There is no page {number}"):
        paginate(BY_ID, number, 2)


def test_full_page_takes_two_statements(
    singers: list[Singer], statements: list[str]
) -> None:
    """One for the rows and one that counts them."""
    paginate(BY_ID, 1, 2)

    assert 2 == len(statements)


def test_last_page_takes_one_statement(
    singers: list[Singer], statements: list[str]
) -> None:
    """Where the page is not full, it is known how many rows there are."""
    paginate(BY_ID, 3, 2)

    assert 1 == len(statements)


def test_counting_does_not_sort(singers: list[Singer], statements: list[str]) -> None:
    """The statement that counts has no ORDER BY."""
    paginate(BY_ID, 1, 2)

    assert [True, False] == ["ORDER BY" in statement for statement in statements]


def test_join_that_repeats_rows(singers: list[Singer]) -> None:
    """What a join repeats counts as often as it comes."""
    statement = select(Singer).join(Singer.songs).order_by(Singer.id, Song.id)
    page = paginate(statement, 1, 3)

    assert ([1, 1, 2], 10) == (ids(page), page.total)


def test_distinct(singers: list[Singer]) -> None:
    """A distinct statement counts each row once."""
    statement = select(Singer).join(Singer.songs).distinct().order_by(Singer.id)
    page = paginate(statement, 1, 3)

    assert ([1, 2, 3], 5) == (ids(page), page.total)


def test_group_by(singers: list[Singer]) -> None:
    """A grouped statement counts its groups, and brings rows of its columns."""
    songs = func.count(Song.id).label("songs")
    statement = select(Singer.name, songs).join(Singer.songs).group_by(Singer.name)
    page = paginate(statement.having(songs > 1).order_by(Singer.name), 1, 2)

    assert [("singer 0", 2), ("singer 1", 4)] == [tuple(row) for row in page]
    assert 3 == page.total


def test_select_of_one_column(singers: list[Singer]) -> None:
    """A select of one column brings its values."""
    page = paginate(select(Singer.id).order_by(Singer.id.desc()), 1, 2)

    assert ([5, 4], 5) == (page.items, page.total)


def test_columns_of_the_same_name(singers: list[Singer]) -> None:
    """Two models with columns of the same name are counted, too."""
    statement = select(Singer, Song).join(Singer.songs).order_by(Song.id)
    page = paginate(statement, 1, 3)

    assert 10 == page.total
    assert [Singer, Song] == [type(thing) for thing in page.items[0]]


def test_union(singers: list[Singer]) -> None:
    """A union has pages, too."""
    both = union_all(select(Singer.id), select(Song.id)).order_by("id")
    page = paginate(both, 1, 4)

    assert ([1, 1, 2, 2], 15) == (page.items, page.total)


@pytest.mark.parametrize("load", [joinedload, selectinload])
def test_collections_loaded_along(singers: list[Singer], load: Any) -> None:
    """Collections that are loaded along change neither rows nor count."""
    page = paginate(BY_ID.options(load(Singer.songs)), 1, 2)

    assert ([1, 2], 5) == (ids(page), page.total)
    assert [2, 2] == [len(row.__dict__["songs"]) for row in page]


def test_soft_deleted_rows(singers: list[Singer], unit: Session) -> None:
    """Deleted rows are neither shown nor counted, unless they are asked for."""
    unit.get_one(Singer, 2).soft_delete()
    unit.flush()
    page = paginate(BY_ID, 1, 2)
    every = paginate(BY_ID.execution_options(include_deleted=True), 1, 2)

    assert ([1, 3], 4) == (ids(page), page.total)
    assert ([1, 2], 5) == (ids(every), every.total)


def test_order_is_needed() -> None:
    """A statement without an order would have pages that overlap."""
    with pytest.raises(ValueError, match="has no ORDER BY"):
        paginate(select(Singer))


@pytest.mark.parametrize("statement", [BY_ID.limit(3), BY_ID.offset(1), BY_ID.fetch(2)])
def test_limit_of_its_own_is_refused(statement: Any) -> None:
    """A limit would be replaced without a word."""
    with pytest.raises(ValueError, match="has a LIMIT or OFFSET"):
        paginate(statement)


@pytest.mark.parametrize("statement", [Singer, text("SELECT 1"), [1, 2]])
def test_what_is_no_select_is_refused(statement: Any) -> None:
    """Anything else says what to give."""
    with pytest.raises(TypeError, match="Give a select"):
        paginate(statement)
