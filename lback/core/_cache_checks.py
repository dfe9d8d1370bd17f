"""What a cache refuses, in words that say what to do."""

import inspect
from collections.abc import Iterable
from typing import Any
from typing import TypeGuard

from lback.core.exceptions import InvalidCacheKey
from lback.core.exceptions import InvalidCacheLimit
from lback.core.exceptions import InvalidComputation
from lback.core.exceptions import NotANumber

# Whose results are used up by the first who gets them.
_ONCE_ONLY = (
    (inspect.iscoroutinefunction, "an async function"),
    (inspect.isasyncgenfunction, "an async generator"),
    (inspect.isgeneratorfunction, "a generator"),
)


def hashable(keys: Iterable[Any]) -> list[Any]:
    """Return *keys*, each once, if all of them can be looked up.

    Raises:
        InvalidCacheKey: One cannot.
    """
    found = list(keys)
    for key in found:
        refuse_unhashable(key)
    return list(dict.fromkeys(found))


def is_hashable(value: object) -> bool:
    """Tell whether *value* can be a key, or a part of one."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def refuse_unhashable(key: object) -> None:
    """Refuse a key that cannot be looked up.

    Raises:
        InvalidCacheKey: Names it.
    """
    if not is_hashable(key):
        raise InvalidCacheKey(
            f"{key!r} may change, and so cannot be a key. Use a text, a number or a "
            "tuple of these."
        )


def refuse_no_time(ttl: object) -> None:
    """Refuse a time to live that is none.

    Raises:
        InvalidCacheLimit: Names it.
    """
    if ttl is None or (_is_number(ttl) and ttl > 0):
        return
    hint = "Pass seconds above 0, or None to keep the item as long as there is room."
    if callable(ttl):
        hint = "Write @cache.cached(), with brackets."
    raise InvalidCacheLimit(f"ttl is {ttl!r}. {hint}")


def refuse_no_room(max_items: object) -> None:
    """Refuse a cache that cannot hold a single item.

    Raises:
        InvalidCacheLimit: Names the limit.
    """
    if type(max_items) is not int or max_items < 1:
        raise InvalidCacheLimit(
            f"max_items is {max_items!r}. Say how many items there may be, 1 at least."
        )


def refuse_no_number(whose: str, value: object) -> None:
    """Refuse to count with what is no number.

    Args:
        whose: How the message begins.
        value: What is to be counted with.

    Raises:
        NotANumber: Names it.
    """
    if not _is_number(value):
        raise NotANumber(f"{whose} {value!r}. incr() adds a number to a number.")


def refuse_once_only(function: object) -> None:
    """Refuse what is no function, or gives results that only one can use.

    Raises:
        InvalidComputation: Says which it is, and what to do.
    """
    if not callable(function):
        raise InvalidComputation(
            f"{function!r} is no function. Pass one that computes the value, "
            "such as lambda: total(7), or store a value you have with set()."
        )
    for is_one, kind in _ONCE_ONLY:
        if is_one(function):
            raise InvalidComputation(
                f"{name_of(function)} is {kind}, and its result can be used only "
                "once. Cache a plain function that returns the finished value."
            )


def name_of(function: object) -> str:
    """Return the dotted name of a function."""
    name = getattr(function, "__qualname__", None)
    return repr(function) if name is None else f"{function.__module__}.{name}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
