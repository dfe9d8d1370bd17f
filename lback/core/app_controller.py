"""One request, from start to finish."""

import logging
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import TYPE_CHECKING
from urllib.parse import quote

from lback.core._request import Request
from lback.core._unit_of_work import begin_nothing
from lback.core._unit_of_work import BeginUnit
from lback.core._unit_of_work import NOTHING
from lback.core._unit_of_work import UnitOfWork
from lback.core.catalogue import request_finished
from lback.core.catalogue import request_started
from lback.core.error_handler import ErrorHandler
from lback.core.exceptions import HTTPException
from lback.core.exceptions import RouteNotFound
from lback.core.middleware_manager import Chain
from lback.core.middleware_manager import checked_response
from lback.core.middleware_manager import early_response
from lback.core.middleware_manager import Middleware
from lback.core.middleware_manager import MiddlewareManager
from lback.core.middleware_manager import ResponseStep
from lback.core.response import RedirectResponse
from lback.core.response import Response
from lback.core.response import to_response
from lback.core.router import Router

if TYPE_CHECKING:
    from lback.core.config import Config
    from lback.core.signals import SignalDispatcher
    from lback.core.templates import TemplateRenderer

logger = logging.getLogger("lback.request")

# Characters that stay as they are in a query (RFC 3986), and those encoded already.
_QUERY_SAFE = "%/:?@!$&'()*+,;=[]~"


