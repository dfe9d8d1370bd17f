"""The chain of middlewares around every view."""

import logging
from collections.abc import Callable
from typing import Any
from typing import NamedTuple
from typing import Protocol
from typing import runtime_checkable

from lback.core import catalogue
from lback.core.base_middleware import does_nothing
from lback.core.exceptions import InvalidMiddleware
from lback.core.exceptions import MiddlewareNotFound
from lback.core.exceptions import MiddlewaresFrozen
from lback.core.response import Response

logger = logging.getLogger("lback.middleware")

RequestHook = Callable[[Any], Response | None]
ResponseHook = Callable[[Any, Response], Response]


@runtime_checkable
class Middleware(Protocol):
    """Anything with the two hooks can be a middleware."""

    def process_request(self, request: Any) -> Response | None:
        """Look at the request before the view; a response ends it here."""

    def process_response(self, request: Any, response: Response) -> Response:
        """Look at the response after the view; return it, or another one."""


class ResponseStep(NamedTuple):
    """One response hook and the middleware it belongs to."""

    hook: ResponseHook
    middleware: Middleware


class RequestStep(NamedTuple):
    """One request hook, and the response hooks that follow if it ends the chain.

    Attributes:
        middleware: Whose ``process_request`` it is.
        hook: The ``process_request``.
        after_answer: What runs if it returns a response, itself first.
        after_error: What runs if it raises: those before it.
    """

    middleware: Middleware
    hook: RequestHook
    after_answer: tuple[ResponseStep, ...]
    after_error: tuple[ResponseStep, ...]


class Chain(NamedTuple):
    """All hooks that do something, in the order in which they run."""

    before: tuple[RequestStep, ...]
    after: tuple[ResponseStep, ...]


