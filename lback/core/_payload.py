"""What a declared payload type says about the fields of a signal."""

import dataclasses
import inspect
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import get_type_hints
from typing import is_typeddict

from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidSignal

RESERVED = "sender"


class PayloadShape:
    """The fields of a payload type: which there are and which may be left out.

    Args:
        payload: A dataclass, TypedDict, NamedTuple or pydantic model.

    Raises:
        InvalidSignal: *payload* is none of these, or has the reserved field.
    """

    __slots__ = ("defaults", "expected", "names", "payload", "required", "unpack")

    def __init__(self, payload: Any) -> None:
        reader = _reader_for(payload)
        self.payload = payload
        self.names: frozenset[str]
        self.defaults: Mapping[str, Callable[[], Any]]
        names, self.defaults, optional, self.unpack = reader(payload)
        self.names = frozenset(names)
        self.required = self.names - self.defaults.keys() - optional
        if RESERVED in self.names:
            raise InvalidSignal(
                f"{payload.__qualname__} has a field {RESERVED!r}, which every signal "
                "has already. Rename the field."
            )
        # NOTE: None equals no set of keys, so a send of a payload without fields
        # is always fitted and may be an instance.
        self.expected = self.names or None

    def fit(
        self, name: str | None, sender: Any, fields: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """Return the sender and all fields of a send, or say what is wrong with it.

        A lone instance of the payload type is unpacked; fields that have a default
        are filled in.

        Raises:
            InvalidPayload: A field is missing, or one is not declared.
        """
        if not fields and self._is_instance(sender):
            sender, fields = None, self.unpack(sender)
        unknown = fields.keys() - self.names
        missing = self.required - fields.keys()
        if unknown or missing:
            raise InvalidPayload(self._complaint(name, unknown, missing))
        for field, make in self.defaults.items():
            if field not in fields:
                fields[field] = make()
        return sender, fields

    def _is_instance(self, value: Any) -> bool:
        if is_typeddict(self.payload):
            return isinstance(value, dict)
        return isinstance(value, self.payload)

    def _complaint(
        self, name: str | None, unknown: Iterable[str], missing: Iterable[str]
    ) -> str:
        wrong = [f"{field!r} is not declared" for field in sorted(unknown)]
        wrong += [f"{field!r} is missing" for field in sorted(missing)]
        declared = ", ".join(sorted(self.names)) or "no field"
        return (
            f"Wrong fields for signal {name!r}: {', '.join(wrong)}. "
            f"{self.payload.__qualname__} declares: {declared}."
        )


_Parts = tuple[
    Iterable[str],
    Mapping[str, Callable[[], Any]],
    frozenset[str],
    Callable[[Any], dict[str, Any]],
]


def _reader_for(payload: Any) -> Callable[[Any], _Parts]:
    """Choose how to read the fields of *payload*."""
    if inspect.isclass(payload):
        if dataclasses.is_dataclass(payload):
            return _read_dataclass
        if is_typeddict(payload):
            return _read_typed_dict
        if issubclass(payload, tuple) and hasattr(payload, "_field_defaults"):
            return _read_named_tuple
        if hasattr(payload, "model_fields"):
            return _read_pydantic
    raise InvalidSignal(
        f"payload={payload!r} declares no fields. "
        "Use a dataclass, a TypedDict, a NamedTuple or a pydantic model."
    )


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _read_dataclass(payload: Any) -> _Parts:
    fields = [field for field in dataclasses.fields(payload) if field.init]
    defaults: dict[str, Callable[[], Any]] = {}
    for field in fields:
        if field.default_factory is not dataclasses.MISSING:
            defaults[field.name] = field.default_factory
        elif field.default is not dataclasses.MISSING:
            defaults[field.name] = _constant(field.default)
    names = [field.name for field in fields]
    return names, defaults, frozenset(), _getter(names)


def _read_named_tuple(payload: Any) -> _Parts:
    found = payload._field_defaults  # NamedTuple's documented name
    defaults = {name: _constant(value) for name, value in found.items()}
    names = payload._fields  # NamedTuple's documented name
    return names, defaults, frozenset(), _getter(names)


def _read_pydantic(payload: Any) -> _Parts:
    fields = payload.model_fields
    defaults = {
        name: lambda field=field: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if not field.is_required()
    }
    return fields, defaults, frozenset(), _getter(list(fields))


def _read_typed_dict(payload: Any) -> _Parts:
    return get_type_hints(payload), {}, payload.__optional_keys__, dict


def _getter(names: Iterable[str]) -> Callable[[Any], dict[str, Any]]:
    """Make a function that reads *names* off an instance."""
    wanted = tuple(names)
    return lambda instance: {name: getattr(instance, name) for name in wanted}
