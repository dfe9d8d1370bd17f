"""Files that a client uploaded."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,10}){0,2}")

# Others may read what is stored, and only its owner may change it.
_MODE = 0o644


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

    def save(self, folder: str | os.PathLike[str], suffix: str = "") -> Path:
        """Store the file in *folder* under a new name, and return its path.

        The name that the client gave it is no part of that: it may be any text, such as
        ``../../settings.py``. Keep it beside, and escape it where it is shown.

        Args:
            folder: An existing folder.
            suffix: The ending of the name, such as ``".png"``, once the application has
                found out what the file is.

        Raises:
            ValueError: *suffix* is no ending.
            OSError: It cannot be written; nothing is left of it then.
        """
        import secrets
        import shutil

        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(
                f"{suffix!r} is no ending of a file's name. Use one such as '.png'."
            )
        path = Path(folder) / f"{secrets.token_hex(16)}{suffix}"
        # NOTE: exclusively, so that a planted link leads nowhere.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        try:
            with os.fdopen(descriptor, "wb") as target:
                os.fchmod(descriptor, _MODE)  # whatever the umask
                self.file.seek(0)
                shutil.copyfileobj(self.file, target)
        except BaseException:
            path.unlink()
            raise
        return path

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
