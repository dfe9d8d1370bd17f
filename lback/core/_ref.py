"""What stands for a stored row where the row itself cannot go."""

from typing import Any
from typing import NamedTuple


class Ref(NamedTuple):
    """A stored row: its model and its primary key.

    Attributes:
        model: The class.
        key: The value of the primary key, a tuple if it has several columns.
    """

    model: type
    key: Any

    def __str__(self) -> str:
        label = getattr(self.model, "__sender_key__", self.model.__qualname__)
        return f"{label}:{self.key}"


def is_row(value: object) -> bool:
    """Tell whether *value* is an instance of a model."""
    # NOTE: SQLAlchemy's own sign of it; asking itself would import it.
    return hasattr(value, "_sa_instance_state")


def ref_of(row: Any) -> Ref | None:
    """Return what stands for *row*, or None if it has no key yet."""
    model = type(row)
    key = model.__mapper__.primary_key_from_instance(row)
    if None in key:
        return None
    return Ref(model, key[0] if len(key) == 1 else tuple(key))
