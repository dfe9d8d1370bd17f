"""Check the values of a payload's fields against their declared types, in debug."""

import sys
from collections.abc import Iterator
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from typing import get_args
from typing import get_origin
from typing import get_type_hints

from lback.core._declaration import called_from
from lback.core.exceptions import InvalidPayload


class FieldTypes:
    """The declared types of a payload's fields.

    A type that cannot be known when the program runs, such as one that is imported for
    type checkers only, is not checked.

    Args:
        payload: A dataclass, TypedDict, NamedTuple or pydantic model.
    """

    __slots__ = ("_name", "_types")

    def __init__(self, payload: Any) -> None:
        self._name = payload.__qualname__
        self._types = dict(_known_types(payload))

    def check(self, signal: str | None, fields: Mapping[str, Any]) -> None:
        """Compare each value with the type of its field.

        Raises:
            InvalidPayload: Names every field that does not fit, the types of its value
                and of its declaration, and the place that sends. Never the value.
        """
        wrong = list(self._misfits(fields))
        if not wrong:
            return
        raise InvalidPayload(
            f"Wrong types for signal {signal!r}: {'; '.join(wrong)}. "
            f"Sent at {called_from()}."
        )

    def _misfits(self, fields: Mapping[str, Any]) -> Iterator[str]:
        from typeguard import check_type
        from typeguard import CollectionCheckStrategy
        from typeguard import ForwardRefPolicy
        from typeguard import TypeCheckError

        for name, declared in self._types.items():
            if name not in fields:
                continue
            value = fields[name]
            try:
                check_type(
                    value,
                    declared,
                    forward_ref_policy=ForwardRefPolicy.IGNORE,
                    collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS,
                )
            except TypeCheckError as error:
                # NOTE: where the outer type fits, what is wrong is inside.
                origin = get_origin(declared)
                fits = isinstance(origin, type) and isinstance(value, origin)
                inside = f" ({error})" if fits else ""
                yield (
                    f"{name!r} is {type(value).__qualname__}, {self._name} declares "
                    f"{_written(declared)}{inside}"
                )


def _known_types(payload: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields whose types can be found out, one by one."""
    # NOTE: a TypedDict forgets its bases, but has all annotations itself.
    for owner in reversed(payload.__mro__):
        scope = vars(sys.modules.get(owner.__module__, sys))
        for name, annotation in vars(owner).get("__annotations__", {}).items():
            one = SimpleNamespace(__annotations__={name: annotation})
            try:
                yield name, get_type_hints(one, scope)[name]
            except (NameError, AttributeError, SyntaxError, TypeError):
                continue


def _written(declared: Any) -> str:
    """Write a type as its declaration does."""
    if isinstance(declared, type) and not get_args(declared):
        return declared.__qualname__
    return str(declared).replace("typing.", "")
