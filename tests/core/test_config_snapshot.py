"""What becomes of each kind of value in config.json."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core._settings_snapshot import NotForJson
from lback.core._settings_snapshot import snapshot_value
from lback.core.config import Secret

HEAD = """
import collections, datetime, decimal, enum, pathlib, uuid
class Text(str): pass
class Number(enum.IntEnum):
    ONE = 1
def endless():
    items = []
    items.append(items)
    return items
def deep():
    items = []
    for _ in range(10_000):
        items = [items]
    return items
"""


def evaluated(expression: str) -> Any:
    """Return the value of an expression as settings.py would have it."""
    names: dict[str, Any] = {}
    exec(HEAD, names)  # noqa: S102  # our own text
    return eval(expression, names)  # noqa: S307  # our own text


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("pathlib.Path('/srv')", "/srv"),
        ("datetime.date(2030, 1, 2)", "2030-01-02"),
        ("datetime.datetime(2030, 1, 2, 3, 4)", "2030-01-02T03:04:00"),
        ("datetime.time(3, 4)", "03:04:00"),
        ("uuid.UUID(int=1)", "00000000-0000-0000-0000-000000000001"),
        ("decimal.Decimal('1.10')", "1.10"),
        ("(1, 'a', None)", [1, "a", None]),
        ("{3, 1, -2}", [-2, 1, 3]),
        ("frozenset({'b', 'a', 1})", [1, "a", "b"]),
        ("{1: 'a'}", {"1": "a"}),
        ("collections.OrderedDict(a=1)", {"a": 1}),
        ("Text('x')", "x"),
        ("Number.ONE", 1),
        ("[True, 1.5, '']", [True, 1.5, ""]),
    ],
)
def test_what_a_value_becomes(expression: str, expected: object) -> None:
    """Paths and dates become texts, tuples lists, sets sorted lists."""
    value = evaluated(expression)

    assert expected == snapshot_value("A", value, variable=None, secrets=frozenset())


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("endless", "A is a function, which JSON cannot hold"),
        ("Text", "A is the class Text, which JSON cannot hold"),
        ("{'on': [len]}", "A.on.0 is a builtin_function_or_method"),
        ("b'x'", "A is a bytes, which JSON cannot hold"),
        ("1j", "A is a complex, which JSON cannot hold"),
        ("float('nan')", "A is nan, which JSON does not have"),
        ("[float('-inf')]", "A.0 is -inf, which JSON does not have"),
        ("endless()", "A is nested more than 50 levels deep, or contains itself"),
        ("deep()", "A is nested more than 50 levels deep, or contains itself"),
        ("{None: 1}", "A has the key a NoneType, not a str or int"),
        ("{1: 'a', '1': 'b'}", "A has the keys 1 and '1'"),
        (r"'\ud800'", "A has a lone surrogate, not text"),
        ("'x' * 100_001", "A is a text of more than 100000 signs"),
        ("10 ** 5000", "A is too large a number"),
    ],
)
def test_what_is_left_out(expression: str, reason: str) -> None:
    """What JSON cannot hold is refused, naming the setting and the part of it."""
    value = evaluated(expression)

    with pytest.raises(NotForJson) as caught:
        snapshot_value("A", value, variable=None, secrets=frozenset())

    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("API_TOKEN", "x", {"$settings": "API_TOKEN"}),
        ("A", Secret("x"), {"$settings": "A"}),
        ("A", "redis://:x@h/0", {"$settings": "A"}),
        ("A", Path("/srv/known-secret/x"), {"$settings": "A"}),
        (
            "A",
            {"b": {"PASSWORD": "x"}},
            {"b": {"PASSWORD": {"$settings": "A.b.PASSWORD"}}},
        ),
        ("API_KEYS", ["x"], [{"$settings": "API_KEYS.0"}]),
        ("API_KEYS", {"a": "x"}, {"a": {"$settings": "API_KEYS.a"}}),
        ("API_KEYS", {"x", "y"}, [{"$settings": "API_KEYS"}] * 2),
        ("HEADER", "Bearer known-secret", {"$settings": "HEADER"}),
        ("TOKEN_LIFETIME", 60, 60),
    ],
)
def test_secrets_become_references(name: str, value: object, expected: object) -> None:
    """A secret in any place is a reference to where settings.py has it."""
    known = frozenset({"known-secret"})

    assert expected == snapshot_value(name, value, variable=None, secrets=known)


def test_a_secret_of_the_environment_refers_to_its_variable() -> None:
    """A secret that a variable gave is a reference to the variable."""
    value = {"default": {"PASSWORD": "x"}}
    result = snapshot_value("D", value, variable="LBACK_D", secrets=frozenset())

    assert {"$env": "LBACK_D"} == result


def test_a_plain_value_of_the_environment_is_written() -> None:
    """A variable whose value is no secret needs no reference."""
    assert "x" == snapshot_value("A", "x", variable="A", secrets=frozenset())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters()) | st.integers(), inner)
        | st.frozensets(st.integers() | st.text())
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@given(anything)
def test_what_is_not_refused_is_strict_json(value: object) -> None:
    """Every value is either refused or can be written as strict JSON and read back."""
    try:
        plain = snapshot_value("A", value, variable=None, secrets=frozenset())
    except NotForJson:
        return
    text = json.dumps(plain, allow_nan=False, ensure_ascii=False)

    assert plain == json.loads(text.encode())
