"""What a declared payload type says about the fields of a signal."""

import dataclasses
import inspect
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from operator import attrgetter
from typing import Any
from typing import get_origin
from typing import get_type_hints
from typing import NamedTuple
from typing import NotRequired

from typing_extensions import is_typeddict

from lback.core._field_types import FieldTypes
from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidSignal

RESERVED = "sender"


class PayloadShape:
    """The fields of a payload type: which there are and which may be left out.

    Args:
        payload: A dataclass, TypedDict, NamedTuple or pydantic model.

    Attributes:
        order: The names of the fields, as they are declared.
        names: The same, as a set.
        defaults: What makes the default of each field that has one.
        required: The fields that cannot be left out.
        is_variable: Sends may bring different fields: some can be left out and have
            no default.
        is_mapping: An instance is a dictionary.

    Raises:
        InvalidSignal: *payload* is none of these, or has the reserved field.
    """

    __slots__ = (
        "_read",
        "_types",
        "defaults",
        "is_mapping",
        "is_variable",
        "names",
        "order",
        "payload",
        "required",
    )

    def __init__(self, payload: Any) -> None:
        fields = _reader_for(payload)(payload)
        self.payload = payload
        self.order = tuple(fields.names)
        self.names = frozenset(self.order)
        self.defaults = fields.defaults
        self.required = self.names - self.defaults.keys() - fields.optional
        self.is_variable = bool(fields.optional)
        self.is_mapping = is_typeddict(payload)
        self._read = _reader_of(self.order)
        self._types: FieldTypes | None = None
        if RESERVED in self.names:
            raise InvalidSignal(
                f"{payload.__qualname__} has a field {RESERVED!r}, which every signal "
                "has already. Rename the field."
            )

    def is_instance(self, value: Any) -> bool:
        """Tell whether *value* is an instance of the payload type."""
        return isinstance(value, dict if self.is_mapping else self.payload)

    def values_of(self, instance: Any) -> tuple[Any, ...]:
        """Return the values of an instance that is no dictionary, in order."""
        return self._read(instance)

    def complete(
        self, name: str | None, sender: Any, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """Fill in the defaults of *fields*, or say what is wrong with them.

        Args:
            name: The name of the signal, for messages.
            sender: Who sends; it may be meant to be the payload.
            fields: What was sent; it is changed.

        Raises:
            InvalidPayload: A field is missing, or one is not declared.
        """
        unknown = fields.keys() - self.names
        missing = self.required - fields.keys()
        if unknown or missing:
            hint = ""
            if isinstance(sender, dict) and not fields:
                hint = " A dictionary was sent in place of the sender: send(**it)."
            elif sender is self.payload:
                hint = " The class was sent in place of an instance."
            raise InvalidPayload(self._complaint(name, unknown, missing) + hint)
        for field, make in self.defaults.items():
            if field not in fields:
                fields[field] = make()
        return fields

    def check_types(self, name: str | None, fields: Mapping[str, Any]) -> None:
        """Compare the values of *fields* with their declared types.

        Raises:
            InvalidPayload: A value does not fit.
        """
        if self._types is None:
            self._types = FieldTypes(self.payload)
        self._types.check(name, fields)

    def _complaint(
        self, name: str | None, unknown: Iterable[str], missing: Iterable[str]
    ) -> str:
        wrong = [f"{field!r} is not declared" for field in sorted(unknown, key=str)]
        wrong += [f"{field!r} is missing" for field in sorted(missing)]
        declared = ", ".join(sorted(self.names)) or "no field"
        return (
            f"Wrong fields for signal {name!r}: {', '.join(wrong)}. "
            f"{self.payload.__qualname__} declares: {declared}."
        )


class _Fields(NamedTuple):
    """What a reader finds: names in order, defaults, and what may be left out."""

    names: Iterable[str]
    defaults: Mapping[str, Callable[[], Any]]
    optional: frozenset[str] = frozenset()


def _reader_for(payload: Any) -> Callable[[Any], _Fields]:
    """Choose how to read the fields of *payload*."""
    if inspect.isclass(payload):
        if hasattr(payload, "__pydantic_fields__"):
            return _read_pydantic
        if dataclasses.is_dataclass(payload):
            return _read_dataclass
        if is_typeddict(payload):
            return _read_typed_dict
        if issubclass(payload, tuple) and hasattr(payload, "_field_defaults"):
            return _read_named_tuple
    raise InvalidSignal(
        f"payload={payload!r} declares no fields. "
        "Use a dataclass, a TypedDict, a NamedTuple or a pydantic model."
    )


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _read_dataclass(payload: Any) -> _Fields:
    fields = [field for field in dataclasses.fields(payload) if field.init]
    defaults: dict[str, Callable[[], Any]] = {}
    for field in fields:
        if field.default_factory is not dataclasses.MISSING:
            defaults[field.name] = field.default_factory
        elif field.default is not dataclasses.MISSING:
            defaults[field.name] = _constant(field.default)
    return _Fields([field.name for field in fields], defaults)


def _read_named_tuple(payload: Any) -> _Fields:
    found = payload._field_defaults  # NamedTuple's documented name
    defaults = {name: _constant(value) for name, value in found.items()}
    return _Fields(payload._fields, defaults)  # NamedTuple's documented name


def _read_pydantic(payload: Any) -> _Fields:
    fields = payload.__pydantic_fields__  # pydantic's documented name
    defaults = {
        name: lambda field=field: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if not field.is_required()
    }
    return _Fields(fields, defaults)


def _read_typed_dict(payload: Any) -> _Fields:
    optional = payload.__optional_keys__
    try:
        # NOTE: where annotations are texts, the class itself did not see NotRequired.
        hints = get_type_hints(payload, include_extras=True)
    except NameError:  # a type that only type checkers know
        return _Fields(payload.__annotations__, {}, optional)
    marked = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    return _Fields(hints, {}, optional | marked)


def _reader_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Make a function that reads the attributes *names* off an instance."""
    if len(names) > 1:
        return attrgetter(*names)
    # NOTE: an attrgetter of one name returns the value, not a tuple of it.
    return lambda instance: tuple(getattr(instance, name) for name in names)
