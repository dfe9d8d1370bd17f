"""Find one row or answer that there is none."""

from typing import Any
from typing import overload
from typing import TypeVar

from sqlalchemy import inspect
from sqlalchemy import Select
from sqlalchemy import select
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.orm import Mapper
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from lback.core.exceptions import NotFound
from lback.db._filters import conditions
from lback.db._filters import IMPOSSIBLE
from lback.db._filters import storable
from lback.db.mixins import INCLUDE_DELETED
from lback.db.mixins import is_hidden
from lback.db.transactions import get_session

T = TypeVar("T")

# No key was given, which None may be.
_NO_KEY: Any = object()


@overload
def get_object_or_404(source: type[T], key: Any = _NO_KEY, /, **filters: Any) -> T: ...
@overload
def get_object_or_404(
    source: Select[T], key: Any = _NO_KEY, /, **filters: Any
) -> T: ...
def get_object_or_404(source: Any, key: Any = _NO_KEY, /, **filters: Any) -> Any:
    """Return one row, or raise the 404 that becomes the response.

    ::

        order = get_object_or_404(Order, order_id)
        order = get_object_or_404(Order, order_id, customer_id=customer.id)
        order = get_object_or_404(select(Order).join(Order.customer), number=number)

    A key or a value that the column cannot hold, such as a text for a number, is that
    of no row.

    Args:
        source: A model, or a select of one.
        key: The primary key, a tuple if it has several columns; it may be the text of a
            URL.
        filters: What attributes have to be equal to, or ``attribute__operator``.

    Raises:
        NotFound: There is no such row. The message names the model only.
        MultipleResultsFound: There are several.
        ValueError: The model has no such attribute.
    """
    model = source if isinstance(source, type) else _model_of(source)
    session = get_session()
    if isinstance(source, type) and key is not _NO_KEY and not filters:
        row = get_row(session, model, key)
    else:
        # NOTE: a join may bring the same row several times, so a limit would hide that
        # there is another one.
        few = select(model).limit(2) if isinstance(source, type) else source
        row = _only_row(session, model, few, key, filters)
    if row is None:
        raise not_found(model)
    return row


def get_row(
    session: Session,
    model: type[T],
    key: Any,
    *options: ORMOption,
    even_deleted: bool = False,
) -> T | None:
    """Return the row of a primary key, or None.

    Args:
        session: Where to look.
        model: The model.
        key: The key, a tuple if it has several columns.
        options: What to load along.
        even_deleted: Find a soft-deleted row, too.
    """
    identity = _identity(session, inspect(model), key)
    if identity is None:
        return None
    row = session.get(
        model,
        identity,
        options=options,
        execution_options={INCLUDE_DELETED: even_deleted},
    )
    # NOTE: a row that is in the session is found without asking the database.
    if row is None or (is_hidden(row) and not even_deleted):
        return None
    return row


def not_found(model: type) -> NotFound:
    """Return the error for a row of *model* that is not there."""
    return NotFound(f"No {model.__name__} was found.")


def _only_row(
    session: Session, model: type, source: Any, key: Any, filters: dict[str, Any]
) -> Any:
    statement = source.where(*conditions(session, model, filters))
    if key is not _NO_KEY:
        mapper: Mapper[Any] = inspect(model)
        identity = _identity(session, mapper, key)
        if identity is None:
            return None
        pairs = zip(mapper.primary_key, identity, strict=True)
        statement = statement.where(*(column == value for column, value in pairs))
    rows = session.scalars(statement).unique().all()
    if len(rows) > 1:
        by = ", ".join(filters) or "nothing"
        raise MultipleResultsFound(
            f"More than one {model.__name__} was found, where one was asked for by: "
            f"{by}. Ask by something that is unique."
        )
    return rows[0] if rows else None


def _identity(
    session: Session, mapper: Mapper[Any], key: Any
) -> tuple[Any, ...] | None:
    """Return the values of the primary key, or None if no row can have them."""
    columns = mapper.primary_key
    parts = tuple(key) if isinstance(key, tuple | list) else (key,)
    if len(parts) != len(columns):
        names = ", ".join(column.name for column in columns)
        raise ValueError(
            f"The key of {mapper.class_.__name__} is ({names}), but {len(parts)} "
            f"value(s) were given. Give {len(columns)}, as a tuple."
        )
    values = tuple(
        storable(session, mapper, column.type, part)
        for column, part in zip(columns, parts, strict=True)
    )
    if any(value is IMPOSSIBLE or value is None for value in values):
        return None
    return values


def _model_of(statement: Any) -> type:
    """Return the model that a select selects."""
    if isinstance(statement, Select):
        selected = statement.column_descriptions
        if len(selected) == 1 and isinstance(model := selected[0].get("type"), type):
            return model
    raise TypeError(
        f"{type(statement).__name__} is neither a model nor a select of one model. "
        "Give for example: select(Order).where(...)."
    )
