"""Which requests are let in: what no well-meaning client sends is refused.

Servers differ in what they pass on, so these guards are the application's own. They
stand in front of everything else, where no setting takes them away.
"""

import re
from typing import Any

from lback.core._hosts import AllowedHosts
from lback.core._request_body import content_length
from lback.core.exceptions import BadRequest
from lback.core.exceptions import HTTPException
from lback.core.exceptions import NotFound

# What stands in no path that a person has typed, and splits lines in logs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_ordinary(environ: dict[str, Any], path: str, hosts: AllowedHosts) -> bool:
    """Tell whether a request is like nearly all others, and needs no closer look."""
    # PERF: everything that a good request pays for being safe.
    # bench: benchmarks/request.py::plaintext
    length = environ.get("CONTENT_LENGTH")
    return (
        path.isascii()
        and path.isprintable()
        and environ.get("HTTP_HOST") in hosts.known
        and (not length or (length.isascii() and length.isdigit()))
        and "HTTP_TRANSFER_ENCODING" not in environ
    )


def decoded(path: str) -> str:
    """Return a path as people read it.

    Args:
        path: As WSGI hands it over: its bytes as if they were Latin-1.

    Raises:
        BadRequest: It is not UTF-8.
    """
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        raise BadRequest("The path is not UTF-8.") from None


def refusal(
    environ: dict[str, Any], path: str, hosts: AllowedHosts
) -> HTTPException | None:
    """Return the error of a request that is not let in.

    Args:
        environ: The WSGI environment.
        path: The path, decoded.
        hosts: The hosts that are answered to.
    """
    try:
        _check_host(environ, hosts)
        _check_framing(environ)
    except BadRequest as error:
        return error
    return NotFound() if _CONTROL.search(path) else None


def _check_host(environ: dict[str, Any], hosts: AllowedHosts) -> None:
    host = environ.get("HTTP_HOST")
    if host is None and environ.get("SERVER_PROTOCOL", "HTTP/1.0") == "HTTP/1.0":
        host = environ.get("SERVER_NAME", "")
    if not host:
        raise BadRequest("The request names no host.")
    if not hosts.allows(host):
        raise BadRequest("The host of this request is not in ALLOWED_HOSTS.")


def _check_framing(environ: dict[str, Any]) -> None:
    """Refuse a body whose end two servers may see in two places (RFC 9112, 6.3)."""
    length = content_length(environ)
    encoding = environ.get("HTTP_TRANSFER_ENCODING")
    if encoding is None:
        return
    if length is not None:
        raise BadRequest("A request has a Content-Length or a Transfer-Encoding.")
    if encoding.strip().lower() != "chunked":
        raise BadRequest("The only Transfer-Encoding that is read is chunked.")
