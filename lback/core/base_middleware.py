"""The base classes of middlewares."""

from abc import ABC
from abc import abstractmethod
from typing import Any

from lback.core.response import Response


class BaseMiddleware(ABC):
    """Stand around every view: one hook before it, one after it.

    A middleware is made once, when the application starts; its constructor gets the
    services it names and the ``params`` of its entry in ``MIDDLEWARES``.

    Attributes:
        required: Whether an error in ``process_response`` becomes a 500. Otherwise it
            is logged, and the response goes on as it was.
    """

    required: bool = False

    @abstractmethod
    def process_request(self, request: Any) -> Response | None:
        """Look at the request before the view; a response ends it here."""

    @abstractmethod
    def process_response(self, request: Any, response: Response) -> Response:
        """Look at the response after the view; return it, or another one."""


class RequestMiddleware(BaseMiddleware):
    """A middleware that only looks at requests."""

    def process_response(self, request: Any, response: Response) -> Response:
        """Return the response as it is."""
        return response


class ResponseMiddleware(BaseMiddleware):
    """A middleware that only looks at responses."""

    def process_request(self, request: Any) -> Response | None:
        """Let the request pass."""
        return None


def does_nothing(middleware: Any, hook: str) -> bool:
    """Tell whether *hook* of *middleware* is the one of the base classes above."""
    own = getattr(type(middleware), hook, None)
    idle = {
        "process_request": ResponseMiddleware.process_request,
        "process_response": RequestMiddleware.process_response,
    }
    return own is idle[hook]
