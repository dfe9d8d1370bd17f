"""HTTPMethod and UploadedFile; requests and converters have tests of their own."""

import io

import pytest

from lback.core import types
from lback.core._http import status_line
from lback.core.exceptions import InvalidResponse
from lback.core.types import HTTPMethod
from lback.core.types import UploadedFile


def test_a_method_equals_its_name() -> None:
    """A method is equal to its name as text, and to no other."""
    assert (True, False) == (HTTPMethod.GET == "GET", HTTPMethod.GET == "get")


def test_a_method_equals_itself_only() -> None:
    """Two methods are equal if they are the same."""
    assert (True, False) == (
        HTTPMethod.GET == HTTPMethod("GET"),
        HTTPMethod.GET == HTTPMethod("PUT"),
    )


def test_equal_methods_have_one_hash() -> None:
    """A method is found by its name in sets and dictionaries, and the other way."""
    by_name: dict[object, int] = {"PUT": 1}
    by_method: dict[object, int] = {HTTPMethod.GET: 2}

    assert (1, 2) == (by_name[HTTPMethod.PUT], by_method["GET"])


def test_a_method_is_written_as_its_name() -> None:
    """The text of a method is its name."""
    assert "DELETE" == str(HTTPMethod.DELETE)


def test_an_upload_is_read_like_a_file() -> None:
    """An upload is read, moved in and read again."""
    upload = UploadedFile("a.txt", "text/plain", io.BytesIO(b"abc"), "f", 3)
    first = upload.read(2)
    upload.seek(0)

    assert (b"ab", b"abc") == (first, upload.read())


def test_an_upload_closes_its_file() -> None:
    """Closing an upload closes the file behind it."""
    file = io.BytesIO(b"abc")
    UploadedFile("a.txt", "text/plain", file, "f", 3).close()

    assert file.closed


def test_an_upload_may_have_nothing_to_close() -> None:
    """An upload whose file cannot be closed is closed without an error."""
    upload = UploadedFile("a.txt", "text/plain", object(), "f", 3)  # type: ignore[arg-type]  # what is tested
    upload.close()

    assert {} == upload.headers


def test_an_upload_shows_name_and_size() -> None:
    """The repr of an upload escapes the client's name of it."""
    upload = UploadedFile("a\n.txt", "text/plain", io.BytesIO(), "f", 3)

    assert "<UploadedFile 'a\\n.txt', 3 bytes>" == repr(upload)


def test_the_documented_types_are_there() -> None:
    """The module has the documented types."""
    assert {
        "AppSession",
        "HTTPMethod",
        "IntegerConverter",
        "Request",
        "TypeConverter",
        "UUIDConverter",
        "UploadedFile",
    } == set(types.__all__)


@pytest.mark.parametrize(
    ("code", "line"), [(200, "200 OK"), (404, "404 Not Found"), (599, "599 Unknown")]
)
def test_a_status_has_a_line(code: int, line: str) -> None:
    """A status is written with its phrase, or as unknown."""
    assert line == status_line(code)


@pytest.mark.parametrize("code", [0, 99, 600, True, None, "200", "200 OK\r\nX: y"])
def test_anything_else_is_no_status(code: object) -> None:
    """What is no number from 100 to 599 is refused."""
    with pytest.raises(InvalidResponse, match="is no HTTP status"):
        status_line(code)
