"""Cookies: read from a request's header, written into a response's."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Literal

from lback.core.exceptions import HeadersTooLarge
from lback.core.exceptions import InvalidResponse

SameSite = Literal["Lax", "None", "Strict"]

# Bytes; browsers take 4,096 of one cookie, and send some dozens of them.
LONGEST = 4096
LONGEST_HEADER = 16384

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTE = re.compile(r"[\x20-\x3a\x3c-\x7e]*")


def parse_cookies(header: str) -> dict[str, str]:
    """Return the cookies of a ``Cookie`` header by name.

    What is malformed is passed over. Of a repeated name the first one counts: browsers
    send the one with the longer path first.

    Raises:
        HeadersTooLarge: The header is longer than any browser's.
    """
    if len(header) > LONGEST_HEADER:
        raise HeadersTooLarge(f"Cookies may have at most {LONGEST_HEADER} bytes.")
    from werkzeug.http import parse_cookie

    found: dict[str, str] = {}
    for name, value in parse_cookie(header).items(multi=True):
        found.setdefault(name, value)
    return found


def set_cookie(  # noqa: PLR0913  # what a cookie consists of
    name: str,
    value: str,
    *,
    max_age: int | dt.timedelta | None,
    expires: dt.datetime | None,
    path: str,
    domain: str | None,
    secure: bool,
    httponly: bool,
    samesite: SameSite,
) -> str:
    """Return the value of a ``Set-Cookie`` header.

    Raises:
        InvalidResponse: It is no cookie that browsers take.
    """
    problem = next(
        _problems(name, value, path, domain, secure=secure, samesite=samesite), None
    )
    if problem is not None:
        raise InvalidResponse(f"The cookie {name!r} cannot be set: {problem}.")
    from werkzeug.http import dump_cookie

    header = dump_cookie(
        name,
        value,
        max_age=max_age,
        expires=expires,
        path=path,
        domain=domain,
        secure=secure,
        httponly=httponly,
        samesite=samesite,
        sync_expires=False,
        max_size=0,
    )
    if len(header) > LONGEST:
        raise InvalidResponse(
            f"The cookie {name!r} has {len(header)} bytes; browsers take {LONGEST}."
        )
    return header


def _problems(  # noqa: PLR0913  # what a cookie consists of
    name: str,
    value: object,
    path: str,
    domain: str | None,
    *,
    secure: bool,
    samesite: str,
) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield "its name is no token (RFC 6265)"
    if not isinstance(value, str):
        yield f"its value is {type(value).__name__}, not a text"
    elif _CONTROL.search(value):
        yield "its value has control characters"
    if not path.startswith("/") or not _ATTRIBUTE.fullmatch(path):
        yield f"{path!r} is no path"
    if domain is not None and not _ATTRIBUTE.fullmatch(domain):
        yield f"{domain!r} is no domain"
    if samesite not in {"Lax", "None", "Strict"}:
        yield f"samesite={samesite!r} is not Lax, None or Strict"
    if samesite == "None" and not secure:
        yield "browsers take samesite='None' with secure=True only"
    if name.startswith(("__Secure-", "__Host-")) and not secure:
        yield "its name asks for secure=True"
    if name.startswith("__Host-") and (path != "/" or domain is not None):
        yield "its name asks for path='/' and no domain"
