"""Receivers that get the values of fields by position, whatever these are called."""

import functools
import inspect
from collections.abc import Callable
from types import MethodType
from typing import Any
from typing import NamedTuple

from lback.core.exceptions import InvalidPayload

_Parameter = inspect.Parameter
_BY_POSITION = (_Parameter.POSITIONAL_ONLY, _Parameter.POSITIONAL_OR_KEYWORD)

# What a receiver looks like that takes the sender and any fields.
_TAKES_ALL = inspect.Signature(
    [
        _Parameter("sender", _Parameter.POSITIONAL_ONLY),
        _Parameter("fields", _Parameter.VAR_KEYWORD),
    ]
)


class Places(NamedTuple):
    """What a function takes besides the sender.

    Attributes:
        names: What it takes by position, in order.
        by_name: What it takes by name only.
        is_open: It takes any number of values more.
        takes_all: It takes any names more.
        is_native: A native signal can pass it all of this by name.
        has_sender: It has a place for the sender.
    """

    names: tuple[str, ...] = ()
    by_name: frozenset[str] = frozenset()
    is_open: bool = False
    takes_all: bool = False
    is_native: bool = True
    has_sender: bool = True

    def fit(self, sent: "Places | None") -> bool:
        """Tell whether a native signal would pass the same of what is *sent*."""
        if not self.has_sender:
            return True  # no signal would: let the native one say so
        known = sent.names if sent is not None else ()
        return self.is_native and set(self.names) <= set(known)


def places_of(function: Callable[..., Any]) -> Places:
    """Read what *function* takes besides the sender."""
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:  # a builtin that does not tell
        return Places(is_open=True, is_native=False)
    first = [p for p in found if p.kind in _BY_POSITION]
    rest = first[1:]
    kinds = {parameter.kind for parameter in found}
    is_open = _Parameter.VAR_POSITIONAL in kinds
    is_strict = any(p.kind is _Parameter.POSITIONAL_ONLY for p in rest)
    return Places(
        names=tuple(parameter.name for parameter in rest),
        by_name=frozenset(p.name for p in found if p.kind is _Parameter.KEYWORD_ONLY),
        is_open=is_open,
        takes_all=_Parameter.VAR_KEYWORD in kinds,
        is_native=not (is_open or is_strict),
        has_sender=bool(first) or is_open,
    )


def named(
    signal: str, places: Places | None, values: tuple[Any, ...], fields: dict[str, Any]
) -> dict[str, Any]:
    """Return *values* and *fields* as fields.

    Args:
        signal: The name of the signal, for messages.
        places: What can be sent by position, as far as that is known.
        values: Those that were sent by position.
        fields: Those that were sent by name.

    Raises:
        InvalidPayload: There are too many values, or one of them is a field, too.
    """
    names = places.names if places is not None else ()
    if places is None or places.is_open:
        more = range(len(names) + 1, len(values) + 1)
        names = (*names, *(f"arg{number}" for number in more))
    placed = dict(zip(names, values, strict=False))
    twice = sorted(placed.keys() & fields.keys())
    if twice or len(values) > len(names):
        wrong = f"{twice[0]!r} was sent by name, too" if twice else "too many"
        raise InvalidPayload(
            f"Signal {signal!r} was sent with {len(values)} values by position: "
            f"{wrong}. What it takes by position: {', '.join(names) or 'nothing'}."
        )
    return placed | fields


class ByPosition:
    """A receiver that calls a function with the values of the fields, in order.

    Fields that are called like the function's parameters go to these, in whatever
    order they were sent. A value without a place is passed by name, or not at all.
    It equals the function, so that connecting that again finds it connected.

    Args:
        function: What takes the sender and then the values.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.__signature__ = _TAKES_ALL
        self.function = function
        self._places = places_of(function)

    def __call__(self, sender: Any, /, **fields: Any) -> Any:
        """Call the function."""
        places = self._places
        names, by_name = places.names, places.by_name
        if fields.keys() >= set(names):
            fields = {name: fields[name] for name in names} | fields
        order = [name for name in fields if name not in by_name]
        placed = order if places.is_open else order[: len(names)]
        named = {
            name: value
            for name, value in fields.items()
            if name in by_name or (places.takes_all and name not in placed)
        }
        return self.function(sender, *(fields[name] for name in placed), **named)

    @property
    def uid(self) -> str | None:
        """What tells the methods of two instances apart, which else look alike."""
        method = self.function
        if not isinstance(method, MethodType):
            return None
        return f"{method.__qualname__} of {id(method.__self__):#x}"

    def __eq__(self, other: object) -> bool:
        mine: object = self.function
        return bool(
            mine == (other.function if isinstance(other, ByPosition) else other)
        )

    def __hash__(self) -> int:
        return hash(self.function)
