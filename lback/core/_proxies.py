"""What proxies in front of the site say of a client, if they are one's own."""

import ipaddress
from collections.abc import Iterable
from typing import Any

from lback.core.exceptions import SettingsBroken

# What a server is told of a peer that came over a Unix socket.
_UNIX = "unix"


class TrustedProxies:
    """Proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed.

    Anybody may send these headers, so they count only if the peer is one of these, and
    of a list only what a trusted proxy has added: from the right, up to the first
    address that is none.

    Args:
        names: Addresses and networks, such as ``"10.0.0.0/8"``; ``"unix"`` for a peer
            behind a Unix socket.

    Raises:
        SettingsBroken: A name is neither.
    """

    __slots__ = ("_is_unix_trusted", "_networks")

    def __init__(self, names: Iterable[str]) -> None:
        self._is_unix_trusted = _UNIX in names
        self._networks = [_network(name) for name in names if name != _UNIX]

    def apply(self, environ: dict[str, Any]) -> None:
        """Put the client's own address and scheme into a WSGI environment."""
        if not self._trusts(environ.get("REMOTE_ADDR", "")):
            return
        scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO", "")).lower()
        if scheme in {"http", "https"}:
            environ["wsgi.url_scheme"] = scheme
        addresses = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        while addresses:
            address = _plain(addresses.pop())
            if not _is_address(address):
                return  # a proxy adds addresses, and nothing else
            environ["REMOTE_ADDR"] = address
            if not self._trusts(address):
                return

    def _trusts(self, address: str) -> bool:
        if not address:
            return self._is_unix_trusted
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self._networks)


def _network(name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        raise SettingsBroken(
            f"TRUSTED_PROXIES has {name!r}, which is neither an address nor a network. "
            'Write it like "10.0.0.7", "10.0.0.0/8" or "unix".'
        ) from None


def _last(header: str) -> str:
    return header.rpartition(",")[2].strip()


def _plain(address: str) -> str:
    """Return an address without port and brackets."""
    address = address.strip()
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