class MiddlewareManager:
    """Keep the middlewares in order and run their hooks."""

    def __init__(self) -> None:
        self._middlewares: list[Middleware] = []
        self._is_frozen = False
        if catalogue.middleware_manager_initialized:
            catalogue.middleware_manager_initialized.send(self)

    @property
    def middlewares(self) -> tuple[Middleware, ...]:
        """The middlewares, the outermost first."""
        return tuple(self._middlewares)

    def add_middleware(self, middleware: Middleware) -> None:
        """Put *middleware* at the end of the chain, next to the view.

        Raises:
            InvalidMiddleware: It does not have both hooks.
        """
        self._refuse_when_frozen()
        name = type(middleware).__name__
        candidate: object = middleware
        if isinstance(candidate, type) or not isinstance(candidate, Middleware):
            catalogue.middleware_add_failed.send(
                self,
                middleware_instance=middleware,
                middleware_name=name,
                error_type="invalid_type",
            )
            raise InvalidMiddleware(
                f"{middleware!r} is no middleware: it needs process_request(request) "
                "and process_response(request, response)."
            )
        self._middlewares.append(middleware)
        catalogue.middleware_added.send(
            self, middleware_instance=middleware, middleware_name=name
        )

    def remove_middleware(self, middleware: Middleware) -> None:
        """Take *middleware* out of the chain.

        Raises:
            MiddlewareNotFound: It is not in the chain.
        """
        self._refuse_when_frozen()
        name = type(middleware).__name__
        kept = [known for known in self._middlewares if known is not middleware]
        if len(kept) == len(self._middlewares):
            catalogue.middleware_remove_failed.send(
                self,
                middleware_instance=middleware,
                middleware_name=name,
                error_type="not_found",
            )
            raise MiddlewareNotFound(f"{middleware!r} is not in the chain.")
        self._middlewares = kept
        catalogue.middleware_removed.send(
            self, middleware_instance=middleware, middleware_name=name
        )

    def remove_middleware_by_class(self, middleware_class: type[Middleware]) -> None:
        """Take all middlewares of a class out of the chain; there may be none.

        Raises:
            InvalidMiddleware: *middleware_class* is no class.
        """
        self._refuse_when_frozen()
        candidate: object = middleware_class
        if not isinstance(candidate, type):
            catalogue.middleware_remove_by_class_failed.send(
                self,
                middleware_class=middleware_class,
                middleware_class_name=repr(middleware_class),
                error_type="invalid_class_type",
            )
            raise InvalidMiddleware(f"{middleware_class!r} is no middleware class.")
        gone = [m for m in self._middlewares if isinstance(m, middleware_class)]
        self._middlewares = [
            m for m in self._middlewares if not isinstance(m, middleware_class)
        ]
        if gone:
            catalogue.middleware_removed_by_class.send(
                self,
                middleware_class=middleware_class,
                middleware_class_name=middleware_class.__name__,
                removed_count=len(gone),
                removed_instances=gone,
            )

    def process_request(self, request: Any) -> Response | None:
        """Run every request hook; the first response ends the chain.

        An exception becomes a 500. The application itself does not call this: there
        an exception reaches the error handler.
        """
        for middleware in self._middlewares:
            try:
                response = checked_answer(middleware.process_request, request)
            except Exception as error:
                logger.exception("%r failed in process_request", middleware)
                self.announce_request_failure(middleware, request, error)
                return Response.error()
            if response is not None:
                return response
        return None

    def process_response(self, request: Any, response: Response) -> Response:
        """Run every response hook in reverse order.

        An exception is logged, and the chain goes on with the response it had.
        """
        for middleware in reversed(self._middlewares):
            hook = middleware.process_response
            try:
                response = checked_response(hook, request, response)
            except Exception as error:  # noqa: BLE001  # logged and announced
                self.report_response_failure(middleware, request, response, error)
        return response

    def freeze(self) -> Chain:
        """Settle the chain; middlewares added later are refused.

        Hooks that do nothing are dropped here, once, and so are not called.
        """
        self._is_frozen = True
        before: list[RequestStep] = []
        after: tuple[ResponseStep, ...] = ()
        for middleware in self._middlewares:
            earlier = after
            if not does_nothing(middleware, "process_response"):
                after = (ResponseStep(middleware.process_response, middleware), *after)
            if not does_nothing(middleware, "process_request"):
                hook = middleware.process_request
                before.append(RequestStep(middleware, hook, after, earlier))
        return Chain(tuple(before), after)

    def report_response_failure(
        self,
        middleware: Middleware,
        request: Any,
        response: Response,
        error: Exception,
    ) -> None:
        """Log and announce that a response hook failed."""
        logger.error("%r failed in process_response", middleware, exc_info=error)
        catalogue.middleware_process_response_failed.send(
            self,
            middleware_instance=middleware,
            middleware_name=type(middleware).__name__,
            request=request,
            current_response=response,
            error_type=type(error).__name__,
            exception=error,
        )

    def announce_request_failure(
        self, middleware: Middleware, request: Any, error: Exception
    ) -> None:
        """Announce that a request hook raised an exception."""
        catalogue.middleware_process_request_failed.send(
            self,
            middleware_instance=middleware,
            middleware_name=type(middleware).__name__,
            request=request,
            error_type=type(error).__name__,
            exception=error,
        )

    def _refuse_when_frozen(self) -> None:
        if self._is_frozen:
            raise MiddlewaresFrozen(
                "The application has started; its middlewares cannot be changed. "
                "Put them into MIDDLEWARES."
            )


def checked_answer(hook: RequestHook, request: Any) -> Response | None:
    """Call a request hook and refuse an answer that is neither response nor None."""
    answer = hook(request)
    return None if answer is None else early_response(hook, answer)


def early_response(hook: RequestHook, answer: object) -> Response:
    """Return the response with which a request hook ends the request."""
    if isinstance(answer, Response):
        return answer
    raise InvalidMiddleware(
        f"{_name(hook)} returned {answer!r}. Return a Response or None."
    )


def checked_response(hook: ResponseHook, request: Any, response: Response) -> Response:
    """Call a response hook and refuse an answer that is no response."""
    answer = hook(request, response)
    if not isinstance(answer, Response):
        raise InvalidMiddleware(
            f"{_name(hook)} returned {answer!r}. Return the response."
        )
    return answer


def _name(hook: Callable[..., Any]) -> str:
    return f"{hook.__module__}.{getattr(hook, '__qualname__', hook)}"
