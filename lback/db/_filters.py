"""Conditions and orders by the names of attributes, as keyword arguments give them."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy import ColumnElement
from sqlalchemy import Enum
from sqlalchemy import false
from sqlalchemy import inspect
from sqlalchemy import Integer
from sqlalchemy import SmallInteger
from sqlalchemy import String
from sqlalchemy import Uuid
from sqlalchemy.orm import Mapper
from sqlalchemy.orm import Session

from lback.core._near import did_you_mean

OrderBy = str | ColumnElement[Any]

# What a column type cannot hold is equal to nothing in the column.
IMPOSSIBLE: Any = object()

# What can stand behind two underscores; the names are those of FastKit.
OPERATORS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "in": lambda column, value: column.in_(value),
    "not_in": lambda column, value: column.not_in(value),
    "between": lambda column, value: column.between(*value),
    "like": lambda column, value: column.like(value),
    "ilike": lambda column, value: column.ilike(value),
    "contains": lambda column, value: column.contains(value, autoescape=True),
    "startswith": lambda column, value: column.startswith(value, autoescape=True),
    "endswith": lambda column, value: column.endswith(value, autoescape=True),
    "is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
    "is_not_null": lambda column, value: (
        column.is_not(None) if value else column.is_(None)
    ),
}


def conditions(
    session: Session, model: type, filters: Mapping[str, Any]
) -> Iterator[ColumnElement[bool]]:
    """Yield what ``status="paid"`` or ``total__gte=10`` asks of the rows of *model*.

    Raises:
        ValueError: The model has no such attribute, or there is no such operator.
    """
    mapper: Mapper[Any] = inspect(model)
    for name, value in filters.items():
        attribute, operator = _split(mapper, name)
        column = getattr(model, attribute)
        if operator != "eq":
            yield OPERATORS[operator](column, value)
            continue
        fitting = storable(session, mapper, getattr(column, "type", None), value)
        yield false() if fitting is IMPOSSIBLE else column == fitting


def ordering(
    model: type, order_by: OrderBy | Iterable[OrderBy] | None
) -> list[ColumnElement[Any]]:
    """Return the order that *order_by* asks for, with the primary key at its end.

    The key makes the order of rows the same each time where all else is equal.

    Args:
        model: The model of the rows.
        order_by: Attributes by name, descending with a ``-`` in front, or expressions.

    Raises:
        ValueError: The model has no such attribute.
    """
    mapper: Mapper[Any] = inspect(model)
    if order_by is None:
        wanted: Iterable[OrderBy] = ()
    elif isinstance(order_by, str | ColumnElement):
        wanted = (order_by,)
    else:
        wanted = order_by
    found = [
        _ordered(mapper, item) if isinstance(item, str) else item for item in wanted
    ]
    return [*found, *mapper.primary_key]


def storable(session: Session, mapper: Mapper[Any], kind: Any, value: Any) -> Any:
    """Return *value* as a column of type *kind* holds it.

    Texts of a URL become numbers and UUIDs where the column has these.

    Returns:
        The value, or ``IMPOSSIBLE``: the column can hold no such value, and to compare
        with it is an error on some databases.
    """
    # NOTE: only values that come out of a URL or a form as they are have to be looked
    # at: PostgreSQL ends the transaction over a number that is too large for its type.
    if isinstance(kind, Integer) and isinstance(value, int | str):
        return _integer(value, 64 if _is_sqlite(session, mapper) else _bits(kind))
    if isinstance(kind, Uuid) and kind.as_uuid and isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            return IMPOSSIBLE
    if isinstance(kind, String) and isinstance(value, str):
        return _text(session, mapper, kind, value)
    return value


def _integer(value: int | str, bits: int) -> Any:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        # NOTE: int() takes spaces, underscores and the digits of other scripts, too.
        if not (digits.isascii() and digits.isdigit()) or len(digits) > bits:
            return IMPOSSIBLE
        value = int(value)
    limit = 1 << (bits - 1)
    return value if -limit <= value < limit else IMPOSSIBLE


def _text(session: Session, mapper: Mapper[Any], kind: String, value: str) -> Any:
    if isinstance(kind, Enum) and value not in kind.enums:
        return IMPOSSIBLE
    if "\0" in value and not _is_sqlite(session, mapper):
        return IMPOSSIBLE
    return value


def _bits(kind: Integer) -> int:
    if isinstance(kind, BigInteger):
        return 64
    return 16 if isinstance(kind, SmallInteger) else 32


def _is_sqlite(session: Session, mapper: Mapper[Any]) -> bool:
    return session.get_bind(mapper).dialect.name == "sqlite"


def _split(mapper: Mapper[Any], name: str) -> tuple[str, str]:
    """Split ``"total__gte"``; an attribute may have two underscores itself."""
    known = mapper.all_orm_descriptors.keys()
    if name in known:
        return name, "eq"
    attribute, _, operator = name.rpartition("__")
    if attribute not in known:
        raise _unknown(mapper, attribute or name, "filter")
    if operator not in OPERATORS:
        raise ValueError(
            f"{name!r} has no operator {operator!r}.{did_you_mean(operator, OPERATORS)}"
            f" Operators are: {', '.join(OPERATORS)}."
        )
    return attribute, operator


def _ordered(mapper: Mapper[Any], name: str) -> ColumnElement[Any]:
    attribute = name.removeprefix("-")
    if attribute not in mapper.all_orm_descriptors:
        raise _unknown(mapper, attribute, "order")
    column: Any = getattr(mapper.class_, attribute)
    ordered: ColumnElement[Any] = column.desc() if name.startswith("-") else column
    return ordered


def _unknown(mapper: Mapper[Any], name: str, verb: str) -> ValueError:
    known = list(mapper.all_orm_descriptors.keys())
    return ValueError(
        f"{mapper.class_.__name__} has no attribute {name!r} to {verb} by."
        f"{did_you_mean(name, known)} It has: {', '.join(known)}."
    )
