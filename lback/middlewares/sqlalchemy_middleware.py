"""The database session as a value of the request's context."""

from typing import Any

from lback.core.base_middleware import RequestMiddleware
from lback.core.response import Response
from lback.db.engines import databases
from lback.db.session import session


class SQLAlchemyMiddleware(RequestMiddleware):
    """Offer the database session as ``request.get_context("db_session")``, too.

    It opens, commits and rolls back nothing: the unit of work does that, with or
    without this middleware, and ``request.db_session`` needs none.

    Raises:
        SettingsBroken: The project has no database.
    """

    def __init__(self) -> None:
        databases.check_known()

    def process_request(self, request: Any) -> Response | None:
        """Attach the session; it is opened on first use."""
        request.add_context("db_session", session)
        return None
