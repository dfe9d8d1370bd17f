"""Responses: what is sent, and what is refused."""

import dataclasses
import datetime as dt
import decimal
import json
import uuid
from http import HTTPStatus
from typing import Any

import pydantic
import pytest

from lback.core.exceptions import InvalidResponse
from lback.core.response import HTMLResponse
from lback.core.response import JSONResponse
from lback.core.response import RedirectResponse
from lback.core.response import Response
from lback.core.response import to_response

HTML = ("Content-Type", "text/html; charset=utf-8")


class Stay(pydantic.BaseModel):
    """A model of pydantic."""

    day: dt.date


@dataclasses.dataclass
class Price:
    """An amount and its currency."""

    amount: decimal.Decimal
    currency: str


def wsgi_headers(response: Response) -> dict[str, str]:
    """Return the headers that are sent, each of which is there once."""
    return dict(response.get_wsgi_response()[1])


# --- What is sent -------------------------------------------------------------------


def test_a_text_is_html_in_utf8() -> None:
    """A response of a text has its type and its length in bytes."""
    expected = ("200 OK", [HTML, ("Content-Length", "2")], ["ä".encode()])

    assert expected == Response("ä").get_wsgi_response()


@pytest.mark.parametrize("body", [b"ab", bytearray(b"ab"), memoryview(b"ab")])
def test_bytes_are_just_bytes(body: Any) -> None:
    """A response of bytes has a type that says no more."""
    response = Response(body)

    assert (b"ab", "application/octet-stream") == (response.body, response.content_type)


def test_no_body_is_empty() -> None:
    """A response without a body says that it has no bytes."""
    expected = ("200 OK", [HTML, ("Content-Length", "0")], [b""])

    assert expected == Response().get_wsgi_response()


@pytest.mark.parametrize("body", ["a", b"a"])
def test_the_type_can_be_chosen(body: Any) -> None:
    """A content type that is given is sent, whatever the body is."""
    response = Response(body, content_type="text/plain")

    assert "text/plain" == wsgi_headers(response)["Content-Type"]


def test_a_header_may_give_the_type() -> None:
    """A content type among the headers takes the place of the default."""
    response = Response("a", headers={"content-type": "text/css"})

    assert [("Content-Length", "1"), ("content-type", "text/css")] == (
        response.get_wsgi_response()[1]
    )


def test_a_changed_body_has_its_own_length() -> None:
    """A body that is set later is encoded and measured again."""
    response = Response("a")
    response.body = "ää"

    assert ("4", "ää".encode()) == (
        wsgi_headers(response)["Content-Length"],
        response.body,
    )


def test_a_changed_status_is_sent() -> None:
    """A status that is set later is the one that is sent."""
    response = Response("a")
    response.status_code = 201

    assert "201 Created" == response.get_wsgi_response()[0]


def test_the_callers_headers_are_left_alone() -> None:
    """The dictionary of headers that was handed in is not changed."""
    headers = {"X-Id": "5"}
    RedirectResponse("/", headers=headers).headers["X-Other"] = "6"

    assert {"X-Id": "5"} == headers


@pytest.mark.parametrize("status", [204, 304, 100])
def test_some_statuses_have_no_body(status: int) -> None:
    """A 204 and a 304 are sent without body and without headers that describe one."""
    response = Response("a", status, {"Content-Type": "text/css", "X-Id": "5"})

    assert ([("X-Id", "5")], []) == response.get_wsgi_response()[1:]


def test_an_unusual_status_is_sent() -> None:
    """A status that has no name may be used."""
    assert "299 Unknown" == Response("", 299).get_wsgi_response()[0]


def test_a_response_shows_itself() -> None:
    """The repr has class, status and size, not the content."""
    assert "<HTMLResponse 200, 3 bytes>" == repr(HTMLResponse("abc"))


# --- Headers ------------------------------------------------------------------------


def test_headers_are_found_in_any_case() -> None:
    """A header is found and replaced however its name is written."""
    response = Response("", headers={"X-Id": "5"})
    response.headers["x-id"] = "6"

    assert [("6", 1)] == [(response.headers["X-ID"], len(response.headers))]


def test_headers_can_be_removed() -> None:
    """A header that is deleted is not sent."""
    response = Response("", headers={"X-Id": "5"})
    del response.headers["x-id"]

    assert "X-Id" not in wsgi_headers(response)


@pytest.mark.parametrize("name", ["X-Id", "Content-Type"])
def test_a_header_that_is_not_there_is_a_key_error(name: str) -> None:
    """Reading or deleting a header that was not set is a KeyError."""
    headers = Response("").headers
    with pytest.raises(KeyError):
        headers[name]

    with pytest.raises(KeyError):
        del headers[name]


def test_headers_show_their_names() -> None:
    """The repr of headers has no values."""
    headers = Response("", headers={"X-Token": "canary"}).headers

    assert "<ResponseHeaders X-Token>" == repr(headers)


