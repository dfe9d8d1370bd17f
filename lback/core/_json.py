"""JSON as responses write it."""

import dataclasses
import datetime as dt
import decimal
import json
import uuid
from typing import Any

from lback.core.exceptions import InvalidResponse


def _say(value: Any) -> Any:
    """Return what JSON has in place of *value*."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | decimal.Decimal):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if hasattr(type(value), "__pydantic_fields__"):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} {value!r}")


# PERF: json.dumps makes a new encoder for every call that has an option.
# bench: benchmarks/request.py::json_int
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_say
).encode


def encode_json(data: Any) -> str:
    """Return *data* as strict JSON.

    Raises:
        InvalidResponse: It holds something that JSON cannot say.
    """
    try:
        return _encode(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidResponse(f"This cannot be written as JSON: {error}.") from error
