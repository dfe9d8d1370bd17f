"""The names of the documents' samples that are not Lback's.

``Flask`` serves its views by Lback's own request path; what would reach out into the
world is an object that writes down its calls. As a plugin of pytest (``-p adapter``)
the module runs tests that are coroutines and has the fixture of the samples.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextlib import AbstractContextManager
from contextlib import nullcontext
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any
from typing import TypeVar
from unittest.mock import AsyncMock

import pytest
import werkzeug
from werkzeug.local import LocalProxy
from werkzeug.test import Client

from lback.compat.flask import SignalsMixin
from lback.core.app_controller import AppController
from lback.core.config import Config
from lback.core.dispatcher_instance import dispatcher
from lback.core.middleware_manager import MiddlewareManager
from lback.core.router import Router
from lback.core.templates import TemplateRenderer
from lback.core.wsgi_entry import WSGIApplication

View = TypeVar("View", bound=Callable[..., Any])

logger = logging.getLogger("samples")

cache = AsyncMock(name="cache")
email_service = AsyncMock(name="email_service")
inventory_service = AsyncMock(name="inventory_service")
payment_service = AsyncMock(name="payment_service")
settings_service = AsyncMock(name="settings_service")
storage = AsyncMock(name="storage")


_request: ContextVar[werkzeug.Request] = ContextVar("request")
_g: ContextVar[SimpleNamespace] = ContextVar("g")

request = LocalProxy(_request)
g = LocalProxy(_g)


class Blueprint:
    """Collects views for an application.

    Args:
        name: Its name.
        import_name: The name of its module.
    """

    def __init__(self, name: str, import_name: str) -> None:
        self.views: list[tuple[str, Callable[..., Any], list[str]]] = []

    def route(
        self, path: str, methods: list[str] | None = None
    ) -> Callable[[View], View]:
        """Answer *path* with the decorated view."""

        def add(view: View) -> View:
            self.views.append((path, view, methods or ["GET"]))
            return view

        return add


class Flask(Blueprint, SignalsMixin):
    """An application whose views take no request, served by Lback.

    Args:
        import_name: The name of its module.
    """

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name, import_name)
        self._blueprints: list[Blueprint] = []

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Serve the views of *blueprint* too."""
        self._blueprints.append(blueprint)

    def app_context(self) -> AbstractContextManager[None]:
        """Enter what is always there in a request."""
        return nullcontext()

    def test_client(self) -> Client:
        """Return a client of the application as it is now."""
        router = Router()
        for blueprint in (self, *self._blueprints):
            for path, view, methods in blueprint.views:
                router.add_route(path, _called(view), methods, requires_auth=False)
        config = Config()
        controller = AppController(
            MiddlewareManager(),
            router,
            TemplateRenderer(config),
            config,
            None,
            None,
            None,
            {},
            dispatcher,
        )
        return Client(WSGIApplication(controller))


def _called(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view of Lback's that calls a view of Flask's."""

    def call(lback_request: Any, **params: Any) -> Any:
        _request.set(werkzeug.Request(lback_request.environ))
        _g.set(SimpleNamespace())
        return view(**params)

    return call


class FastAPI:
    """An application that only starts and stops.

    Args:
        lifespan: What surrounds its life.
    """

    def __init__(
        self, lifespan: Callable[[Any], AbstractAsyncContextManager[None]]
    ) -> None:
        self._lifespan = lifespan

    async def live(self) -> None:
        """Start and stop."""
        async with self._lifespan(self):
            pass


@pytest.fixture
def mock_email_service() -> AsyncMock:
    """Return the mail service, with nothing written down."""
    email_service.reset_mock()
    return email_service


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of the samples."""
    config.addinivalue_line("markers", "asyncio: the test is a coroutine")


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    given = {name: pyfuncitem.funcargs[name] for name in wanted}
    asyncio.run(pyfuncitem.obj(**given))
    return True