@pytest.mark.parametrize(
    "name", ["X\r\nSet-Cookie", "X\n", "X\x00", "X Y", "X:", "", "Ä", None, b"X"]
)
def test_a_name_cannot_split_a_header(name: Any) -> None:
    """A header's name that is no token is refused when the response is made."""
    with pytest.raises(InvalidResponse, match="is no name of a header"):
        Response("", headers={name: "5"})


BAD_VALUES = ["a\r\nX: y", "a\n", "\r", "a\x00b", "\x7f", "\x1b[31m"]


@pytest.mark.parametrize("value", BAD_VALUES)
def test_a_value_cannot_split_a_header(value: str) -> None:
    """A header's value with control characters is refused, early or late."""
    with pytest.raises(InvalidResponse, match="X-Id has control characters"):
        Response("", headers={"X-Id": value})

    with pytest.raises(InvalidResponse, match="X-Id has control characters"):
        Response("").headers["X-Id"] = value


@pytest.mark.parametrize("value", BAD_VALUES)
def test_a_type_cannot_split_a_header(value: str) -> None:
    """A content type with control characters is refused, early or late."""
    with pytest.raises(InvalidResponse, match="Content-Type has control characters"):
        Response("", content_type=value)

    with pytest.raises(InvalidResponse, match="Content-Type has control characters"):
        Response("").content_type = value


def test_a_value_is_latin1() -> None:
    """A header's value that HTTP cannot carry is refused with the remedy."""
    with pytest.raises(InvalidResponse, match=r"outside Latin-1: '☃'\. Encode them"):
        Response("", headers={"X-Id": "☃"})


def test_a_value_may_be_a_number() -> None:
    """A header's value may be anything that has a text."""
    assert "5" == Response("", headers={"X-Id": 5}).headers["X-Id"]  # type: ignore[dict-item]  # what is tested


# --- What is refused ----------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 99, 600, 999, "200", "200 OK\r\nX: y", None])
def test_a_bad_status_is_refused(status: Any) -> None:
    """What is no HTTP status is refused when the response is made."""
    with pytest.raises(InvalidResponse, match="is no HTTP status"):
        Response("", status)


def test_a_bad_status_cannot_be_set() -> None:
    """What is no HTTP status is refused when it is set."""
    with pytest.raises(InvalidResponse, match="999 is no HTTP status"):
        Response("").status_code = 999


@pytest.mark.parametrize("body", [5, {"a": 1}, ["a"], object()])
def test_a_body_is_text_or_bytes(body: Any) -> None:
    """Any other body is refused with the remedy."""
    with pytest.raises(InvalidResponse, match="Use JSONResponse for data"):
        Response(body)


def test_a_text_has_to_be_encodable() -> None:
    """A text that UTF-8 cannot write is refused."""
    with pytest.raises(InvalidResponse, match="This text cannot be sent"):
        Response("\ud800")


# --- JSON ---------------------------------------------------------------------------


def test_json_is_the_data_alone() -> None:
    """Without a message the body is the data and nothing around it."""
    response = JSONResponse({"a": ["ä", None]})

    assert ('{"a":["ä",null]}'.encode(), "application/json") == (
        response.body,
        response.content_type,
    )


def test_a_message_adds_the_envelope() -> None:
    """With a message the data stands in an envelope."""
    response = JSONResponse([1], message="Done.")

    assert {"message": "Done.", "data": [1]} == json.loads(response.body)


def test_no_data_is_null() -> None:
    """JSON of nothing is null."""
    assert b"null" == JSONResponse().body


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC), "2026-01-02T03:04:00+00:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.time(3, 4), "03:04:00"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (decimal.Decimal("1.10"), "1.10"),
        (Price(decimal.Decimal("1.10"), "EUR"), {"amount": "1.10", "currency": "EUR"}),
        (Stay(day=dt.date(2026, 1, 2)), {"day": "2026-01-02"}),
        (HTTPStatus.OK, 200),
    ],
)
def test_common_values_are_written(value: Any, written: Any) -> None:
    """Dates, times, UUIDs, decimals, dataclasses and pydantic's models are data."""
    assert {"v": written} == json.loads(JSONResponse({"v": value}).body)


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        object(),
        {1, 2},
        b"a",
        {(1, 2): 3},
        CIRCLE,
        Price,
        "\ud800",
    ],
)
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    """Data that JSON has no words for is refused, not written wrongly."""
    with pytest.raises(InvalidResponse, match="cannot be"):
        JSONResponse({"v": value})