class AppController:
    """Route requests to views, with the middlewares and a unit of work around them.

    Args:
        middleware_manager: The middlewares.
        router: The routes.
        template_renderer: The templates.
        config: The settings.
        admin_user_manager: The manager of admin users, or None.
        session_manager: The manager of sessions, or None.
        user_manager: The manager of users, or None.
        available_dependencies_instances: More services, found on the request by name.
            ``error_handler`` and ``begin_unit`` replace the built-in ones.
        dispatcher: The process-wide dispatcher.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the documented signature
        self,
        middleware_manager: MiddlewareManager,
        router: Router,
        template_renderer: "TemplateRenderer",
        config: "Config",
        admin_user_manager: Any,
        session_manager: Any,
        user_manager: Any,
        available_dependencies_instances: Mapping[str, Any],
        dispatcher: "SignalDispatcher",
    ) -> None:
        self._middlewares = middleware_manager
        self._router = router
        given = available_dependencies_instances
        self._errors: ErrorHandler = given.get("error_handler") or ErrorHandler(
            config, template_renderer, router
        )
        self._begin: BeginUnit = given.get("begin_unit", begin_nothing)
        self._services = {
            **given,
            "admin_user_manager": admin_user_manager,
            "config": config,
            "dispatcher": dispatcher,
            "error_handler": self._errors,
            "router": router,
            "session_manager": session_manager,
            "template_renderer": template_renderer,
            "user_manager": user_manager,
        }
        self._appends_slash = bool(getattr(config, "APPEND_SLASH", True))
        self._chain: Chain | None = None

    def add_route(
        self,
        path: str,
        view: Callable[..., Any],
        methods: list[str] | None = None,
        name: str | None = None,
        requires_auth: bool = True,  # noqa: FBT001, FBT002  # the documented signature
    ) -> None:
        """Add a route; see :meth:`lback.core.router.Router.add_route`."""
        self._router.add_route(path, view, methods, name, requires_auth)

    def freeze(self) -> Chain:
        """Settle routes and middlewares; the first request does it otherwise."""
        if self._chain is None:
            self._router.freeze()
            self._chain = self._middlewares.freeze()
            unguarded = [route.path for route in self._router if route.requires_auth]
            if unguarded:
                logger.warning(
                    "No middleware authenticates anybody, so everybody may see these "
                    "routes with requires_auth=True: %s. Add them with "
                    "requires_auth=False if that is meant.",
                    ", ".join(unguarded),
                )
        return self._chain

    def handle_request(self, request: Request) -> Response:
        """Return the response of *request*; exceptions become responses here.

        The order is: request hooks, view, rendering, commit, response hooks. Below
        400 the unit of work is committed, otherwise it is rolled back; a commit that
        fails is an error of the view. Response hooks run in reverse, for those
        middlewares whose request hook ran.
        """
        before, after_all = self._chain or self.freeze()
        request.services = self._services
        unit: UnitOfWork = NOTHING
        middleware: Middleware | None = None
        after: tuple[ResponseStep, ...] = ()
        try:
            try:
                unit = request.unit = self._begin(request)
                if request_started.is_heard:
                    request_started.send(self, request=request)
                for middleware, hook, after_answer, after_error in before:  # noqa: B007  # told to refuse()
                    after = after_error
                    answer = hook(request)
                    if answer is not None:
                        response = early_response(hook, answer)
                        after = after_answer
                        break
                else:
                    middleware = None
                    after = after_all
                    response = self._call_view(request)
                middleware = None
                _conclude(unit, response.status_code)
            except Exception as error:  # noqa: BLE001  # becomes the response
                _end(unit.rollback)
                response = self.refuse(unit.explain(error), request, middleware)
            except BaseException:
                _end(unit.rollback)
                raise
            if after:
                response = self._run_after(after, request, response)
        finally:
            if unit is not NOTHING:
                _end(unit.close)
        if request_finished.is_heard:
            try:
                request_finished.send(self, request=request, response=response)
            except Exception as error:  # noqa: BLE001  # becomes the response
                response = self.refuse(error, request)
        return response

    def refuse(
        self, error: Exception, request: Request, middleware: Middleware | None = None
    ) -> Response:
        """Return the response of an exception, and a plain 500 if even that fails.

        Args:
            error: The exception.
            request: The request during which it was raised.
            middleware: Whose request hook raised it, if one did.
        """
        try:
            if middleware is not None:
                self._middlewares.announce_request_failure(middleware, request, error)
            return self._errors.respond(error, request)
        except Exception:
            logger.exception("The error handler failed")
            return Response(
                "Internal Server Error\n", 500, content_type="text/plain; charset=utf-8"
            )

    def _call_view(self, request: Request) -> Response:
        """Find the view of *request* and return what it answers."""
        try:
            route, params = self._router.find(request.path, request.method)
        except RouteNotFound:
            location = self._with_other_slash(request) if self._appends_slash else None
            if location is None:
                raise
            return RedirectResponse(location, 308)
        request.path_params = params
        request.route = route
        answer = route.call(request, **params)
        if isinstance(answer, Response):
            return answer
        return to_response(answer, view=route.view)

    def _with_other_slash(self, request: Request) -> str | None:
        """Return the url of ``/x/`` for ``/x`` or back, if only that is a route."""
        path = request.path.removesuffix("/")
        path = path if request.path.endswith("/") else f"{path}/"
        if request.method not in {"GET", "HEAD"} or path.startswith("//"):
            return None
        try:
            self._router.find(path, request.method)
        except HTTPException:
            return None
        environ = request.environ
        location = quote(f"{environ.get('SCRIPT_NAME', '')}{path}")
        # NOTE: WSGI hands over the bytes of the query as if they were Latin-1.
        query = quote(environ.get("QUERY_STRING", "").encode("latin-1"), _QUERY_SAFE)
        return f"{location}?{query}" if query else location

    def _run_after(
        self, steps: tuple[ResponseStep, ...], request: Request, response: Response
    ) -> Response:
        """Run the response hooks; one that fails is passed over, if it may be."""
        for hook, middleware in steps:
            try:
                response = checked_response(hook, request, response)
            except Exception as error:  # noqa: BLE001  # logged and announced
                self._middlewares.report_response_failure(
                    middleware, request, response, error
                )
                if getattr(middleware, "required", False):
                    response = self.refuse(error, request)
        return response


def _conclude(unit: UnitOfWork, status: int) -> None:
    """Commit what led to a good response, roll back what led to another."""
    if status < 400 or unit.commits_at(status):  # noqa: PLR2004  # HTTP's first error
        unit.commit()
    else:
        unit.rollback()


def _end(step: Callable[[], None]) -> None:
    """Take one of the last steps of a unit of work.

    The request has its answer by then, so a failure is only logged.
    """
    try:
        step()
    except Exception:
        logger.exception("The unit of work could not be ended")
