"""What somebody has typed, as a value of a column's type."""

import json
import math
from collections.abc import Callable
from datetime import date
from datetime import datetime
from datetime import time
from decimal import Decimal
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Boolean
from sqlalchemy import Date
from sqlalchemy import DateTime
from sqlalchemy import Enum
from sqlalchemy import Float
from sqlalchemy import Integer
from sqlalchemy import Interval
from sqlalchemy import JSON
from sqlalchemy import Numeric
from sqlalchemy import Time
from sqlalchemy import Uuid
from sqlalchemy.types import TypeDecorator

from lback.core.exceptions import MigrationError

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.types import TypeEngine

_WORDS = {
    **dict.fromkeys(("true", "yes", "y", "1", "on"), True),
    **dict.fromkeys(("false", "no", "n", "0", "off"), False),
}


class _Form(NamedTuple):
    """How values of a kind of type are read.

    Attributes:
        kind: The type.
        read: Return the value of a text; KeyError, ValueError or ArithmeticError if it
            is none.
        says: What it should have been.
    """

    kind: "type[TypeEngine[Any]]"
    read: Callable[[str], Any]
    says: str


def _truth(text: str) -> bool:
    """Return what a word such as ``yes`` says.

    Raises:
        KeyError: It is no such word.
    """
    return _WORDS[text.strip().lower()]


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _json(text: str) -> str:
    json.loads(text)
    return text


# Whoever comes first decides; other types take any text.
_FORMS = (
    _Form(Boolean, _truth, "true or false"),
    _Form(Integer, int, "a whole number"),
    _Form(Float, _number, "a number"),
    _Form(Numeric, _number, "a number"),
    _Form(DateTime, datetime.fromisoformat, "a moment such as 2025-01-31 08:30:00"),
    _Form(Date, date.fromisoformat, "a date such as 2025-01-31"),
    _Form(Time, time.fromisoformat, "a time such as 08:30:00"),
    _Form(Uuid, UUID, "a UUID"),
    _Form(JSON, _json, "JSON"),
)


def typed(column: "Column[Any]", text: str, path: str) -> Any:
    """Return the value that *text* is in a column.

    Raises:
        MigrationError: The column cannot hold it.
    """
    kind = stored(column.type)
    if isinstance(kind, Enum):
        if text not in kind.enums:
            raise _misfit(path, f"one of {', '.join(kind.enums)}", text)
        return text
    for form in _FORMS:
        if isinstance(kind, form.kind):
            try:
                return form.read(text)
            except (ArithmeticError, KeyError, ValueError):
                raise _misfit(path, f"{form.says} ({kind})", text) from None
    return text


def _misfit(path: str, wanted: str, text: str) -> MigrationError:
    return MigrationError(f"{path} is {wanted}, not {text!r}.")


def stored(kind: "TypeEngine[Any]") -> "TypeEngine[Any]":
    """Return the type that a database keeps for a type.

    NOTE: a span of time is kept in another way by each database, so it is left alone.
    """
    while isinstance(kind, TypeDecorator) and not isinstance(kind, Interval):
        kind = kind.impl_instance
    return kind
