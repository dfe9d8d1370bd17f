"""Services whose methods are coroutines, over the same session."""

import inspect
from collections.abc import AsyncIterator
from collections.abc import Iterable
from contextlib import asynccontextmanager
from typing import Any

from lback.db._filters import OrderBy
from lback.db._schemas import as_validation
from lback.db._service_base import CreateT
from lback.db._service_base import ModelT
from lback.db._service_base import ResponseT
from lback.db._service_base import ServiceBase
from lback.db._service_base import UpdateT
from lback.db._tasks import alone
from lback.db.pagination import Page
from lback.db.pagination import PER_PAGE
from lback.db.repository import Load
from lback.db.repository import Repository
from lback.db.transactions import atomic


class AsyncBaseCrudService(ServiceBase[ModelT, CreateT, UpdateT, ResponseT]):
    """Do what :class:`~lback.db.services.CrudService` does, awaiting the hooks.

    ::

        class Orders(AsyncBaseCrudService[Order, OrderCreate, OrderUpdate]):
            async def after_create(self, instance: Order) -> None:
                await order_placed.asend(self, order_id=instance.id)

    The hooks may also be plain functions. The session is the usual one: the loop waits
    for the database. In one unit of work one task writes at a time; to ``gather()``
    writes is refused. After a write outside any unit of work, the async receivers that
    wait for the commit are awaited.
    """

    # --- Hooks ------------------------------------------------------------------------

    async def validate_create(self, data: CreateT, /) -> None:
        """Raise a ValueError or a ValidationError if *data* is not to be created."""

    async def validate_update(self, key: Any, data: UpdateT, /) -> None:
        """Raise a ValueError or a ValidationError if *data* is not to be written."""

    async def before_create(self, data: dict[str, Any], /) -> dict[str, Any]:
        """Return the values to write."""
        return data

    async def after_create(self, instance: ModelT, /) -> None:
        """Do what belongs to a new row; it has its key."""

    async def before_update(self, key: Any, data: dict[str, Any], /) -> dict[str, Any]:
        """Return the values to write."""
        return data

    async def after_update(self, instance: ModelT, /) -> None:
        """Do what belongs to a changed row."""

    async def before_delete(self, key: Any, /) -> None:
        """Raise if the row is not to be deleted."""

    async def after_delete(self, key: Any, /) -> None:
        """Do what belongs to a row that was deleted."""

    # --- Reading ----------------------------------------------------------------------

    async def find(self, key: Any, /, load_relations: Load = None) -> ResponseT | None:
        """Return the row of a primary key, or None."""
        row = self.repository.get(key, load_relations)
        return None if row is None else self._response(row)

    async def find_or_fail(self, key: Any, /, load_relations: Load = None) -> ResponseT:
        """Return the row of a primary key.

        Raises:
            NotFound: There is none.
        """
        return self._response(self.repository.get_or_404(key, load_relations))

    async def get_all(
        self,
        limit: int | None = None,
        load_relations: Load = None,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
    ) -> list[ResponseT]:
        """Return all rows, or the first *limit* of them."""
        rows = self.repository.get_all(limit, load_relations, _order_by)
        return self._responses(rows)

    async def filter(
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

    async def filter_one(
        self,
        _order_by: OrderBy | Iterable[OrderBy] | None = None,
        _load_relations: Load = None,
        **filters: Any,
    ) -> ResponseT | None:
        """Return the first of the rows that *filters* ask for, or None."""
        row = self.repository.first(_order_by, _load_relations, **filters)
        return None if row is None else self._response(row)

    async def paginate(
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

    async def exists(self, **filters: Any) -> bool:
        """Tell whether there is a row that *filters* ask for."""
        return self.repository.exists(**filters)

    async def count(self, **filters: Any) -> int:
        """Count the rows that *filters* ask for."""
        return self.repository.count(**filters)

    # --- Writing ----------------------------------------------------------------------

    async def create(self, data: CreateT | Any, /) -> ResponseT:
        """Insert a row.

        Raises:
            ValidationError: *data* is not to be created.
        """
        return (await self.create_many([data]))[0]

    async def create_many(self, many: Iterable[CreateT | Any], /) -> list[ResponseT]:
        """Insert several rows, or none of them.

        Raises:
            ValidationError: One of them is not to be created.
        """
        async with _block(self.repository):
            inputs = [self._creation(data) for data in many]
            for data, _ in inputs:
                with as_validation():
                    await _done(self.validate_create(data))
            values = [
                self._returned("before_create", await _done(self.before_create(values)))
                for _, values in inputs
            ]
            rows = self.repository.create_many(values)
            for row in rows:
                await _done(self.after_create(row))
            return self._responses(rows)

    async def update(self, key: Any, data: UpdateT | Any, /) -> ResponseT:
        """Write what *data* sets.

        Raises:
            NotFound: There is no such row.
            ValidationError: *data* is not to be written.
        """
        async with _block(self.repository):
            data, values = self._change(data)
            with as_validation():
                await _done(self.validate_update(key, data))
            values = await _done(self.before_update(key, values))
            row = self.repository.update(key, self._returned("before_update", values))
            await _done(self.after_update(row))
            return self._response(row)

    async def delete(self, key: Any, /, *, force: bool = False) -> bool:
        """Delete a row; one with a soft delete is marked and kept.

        Args:
            key: Its primary key.
            force: Delete it for good.

        Returns:
            Whether it was there.
        """
        async with _block(self.repository):
            await _done(self.before_delete(key))
            was_there = self.repository.delete(key, force=force)
            if was_there:
                await _done(self.after_delete(key))
            return was_there


@asynccontextmanager
async def _block(repository: Repository[Any]) -> AsyncIterator[None]:
    """Write all of a block or nothing of it."""
    if repository.is_current:
        async with atomic():
            yield
    else:
        with alone(repository.session), repository.atomic():
            yield


async def _done(value: Any) -> Any:
    """Wait for what an async hook returned; what a plain one did is there already."""
    return await value if inspect.isawaitable(value) else value
