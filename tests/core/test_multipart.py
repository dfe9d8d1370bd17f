"""Multipart forms: the same however they arrive, and nothing is left of broken ones."""

import gc
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core._multipart import parse_multipart
from lback.core._request_body import LIMITS
from lback.core.exceptions import BadRequest
from lback.core.exceptions import BodyGone
from lback.core.types import Request

KIND = "multipart/form-data; boundary=XX"
LONG = b"0123456789\r\n--X\r\n" * 60_000  # over what stays in memory


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    """Write one part."""
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = b"--XX--\r\n"
FORM = (
    part("a", b"1\r\n--X") + part("f", b"\r\n\r\n--XY", "n.txt") + part("a", b"") + END
)


class Pieces:
    """A stream that comes in pieces of given sizes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._stream = io.BytesIO(data)
        self._sizes = sizes

    def read(self, size: int, /) -> bytes:
        """Return the next piece."""
        return self._stream.read(min(size, self._sizes.pop(0) if self._sizes else size))


def post(body: bytes, **environ: Any) -> Request:
    """Make a request with a form."""
    own = {
        "CONTENT_TYPE": KIND,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return Request("/", "POST", None, None, {**own, **environ})


def descriptors() -> int:
    """Count what this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@given(st.lists(st.integers(1, 40), max_size=40))
def test_the_pieces_do_not_matter(sizes: list[int]) -> None:
    """Wherever the network cuts a form, it is the same (S060)."""
    fields, files = parse_multipart(Pieces(FORM, sizes), KIND, LIMITS)
    file: Any = files["f"]

    assert ["1\r\n--X", ""] == fields.getlist("a")
    assert ("n.txt", b"\r\n\r\n--XY", 8) == (file.filename, file.read(), file.size)


@given(st.integers(0, len(FORM) - len(END)))
def test_a_form_that_ends_early_is_refused(length: int) -> None:
    """Whatever is missing, half a form is none."""
    with pytest.raises(BadRequest):
        parse_multipart(io.BytesIO(FORM[:length]), KIND, LIMITS)


def test_a_long_file_goes_to_the_disk() -> None:
    """It is whole, and is closed with its upload."""
    request = post(part("f", LONG, "long.bin") + END)
    file: Any = request.files["f"]
    content = file.read()
    file.close()

    assert (LONG, len(LONG)) == (content, file.size)


def test_aborted_uploads_leave_nothing() -> None:
    """A client that goes away in the middle leaves no file and no descriptor (S062)."""
    body = part("f", LONG, "long.bin")
    before = descriptors()
    gc.disable()
    try:
        for _ in range(100):
            with pytest.raises(BadRequest, match="ended before"):
                post(body, CONTENT_LENGTH=str(len(body) + 100)).files  # noqa: B018  # it is parsed here
        after = descriptors()
    finally:
        gc.enable()

    assert before == after


def test_a_file_input_that_nobody_filled_is_no_file() -> None:
    """Browsers send it as a file without a name and without bytes."""
    assert {} == post(part("f", b"", "") + END).files


def test_a_file_without_a_name_is_a_file() -> None:
    """Whoever sends bytes sends a file."""
    file: Any = post(part("f", b"1", "") + END).files["f"]

    assert ("", b"1") == (file.filename, file.read())


def test_the_body_is_gone_behind_a_form() -> None:
    """Files may be larger than the memory, so they are not kept twice."""
    request = post(FORM)
    request.files  # noqa: B018  # it is parsed here

    with pytest.raises(BodyGone, match=r"before request\.form"):
        request.body  # noqa: B018  # it is gone


def test_the_body_comes_before_the_form() -> None:
    """Whoever reads it first has both."""
    request = post(FORM)

    assert (FORM, "") == (request.body, request.form["a"])


def test_every_cut_is_the_same() -> None:
    """A form in three pieces, the second one short, wherever they begin (S060)."""
    for first in range(1, len(FORM)):
        for size in range(1, 9):
            fields, files = parse_multipart(Pieces(FORM, [first, size]), KIND, LIMITS)
            file: Any = files["f"]

            assert ["1\r\n--X", ""] == fields.getlist("a")
            assert b"\r\n\r\n--XY" == file.read()


NAMES = [
    "../../settings.py",
    "C:\\\\autoexec.bat",
    "..",
    ".htaccess",
    "\u202egnp.exe",
    "x" * 300,
    "a/b",
]


@pytest.mark.parametrize("name", NAMES)
def test_an_upload_is_stored_under_a_name_of_its_own(tmp_path: Path, name: str) -> None:
    """What the client calls it is only told (S015)."""
    file: Any = post(part("f", b"content", name) + END).files["f"]
    path = file.save(tmp_path, ".bin")

    assert [path] == list(tmp_path.iterdir())
    assert (b"content", 0o644) == (path.read_bytes(), path.stat().st_mode & 0o777)
    assert (32, ".bin") == (len(path.stem), path.suffix)
    assert name.replace("\\\\", "\\") == file.filename


def test_two_uploads_of_a_name_are_two_files(tmp_path: Path) -> None:
    """None takes the place of another (S016); reading first does not matter."""
    file: Any = post(part("f", LONG, "a") + END).files["f"]
    file.read()
    paths = {file.save(tmp_path), file.save(tmp_path)}

    assert {LONG} == {path.read_bytes() for path in paths}
    assert 2 == len(paths)


def test_a_link_that_was_planted_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is there already is not written through (S016)."""
    target = tmp_path / "target"
    target.write_bytes(b"kept")
    (tmp_path / "known").symlink_to(target)
    monkeypatch.setattr("secrets.token_hex", lambda _: "known")
    file: Any = post(part("f", b"new", "a") + END).files["f"]

    with pytest.raises(FileExistsError):
        file.save(tmp_path)
    assert b"kept" == target.read_bytes()


@pytest.mark.parametrize("suffix", ["png", "/x", "./x", ".p\n", "..", ".tar.gz.x.y"])
def test_an_ending_is_one(tmp_path: Path, suffix: str) -> None:
    """It leads into no other folder."""
    file: Any = post(part("f", b"1", "a") + END).files["f"]

    with pytest.raises(ValueError, match="no ending"):
        file.save(tmp_path, suffix)
