"""Files that a client uploaded."""

from collections.abc import Iterable
from typing import BinaryIO


class UploadedFile:
    """One file of a multipart form.

    Args:
        filename: What the client calls it; not safe as a path.
        content_type: What the client says it is.
        file: Its bytes.
        field_name: The field of the form it came in.
        size: Its size in bytes.
        headers: The headers of its part.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the documented signature
        self,
        filename: str,
        content_type: str,
        file: BinaryIO,
        field_name: str,
        size: int,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.filename = filename
        self.content_type = content_type
        self.file = file
        self.field_name = field_name
        self.size = size
        self.headers = dict(headers or {})

    def read(self, size: int = -1) -> bytes:
        """Read *size* bytes, or all that are left."""
        return self.file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position in the file."""
        return self.file.seek(offset, whence)

    def close(self) -> None:
        """Close the file."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()

    def __repr__(self) -> str:
        return f"<UploadedFile {self.filename!r}, {self.size} bytes>"


Uploads = dict[str, UploadedFile | list[UploadedFile]]


def by_field(files: Iterable[UploadedFile]) -> Uploads:
    """Return files by field: one, or a list where a field has several."""
    found: dict[str, list[UploadedFile]] = {}
    for file in files:
        found.setdefault(file.field_name, []).append(file)
    return {name: own[0] if len(own) == 1 else own for name, own in found.items()}
