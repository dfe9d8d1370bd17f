"""Bodies in pieces: sent one by one, closed once, in a unit of work that only reads."""

import io
from collections.abc import AsyncIterator
from collections.abc import Iterator
from typing import Any

import pytest

from lback.core.catalogue import server_response_sent
from lback.core.exceptions import InvalidResponse
from lback.core.streaming import StreamingResponse


class Pieces:
    """Pieces that know how often they were closed."""

    def __init__(self, *pieces: Any) -> None:
        self._pieces = iter(pieces)
        self.closed = 0

    def __iter__(self) -> "Pieces":
        return self

    def __next__(self) -> Any:
        return next(self._pieces)

    def close(self) -> None:
        """Count."""
        self.closed += 1


def test_the_pieces_are_the_body(site: Any) -> None:
    """Texts and bytes follow each other; there is no length."""
    site.add("/", lambda request: StreamingResponse(["ä", b"b", bytearray(b"c")]))
    answer = site.ask("/")

    assert ("äbc", None) == (answer.text, answer.headers.get("Content-Length"))


def test_a_length_that_is_known_is_said(site: Any) -> None:
    """Whoever counts says so in a header."""
    headers = {"Content-Length": "2"}
    site.add("/", lambda request: StreamingResponse(["ab"], 201, headers, "text/plain"))
    answer = site.ask("/")

    assert (201, "2", "text/plain") == (
        answer.status,
        answer.headers["Content-Length"],
        answer.headers["Content-Type"],
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("is_observed", [False, True])
def test_pieces_are_closed_once(site: Any, method: str, *, is_observed: bool) -> None:
    """Through every wrapper, and where nothing is sent."""
    pieces = Pieces("a")
    site.add("/", lambda request: StreamingResponse(pieces), ["GET", "HEAD"])
    heard: list[Any] = []

    def note(sender: Any, status_code: int) -> None:
        heard.append((status_code, pieces.closed))

    if is_observed:
        server_response_sent.connect(note)
    try:
        site.ask("/", method)
    finally:
        server_response_sent.disconnect(note)

    assert 1 == pieces.closed
    assert ([(200, 1)] if is_observed else []) == heard


def test_a_generator_is_ended_when_the_client_goes(site: Any) -> None:
    """What its finally does is done at once."""
    ended: list[str] = []

    def pieces() -> Iterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            ended.append("closed")

    body = StreamingResponse(pieces()).get_wsgi_response()[2]
    first = next(body)
    body.close()
    body.close()

    assert (b"a", ["closed"]) == (first, ended)


def test_async_pieces_are_awaited(site: Any) -> None:
    """One at a time, on the loop of the thread; it is ended, too."""
    ended: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            ended.append("closed")

    async def view(request: Any) -> StreamingResponse:
        return StreamingResponse(pieces())

    site.add("/", view)

    assert ("ab", ["closed"]) == (site.ask("/").text, ended)


def test_a_file_can_be_streamed(site: Any) -> None:
    """Whatever gives lines of bytes is closed behind them."""
    file = io.BytesIO(b"a\nb\n")
    site.add("/", lambda request: StreamingResponse(file))

    assert ("a\nb\n", True) == (site.ask("/").text, file.closed)


@pytest.mark.parametrize("wrong", ["text", b"bytes", None, 1, {"a": 1}])
def test_what_is_no_pieces_is_refused(wrong: Any) -> None:
    """A text would be sent letter by letter."""
    with pytest.raises(InvalidResponse, match="sends pieces"):
        StreamingResponse(wrong)


def test_a_piece_that_is_none_is_refused() -> None:
    """The server is told what came."""
    body = StreamingResponse([1]).get_wsgi_response()[2]  # type: ignore[list-item]  # the mistake
    with pytest.raises(InvalidResponse, match="A piece of a StreamingResponse is int"):
        next(body)
