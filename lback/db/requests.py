"""The unit of work of a request."""

from lback.core.types import Request
from lback.db._unit import Unit
from lback.db.engines import Mode

# Methods that are not to change anything (RFC 9110, section 9.2.1).
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def begin_unit(request: Request) -> Unit:
    """Begin the unit of work of *request*; it opens nothing before it is used."""
    return Unit(Mode.READ if request.method in _SAFE else Mode.WRITE, request)
