"""Cookies: safe by default, and refused where a browser would read another one."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from lback.core._cookies import LONGEST_HEADER
from lback.core._cookies import parse_cookies
from lback.core.exceptions import HeadersTooLarge
from lback.core.exceptions import InvalidResponse
from lback.core.response import Response

NAMES = st.from_regex(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,20}", fullmatch=True)
VALUES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=60
).filter(lambda text: all(ord(c) >= 0x20 for c in text))


def cookies_of(response: Response) -> list[str]:
    """Return the headers that set cookies."""
    _, headers, _ = response.get_wsgi_response()
    return [value for name, value in headers if name == "Set-Cookie"]


@pytest.fixture
def response() -> Response:
    """Return a response without cookies."""
    return Response("x")


def test_a_cookie_is_safe_by_default(response: Response) -> None:
    """No script, no plain http and no other site has it."""
    response.set_cookie("a", "1")

    assert ["a=1; Secure; HttpOnly; Path=/; SameSite=Lax"] == cookies_of(response)


def test_a_cookie_has_its_attributes(response: Response) -> None:
    """Each one is said as browsers want it."""
    response.set_cookie(
        "a",
        "1",
        max_age=dt.timedelta(minutes=1),
        expires=dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        path="/shop",
        domain="example.com",
        httponly=False,
        samesite="Strict",
    )

    (header,) = cookies_of(response)

    assert [
        "a=1",
        "Domain=example.com",
        "Expires=Wed, 02 Jan 2030 03:04:05 GMT",
        "Max-Age=60",
        "Secure",
        "Path=/shop",
        "SameSite=Strict",
    ] == header.split("; ")


def test_the_last_cookie_of_a_name_counts(response: Response) -> None:
    """A response sets a name once, and other names beside it."""
    response.set_cookie("a", "1")
    response.set_cookie("ab", "2")
    response.set_cookie("a", "3")

    assert ["ab=2", "a=3"] == [c.split(";")[0] for c in cookies_of(response)]


def test_a_cookie_is_forgotten(site: Any) -> None:
    """What was set with the same path is gone in the next request."""

    def view(request: Any) -> Response:
        answer = Response(request.cookies.get("a", "none"))
        answer.set_cookie("a", "1")
        return answer

    def forget(request: Any) -> Response:
        answer = Response("forgotten")
        answer.delete_cookie("a")
        return answer

    site.add("/", view)
    site.add("/forget", forget)
    client = Client(site.application)
    texts = [
        client.get(path, base_url="https://localhost").text
        for path in ("/", "/", "/forget", "/")
    ]

    assert ["none", "1", "forgotten", "none"] == texts


@given(name=NAMES, value=VALUES)
def test_what_was_set_comes_back(name: str, value: str) -> None:
    """Any text survives the way to the browser and back."""
    response = Response("x")
    response.set_cookie(name, value, samesite="Lax")
    (header,) = cookies_of(response)

    assert header.isprintable()
    assert {name: value} == parse_cookies(header.split("; ")[0])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "no token"),
    ({"name": "a=b"}, "no token"),
    ({"name": "a;b"}, "no token"),
    ({"name": "a\r\nb"}, "no token"),
    ({"value": "a\r\nSet-Cookie: b=1"}, "control characters"),
    ({"value": "a\x00"}, "control characters"),
    ({"value": 1}, "int, not a text"),
    ({"value": "x" * 4096}, "browsers take 4096"),
    ({"path": "shop"}, "no path"),
    ({"path": "/;Domain=evil.example"}, "no path"),
    ({"path": "/\n"}, "no path"),
    ({"domain": "example.com; Path=/"}, "no domain"),
    ({"domain": "example.com\r\n"}, "no domain"),
    ({"samesite": "lax"}, "not Lax, None or Strict"),
    ({"samesite": "None", "secure": False}, "secure=True only"),
    ({"name": "__Secure-a", "secure": False}, "asks for secure"),
    ({"name": "__Host-a", "path": "/shop"}, "asks for path='/'"),
    ({"name": "__Host-a", "domain": "example.com"}, "no domain"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_what_is_no_cookie_is_refused(
    response: Response, wrong: dict[str, Any], said: str
) -> None:
    """Nothing breaks out of its place (S033), and nothing is lost in the browser."""
    with pytest.raises(InvalidResponse, match=said):
        response.set_cookie(**{"name": "a", "value": "1", **wrong})

    assert [] == cookies_of(response)


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ("a", {}),
        (";;=;a=1", {"a": "1"}),
        ('a="quoted"', {"a": "quoted"}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_cookies_are_read(header: str, cookies: dict[str, str]) -> None:
    """What is malformed is passed over; the first of a name counts."""
    found = parse_cookies(header)

    assert cookies == {name: found[name] for name in cookies}


def test_too_many_cookies_are_refused() -> None:
    """No browser sends so much, and reading it would take long."""
    with pytest.raises(HeadersTooLarge, match="may have at most"):
        parse_cookies("a=1;" * (LONGEST_HEADER // 4 + 1))
