"""Which hosts a site answers to."""

import re
from collections.abc import Iterable

_HOST = re.compile(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_LAST_PORT = 65535

# What a developer's own machine is called.
_LOCAL = ("localhost", ".localhost", "127.0.0.1", "[::1]")

# Ports and spellings of one host are few; a client that invents more is not remembered.
_MOST_KNOWN = 1000


class AllowedHosts:
    """Decide by the ``Host`` header whether a request is for this site.

    Case, a trailing dot and the port do not matter.

    Args:
        names: Host names; ``.example.com`` stands for it and everything below it,
            ``*`` for any.
        is_debug: Whether an empty list stands for the developer's own machine.
    """

    __slots__ = ("_domains", "_names", "known")

    def __init__(self, names: Iterable[str], *, is_debug: bool = False) -> None:
        wanted = [name.lower().removesuffix(".") for name in names]
        if not wanted and is_debug:
            wanted = list(_LOCAL)
        self._domains = tuple(name for name in wanted if name.startswith("."))
        self._names = frozenset(wanted).difference(self._domains)
        # PERF: headers that were found to be allowed, as they came.
        # bench: benchmarks/request.py::plaintext
        self.known: set[str] = set()

    def allows(self, header: str) -> bool:
        """Tell whether a request with this ``Host`` header is answered."""
        if header in self.known:
            return True
        name = _name_in(header)
        if name is None or not self._is_named(name):
            return False
        if len(self.known) < _MOST_KNOWN:
            self.known.add(header)
        return True

    def _is_named(self, name: str) -> bool:
        if name in self._names or "*" in self._names:
            return True
        return any(name == d[1:] or name.endswith(d) for d in self._domains)


def _name_in(header: str) -> str | None:
    """Return the host's name in lower case, or None if *header* names none."""
    found = _HOST.fullmatch(header.lower())
    if found is None or int(found[2] or 0) > _LAST_PORT:
        return None
    name = found[1].removesuffix(".")
    return name if all(name.split(".")) else None
