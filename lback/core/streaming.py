"""Responses whose body is made while it is sent."""

from collections.abc import AsyncIterable
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from lback.core import _async_bridge
from lback.core import _unit_of_work
from lback.core._unit_of_work import UnitOfWork
from lback.core.exceptions import InvalidResponse
from lback.core.response import Headers
from lback.core.response import Response

Piece = str | bytes | bytearray | memoryview


class StreamingResponse(Response):
    """A body in pieces, each sent as soon as it is there.

    The pieces are made after the commit, in a unit of work of their own that only
    reads; it ends with the body.

    Args:
        pieces: Texts (sent as UTF-8) or bytes: anything that can be iterated over, also
            with ``async for``. It is closed once, however the response ends.
        status_code: The HTTP status.
        headers: More headers; with ``Content-Length`` it is sent without chunks.
        content_type: Default: HTML.

    Raises:
        InvalidResponse: *pieces* is a text or bytes, or cannot be iterated over.
    """

    __slots__ = ("_pieces",)

    is_streamed = True

    def __init__(
        self,
        pieces: Iterable[Piece] | AsyncIterable[Piece],
        status_code: int = 200,
        headers: Headers = None,
        content_type: str | None = None,
    ) -> None:
        if isinstance(pieces, str | bytes | bytearray | dict) or not isinstance(
            pieces, Iterable | AsyncIterable
        ):
            raise InvalidResponse(
                "A StreamingResponse sends pieces, such as those of a generator, not "
                f"{type(pieces).__name__}. Use Response for a whole body."
            )
        super().__init__(
            None, status_code, headers, content_type or Response.default_type
        )
        self._pieces = pieces

    def stream(self, request: Any) -> "Body":
        """Return the body, to be iterated over once.

        Args:
            request: What it answers.
        """

        def begin() -> UnitOfWork:
            unit = _unit_of_work.begin_reading(request)
            if request is not None:
                request.unit = unit
            return unit

        return Body(self._pieces, begin)

    def get_wsgi_response(self) -> tuple[str, list[tuple[str, str]], Any]:
        """Return the status line, all headers and the body, as WSGI wants them."""
        return self.answer(None)

    def answer(self, request: Any) -> tuple[str, list[tuple[str, str]], Any]:
        """Do what :meth:`get_wsgi_response` does, for the request it answers."""
        status, headers, _ = super().get_wsgi_response()
        own = {name.lower() for name, _ in self._headers}
        if "content-length" not in own:
            headers = [h for h in headers if h[0].lower() != "content-length"]
        return status, headers, self.stream(request)


class Body:
    """Pieces as a server reads them: bytes, in a unit of work, closed once.

    Args:
        pieces: The pieces.
        begin: Begins the unit of work, for the first piece.
    """

    def __init__(self, pieces: Any, begin: Callable[[], UnitOfWork]) -> None:
        self._source = pieces
        self._pieces: Iterator[Piece] | None = None
        self._begin = begin
        self._unit: UnitOfWork | None = None
        self._is_closed = False

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        if self._pieces is None:
            self._unit = self._begin()
            self._pieces = _sync_iterator(self._source)
        try:
            piece = next(self._pieces)
        except BaseException:  # also its end, so that nothing waits for the server
            self.close()
            raise
        if isinstance(piece, str):
            return piece.encode()
        if isinstance(piece, bytes | bytearray | memoryview):
            return bytes(piece)
        raise InvalidResponse(
            f"A piece of a StreamingResponse is {type(piece).__name__}, not a text or "
            "bytes."
        )

    def close(self) -> None:
        """End it; servers call this after errors and when the client has gone, too."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            _close(self._pieces if self._pieces is not None else self._source)
        finally:
            if self._unit is not None:
                self._unit.close()


def _sync_iterator(source: Any) -> Iterator[Piece]:
    if isinstance(source, AsyncIterable):
        return _AsyncPieces(aiter(source))
    return iter(source)


def _close(pieces: Any) -> None:
    """Close a generator, a file or whatever else the pieces come from."""
    aclose = getattr(pieces, "aclose", None)
    if aclose is not None:
        _async_bridge.run(aclose())
        return
    close = getattr(pieces, "close", None)
    if close is not None:
        close()


class _AsyncPieces:
    """Pieces of ``async for``, one at a time on this thread's own event loop."""

    def __init__(self, pieces: AsyncIterator[Piece]) -> None:
        self._pieces = pieces

    def __iter__(self) -> "_AsyncPieces":
        return self

    def __next__(self) -> Piece:
        try:
            piece: Piece = _async_bridge.run(anext(self._pieces))
        except StopAsyncIteration:
            raise StopIteration from None
        return piece

    def close(self) -> None:
        """Close the generator behind it, if it is one."""
        _close(self._pieces)
