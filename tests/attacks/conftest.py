"""The attacked site: in this process, and behind a real server."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lback.core._hosts import AllowedHosts
from lback.core.app_controller import AppController
from lback.core.config import Config
from lback.core.dispatcher_instance import dispatcher
from lback.core.middleware_manager import MiddlewareManager
from lback.core.router import Router
from lback.core.templates import TemplateRenderer
from lback.core.wsgi_entry import WSGIApplication
from tests.attacks import site
from tests.attacks.cases import HOST

PATIENCE = 20.0
HOSTS = [HOST, "[::1]"]
SETTINGS = f"""\
DEBUG = False
SECRET_KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"
ALLOWED_HOSTS = {HOSTS!r}
ROOT_URLCONF = "attacked"
"""


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> WSGIApplication:
    """Return the site as a WSGI application."""
    file = tmp_path_factory.mktemp("attacks") / "config.json"
    file.write_text("{}", encoding="utf-8")
    config = Config(file)
    router = Router()
    for route in site.urlpatterns:
        router.add_route(
            route.path, route.view, route.methods, route.name, requires_auth=False
        )
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
    return WSGIApplication(controller, AllowedHosts(HOSTS))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run ``lback runserver`` on the site; return its port."""
    root = tmp_path_factory.mktemp("attacked")
    (root / "settings.py").write_text(SETTINGS, encoding="utf-8")
    source = Path(site.__file__).read_text(encoding="utf-8")
    (root / "attacked.py").write_text(source, encoding="utf-8")
    port = next(filter(_is_free, range(20_000 + os.getpid() % 9_000, 32_000)))
    with (
        (root / "output.txt").open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "lback_cli", "runserver", str(port)],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _wait_for(port, root / "output.txt")
            yield port
        finally:
            process.terminate()


@pytest.fixture
def send(server: int) -> Callable[[bytes], bytes]:
    """Return a function that sends bytes, and returns all that comes back."""

    def exchange(data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", server), PATIENCE) as connection:
            # NOTE: a server that refuses a request may not read it to its end.
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            received = b""
            with contextlib.suppress(ConnectionError):
                while chunk := connection.recv(65536):
                    received += chunk
            return received

    return exchange


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _wait_for(port: int, output: Path) -> None:
    until = time.monotonic() + PATIENCE
    while "Ctrl-C" not in output.read_text(encoding="utf-8"):
        if time.monotonic() > until:
            pytest.fail(output.read_text(encoding="utf-8"))
        time.sleep(0.02)


@pytest.fixture
def ask(application: WSGIApplication) -> Callable[[dict[str, Any]], tuple[int, bytes]]:
    """Return a function that calls the application as a server does."""

    def call(environ: dict[str, Any]) -> tuple[int, bytes]:
        statuses: list[str] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            statuses.append(status)

        body = b"".join(application(environ, start_response))
        return int(statuses[-1][:3]), body

    return call
