"""Copy the fields of a signal for receivers that run after its sender has gone on."""

import copy
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import uuid
from typing import Any
from typing import NoReturn
from typing import TypeVar

from lback.core._ref import is_row
from lback.core._ref import Ref
from lback.core._ref import ref_of
from lback.core.exceptions import InvalidPayload

P = TypeVar("P")

_JSON = frozenset({bool, float, int, str, type(None)})

# What only the type in a declared payload can bring back from a text.
_DECLARED = frozenset(
    {
        bytes,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
        decimal.Decimal,
        uuid.UUID,
        Ref,
    }
)


# Payloads of signals about rows of the database, which have a Ref in a row's place.
_ABOUT_ROWS: set[type] = set()


def rows_become_refs(payload: type[P]) -> type[P]:
    """Let later receivers of signals with this payload get a Ref in a row's place."""
    _ABOUT_ROWS.add(payload)
    return payload


def frozen_values(
    values: tuple[Any, ...],
    names: tuple[str, ...],
    *,
    signal: str | None,
    payload: Any,
) -> tuple[Any, ...]:
    """Copy the values of a send so that nobody can change them later.

    Args:
        values: The values, in order.
        names: What they are called, for messages.
        signal: The name of the signal, for messages.
        payload: The declared payload, which says their types; without one only those
            of JSON are taken.

    Raises:
        InvalidPayload: A value is alive, such as a row of the database, or has a
            type that could not be stored.
    """
    for value in values:
        if type(value) not in _JSON:
            break
    else:
        return values
    copier = _Copier(signal, payload)
    try:
        return tuple(map(copier.copy, values, names))
    except RecursionError:
        raise InvalidPayload(
            f"Signal {signal!r} has receivers that run after the commit, and one of "
            f"its values, {', '.join(names)}, has itself inside. Send the values that "
            "the receivers need."
        ) from None


def frozen_sender(sender: Any, *, signal: str | None) -> Any:
    """Return what receivers get in place of *sender*: None, a text, a class or a Ref.

    Raises:
        InvalidPayload: It is a row that has no key yet.
    """
    if sender is None or type(sender) is str or isinstance(sender, type):
        return sender
    if isinstance(sender, str):
        return str(sender)
    if not is_row(sender):
        # Whatever it is, it may have changed by then; what it is has not.
        return type(sender)
    ref = ref_of(sender)
    if ref is None:
        raise InvalidPayload(
            f"Signal {signal!r} has receivers that run after the commit, and is about "
            f"{_article(type(sender).__name__)} that has no key yet. Send it behind "
            "session.flush(), as post_save is."
        )
    return ref


class _Copier:
    """Copies values, however deep, and refuses what cannot be copied."""

    def __init__(self, signal: str | None, payload: Any) -> None:
        self._signal = signal
        self._is_declared = payload is not None
        self._makes_refs = payload in _ABOUT_ROWS

    def copy(self, value: Any, where: str) -> Any:
        """Copy one value.

        Args:
            value: Anything.
            where: How to get to it, for messages.
        """
        kind = type(value)
        if kind in _JSON:
            return value
        if kind is dict:
            return self._copy_dict(value, where)
        if kind in {list, tuple}:
            # NOTE: a tuple stays one only where the declared type says so.
            copied = [self.copy(item, f"{where}[{n}]") for n, item in enumerate(value)]
            return tuple(copied) if kind is tuple and self._is_declared else copied
        if self._is_declared and (kind in _DECLARED or isinstance(value, enum.Enum)):
            return value
        return self._copy_object(value, where)

    def _copy_dict(self, value: dict[Any, Any], where: str) -> dict[str, Any]:
        for key in value:
            if type(key) is not str and not self._is_declared:
                self._refuse(key, f"a key of {where}")
        return {
            key: self.copy(item, f"{where}[{key!r}]") for key, item in value.items()
        }

    def _copy_object(self, value: Any, where: str) -> Any:
        if self._makes_refs and is_row(value):
            return frozen_sender(value, signal=self._signal)
        if is_row(value) or not self._is_declared:
            self._refuse(value, where)
        if isinstance(value, set | frozenset):
            return type(value)(self.copy(item, where) for item in value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            names = value._fields  # NamedTuple's documented name
            return type(value)(
                *(
                    self.copy(item, f"{where}.{n}")
                    for n, item in zip(names, value, strict=True)
                )
            )
        if dataclasses.is_dataclass(value) and not inspect.isclass(value):
            # NOTE: not made anew, since __post_init__ would run again.
            twin = copy.copy(value)
            for name in (field.name for field in dataclasses.fields(value)):
                own = self.copy(getattr(value, name), f"{where}.{name}")
                object.__setattr__(twin, name, own)  # it may be frozen
            return twin
        if hasattr(type(value), "__pydantic_fields__"):
            return value.model_copy(
                update={n: self.copy(item, f"{where}.{n}") for n, item in value}
            )
        return self._refuse(value, where)

    def _refuse(self, value: Any, where: str) -> NoReturn:
        kind = type(value)
        if is_row(value):
            hint = (
                "The row may be gone or changed by then. Send its key, and load it in "
                "the receiver."
            )
        elif kind in _DECLARED or isinstance(value, enum.Enum | set | frozenset):
            hint = "Declare a payload whose type says so, or send a text."
        else:
            hint = "Send the values that the receivers need."
        raise InvalidPayload(
            f"Signal {self._signal!r} has receivers that run after the commit, and "
            f"{where} is {_article(kind.__name__)}, which cannot wait for it. {hint}"
        )


def _article(name: str) -> str:
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"
