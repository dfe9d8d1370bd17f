"""Files as responses: whole, in parts, or not at all if the client has them."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from lback.core.exceptions import InvalidResponse
from lback.core.files import disposition
from lback.core.files import FileResponse

CONTENT = b"0123456789"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of ten bytes."""
    made = tmp_path / "digits.txt"
    made.write_bytes(CONTENT)
    return made


@pytest.fixture
def site(site: Any, file: Path) -> Any:
    """Return a site with the file at /."""
    site.add("/", lambda request: FileResponse(file), ["GET", "HEAD", "POST"])
    return site


def descriptors() -> int:
    """Count what this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_file_is_sent(site: Any) -> None:
    """With its type, its length, and what a later request needs."""
    answer = site.ask("/")

    assert (200, CONTENT) == (answer.status, answer.body)
    assert "10" == answer.headers["Content-Length"]
    assert "text/plain; charset=utf-8" == answer.headers["Content-Type"]
    assert "nosniff" == answer.headers["X-Content-Type-Options"]
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Last-Modified"].endswith(" GMT")
    assert None is answer.headers.get("Content-Disposition")


def test_head_has_the_length_alone(site: Any) -> None:
    """Nothing of the file is read."""
    answer = site.ask("/", "HEAD")

    assert (200, "10", b"") == (
        answer.status,
        answer.headers["Content-Length"],
        answer.body,
    )


def test_who_has_it_is_told_so(site: Any, file: Path) -> None:
    """By its ETag, or by the time it was changed; until it changes again."""
    first = site.ask("/").headers
    by_tag = site.ask("/", HTTP_IF_NONE_MATCH=first["ETag"])
    by_time = site.ask("/", HTTP_IF_MODIFIED_SINCE=first["Last-Modified"])
    file.write_bytes(b"changed")
    afterwards = site.ask("/", HTTP_IF_NONE_MATCH=first["ETag"])

    assert (304, b"", None) == (
        by_tag.status,
        by_tag.body,
        by_tag.headers.get("Content-Length"),
    )
    assert (304, 200) == (by_time.status, afterwards.status)
    assert first["ETag"] == by_tag.headers["ETag"]


@pytest.mark.parametrize(
    ("wanted", "content", "said"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-99999999999999999999", b"89", "bytes 8-9/10"),
    ],
)
def test_a_part_is_sent(site: Any, wanted: str, content: bytes, said: str) -> None:
    """A download goes on where it was cut."""
    answer = site.ask("/", HTTP_RANGE=wanted)

    assert (206, content, said) == (
        answer.status,
        answer.body,
        answer.headers["Content-Range"],
    )
    assert str(len(content)) == answer.headers["Content-Length"]


def test_a_part_behind_the_end_cannot_be_had(site: Any) -> None:
    """The client is told how long the file is."""
    answer = site.ask("/", HTTP_RANGE="bytes=10-")

    assert (416, "bytes */10", b"") == (
        answer.status,
        answer.headers["Content-Range"],
        answer.body,
    )


@pytest.mark.parametrize(
    "odd",
    [
        "bytes=4-2",
        "lines=1-2",
        "bytes=0-1,3-4",
        "bytes=" + "0-0," * 100_000,
        "bytes=x",
        "x",
    ],
)
def test_odd_ranges_are_passed_over(site: Any, odd: str) -> None:
    """The whole file is always a right answer (S012)."""
    answer = site.ask("/", HTTP_RANGE=odd)

    assert (200, CONTENT) == (answer.status, answer.body)


def test_a_part_of_a_changed_file_is_the_whole(site: Any) -> None:
    """If-Range names the file that the client has the beginning of."""
    tag = site.ask("/").headers["ETag"]
    same = site.ask("/", HTTP_RANGE="bytes=5-", HTTP_IF_RANGE=tag)
    other = site.ask("/", HTTP_RANGE="bytes=5-", HTTP_IF_RANGE='"other"')

    assert (206, 200) == (same.status, other.status)


@pytest.mark.parametrize("header", ["HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"])
def test_junk_is_no_condition(site: Any, header: str) -> None:
    """A browser that lost its mind gets the file (S013)."""
    assert 200 == site.ask("/", **{header: "x" * 10_000}).status


def test_other_methods_have_no_parts(site: Any) -> None:
    """A range is for a GET."""
    assert 200 == site.ask("/", "POST", HTTP_RANGE="bytes=0-0").status


def test_files_are_closed(site: Any) -> None:
    """Sent, sent in part, and not sent at all."""
    tag = site.ask("/").headers["ETag"]
    before = descriptors()
    for environ in ({}, {"HTTP_RANGE": "bytes=0-0"}, {"HTTP_IF_NONE_MATCH": tag}):
        for method in ("GET", "HEAD"):
            site.ask("/", method, **environ)

    assert before == descriptors()


def test_a_file_may_be_kept_under_another_name(file: Path) -> None:
    """The browser stores it; the type is that of the name."""
    answer = FileResponse(file, "list.csv", as_attachment=True)
    answer.get_wsgi_response()[2].close()

    assert 'attachment; filename="list.csv"' == answer.headers["Content-Disposition"]
    assert "text/csv; charset=utf-8" == answer.content_type


def test_an_unknown_type_is_bytes(tmp_path: Path) -> None:
    """A browser does not guess."""
    for name in ("a", "a.unknown", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"")
        answer = FileResponse(tmp_path / name)
        answer.get_wsgi_response()[2].close()

        assert "application/octet-stream" == answer.content_type


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Nothing waits for a writer, and a missing file is an error of the view."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidResponse, match="no plain file"):
        FileResponse(tmp_path / "pipe")
    with pytest.raises(InvalidResponse, match="no plain file"):
        FileResponse(tmp_path)
    with pytest.raises(FileNotFoundError):
        FileResponse(tmp_path / "missing")


@given(st.text(max_size=1000))
def test_any_name_stands_in_a_header(name: str) -> None:
    """Quotes, line breaks and all scripts: one header, and the name is in it (S034)."""
    header = disposition("attachment", name)
    kind, options = parse_options_header(header)
    kept = name.replace("/", "_").replace("\\", "_").encode(errors="replace").decode()

    assert header.isascii()
    assert header.isprintable()
    assert ("attachment", kept) == (kind, options["filename"])
