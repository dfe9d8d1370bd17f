"""Services: what is done with the rows of one model, with hooks before and after."""

from collections.abc import Iterable
from typing import Any

from lback.db._filters import OrderBy
from lback.db._schemas import as_validation
from lback.db._service_base import check_sync
from lback.db._service_base import CreateT
from lback.db._service_base import ModelT
from lback.db._service_base import ResponseT
from lback.db._service_base import ServiceBase
from lback.db._service_base import UpdateT
from lback.db.pagination import Page
from lback.db.pagination import PER_PAGE
from lback.db.repository import Load


class CrudService(ServiceBase[ModelT, CreateT, UpdateT, ResponseT]):
    """Create, find, update and delete the rows of one model.

    ::

        class Orders(CrudService[Order, OrderCreate, OrderUpdate, OrderResponse]):
            def after_create(self, instance: Order) -> None:
                order_placed.send(self, order_id=instance.id)

        orders = Orders(Repository(Order), response_schema=OrderResponse)

    Data is an instance of the schema or a mapping, such as ``request.DATA``, that is
    checked by it; of a partial update only what was set is written. Each write happens
    with its hooks as a whole or not at all: what a hook raises undoes it. Filters and
    orders are those of :class:`~lback.db.repository.Repository`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse async hooks, which nobody would await."""
        super().__init_subclass__(**options)
        check_sync(cls)

    # --- Hooks ------------------------------------------------------------------------

    def validate_create(self, data: CreateT, /) -> None:
        """Raise a ValueError or a ValidationError if *data* is not to be created."""

    def validate_update(self, key: Any, data: UpdateT, /) -> None:
        """Raise a ValueError or a ValidationError if *data* is not to be written."""

    def before_create(self, data: dict[str, Any], /) -> dict[str, Any]:
        """Return the values to write."""
        return data

    def after_create(self, instance: ModelT, /) -> None:
        """Do what belongs to a new row; it has its key."""

    def before_update(self, key: Any, data: dict[str, Any], /) -> dict[str, Any]:
        """Return the values to write."""
        return data

    def after_update(self, instance: ModelT, /) -> None:
        """Do what belongs to a changed row."""

    def before_delete(self, key: Any, /) -> None:
        """Raise if the row is not to be deleted."""

    def after_delete(self, key: Any, /) -> None:
        """Do what belongs to a row that was deleted."""

    # --- Reading ----------------------------------------------------------------------

    def find(self, key: Any, /, load_relations: Load = None) -> ResponseT | None:
        """Return the row of a primary key, or None."""
        row = self.repository.get(key, load_relations)
        return None if row is None else self._response(row)

    def find_or_fail(self, key: Any, /, load_relations: Load = None) -> ResponseT:
        """Return the row of a primary key.

        Raises:
            NotFound: There is none.
        """
        return self._response(self.repository.get_or_404(key, load_relations))

    def get_all(
        self,
        limit: int | None = None,
        load_relations: Load = None,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
    ) -> list[ResponseT]:
        """Return all rows, or the first *limit* of them."""
        rows = self.repository.get_all(limit, load_relations, _order_by)
        return self._responses(rows)

    def filter(
        self,
        _limit: int | None = None,
        _offset: int | None = None,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
        _load_relations: Load = None,
        **filters: Any,
    ) -> list[ResponseT]:
        """Return the rows that *filters* ask for."""
        rows = self.repository.filter(
            _limit, _offset, _order_by, _load_relations, **filters
        )
        return self._responses(rows)

    def filter_one(
        self,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
        _load_relations: Load = None,
        **filters: Any,
    ) -> ResponseT | None:
        """Return the first of the rows that *filters* ask for, or None."""
        row = self.repository.first(_order_by, _load_relations, **filters)
        return None if row is None else self._response(row)

    def paginate(
        self,
        page: int | str | None = 1,
        per_page: int | str | None = PER_PAGE,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
        _load_relations: Load = None,
        **filters: Any,
    ) -> Page[ResponseT]:
        """Return one page of the rows that *filters* ask for.

        Raises:
            BadRequest: *page* or *per_page* is no number, or out of bounds.
            NotFound: The page is behind the last one.
        """
        found = self.repository.paginate(
            page, per_page, _order_by, _load_relations, **filters
        )
        return found.map(self._response)

    def exists(self, **filters: Any) -> bool:
        """Tell whether there is a row that *filters* ask for."""
        return self.repository.exists(**filters)

    def count(self, **filters: Any) -> int:
        """Count the rows that *filters* ask for."""
        return self.repository.count(**filters)

    # --- Writing ----------------------------------------------------------------------

    def create(self, data: CreateT | Any, /) -> ResponseT:
        """Insert a row.

        Raises:
            ValidationError: *data* is not to be created.
        """
        return self.create_many([data])[0]

    def create_many(self, many: Iterable[CreateT | Any], /) -> list[ResponseT]:
        """Insert several rows, or none of them.

        Raises:
            ValidationError: One of them is not to be created.
        """
        with self.repository.atomic():
            inputs = [self._creation(data) for data in many]
            for data, _ in inputs:
                with as_validation():
                    self.validate_create(data)
            values = [
                self._returned("before_create", self.before_create(values))
                for _, values in inputs
            ]
            rows = self.repository.create_many(values)
            for row in rows:
                self.after_create(row)
            return self._responses(rows)

    def update(self, key: Any, data: UpdateT | Any, /) -> ResponseT:
        """Write what *data* sets.

        Raises:
            NotFound: There is no such row.
            ValidationError: *data* is not to be written.
        """
        with self.repository.atomic():
            data, values = self._change(data)
            with as_validation():
                self.validate_update(key, data)
            values = self._returned("before_update", self.before_update(key, values))
            row = self.repository.update(key, values)
            self.after_update(row)
            return self._response(row)

    def delete(self, key: Any, /, *, force: bool = False) -> bool:
        """Delete a row; one with a soft delete is marked and kept.

        Args:
            key: Its primary key.
            force: Delete it for good.

        Returns:
            Whether it was there.
        """
        with self.repository.atomic():
            self.before_delete(key)
            was_there = self.repository.delete(key, force=force)
            if was_there:
                self.after_delete(key)
            return was_there
