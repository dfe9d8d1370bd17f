"""Values on a debug page: short, without secrets, whatever they do."""

from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core._debug_values import Redactor
from lback.core.config import Secret

CANARY = "canary-5f0e/1c7d'é never"


@dataclass
class Account:
    """An object that writes its fields itself."""

    name: str
    password: str


class Login(NamedTuple):
    """A tuple that is more than a tuple."""

    user: str
    api_token: str


class Broken:
    """An object that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("canary")


class BrokenList(list[int]):
    """A list that cannot be shown."""

    def __iter__(self) -> Any:
        raise RuntimeError("canary")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("count", 12, "12"),
        ("name", "Ada", "'Ada'"),
        ("data", b"\xff\x00a", r"b'\xff\x00a'"),
        ("pair", (1, None), "(1, None)"),
        ("nothing", {}, "{}"),
        ("tags", {"a"}, "{'a'}"),
        ("fields", {"a": [1, {"b": 2}]}, "{'a': [1, {'b': 2}]}"),
        ("token", "", "''"),
        ("token", None, "None"),
        ("has_token", True, "True"),
        ("password_min_length", 12, "12"),
        ("route_count", 3.5, "3.5"),
    ],
)
def test_a_harmless_value_is_its_repr(name: str, value: object, shown: str) -> None:
    """What holds no secret is shown as Python writes it."""
    assert shown == Redactor().value(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "canary"),
        ("api_key", "canary"),
        ("authtoken", "canary"),
        ("csrftoken", "canary"),
        ("HTTP_COOKIE", "canary"),
        ("Authorization", "canary"),
        ("SENTRY_DSN", "canary"),
        ("secrets", ["canary"]),
        ("token", SimpleNamespace(text="canary")),
        ("key", b"canary"),
        ("pin_token", 4711),
    ],
)
def test_what_is_called_a_secret_is_hidden(name: str, value: object) -> None:
    """A secret's name hides its value, of whatever kind that is."""
    assert "***" == Redactor().value(name, value)


@pytest.mark.parametrize(
    "value",
    [
        {"user": {"password": "canary"}},
        [("Authorization", "canary")],
        {"headers": [["X-Api-Key", "canary"]]},
        [(b"authorization", b"canary")],
        OrderedDict(password="canary"),  # noqa: S106  # what is tested
        Account("Ada", "canary"),
        [Account("Ada", "canary words with blanks")],
        Login("ada", "canary"),
        SimpleNamespace(headers=[("Authorization", "Basic canary")]),
        SimpleNamespace(db={"PASSWORD": ["canary", "canary"]}),
        Secret("canary"),
        "https://ada:canary@example.com",
        "https://canary@example.com",
        "postgresql://canary1234567890123456@db/shop",
        '{"user": "ada", "password": "canary"}',
        "user=ada&password=canary&page=2",
        "Authorization: Bearer canary",
        "it said Bearer canary-canary-canary",
        "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\ncanary",
        "eyJhbGciOi.canary.canary",
    ],
)
def test_a_secret_inside_a_value_is_hidden(value: object) -> None:
    """Names and shapes of secrets are recognised inside of values, too."""
    shown = Redactor().value("value", value)

    assert ("canary" not in shown, "***" in shown) == (True, True)


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        CANARY.encode(),
        [f"a{CANARY}b"],
        {CANARY: 1},
        SimpleNamespace(text=CANARY),
        SimpleNamespace(data=CANARY.encode()),
        {"url": "/?q=canary-5f0e%2F1c7d%27%C3%A9+never"},
        {"url": "/?q=canary-5f0e/1c7d%27%C3%A9%20never"},
        "x" * 290 + CANARY,
    ],
)
def test_a_known_secret_is_hidden_everywhere(value: object) -> None:
    """A text that is known to be secret is hidden under any name and spelling."""
    assert "canary" not in Redactor([CANARY]).value("value", value)


@given(
    before=st.text(max_size=400), after=st.text(max_size=20), name=st.text(max_size=9)
)
def test_no_surroundings_show_a_known_secret(
    before: str, after: str, name: str
) -> None:
    """A known secret is hidden, whatever stands around it and wherever it is cut."""
    redactor = Redactor(["canary-5f0e1c7d"])
    text = f"{before}canary-5f0e1c7d{after}"
    shown = [
        redactor.text(text),
        redactor.source(text),
        redactor.value(name, text),
        redactor.value(name, {name: [text]}),
        redactor.value(name, SimpleNamespace(text=text)),
    ]

    assert [] == [one for one in shown if "canary-5" in one]


@given(st.recursive(st.text() | st.binary() | st.floats(), st.lists, max_leaves=50))
def test_every_value_is_short_and_can_be_sent(value: Any) -> None:
    """What is shown has 300 characters at most and is UTF-8 without controls."""
    shown = Redactor().value("value", value)

    assert (True, True) == (
        len(shown.encode().decode()) <= 300,
        shown.isprintable() or "\n" not in shown,
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Broken(), "<repr of Broken raised RuntimeError>"),
        ([1, Broken()], "[1, <repr of Broken raised RuntimeError>]"),
        (BrokenList([1]), "<repr of BrokenList raised RuntimeError>"),
    ],
)
def test_a_repr_that_raises_is_shown_as_such(value: object, shown: str) -> None:
    """A value that cannot be shown says so in its own place."""
    assert shown == Redactor().value("value", value)


def test_a_number_too_long_to_write_is_shown_as_such() -> None:
    """Python refuses to write numbers of thousands of digits."""
    shown = Redactor().value("value", 10**5000)

    assert "<repr of int raised ValueError>" == shown


def test_a_container_may_hold_itself() -> None:
    """A list in itself is shown to some depth."""
    value: list[Any] = [1]
    value.append(value)

    assert "[1, [1, [1, [...]]]]" == Redactor().value("value", value)


@pytest.mark.parametrize("value", ["a" * 10**6, list(range(10**6)), b"a" * 10**6])
def test_a_long_value_is_cut(value: object) -> None:
    """Of a long value the beginning is shown."""
    shown = Redactor().value("value", value)

    assert (300, "...") == (len(shown), shown[-3:])


def test_terminals_get_no_orders() -> None:
    """Control characters, signs of direction and surrogates are written out."""
    shown = Redactor().text("a\x1b[2J\r\u202eb\udc80\n\tc")

    assert "a\\x1b[2J\\x0d\\u202eb\\udc80\n\tc" == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('password = "canary"', "password = ***"),
        ('api_key: str = f"canary{x}"', "api_key: str = ***"),
        ("connect(user='ada', password='canary')", "connect(user='ada', password=***)"),
        ('"token": "canary",', '"token": ***,'),
        ('if token == "canary":', "if token == ***:"),
        ("token = read_token(request)", "token = read_token(request)"),
        ("password = form['password']", "password = form['password']"),
        ("environ.get('API_KEY', 'canary')", "environ.get('API_KEY', ***)"),
        ("rows.sort(key=len)", "rows.sort(key=len)"),
    ],
)
def test_source_loses_only_literals(line: str, shown: str) -> None:
    """Of source code only texts that are assigned to a secret name are hidden."""
    assert shown == Redactor().source(line)
