"""Files as responses: in ranges, and only if the client has not got them already."""

import mimetypes
import os
from collections.abc import Iterator
from datetime import datetime
from datetime import UTC
from http import HTTPStatus
from pathlib import Path
from typing import Any
from typing import BinaryIO
from urllib.parse import quote

from lback.core._http import status_line
from lback.core.exceptions import InvalidResponse
from lback.core.response import Headers
from lback.core.response import Response

# Bytes that are sent at a time.
_CHUNK = 64 * 1024

# A header of ranges that is longer is passed over: nobody resumes a download like that.
_LONGEST_RANGE = 200

_SAFE_IN_NAME = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`|~ "
)


class FileResponse(Response):
    """A file of the disk, opened now and read while it is sent.

    A client that has it already is told so (304), and one that asks for a part gets it
    (206), by its ETag and the time it was changed.

    Args:
        path: The file. Who takes names from clients has to check them first.
        filename: What the client calls it. Default: its own name.
        as_attachment: Whether it is stored and not shown.
        content_type: Default: by the ending of its name.
        headers: More headers.

    Raises:
        OSError: It cannot be opened.
        InvalidResponse: It is no plain file.
    """

    __slots__ = ("_changed", "_file", "_size")

    is_streamed = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        filename: str | None = None,
        *,
        as_attachment: bool = False,
        content_type: str | None = None,
        headers: Headers = None,
    ) -> None:
        place = Path(path)
        name = place.name if filename is None else filename
        kind = content_type or _type_of(name)
        super().__init__(None, HTTPStatus.OK, headers, kind)
        # NOTE: a FIFO would wait for a writer.
        if not place.is_file() and place.exists():
            raise InvalidResponse(f"{place} is no plain file.")
        self._file: BinaryIO = place.open("rb")
        about = os.fstat(self._file.fileno())
        self._size = about.st_size
        self._changed = datetime.fromtimestamp(int(about.st_mtime), UTC)
        own = self.headers
        own.setdefault("ETag", f'"{about.st_mtime_ns:x}-{about.st_size:x}"')
        own.setdefault("Accept-Ranges", "bytes")
        own.setdefault("X-Content-Type-Options", "nosniff")
        if as_attachment or filename is not None:
            kept = "attachment" if as_attachment else "inline"
            own.setdefault("Content-Disposition", disposition(kept, name))

    def get_wsgi_response(self) -> tuple[str, list[tuple[str, str]], Any]:
        """Return the status line, all headers and the body, as WSGI wants them."""
        return self._send(0, self._size, HTTPStatus(self._status_code), [])

    def answer(self, request: Any) -> tuple[str, list[tuple[str, str]], Any]:
        """Do what :meth:`get_wsgi_response` does, for what a request asks of it."""
        if request.method not in {"GET", "HEAD"} or self._status_code != HTTPStatus.OK:
            return self.get_wsgi_response()
        if self._is_known_to(request):
            return self._send(0, 0, HTTPStatus.NOT_MODIFIED, [])
        wanted = self._range_for(request)
        if wanted is None:
            return self.get_wsgi_response()
        begin, end = wanted
        if begin >= end:
            said = [("Content-Range", f"bytes */{self._size}")]
            return self._send(0, 0, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, said)
        said = [("Content-Range", f"bytes {begin}-{end - 1}/{self._size}")]
        return self._send(begin, end, HTTPStatus.PARTIAL_CONTENT, said)

    def _send(
        self, begin: int, end: int, status: HTTPStatus, more: list[tuple[str, str]]
    ) -> tuple[str, list[tuple[str, str]], "_Part"]:
        from werkzeug.http import http_date

        own = [("Last-Modified", http_date(self._changed)), *more]
        if status != HTTPStatus.NOT_MODIFIED:
            own.append(("Content-Type", self._content_type))
            own.append(("Content-Length", str(end - begin)))
        given = {name.lower() for name, _ in self._headers}
        headers = [header for header in own if header[0].lower() not in given]
        headers += self._headers
        return status_line(int(status)), headers, _Part(self._file, begin, end)

    def _is_known_to(self, request: Any) -> bool:
        """Tell whether the client has the file as it is."""
        from werkzeug.http import is_resource_modified

        return not is_resource_modified(
            _conditions(request), etag=self.headers["ETag"], last_modified=self._changed
        )

    def _range_for(self, request: Any) -> tuple[int, int] | None:
        """Return where the wanted part begins and ends; None for the whole.

        A part that is empty is one that cannot be had.
        """
        given = request.headers.get("Range", "")
        if not given or len(given) > _LONGEST_RANGE:
            return None
        from werkzeug.http import is_resource_modified
        from werkzeug.http import parse_range_header

        wanted = parse_range_header(given)
        if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
            return None
        if "If-Range" in request.headers and is_resource_modified(
            _conditions(request),
            etag=self.headers["ETag"],
            last_modified=self._changed,
            ignore_if_range=False,
        ):
            return None
        return wanted.range_for_length(self._size) or (0, 0)


class _Part:
    """A part of a file, in pieces; the file is closed with it."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file = file
        self._begin = begin
        self._left = end - begin

    def __iter__(self) -> Iterator[bytes]:
        if self._left:
            self._file.seek(self._begin)
        while self._left > 0:
            data = self._file.read(min(_CHUNK, self._left))
            if not data:
                raise OSError("A file became shorter while it was sent.")
            self._left -= len(data)
            yield data

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def disposition(kind: str, filename: str) -> str:
    """Return the value of a ``Content-Disposition`` header (RFC 6266).

    Args:
        kind: ``"attachment"`` or ``"inline"``.
        filename: Any text; what cannot stand in a name is left out of the plain form.
    """
    name = filename.replace("/", "_").replace("\\", "_")
    plain = "".join(c if c in _SAFE_IN_NAME else "_" for c in name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    encoded = quote(name.encode(errors="replace"), safe="!#$&+-.^_`|~")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _type_of(name: str) -> str:
    kind, encoding = mimetypes.guess_type(name)
    if kind is None or encoding is not None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _conditions(request: Any) -> dict[str, Any]:
    """Return what a conditional request says, of a length that is no attack."""
    environ = {"REQUEST_METHOD": "GET"}
    for key in (
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_RANGE",
        "HTTP_RANGE",
    ):
        value = request.environ.get(key, "")
        if value and len(value) <= _LONGEST_CONDITION:
            environ[key] = value
    return environ


# A longer condition is passed over, so that the file is sent.
_LONGEST_CONDITION = 4096