# --- Redirects ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a?b=c#d", "/a?b=c#d"),
        ("https://other.example/a", "https://other.example/a"),
        ("/ä b", "/%C3%A4%20b"),
        ("/a%20b", "/a%20b"),
        ("", ""),
    ],
)
def test_a_redirect_has_its_location(url: str, location: str) -> None:
    """A redirect sends the url, encoded where it has to be."""
    assert location == wsgi_headers(RedirectResponse(url))["Location"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "ftp://x",
        "/a\r\nSet-Cookie: b=c",
        "/a\n",
        "\tjavascript:alert(1)",
        "/a\x00",
        "http://[::1",
        None,
        5,
    ],
)
def test_a_dangerous_redirect_is_refused(url: Any) -> None:
    """Other schemes, control characters and what is no url are refused."""
    with pytest.raises(InvalidResponse, match=r"to redirect to|A redirect to"):
        RedirectResponse(url)


@pytest.mark.parametrize("status", [200, 201, 404, 299, 400])
def test_a_redirect_has_a_status_of_one(status: int) -> None:
    """A redirect with a status that is none is refused."""
    with pytest.raises(InvalidResponse, match="is no redirect"):
        RedirectResponse("/", status)


# --- Helpers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "status", "message"),
    [
        (Response.error(), 500, "Internal Server Error"),
        (Response.error("Tea.", 418), 418, "Tea."),
        (Response.bad_request(), 400, "Bad Request"),
        (Response.unauthorized(), 401, "Unauthorized"),
        (Response.forbidden(), 403, "Forbidden"),
        (Response.not_found(), 404, "Not Found"),
        (Response.conflict("Taken."), 409, "Taken."),
    ],
)
def test_error_helpers_make_error_bodies(
    response: Response, status: int, message: str
) -> None:
    """Every helper for errors sends its status, in the body as well."""
    expected = {"error": {"status": status, "message": message}}

    assert (status, expected) == (response.status_code, json.loads(response.body))


def test_the_html_helper_makes_a_page() -> None:
    """Response.html() is an HTMLResponse with what it was given."""
    response = Response.html("<p>", 201, {"X-Id": "5"})

    assert (HTMLResponse, b"<p>", 201, "5") == (
        type(response),
        response.body,
        response.status_code,
        response.headers["X-Id"],
    )


def test_the_json_helper_makes_json() -> None:
    """Response.json() is a JSONResponse with what it was given."""
    response = Response.json([1], 201, {"X-Id": "5"}, "Done.")

    assert (JSONResponse, b'{"message":"Done.","data":[1]}', 201, "5") == (
        type(response),
        response.body,
        response.status_code,
        response.headers["X-Id"],
    )


def test_the_redirect_helper_makes_a_redirect() -> None:
    """Response.redirect() is a RedirectResponse with what it was given."""
    response = Response.redirect("/a", 303, {"X-Id": "5"})

    assert (RedirectResponse, 303, "/a", "5") == (
        type(response),
        response.status_code,
        response.headers["Location"],
        response.headers["X-Id"],
    )


# --- What views return --------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "body"),
    [
        ("<p>", HTMLResponse, b"<p>"),
        ({"a": 1}, JSONResponse, b'{"a":1}'),
        ([1], JSONResponse, b"[1]"),
    ],
)
def test_texts_and_data_become_responses(value: Any, kind: type, body: bytes) -> None:
    """A text is a page, a dictionary or a list is JSON."""
    response = to_response(value)

    assert (kind, body) == (type(response), response.body)


def test_a_response_stays_what_it_is() -> None:
    """A response is passed on as the same object."""
    response = Response("a")

    assert response is to_response(response)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "nothing"), (5, "a value of type int"), (b"", "a value of type bytes")],
)
def test_anything_else_names_the_view(value: Any, said: str) -> None:
    """Another value is an error that says which view returned what."""
    with pytest.raises(InvalidResponse, match=rf"view builtins.len returned {said}"):
        to_response(value, view=len)


def test_a_view_without_a_name_is_shown() -> None:
    """A view that has no name of its own is named by its repr."""
    with pytest.raises(InvalidResponse, match=r"<.*object object.*> returned nothing"):
        to_response(None, view=object())


# --- As a server sees them ----------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [
        Response(),
        Response("ä"),
        Response(b"\xff"),
        Response("a", 204),
        Response("a", 304, {"Content-Type": "text/css", "ETag": '"1"'}),
        JSONResponse({"a": 1}),
        RedirectResponse("/ä"),
        Response.not_found(),
    ],
)
def test_servers_accept_every_response(site: Any, response: Response) -> None:
    """The standard validator of WSGI finds nothing wrong with any response."""
    site.add("/", lambda request: response)

    assert response.status_code == site.ask("/").status


def test_head_has_the_length_without_the_body(site: Any) -> None:
    """HEAD is answered as GET, with the same headers and no body."""
    site.add("/", lambda request: "ä", ["GET"])
    answer = site.ask("/", "HEAD")

    assert (200, "2", b"") == (
        answer.status,
        answer.headers["Content-Length"],
        answer.body,
    )
