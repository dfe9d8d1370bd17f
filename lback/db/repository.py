"""The rows of one model: find, count, write and delete them."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextlib import contextmanager
from typing import Any
from typing import Generic
from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlalchemy import inspect
from sqlalchemy import Select
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption
from typing_extensions import TypeVar

from lback.core._unit_of_work import current_unit
from lback.db._filters import conditions
from lback.db._filters import OrderBy
from lback.db._filters import ordering
from lback.db.lookups import get_row
from lback.db.lookups import not_found
from lback.db.mixins import SoftDeleteMixin
from lback.db.pagination import MOST_PER_PAGE
from lback.db.pagination import Page
from lback.db.pagination import paginate
from lback.db.pagination import PER_PAGE
from lback.db.transactions import atomic
from lback.db.transactions import get_session

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

ModelT = TypeVar("ModelT", default=Any)

Load = Sequence[ORMOption] | None


class Repository(Generic[ModelT]):
    """The rows of one model.

    It writes at once, so that keys and errors of the database are there, and commits
    nothing: that is up to the unit of work.

    Filters are ``status="paid"`` or ``total__gte=10``; the operators are eq, ne, lt,
    lte, gt, gte, in, not_in, between, like, ilike, contains, startswith, endswith,
    is_null and is_not_null. Orders are names of attributes, descending with a ``-`` in
    front, or expressions. Rows that are equal in it are ordered by their primary key.

    Args:
        model: The model.
        session: The session to use; by default that of the current unit of work.
    """

    def __init__(self, model: type[ModelT], session: Session | None = None) -> None:
        self.model = model
        self._session = session

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.model.__name__}>"

    @property
    def session(self) -> Session:
        """The session in use.

        Raises:
            NoUnitOfWork: None was given, and there is no unit of work here.
        """
        return get_session() if self._session is None else self._session

    def atomic(self) -> AbstractContextManager[Session]:
        """Write all of a block or nothing of it, as ``lback.db.atomic`` does.

        In a session that was given, and is not that of the current unit of work, the
        block is a savepoint; to commit is up to whoever made the session.
        """
        return atomic() if self.is_current else _savepoint(self.session)

    @property
    def is_current(self) -> bool:
        """Whether its session is that of the current unit of work."""
        if self._session is None:
            return True
        unit = current_unit()
        return unit is not None and unit.session is self._session

    # --- Reading ----------------------------------------------------------------------

    def query(self, **filters: Any) -> Select[ModelT]:
        """Return a select of the rows, to go on with."""
        return select(self.model).where(*self._where(filters))

    def get(self, key: Any, /, load_relations: Load = None) -> ModelT | None:
        """Return the row of a primary key, or None.

        Args:
            key: The key, a tuple if it has several columns; it may be the text of a
                URL.
            load_relations: What to load along, such as ``[selectinload(Order.items)]``.
        """
        return get_row(self.session, self.model, key, *(load_relations or ()))

    def get_or_404(self, key: Any, /, load_relations: Load = None) -> ModelT:
        """Return the row of a primary key.

        Raises:
            NotFound: There is none.
        """
        row = self.get(key, load_relations)
        if row is None:
            raise not_found(self.model)
        return row

    def get_all(
        self,
        limit: int | None = None,
        load_relations: Load = None,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
    ) -> list[ModelT]:
        """Return all rows, or the first *limit* of them."""
        return self.filter(
            _limit=limit, _load_relations=load_relations, _order_by=_order_by
        )

    def filter(
        self,
        _limit: int | None = None,
        _offset: int | None = None,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
        _load_relations: Load = None,
        **filters: Any,
    ) -> list[ModelT]:
        """Return the rows that *filters* ask for."""
        statement = self._ordered(filters, _order_by, _load_relations)
        statement = statement.limit(_limit).offset(_offset)
        # NOTE: only for joined collections; no row of one table comes twice.
        return list(self.session.scalars(statement).unique())

    def first(
        self,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
        _load_relations: Load = None,
        **filters: Any,
    ) -> ModelT | None:
        """Return the first of the rows that *filters* ask for, or None."""
        rows = self.filter(
            _limit=1, _order_by=_order_by, _load_relations=_load_relations, **filters
        )
        return rows[0] if rows else None

    def exists(self, **filters: Any) -> bool:
        """Tell whether there is a row that *filters* ask for."""
        key = inspect(self.model).primary_key
        statement = select(*key).where(*self._where(filters)).limit(1)
        return self.session.execute(statement).first() is not None

    def count(self, **filters: Any) -> int:
        """Count the rows that *filters* ask for."""
        statement = select(func.count()).select_from(self.model)
        return self.session.scalar(statement.where(*self._where(filters))) or 0

    def paginate(
        self,
        page: int | str | None = 1,
        per_page: int | str | None = PER_PAGE,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
        _load_relations: Load = None,
        _max_per_page: int = MOST_PER_PAGE,
        **filters: Any,
    ) -> Page[ModelT]:
        """Return one page of the rows that *filters* ask for.

        Raises:
            BadRequest: *page* or *per_page* is no number, or out of bounds.
            NotFound: The page is behind the last one.
        """
        statement = self._ordered(filters, _order_by, _load_relations)
        return paginate(
            statement, page, per_page, max_per_page=_max_per_page, session=self.session
        )

    # --- Writing ----------------------------------------------------------------------

    def create(self, data: Mapping[str, Any]) -> ModelT:
        """Insert a row with these values."""
        return self.create_many([data])[0]

    def create_many(self, many: Iterable[Mapping[str, Any]]) -> list[ModelT]:
        """Insert several rows."""
        rows = [self.model(**data) for data in many]
        self.session.add_all(rows)
        self.session.flush()
        return rows

    def update(self, row_or_key: Any, data: Mapping[str, Any], /) -> ModelT:
        """Set these values of a row.

        Raises:
            NotFound: There is no row of this key.
            TypeError: The model has no such attribute.
        """
        row = self._row(row_or_key)
        if row is None:
            raise not_found(self.model)
        unknown = [name for name in data if not hasattr(self.model, name)]
        if unknown:
            raise TypeError(
                f"{self.model.__name__} has no attribute to set that is called "
                f"{', '.join(map(repr, unknown))}."
            )
        for name, value in data.items():
            setattr(row, name, value)
        self.session.flush()
        return row

    def delete(self, row_or_key: Any, /, *, force: bool = False) -> bool:
        """Delete a row; one with a soft delete is marked and kept.

        Args:
            row_or_key: The row or its primary key.
            force: Delete it for good.

        Returns:
            Whether it was there.
        """
        row = self._row(row_or_key, even_deleted=force)
        if row is None:
            return False
        if isinstance(row, SoftDeleteMixin) and not force:
            row.soft_delete()
        else:
            self.session.delete(row)
        self.session.flush()
        return True

    # --- Helpers ----------------------------------------------------------------------

    def _where(self, filters: Mapping[str, Any]) -> "list[ColumnElement[bool]]":
        return list(conditions(self.session, self.model, filters))

    def _ordered(
        self,
        filters: Mapping[str, Any],
        order_by: OrderBy | Iterable[OrderBy] | None,
        load: Load,
    ) -> Select[ModelT]:
        statement = self.query(**filters).order_by(*ordering(self.model, order_by))
        return statement.options(*(load or ()))

    def _row(self, row_or_key: Any, *, even_deleted: bool = False) -> ModelT | None:
        if isinstance(row_or_key, self.model):
            return row_or_key
        return get_row(self.session, self.model, row_or_key, even_deleted=even_deleted)


@contextmanager
def _savepoint(session: Session) -> Iterator[Session]:
    with session.begin_nested():
        yield session
