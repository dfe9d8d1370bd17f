"""The composition root: load a project phase by phase, and put its parts together.

Only this module knows how the parts fit; everything else is handed what it needs.
"""

import logging
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

from lback.apps import Apps
from lback.apps import get_ready
from lback.apps import load_module
from lback.core._fork import after_fork
from lback.core.config import use_config
from lback.core.dispatcher_instance import dispatcher
from lback.core.exceptions import ConfigurationError
from lback.core.exceptions import FrameworkException
from lback.core.exceptions import RoutingError
from lback.db.engines import databases

if TYPE_CHECKING:
    from lback.core.app_controller import AppController
    from lback.core.config import Config
    from lback.core.wsgi_entry import WSGIApplication


logger = logging.getLogger("lback.startup")


class Phase(IntEnum):
    """How far a project is loaded; each phase goes over all apps."""

    SETTINGS = 1
    APPS = 2
    SIGNALS = 3
    MODELS = 4
    LISTENERS = 5
    COMPONENTS = 6
    URLS = 7
    READY = 8


OnProblem = Callable[[FrameworkException], None]


class Project:
    """A project that is being loaded.

    Attributes:
        root: The folder of settings.py.
        config: The settings, from :attr:`Phase.SETTINGS` on.
        apps: The installed apps, from :attr:`Phase.APPS` on.
        controller: What answers requests, from :attr:`Phase.COMPONENTS` on.
        phase: The last phase that is done, 0 before the first.
    """

    config: "Config"
    apps: Apps
    controller: "AppController"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.phase = 0
        self._on_problem: OnProblem | None = None
        self._is_advancing = False
        self._failure: Exception | None = None
        self._application: WSGIApplication | None = None

    def advance(self, until: Phase, on_problem: OnProblem | None = None) -> None:
        """Go through the phases up to *until*; those that are done are not repeated.

        Args:
            until: The last phase to go through.
            on_problem: Called with each mistake of the project; the phases go on
                behind it as far as they can. Without it the first one is raised.

        Raises:
            ConfigurationError: The project has a mistake; the message says where.
                Asked again, it is the same one: what has run is not run twice.
        """
        if self._is_advancing:
            raise ConfigurationError(
                f"The project in {self.root} is being loaded, and one of its modules "
                "asks for it to be loaded. Do that where requests are answered."
            )
        if self._failure is not None:
            raise self._failure
        self._on_problem = on_problem
        self._is_advancing = True
        try:
            self._go_through(until)
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._is_advancing = False

    def _go_through(self, until: Phase) -> None:
        steps = {
            Phase.SETTINGS: self._load_settings,
            Phase.APPS: self._find_apps,
            Phase.SIGNALS: lambda: self._load("signals"),
            Phase.MODELS: self._load_models,
            Phase.LISTENERS: self._load_listeners,
            Phase.COMPONENTS: self._build_components,
            Phase.URLS: self._collect_routes,
            Phase.READY: self._get_ready,
        }
        for phase, step in steps.items():
            if self.phase < phase <= until:
                step()
                self.phase = phase

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Hand a mistake to whoever collects them; raise it if nobody does."""
        try:
            yield
        except FrameworkException as error:
            if self._on_problem is None:
                raise
            self._on_problem(error)

    def application(self) -> "WSGIApplication":
        """Settle the loaded project and return its one WSGI application."""
        from lback.core._hosts import AllowedHosts
        from lback.core._proxies import TrustedProxies
        from lback.core.config import Config
        from lback.core.wsgi_entry import WSGIApplication

        if self._application is None:
            Config.validate(self.config)
            self.controller.freeze()
            hosts = AllowedHosts(self.config.ALLOWED_HOSTS, is_debug=self.config.DEBUG)
            proxies = self.config.TRUSTED_PROXIES
            self._application = WSGIApplication(
                self.controller, hosts, TrustedProxies(proxies) if proxies else None
            )
        return self._application

    def _load_settings(self) -> None:
        from lback.core.config_manager import load_settings
        from lback.core.logging_setup import setup_logging

        folder = str(self.root)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        self.config = load_settings(self.root)
        use_config(self.config)
        dispatcher.check_types(is_on=self.config.DEBUG)
        with self._telling():
            databases.configure(
                self.config.DATABASES, self.root, is_debug=self.config.DEBUG
            )
        setup_logging(self.config)
        if self._on_problem is None:
            for warning in self.config.warnings:
                logger.warning("%s", warning)

    def _find_apps(self) -> None:
        self.apps = Apps([])
        for entry in self.config.INSTALLED_APPS:
            with self._telling():
                self.apps.add(entry)

    def _load(self, module: str) -> None:
        for app in self.apps:
            with self._telling():
                load_module(app, module)

    def _load_models(self) -> None:
        self._load("models")
        bound = {app.name: app.database for app in self.apps if app.database}
        if bound or len(list(databases)) > 1:
            from lback.db.models import bind_apps

            with self._telling():
                bind_apps(bound)

    def _load_listeners(self) -> None:
        self._load("listeners")
        with self._telling():
            dispatcher.settle(self.apps.labels)

    def _build_components(self) -> None:
        from lback.core.app_controller import AppController
        from lback.core.error_handler import ErrorHandler
        from lback.core.middleware_loader import load_middlewares_from_config
        from lback.core.middleware_manager import MiddlewareManager
        from lback.core.router import Router
        from lback.core.templates import TemplateRenderer

        router = Router()
        renderer = TemplateRenderer(self.config)
        for folder in self._template_folders():
            renderer.add_folder(folder)
        renderer.use_router(router)
        manager = MiddlewareManager()
        services: dict[str, Any] = {
            "config": self.config,
            "dispatcher": dispatcher,
            "error_handler": ErrorHandler(self.config, renderer, router),
            "router": router,
            "template_renderer": renderer,
        }
        if databases:
            from lback.db.models import check_models
            from lback.db.requests import begin_unit

            services["begin_unit"] = begin_unit
            with self._telling():
                check_models()
        with self._telling():
            load_middlewares_from_config(manager, self.config, services)
        self.router = router
        self.controller = AppController(
            manager,
            router,
            renderer,
            self.config,
            None,
            None,
            None,
            services,
            dispatcher,
        )

    def _template_folders(self) -> Iterator[Path]:
        for folder in self.config.TEMPLATE_DIRS:
            yield self.root / folder
        for app in self.apps:
            yield app.path / "templates"

    def _collect_routes(self) -> None:
        from lback.core.urls_utils import collect

        if not self.config.ROOT_URLCONF:
            return
        with self._telling():
            for route in collect(self.config.ROOT_URLCONF):
                with self._telling():
                    _refuse_unguarded(route)
                    self.router.add(route)

    def _get_ready(self) -> None:
        for app in self.apps:
            with self._telling():
                get_ready(app)


def _refuse_unguarded(route: Any) -> None:
    """Refuse a route that asks for authentication nobody provides."""
    if route.requires_auth:
        raise RoutingError(
            f"The route {route.path!r} has requires_auth=True, but no middleware "
            "authenticates anybody. Nobody could be let in, so it is not served."
        )


_lock = threading.RLock()
_loaded: dict[Path, Project] = {}


@after_fork
def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  # the lock of this module
    _lock = threading.RLock()


def load_project(
    root: Path | str, *, until: Phase, on_problem: OnProblem | None = None
) -> Project:
    """Load the project in *root* up to a phase; what is loaded already stays.

    Args:
        root: The folder of settings.py.
        until: The last phase to go through.
        on_problem: See :meth:`Project.advance`.

    Raises:
        ConfigurationError: The project has a mistake; the message says where.
    """
    folder = Path(root).resolve()
    with _lock:
        if _loaded and folder not in _loaded:
            known = next(iter(_loaded))
            raise ConfigurationError(
                f"This process has loaded the project in {known} already; it cannot "
                f"load the one in {folder}, too. Use another process."
            )
        project = _loaded.setdefault(folder, Project(folder))
        try:
            project.advance(until, on_problem)
        except BaseException:
            if project.phase == 0:
                del _loaded[folder]
            raise
        return project


def build_application(root: Path | str) -> "WSGIApplication":
    """Load the project in *root* completely and return its WSGI application.

    Raises:
        ConfigurationError: The project has a mistake; the message says where.
    """
    return application_of(load_project(root, until=Phase.READY))


def application_of(project: Project) -> "WSGIApplication":
    """Settle a loaded project and return its WSGI application, always the same one.

    Raises:
        SettingsBroken: The settings are unsafe to serve with.
    """
    with _lock:
        return project.application()
