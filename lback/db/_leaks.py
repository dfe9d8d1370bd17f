"""In debug: name the view that keeps a connection, or loads rows after its end."""

import logging
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any
from typing import TYPE_CHECKING

from sqlalchemy import event

from lback.core._blame import is_of_the_project
from lback.core._unit_of_work import current_unit

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from lback.core.types import Request
    from lback.db._session import Session

logger = logging.getLogger("lback.db")

# Ended sessions are kept so that a late load finds out whose the row was.
_KEPT = 100

_ended: deque["Session"] = deque(maxlen=_KEPT)

# Who took each connection that is out now: unit of work, and file:line.
_taken: dict[Any, tuple[Any, str]] = {}


def describe_view(request: "Request") -> str:
    """Name a request and the view that answers it, with file and line."""
    said = f"{request.method} {request.path}"
    route = request.route
    if route is None:
        return said
    from lback.core._receivers import identify

    return f"{said} ({identify(route.view).origin.describe()})"


def keep_ended(session: "Session", what: object) -> None:
    """End a session so that a later load of its rows names *what*."""
    session.end(what)
    _ended.append(session)


def report_kept(unit: object) -> None:
    """Warn of connections that were taken in *unit*, which has ended, and kept."""
    for record, (taker, place) in list(_taken.items()):
        if taker is unit and _taken.pop(record, None) is not None:
            logger.warning(
                "%s took a connection at %s and did not give it back. Use it in a "
                "with block, or use the session.",
                unit,
                place,
            )


def note_checkouts(engine: "Engine") -> None:
    """Take note who takes connections of *engine*, as long as they are out."""
    event.listen(engine, "checkout", _note)
    event.listen(engine, "checkin", _forget)


def _note(connection: Any, record: Any, proxy: Any) -> None:
    place = next(_project_lines(), None)
    if place is not None:
        _taken[record] = (current_unit(), place)


def _forget(connection: Any, record: Any) -> None:
    _taken.pop(record, None)


def _project_lines() -> Iterator[str]:
    """Yield file:line of the project's frames of this thread, the innermost first."""
    frame = sys._getframe(1)  # noqa: SLF001  # the walk needs a start
    while frame is not None:
        if is_of_the_project(frame.f_code.co_filename):
            yield f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]  # None ends the walk
