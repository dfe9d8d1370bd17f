"""The types of settings: read a value from a text, check one, guess a type."""

import json
import types
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import MutableMapping
from collections.abc import MutableSequence
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Final
from typing import get_args
from typing import get_origin
from typing import Literal
from typing import Union

from lback.core._secrets import Secret

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_SEQUENCES = (list, tuple, set, frozenset)
_BOOL_HELP = "not one of true, false, yes, no, on, off, 1, 0"


class Misfit(ValueError):
    """A text that does not fit a type; the message says what would fit."""


def parse(text: str, kind: Any) -> Any:
    """Read *text*, as the environment gives it, as a value of the type *kind*.

    The messages never repeat the text: it may be a secret.

    Raises:
        Misfit: The text is not such a value.
    """
    kind, arguments = _bare(kind)
    if kind in _READERS:
        return _READERS[kind](text)
    if kind is Literal:
        return _parse_literal(text, arguments)
    if kind is Union:
        return _parse_union(text, arguments)
    if kind in _SEQUENCES:
        return _parse_sequence(text, kind, arguments)
    if kind is dict:
        return _parse_json(text, dict, "a JSON object")
    name = getattr(kind, "__name__", kind)
    raise Misfit(f"is of type {name}, which cannot be read from the environment")


def _bare(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split a type into what it is at heart and its arguments."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Annotated, Final, ClassVar):
        return _bare(arguments[0])
    if kind is Any or kind is object or kind is Final:
        return Any, ()
    if origin is types.UnionType:
        return Union, arguments
    heart = kind if origin is None else origin
    if heart in (Mapping, MutableMapping):
        return dict, arguments
    if heart in (Sequence, MutableSequence):
        return list, arguments
    return heart, arguments


def _parse_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Misfit(f"is {_BOOL_HELP}")


def _number(kind: Callable[[str], float], words: str) -> Callable[[str], Any]:
    def read(text: str) -> float:
        try:
            return kind(text)
        except ValueError:
            raise Misfit(f"is not {words}") from None

    return read


def _parse_json(text: str, kind: type, words: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, kind):
        raise Misfit(f"is not {words}")
    return value


def _parse_literal(text: str, allowed: tuple[Any, ...]) -> Any:
    for value in allowed:
        if str(value) == text.strip():
            return value
    raise Misfit(f"is not one of {', '.join(str(value) for value in allowed)}")


def _parse_union(text: str, kinds: tuple[Any, ...]) -> Any:
    if types.NoneType in kinds and text.strip().lower() in ("", "none", "null"):
        return None
    reasons = []
    for kind in kinds:
        if kind is types.NoneType:
            continue
        try:
            return parse(text, kind)
        except Misfit as misfit:
            reasons.append(str(misfit))
    raise Misfit(" and ".join(reasons))


def _parse_sequence(text: str, kind: Any, arguments: tuple[Any, ...]) -> Any:
    stripped = text.strip()
    if stripped.startswith("["):
        items = _parse_json(stripped, list, "a JSON list")
    else:
        parts = (part.strip() for part in stripped.split(","))
        items = [part for part in parts if part]
    return kind(
        parse(item, element) if isinstance(item, str) else item
        for item, element in zip(
            items, _elements(kind, arguments, len(items)), strict=True
        )
    )


def _elements(kind: Any, arguments: tuple[Any, ...], count: int) -> list[Any]:
    """Name the type of each of *count* elements."""
    if kind is tuple and arguments and arguments[-1] is not ...:
        if len(arguments) != count:
            raise Misfit(f"has {count} elements, not {len(arguments)}")
        return list(arguments)
    return [arguments[0] if arguments else str] * count


_READERS: dict[Any, Callable[[str], Any]] = {
    Any: str,
    str: str,
    bool: _parse_bool,
    int: _number(int, "a whole number"),
    float: _number(float, "a number"),
    Path: Path,
    Secret: Secret,
}


def kind_of(value: Any) -> Any:
    """Guess the type of a setting from its value, for reading it from a text."""
    if value is None:
        return Any
    kind = type(value)
    if kind in _SEQUENCES and value:
        inner = {type(item) for item in value}
        element = inner.pop()
        if not inner and element in _READERS:
            return types.GenericAlias(
                kind, (element, ...) if kind is tuple else element
            )
    if isinstance(value, Path):
        return Path
    return kind


def misfit(value: Any, kind: Any) -> str | None:
    """Say what is wrong with *value* as one of the type *kind*, or answer None.

    A type that cannot be checked at run time, such as a protocol, fits anything.
    """
    kind, arguments = _bare(kind)
    if kind is Any:
        return None
    if kind is Literal:
        fits = any(value == one and type(value) is type(one) for one in arguments)
        allowed = ", ".join(repr(one) for one in arguments)
        return None if fits else f"must be one of {allowed}"
    if kind is Union:
        return _union_misfit(value, arguments)
    if kind in _SEQUENCES:
        return _sequence_misfit(value, kind, arguments)
    if not isinstance(kind, type):
        return None
    return None if _is(value, kind) else _wrong(kind, value)


def _is(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind in (bool, object)
    if kind is float:
        return isinstance(value, int | float)
    try:
        return isinstance(value, kind)
    except TypeError:  # a protocol that is not for run time
        return True


def _wrong(kind: Any, value: Any) -> str:
    name = getattr(kind, "__name__", str(kind))
    return f"must be of type {name}, not {type(value).__name__}"


def _union_misfit(value: Any, kinds: tuple[Any, ...]) -> str | None:
    reasons = [misfit(value, kind) for kind in kinds]
    if None in reasons:
        return None
    names = " or ".join(
        "None" if kind is types.NoneType else getattr(kind, "__name__", str(kind))
        for kind in kinds
    )
    return f"must be of type {names}, not {type(value).__name__}"


def _sequence_misfit(value: Any, kind: Any, arguments: tuple[Any, ...]) -> str | None:
    # A tuple does wherever a list does; the other way round it would not.
    if not isinstance(value, (list, tuple) if kind is list else kind):
        return _wrong(kind, value)
    try:
        elements = _elements(kind, arguments or (Any,), len(value))
    except Misfit as wrong:
        return str(wrong)
    for number, (item, element) in enumerate(zip(value, elements, strict=True)):
        reason = misfit(item, element)
        if reason:
            return f"[{number}] {reason}"
    return None
