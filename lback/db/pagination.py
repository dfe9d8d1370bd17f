"""The pages of a statement's rows."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Generic
from typing import overload
from typing import TypeVar

from sqlalchemy import CompoundSelect
from sqlalchemy import func
from sqlalchemy import Select
from sqlalchemy import select
from sqlalchemy.orm import Session

from lback.core.exceptions import BadRequest
from lback.core.exceptions import NotFound
from lback.db.transactions import get_session

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

PER_PAGE = 20

# How many rows a page has at most, unless the code says otherwise.
MOST_PER_PAGE = 100

# The largest offset that the databases take.
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Some of the rows of a statement, and where they stand among all of them.

    Iterating over it, and ``len()``, is about the rows of this page.

    Attributes:
        items: The rows.
        page: The number of the page, from 1 on.
        per_page: How many rows a page has at most.
        total: How many rows there are on all pages.
    """

    items: Sequence[T_co]
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; one if there are no rows."""
        return max(1, -(-self.total // self.per_page))

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one."""
        return self.page < self.pages

    @property
    def has_previous(self) -> bool:
        """Whether there is a page before this one."""
        return self.page > 1

    @property
    def next_page(self) -> int | None:
        """The number of the page after this one, or None."""
        return self.page + 1 if self.has_next else None

    @property
    def previous_page(self) -> int | None:
        """The number of the page before this one, or None."""
        return self.page - 1 if self.has_previous else None

    @property
    def meta(self) -> dict[str, Any]:
        """All of it but the rows, for a JSON response."""
        return {
            "page": self.page,
            "per_page": self.per_page,
            "total": self.total,
            "pages": self.pages,
            "has_next": self.has_next,
            "has_previous": self.has_previous,
        }

    def map(self, function: Callable[[T_co], U]) -> "Page[U]":
        """Return the same page with what *function* makes of each row."""
        items = [function(item) for item in self.items]
        return Page(items, self.page, self.per_page, self.total)

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@overload
def paginate(
    statement: Select[T],
    page: int | str | None = 1,
    per_page: int | str | None = PER_PAGE,
    *,
    max_per_page: int = MOST_PER_PAGE,
    session: Session | None = None,
) -> Page[T]: ...
@overload
def paginate(
    statement: Any,
    page: int | str | None = 1,
    per_page: int | str | None = PER_PAGE,
    *,
    max_per_page: int = MOST_PER_PAGE,
    session: Session | None = None,
) -> Page[Any]: ...
def paginate(
    statement: Any,
    page: int | str | None = 1,
    per_page: int | str | None = PER_PAGE,
    *,
    max_per_page: int = MOST_PER_PAGE,
    session: Session | None = None,
) -> Page[Any]:
    """Load one page of a statement's rows.

    ::

        page = paginate(select(Order).order_by(Order.id), request.GET.get("page"))

    It takes one statement for the rows, and one that counts them unless the page is the
    last one and not full. A select of one thing brings these, one of several rows.

    Args:
        statement: A select with an order that is the same each time; a union, too.
        page: The number of the page, from 1 on; it may be the text of a query string,
            or None for the first page.
        per_page: How many rows a page has; likewise, and None for 20.
        max_per_page: How many it may have.
        session: The session to use instead of the current one.

    Raises:
        BadRequest: *page* or *per_page* is no number from 1 on, or there are to be too
            many rows on a page.
        NotFound: The page is behind the last one.
        ValueError: The statement has no ORDER BY, or has a LIMIT or OFFSET of its own.
        TypeError: It is no select.
    """
    _check(statement)
    number = _number("page", page, 1)
    size = _number("per_page", per_page, PER_PAGE)
    if size > max_per_page:
        raise BadRequest(f"per_page is {size}, but may be at most {max_per_page}.")
    offset = (number - 1) * size
    if offset > _LARGEST:
        raise _behind_the_last(number)
    session = session or get_session()
    items = _rows(session, statement.limit(size).offset(offset))
    if not items and number > 1:
        raise _behind_the_last(number)
    total = offset + len(items)
    if len(items) == size:
        # NOTE: rows may be deleted between the two statements.
        total = max(total, _count(session, statement))
    return Page(items, number, size, total)


def _number(name: str, value: Any, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, str):
        # NOTE: int() takes spaces, underscores and the digits of other scripts, too,
        # and fails at more than 4300 digits.
        is_number = value.isascii() and value.isdigit() and len(value) < 20  # noqa: PLR2004  # digits of 64 bits
        number = int(value) if is_number else 0
    else:
        number = value
    if number < 1:
        shown = value[:20] if isinstance(value, str) else value
        raise BadRequest(f"{name} must be a whole number from 1 on, not {shown!r}.")
    return number


def _behind_the_last(number: int) -> NotFound:
    return NotFound(f"There is no page {number}.")


def _check(statement: Any) -> None:
    """Refuse a statement whose pages would be wrong."""
    if not isinstance(statement, Select | CompoundSelect):
        raise TypeError(
            f"{statement!r:.100} has no pages. Give a select, for example: "
            "paginate(select(Order).order_by(Order.id))."
        )
    # NOTE: SQLAlchemy has no public way to ask these.
    if not statement._order_by_clauses:  # noqa: SLF001
        raise ValueError(
            "The statement has no ORDER BY, so the database may show a row on two "
            "pages and another one on none. Add an order with something unique at its "
            "end, for example: .order_by(Order.created_at, Order.id)."
        )
    limits = (
        statement._limit_clause,  # noqa: SLF001
        statement._offset_clause,  # noqa: SLF001
        statement._fetch_clause,  # noqa: SLF001
    )
    if any(limit is not None for limit in limits):
        raise ValueError(
            "The statement has a LIMIT or OFFSET, which its pages need for themselves. "
            "Leave it out, or put it into a subquery."
        )


def _rows(session: Session, statement: Any) -> Sequence[Any]:
    result = session.execute(statement)
    # NOTE: joined collections repeat their row, and SQLAlchemy insists on being told to
    # merge them; rows that a join repeats are several, as they are for the count.
    if result._unique_filter_state:  # noqa: SLF001  # there is no public way to ask
        result = result.unique()
    if len(statement.selected_columns) == 1 or _is_one_thing(statement):
        return result.scalars().all()
    return result.all()


def _is_one_thing(statement: Any) -> bool:
    return isinstance(statement, Select) and len(statement.column_descriptions) == 1


def _count(session: Session, statement: Any) -> int:
    """Count the rows of a statement, whatever it joins or groups."""
    rows = statement.order_by(None).subquery()
    counting = select(func.count()).select_from(rows)
    options = statement.get_execution_options()
    return session.execute(counting.execution_options(**options)).scalar_one()
