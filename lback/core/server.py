"""The development server in one process, and the application as a module's names."""

import logging
import signal
import threading
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import TYPE_CHECKING

from lback.core._fork import after_fork
from lback.core.catalogue import server_shutting_down
from lback.core.catalogue import server_started
from lback.core.catalogue import server_starting
from lback.core.signals import Signal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from lback.core._startup import Project
    from lback.core.wsgi_entry import WSGIApplication

logger = logging.getLogger("lback.server")

_lock = threading.RLock()
_project: "Project | None" = None
_application: "WSGIApplication | None" = None


@after_fork
def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  # the lock of this module
    _lock = threading.RLock()


def initialize_core_components() -> None:
    """Load the project of the current folder; a second call does nothing.

    Raises:
        ConfigurationError: The project has a mistake; the message says where.
    """
    _the_project()


def wsgi_application(
    environ: dict[str, Any], start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answer one request with the project of the current folder.

    The body is read when a view asks for it, not here. The first request loads the
    project and announces the server, as :func:`create_wsgi_app` does.
    """
    application = _application
    if application is None:
        application = _the_application()
        application.announce()
    return application(environ, start_response)


class Server:
    """Serve the project of the current folder, without reload.

    Raises:
        ConfigurationError: The project has a mistake; the message says where.
    """

    def __init__(self) -> None:
        self._controller = _the_project().controller

    def add_route(
        self,
        path: str,
        view: Callable[..., Any],
        methods: list[str] | None = None,
        name: str | None = None,
        requires_auth: bool = True,  # noqa: FBT001, FBT002  # the documented signature
    ) -> None:
        """Add a route before the server runs; without *methods* it answers GET."""
        chosen = ["GET"] if methods is None else methods
        self._controller.add_route(path, view, chosen, name, requires_auth)

    def run(self, host: str = "127.0.0.1", port: int = 8000) -> None:
        """Serve until Ctrl-C or SIGTERM.

        Raises:
            CannotListen: The address or the port cannot be had.
            SettingsBroken: ``DEBUG`` is on and other machines could reach the address.
        """
        from lback.core.config import Config
        from lback.devserver.address import Address
        from lback.devserver.address import open_listener
        from lback.devserver.serving import serve

        project = _the_project()
        Config.validate(project.config, bind=host)
        application = _the_application()

        def tell(announced: Signal[..., Any]) -> None:
            announced.send(application, host=host, port=port)

        stop = threading.Event()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
        tell(server_starting)
        with open_listener(Address(host, port)) as listener:
            # NOTE: port 0 lets the system choose one.
            port = listener.getsockname()[1]
            serve(
                application,
                listener,
                on_ready=lambda _: tell(server_started),
                on_stopping=lambda: tell(server_shutting_down),
                stop=stop,
            )


def _the_project() -> "Project":
    from lback.core._startup import load_project
    from lback.core._startup import Phase
    from lback.core.config_manager import get_project_root

    global _project  # noqa: PLW0603  # the documented module-level components
    with _lock:
        if _project is None:
            _project = load_project(get_project_root(), until=Phase.READY)
        return _project


def _the_application() -> "WSGIApplication":
    from lback.core._startup import application_of

    global _application  # noqa: PLW0603  # the documented module-level components
    _application = application_of(_the_project())
    return _application
