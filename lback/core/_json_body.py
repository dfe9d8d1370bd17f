"""Parse a body of JSON: what two readers may read in two ways is refused."""

import json
from typing import Any
from typing import NoReturn

from lback.core._fields import Fields
from lback.core.exceptions import BadRequest


def parse_json(body: bytes, depth: int) -> Any:
    """Return the value of a JSON text; an object has keys that may be missing.

    Args:
        body: UTF-8; a byte order mark is no JSON.
        depth: How many lists and objects may be inside each other.

    Raises:
        BadRequest: It is no JSON (RFC 8259), a key comes twice, a number is not finite,
            or a text has NUL or half of a surrogate pair.
    """
    try:
        text = body.decode()
        data = _decode(text)
        if text.count("[") + text.count("{") > depth:
            _check_depth(data, depth)
        if "\\u" in text:
            _check_texts(data)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no valid JSON: {error}") from error
    return Fields(data) if isinstance(data, dict) else data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number - number:  # infinite minus infinite is no number, which is true
        raise ValueError(f"{digits[:40]} is too large")
    return number


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key comes twice in an object")
    return made


_decode = json.JSONDecoder(
    object_pairs_hook=_without_twins,
    parse_constant=_refuse_constant,
    parse_float=_finite,
).decode


def _check_depth(data: Any, depth: int) -> None:
    level = [data]
    for _ in range(depth):
        level = _inside(level)
        if not level:
            return
    if any(isinstance(value, dict | list) for value in level):
        raise ValueError(f"it is more than {depth} levels deep")


def _check_texts(data: Any) -> None:
    """Look at every text, for what UTF-8 cannot say and databases do not take."""
    level = [data]
    while level:
        for value in level:
            for text in value if isinstance(value, dict) else (value,):
                if isinstance(text, str):
                    text.encode()
                    if "\0" in text:
                        raise ValueError("a text has a NUL")
        level = _inside(level)


def _inside(level: list[Any]) -> list[Any]:
    """Return what is inside the lists and objects of *level*."""
    inside: list[Any] = []
    for value in level:
        if isinstance(value, dict):
            inside.extend(value.values())
        elif isinstance(value, list):
            inside.extend(value)
    return inside
