"""What a client sends, checked by a schema; what it gets, shaped by one.

A schema is a pydantic model, a dataclass or a TypedDict. Pydantic itself is not needed:
whatever has its ``model_validate`` and ``model_dump`` will do.
"""

import dataclasses
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import UnionType
from typing import Any
from typing import get_args
from typing import get_origin
from typing import get_type_hints
from typing import NamedTuple
from typing import NotRequired
from typing import Union

from typing_extensions import is_typeddict

from lback.core.exceptions import ValidationError

# The field of messages that belong to no single one.
WHOLE = "__all__"


class Input(NamedTuple):
    """What a client wants to be written.

    Attributes:
        data: An instance of the schema.
        values: What of it is to be written, by attribute.
    """

    data: Any
    values: dict[str, Any]


def is_schema(kind: Any) -> bool:
    """Tell whether *kind* is a class that data can be checked by."""
    return isinstance(kind, type) and (
        hasattr(kind, "model_validate")
        or dataclasses.is_dataclass(kind)
        or is_typeddict(kind)
    )


def take(data: Any, schema: Any, *, is_partial: bool) -> Input:
    """Check what a client sent.

    Args:
        data: An instance of the schema, or a mapping that is to become one.
        schema: The schema, or None to take every mapping and instance as it is.
        is_partial: Only what was set is to be written. Of an instance of a dataclass
            that is what differs from the default.

    Raises:
        ValidationError: The data does not fit the schema.
        TypeError: It is neither of both.
    """
    if isinstance(data, Mapping):
        # NOTE: of a form with several values of a name it is one, as in ``dict``.
        mapping = {name: data[name] for name in data}
        if schema is None:
            return Input(data, mapping)
        return _from_mapping(mapping, schema, is_partial=is_partial)
    if schema is not None and (is_typeddict(schema) or not isinstance(data, schema)):
        raise TypeError(
            f"{type(data).__name__} is neither a {schema.__name__} nor a mapping."
        )
    return Input(data, _values_of(data, is_partial=is_partial))


@contextmanager
def as_validation() -> Iterator[None]:
    """Turn a ValueError of the block into the 400 that tells the client."""
    try:
        yield
    except ValueError as error:
        raise ValidationError(_messages(error)) from error


def shape(row: Any, schema: Any) -> Any:
    """Make an instance of *schema* from the attributes of *row*."""
    if hasattr(schema, "model_validate"):
        return schema.model_validate(row, from_attributes=True)
    values = {
        name: _shape_inside(getattr(row, name), hint)
        for name, hint in _hints(schema).items()
        if name in _names(schema)
    }
    return schema(**values)


def _from_mapping(data: dict[str, Any], schema: Any, *, is_partial: bool) -> Input:
    if hasattr(schema, "model_validate"):
        with as_validation():
            instance = schema.model_validate(data)
        return Input(instance, _values_of(instance, is_partial=is_partial))
    _check_fields(data, schema)
    if is_typeddict(schema):
        return Input(data, dict(data))
    with as_validation():  # of __post_init__
        instance = schema(**data)
    names = data if is_partial else _names(schema)
    return Input(instance, {name: getattr(instance, name) for name in names})


def _values_of(data: Any, *, is_partial: bool) -> dict[str, Any]:
    if hasattr(data, "model_dump"):
        values: dict[str, Any] = data.model_dump(exclude_unset=is_partial)
        return values
    if dataclasses.is_dataclass(data):
        return {
            field.name: getattr(data, field.name)
            for field in dataclasses.fields(data)
            if field.init and not (is_partial and _is_default(field, data))
        }
    raise TypeError(
        f"{type(data).__name__} has no fields to write. Give a dictionary, a dataclass "
        "or a pydantic model."
    )


def _is_default(field: "dataclasses.Field[Any]", data: Any) -> bool:
    value = getattr(data, field.name)
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return value is field.default or bool(value == field.default)


def _check_fields(data: Mapping[str, Any], schema: Any) -> None:
    """Compare the names and types of *data* with those of a dataclass or TypedDict."""
    names, hints = _names(schema), _hints(schema)
    errors: dict[str, list[str]] = {}
    for name in names:
        if name not in data:
            if names[name]:
                errors[name] = ["This field is required."]
        elif not _fits(data[name], hints[name]):
            errors[name] = [f"This must be {_written(hints[name])}."]
    for name in data:
        if name not in names:
            errors[str(name)] = ["There is no such field."]
    if errors:
        raise ValidationError(errors)


def _names(schema: Any) -> dict[str, bool]:
    """Return the fields of a schema, and whether each is required."""
    if is_typeddict(schema):
        # NOTE: where annotations are texts, the class itself did not see NotRequired.
        marked = get_type_hints(schema, include_extras=True)
        return {
            name: name in schema.__required_keys__
            and get_origin(hint) is not NotRequired
            for name, hint in marked.items()
        }
    return {
        field.name: field.default is field.default_factory is dataclasses.MISSING
        for field in dataclasses.fields(schema)
        if field.init
    }


def _fits(value: Any, declared: Any) -> bool:
    from typeguard import check_type
    from typeguard import CollectionCheckStrategy
    from typeguard import TypeCheckError

    strategy = CollectionCheckStrategy.ALL_ITEMS
    try:
        check_type(value, declared, collection_check_strategy=strategy)
    except TypeCheckError:
        return False
    return True


def _written(declared: Any) -> str:
    """Write a type as its declaration does."""
    if isinstance(declared, type) and not get_args(declared):
        return declared.__name__
    return str(declared).replace("typing.", "")


def _messages(error: ValueError) -> dict[str, list[str]]:
    """Return what is wrong by field, as pydantic's error or any other tells it."""
    details = getattr(error, "errors", None)
    if not callable(details):
        return {WHOLE: [str(error)]}
    found: dict[str, list[str]] = {}
    for detail in details():
        field = ".".join(map(str, detail["loc"])) or WHOLE
        found.setdefault(field, []).append(detail["msg"])
    return found


@lru_cache(maxsize=256)
def _hints(schema: Any) -> dict[str, Any]:
    return get_type_hints(schema)


def _shape_inside(value: Any, hint: Any) -> Any:
    """Shape what a row refers to, where the schema says how."""
    if value is None:
        return None
    if is_schema(hint):
        return shape(value, hint)
    origin = get_origin(hint)
    inner = [arg for arg in get_args(hint) if arg not in {None, type(None), ...}]
    if len(inner) != 1:
        return value
    if origin in {Union, UnionType}:
        return _shape_inside(value, inner[0])
    if not is_schema(inner[0]):
        return value
    many = [shape(item, inner[0]) for item in value]
    return tuple(many) if origin is tuple else many
