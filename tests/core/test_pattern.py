"""Paths as routes write them: what is refused, matched and made into urls."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core._converters import PathConverter
from lback.core._pattern import Pattern
from lback.core.exceptions import InvalidRoute
from lback.core.exceptions import NoReverseMatch
from lback.core.types import IntegerConverter
from lback.core.types import TypeConverter
from lback.core.types import UUIDConverter

AN_ID = "0b1a2c3d-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("users", "does not start with a slash"),
        ("", "does not start with a slash"),
        (None, "does not start with a slash"),
        ("/a//b", "two slashes"),
        ("//evil.example", "two slashes"),
        ("/{id:integer}", "unknown converter 'integer'. Known: str, int, uuid, path"),
        ("/{id:}/{id}", "a variable twice"),
        ("/{1d}", "no Python identifier"),
        ("/{}", "no Python identifier"),
        ("/{ìd}", "no Python identifier"),
        ("/{class}", "no Python identifier"),
        ("/{request}", "'request' is the request"),
        ("/{id", "a brace without its partner"),
        ("/id}", "a brace without its partner"),
        ("/{{id}}", "a brace without its partner"),
    ],
)
def test_a_path_that_cannot_be_routed_is_refused(path: Any, said: str) -> None:
    """A wrong path is an error that says what is wrong with it."""
    with pytest.raises(InvalidRoute, match=said):
        Pattern(path)


@pytest.mark.parametrize("text", ["0", "7", "9" * 19])
def test_int_takes_digits(text: str) -> None:
    """An int variable is a number of up to 19 digits."""
    assert {"n": int(text)} == Pattern("/{n:int}").match(f"/{text}")


@pytest.mark.parametrize(
    "text",
    ["00", "07", "+1", "-1", "1_0", "٣", "\uff11", "1.0", " 1", "9" * 20, "9" * 5000],
)
def test_int_takes_nothing_else(text: str) -> None:
    """Signs, leading zeros, other scripts' digits and huge numbers do not match."""
    assert Pattern("/{n:int}").match(f"/{text}") is None


def test_uuid_gives_a_uuid() -> None:
    """A uuid variable arrives as a UUID, in whatever case it was written."""
    expected = {"u": uuid.UUID(AN_ID)}

    assert expected == Pattern("/{u:uuid}").match(f"/{AN_ID.upper()}")


@pytest.mark.parametrize("text", ["", "abc", AN_ID.replace("-", ""), f"{{{AN_ID}}}"])
def test_uuid_takes_only_the_dashed_form(text: str) -> None:
    """Other spellings of a UUID do not match."""
    assert Pattern("/{u:uuid}").match(f"/{text}") is None


@pytest.mark.parametrize("text", ["..", ".", "a\nb", "a\x00", "\x7f", "a/b", ""])
def test_a_segment_holds_no_control_characters_and_does_not_climb(text: str) -> None:
    """A str variable refuses dots alone, slashes and control characters."""
    assert Pattern("/{name}").match(f"/{text}") is None


def test_a_path_variable_takes_slashes() -> None:
    """A path variable spans segments, also in the middle of a path."""
    expected = {"p": "a/b"}

    assert expected == Pattern("/{p:path}/edit").match("/a/b/edit")


@pytest.mark.parametrize(
    "text", ["..", "../x", "a/../x", "a/..", "./x", "/evil.example", "a\x00", ""]
)
def test_a_path_variable_never_climbs(text: str) -> None:
    """A path variable refuses dot segments, a leading slash and control characters."""
    assert Pattern("/f/{p:path}").match(f"/f/{text}") is None


def test_the_rest_of_the_values_becomes_the_query() -> None:
    """Values that are no variable of the path are put into the query string."""
    url = Pattern("/u/{id:int}").fill({"id": 5, "tag": ["a", "b c"], "q": "ä&"})

    assert "/u/5?tag=a&tag=b+c&q=%C3%A4%26" == url


def test_a_url_is_percent_encoded() -> None:
    """Texts of the path and values of variables are encoded alike."""
    url = Pattern("/café ?/{name}").fill({"name": "ä #?%"})

    assert "/caf%C3%A9%20%3F/%C3%A4%20%23%3F%25" == url


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/{name}", {"name": "//evil.example"}),
        ("/{name}", {"name": ".."}),
        ("/{name}", {"name": ""}),
        ("/{name}", {"name": "a\nb"}),
        ("/{p:path}", {"p": "/evil.example"}),
        ("/{p:path}", {"p": "../x"}),
        ("/{n:int}", {"n": -1}),
        ("/{n:int}", {"n": 3.7}),
        ("/{n:int}", {"n": "abc"}),
        ("/{n:int}", {"n": None}),
        ("/{u:uuid}", {"u": "abc"}),
    ],
)
def test_a_hostile_value_makes_no_url(path: str, values: dict[str, Any]) -> None:
    """A value that the path would not match is an error, never another url."""
    with pytest.raises(NoReverseMatch, match=r"The value .* does not fit the url"):
        Pattern(path).fill(values)


def test_a_missing_value_is_named() -> None:
    """A url without one of its values is an error that names the variable."""
    with pytest.raises(NoReverseMatch, match="needs a value for 'id'"):
        Pattern("/u/{id:int}").fill({})


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_value_leads_to_another_host_or_segment(one: str, two: str) -> None:
    """Whatever the values are, a url stays in its path and keeps its segments."""
    try:
        url = Pattern("/{one}/{two}").fill({"one": one, "two": two})
    except NoReverseMatch:
        return

    assert ("/", 2) == (url[0], url.count("/"))


@pytest.mark.parametrize(
    ("converter", "schema"),
    [
        (TypeConverter(), {"type": "string"}),
        (PathConverter(), {"type": "string"}),
        (IntegerConverter(), {"type": "integer", "minimum": 0}),
        (UUIDConverter(), {"type": "string", "format": "uuid"}),
    ],
)
def test_converters_describe_themselves(
    converter: TypeConverter, schema: dict[str, Any]
) -> None:
    """Every converter names the OpenAPI schema of its values."""
    assert schema == converter.openapi_type


@pytest.mark.parametrize(
    ("converter", "value", "text"),
    [
        (TypeConverter(), "a b", "a b"),
        (IntegerConverter(), 12, "12"),
        (IntegerConverter(), "12", "12"),
        (UUIDConverter(), uuid.UUID(AN_ID), AN_ID),
        (UUIDConverter(), AN_ID.upper(), AN_ID),
        (PathConverter(), "a/b", "a/b"),
    ],
)
def test_converters_write_values(
    converter: TypeConverter, value: Any, text: str
) -> None:
    """Every converter writes its values as the url has them."""
    assert text == converter.to_url(value)


@pytest.mark.parametrize("path", ["/a/../b", "/./a", "/a/..", "/a\x00", "/a\n"])
def test_a_path_that_no_request_can_have_is_refused(path: str) -> None:
    """A route that could never match is an error when it is made."""
    with pytest.raises(InvalidRoute, match="The path"):
        Pattern(path)
