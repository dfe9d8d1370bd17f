"""Parse multipart forms as they arrive: fields into memory, files onto the disk."""

import re
from tempfile import SpooledTemporaryFile
from typing import Any
from typing import BinaryIO
from typing import cast
from typing import TYPE_CHECKING

from lback.core._fields import MultiFields
from lback.core._request_body import Limits
from lback.core._request_body import refuse_charset
from lback.core._request_body import Stream
from lback.core._uploads import by_field
from lback.core._uploads import UploadedFile
from lback.core._uploads import Uploads
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers
    from werkzeug.sansio.multipart import MultipartDecoder

# Bytes that are read at a time.
_CHUNK = 64 * 1024

# Bytes behind a boundary that may still be a part of it: its dashes, and spaces.
_LONGEST_END = 64

# Bytes of a file that stay in memory; a longer one goes to the disk.
_IN_MEMORY = 512 * 1024

# RFC 2046, section 5.1.1.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")

# What stands for bytes that are no UTF-8 in the name of a part.
_REPLACED = "\ufffd"


def parse_multipart(
    stream: Stream, content_type: str, limits: Limits
) -> tuple[MultiFields, Uploads]:
    """Read a form to its end; return its fields, and its files by field.

    Raises:
        BadRequest: It is cut short or malformed; files that were made are closed.
        ContentTooLarge: It has more or larger parts than the limit.
        UnsupportedMediaType: A field is not in UTF-8.
    """
    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.sansio.multipart import MultipartDecoder

    boundary = _boundary(content_type).encode()
    decoder = MultipartDecoder(
        boundary,
        # What may wait to be decoded: a chunk, and the beginning of the next part.
        max_form_memory_size=_CHUNK + 2 * limits.part_headers,
        max_parts=limits.parts,
    )
    form = _Form(limits)
    try:
        form.read(_Unsplit(stream, boundary), decoder)
    except RequestEntityTooLarge as error:
        form.close()
        raise ContentTooLarge(
            f"A form may have at most {limits.parts} fields and files, and "
            f"{limits.part_headers} bytes in the headers of one."
        ) from error
    except ValueError as error:
        form.close()
        raise BadRequest(f"The form cannot be read: {error}") from error
    except BaseException:
        form.close()
        raise
    return MultiFields(form.fields), by_field(form.files)


def _boundary(content_type: str) -> str:
    from werkzeug.http import parse_options_header

    _, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest("The form cannot be read: its boundary is missing or odd.")
    return boundary


class _Unsplit:
    """A stream that is read in pieces none of which ends amid a boundary.

    Werkzeug's decoder (3.1) would take half of the line break before it for data.

    Args:
        stream: The body.
        boundary: What stands between its parts.
    """

    def __init__(self, stream: Stream, boundary: bytes) -> None:
        self._stream = stream
        self._amid = re.compile(rb"--%b[ \t]*-?\Z" % re.escape(boundary))
        self._longest = len(boundary) + _LONGEST_END
        self._tail = b""

    def read(self) -> bytes:
        """Return the next piece; none at the end."""
        data = self._stream.read(_CHUNK)
        while self._amid.search(self._tail + data[-self._longest :]):
            more = self._stream.read(_CHUNK)
            if not more:
                break
            data += more
        self._tail = (self._tail + data[-self._longest :])[-self._longest :]
        return data


class _Form:
    """The parts of a form that have been read so far.

    Args:
        limits: What it may have at most.

    Attributes:
        fields: Names and values, in order.
        files: The files, in order.
    """

    def __init__(self, limits: Limits) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[UploadedFile] = []
        self._limits = limits
        self._bytes_of_fields = 0
        self._part: _Field | _File | None = None

    def read(self, stream: "_Unsplit", decoder: "MultipartDecoder") -> None:
        """Read everything, part by part.

        Raises:
            ValueError: It is malformed.
        """
        from werkzeug.sansio.multipart import Data
        from werkzeug.sansio.multipart import Epilogue
        from werkzeug.sansio.multipart import Field
        from werkzeug.sansio.multipart import File
        from werkzeug.sansio.multipart import NeedData

        while True:
            decoder.receive_data(stream.read() or None)
            while not isinstance(event := decoder.next_event(), NeedData):
                if isinstance(event, Epilogue):
                    return
                if isinstance(event, Field | File):
                    self._begin(event.name, event.headers, event)
                elif isinstance(event, Data):
                    self._take(event.data, is_last=not event.more_data)

    def _begin(self, name: Any, headers: "Headers", event: Any) -> None:
        """Begin a part."""
        said = sum(len(key) + len(value) for key, value in headers)
        if said > self._limits.part_headers:
            raise ContentTooLarge(
                f"The headers of a part may have at most {self._limits.part_headers} "
                "bytes."
            )
        if not isinstance(name, str) or not _is_clean(name):
            raise ValueError("a part has no name, or an odd one")
        kind = headers.get("Content-Type", "")
        if kind.lower().startswith("multipart/"):
            raise ValueError("a part is a form itself")
        filename = getattr(event, "filename", None)
        if filename is None:
            if kind:
                refuse_charset(kind)
            self._part = _Field(name)
            return
        if not _is_clean(filename):
            raise ValueError("a file has an odd name")
        if len(self.files) >= self._limits.files:
            raise ContentTooLarge(
                f"A form may have at most {self._limits.files} files."
            )
        self._part = _File(name, filename, headers)
        self.files.append(self._part.file)

    def _take(self, data: bytes, *, is_last: bool) -> None:
        """Take the next bytes of a part."""
        part = self._part
        if part is None:
            raise ValueError("there is data outside of parts")
        part.write(data)
        if isinstance(part, _Field):
            self._check_size(part, len(data))
            if is_last:
                self.fields.append((part.name, part.value()))
        elif is_last and not part.end():
            self.files.pop()

    def _check_size(self, part: "_Field", more: int) -> None:
        self._bytes_of_fields += more
        if (
            part.size > self._limits.field
            or self._bytes_of_fields > self._limits.fields
        ):
            raise ContentTooLarge(
                f"A field may have at most {self._limits.field} bytes, and all of them "
                f"{self._limits.fields}."
            )

    def close(self) -> None:
        """Close the files: nobody will."""
        for file in self.files:
            file.close()


class _Field:
    """A field that is being read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._chunks.append(data)

    def value(self) -> str:
        text = b"".join(self._chunks).decode()
        if "\0" in text:
            raise ValueError("a field has a NUL")
        return text


class _File:
    """A file that is being read."""

    def __init__(self, name: str, filename: str, headers: "Headers") -> None:
        kind = headers.get("Content-Type") or "application/octet-stream"
        stream = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed with the upload
        self.file = UploadedFile(
            filename, kind, cast("BinaryIO", stream), name, 0, dict(headers)
        )

    def write(self, data: bytes) -> None:
        self.file.file.write(data)
        self.file.size += len(data)

    def end(self) -> bool:
        """Tell whether it is a file: a form of a browser has one that is none."""
        if not self.file.filename and not self.file.size:
            self.file.close()
            return False
        self.file.seek(0)
        return True


def _is_clean(name: str) -> bool:
    """Tell whether the name of a part is UTF-8 without control characters."""
    return _REPLACED not in name and "\0" not in name
