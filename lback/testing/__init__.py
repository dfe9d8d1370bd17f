"""Tools for the tests of a project.

With ``lback[test]`` pytest finds the fixtures ``signals``, ``app`` and ``client`` by
itself; the names here are for annotations, and for clients of one's own.
"""

from typing import TYPE_CHECKING

from lback._door import open_door

if TYPE_CHECKING:
    from lback.testing._errors import AllowedErrors
    from lback.testing._muting import Muting
    from lback.testing._recording import Recording
    from lback.testing._recording import SentSignal
    from lback.testing.client import Client
    from lback.testing.client import ClientResponse
    from lback.testing.signals import SignalsFixture

_HOMES = {
    "AllowedErrors": "lback.testing._errors",
    "Client": "lback.testing.client",
    "ClientResponse": "lback.testing.client",
    "Muting": "lback.testing._muting",
    "Recording": "lback.testing._recording",
    "SentSignal": "lback.testing._recording",
    "SignalsFixture": "lback.testing.signals",
}

__all__ = [
    "AllowedErrors",
    "Client",
    "ClientResponse",
    "Muting",
    "Recording",
    "SentSignal",
    "SignalsFixture",
]


__getattr__, __dir__ = open_door(__name__, _HOMES)
