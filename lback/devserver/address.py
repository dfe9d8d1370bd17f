"""Where to listen: from the words on a command line to an open socket."""

import errno
import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any

from lback.core.exceptions import CannotListen
from lback.core.exceptions import InvalidAddress

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000

_WORDS = re.compile(
    r"""(?: (?: \[ (?P<ipv6> [0-9A-Fa-f:.]+ (?: % [\w.-]+ )? ) \]
              | (?P<host> [A-Za-z0-9_] [A-Za-z0-9_.-]* ) ) : )?
        (?P<port> [0-9]{1,5} )""",
    re.VERBOSE | re.ASCII,
)
_BACKLOG = 1024
_HIGHEST_PORT = 65535
_NEIGHBOURS = 20


@dataclass(frozen=True)
class Address:
    """A host (name, IPv4 or IPv6 without brackets) and a port (0: any free one)."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """What to type into a browser."""
        return f"http://{self}/"

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can reach the address."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether the IP address *host* is reachable from this machine only."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def parse_address(words: str) -> Address:
    """Read ``PORT``, ``HOST:PORT`` or ``[IPV6]:PORT``.

    Raises:
        InvalidAddress: *words* has another shape, or the port is above 65535.
    """
    match = _WORDS.fullmatch(words)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise InvalidAddress(
            f"{words!r} is not an address. Write a port (8000), "
            "an address and a port (127.0.0.1:8000) or, for IPv6, [::1]:8000."
        )
    return Address(match["ipv6"] or match["host"] or DEFAULT_HOST, int(match["port"]))


def open_listener(address: Address) -> socket.socket:
    """Listen on *address* and return the socket, which does not block.

    A name with several addresses is bound to its first IPv4 one, else its first.

    Raises:
        CannotListen: The port is taken or privileged, or the address is not ours.
    """
    family, where = _resolve(address)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _explained(error, address) from error
    # NOTE: two workers wait on this socket during a reload. The one that comes
    # second to a connection must get an error, not sleep in accept().
    listener.settimeout(0)
    return listener


def _resolve(address: Address) -> tuple[socket.AddressFamily, Any]:
    """Look up the family and the socket address of *address*."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotListen(
            f"Cannot listen on {address}: the address {address.host!r} is unknown. "
            f"Use 127.0.0.1:{address.port}, or an address of this machine."
        ) from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, where = found[0]
    return family, where


def _explained(error: OSError, address: Address) -> CannotListen:
    """Turn a failed bind into one sentence with a remedy."""
    match error.errno:
        case errno.EADDRINUSE:
            free = _free_neighbour(address)
            why = "the port is in use"
            remedy = f"Stop the program that uses it, or choose another port: {free}"
        case errno.EACCES | errno.EPERM:
            why = "ports below 1024 need special rights"
            remedy = f"Choose a higher port, such as {DEFAULT_PORT}"
        case errno.EADDRNOTAVAIL:
            why = f"this machine does not have the address {address.host!r}"
            remedy = f"Use 127.0.0.1:{address.port}, or 0.0.0.0 for all addresses"
        case _:
            why = error.strerror or str(error)
            remedy = "Choose another address or port"
    return CannotListen(f"Cannot listen on {address}: {why}. {remedy}.")


def _free_neighbour(address: Address) -> int:
    """Find a free port just above the one of *address*; 0 stands for any."""
    highest = min(address.port + _NEIGHBOURS, _HIGHEST_PORT)
    for port in range(address.port + 1, highest + 1):
        family, where = _resolve(Address(address.host, port))
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(where)
            except OSError:
                continue
            return port
    return 0
