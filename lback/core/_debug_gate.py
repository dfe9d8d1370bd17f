"""Who may see a debug page, and in which shape."""

import ipaddress
from typing import TYPE_CHECKING

from lback.core._hosts import AllowedHosts

if TYPE_CHECKING:
    from lback.core._request import Request
    from lback.core.config import Config

# What proxies add: then the peer's address is the proxy's, not the client's.
_FORWARDED = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_", "HTTP_X_REAL_IP")

#: Headers of the response: no scripts, and no copy in anybody's cache.
DEBUG_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


def may_debug(request: "Request | None", config: "Config | None") -> bool:
    """Tell whether the client of *request* may see a debug page.

    ``DEBUG`` must be on, the client on this machine and not behind a proxy, and the
    host allowed by name: ``ALLOWED_HOSTS = ["*"]`` leaves the local names, since a
    foreign web page may point a name of its own at this machine.
    """
    if request is None or config is None or not config.get("DEBUG"):
        return False
    environ = request.environ
    if any(name.startswith(_FORWARDED) for name in environ):
        return False
    if not _is_loopback(str(environ.get("REMOTE_ADDR", ""))):
        return False
    named = [name for name in config.get("ALLOWED_HOSTS") or [] if name != "*"]
    return AllowedHosts(named, is_debug=True).allows(request.headers.get("Host", ""))


def wants_html(request: "Request | None") -> bool:
    """Tell whether the client asks for HTML by name, as browsers do and curl does not.

    Others get plain text.
    """
    return request is not None and "html" in request.headers.get("Accept", "").lower()


def _is_loopback(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
