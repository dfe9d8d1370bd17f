"""The development server in one process, and the application as a module's names."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lback.core import server
from lback.core.exceptions import RouterFrozen
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotFound
from lback.core.server import initialize_core_components
from lback.core.server import Server
from lback.core.server import wsgi_application

WriteProject = Callable[[dict[str, str]], Path]

PROJECT = {
    "settings.py": "DEBUG = True\nROOT_URLCONF = 'urls'\nINSTALLED_APPS = ['first']\n",
    "urls.py": "from lback import path\n"
    "urlpatterns = [path('/', lambda request: request.DATA or 'hello')]\n",
    "first/__init__.py": "",
    "first/listeners.py": """
from lback.signals import receiver, server_starting, server_started
from lback.signals import server_shutting_down

@receiver(server_starting)
def starting(sender, host, port):
    print("starting", host, port, flush=True)

@receiver(server_started)
def started(sender, host, port):
    print("started", host, port, flush=True)

@receiver(server_shutting_down)
def stopping(sender, host, port):
    print("stopping", host, port, flush=True)
""",
}

LIMIT = 20.0
"""Seconds after which a server that does not answer has failed."""


@pytest.fixture
def project(write_project: WriteProject, own_process: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project, which is the current one."""
    root = write_project(PROJECT)
    own_process.chdir(root)
    own_process.setattr(server, "_project", None)
    own_process.setattr(server, "_application", None)
    return root


def free_port() -> int:
    """Find a port that nobody listens on."""
    for port in range(20_000, 32_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail("There is no free port.")


# --- The module's names -------------------------------------------------------------


@pytest.mark.usefixtures("project")
def test_the_application_is_a_function(make_environ: Any) -> None:
    """wsgi_application() answers with the project of the current folder."""
    body = wsgi_application(make_environ("/"), lambda *_: None)  # type: ignore[arg-type]  # nothing is written

    assert [b"hello"] == body


@pytest.mark.usefixtures("project")
def test_components_are_initialized_once() -> None:
    """A second initialize_core_components() leaves the loaded project alone."""
    initialize_core_components()
    first = server._project
    initialize_core_components()

    assert first is server._project is not None


@pytest.mark.usefixtures("project")
def test_a_server_serves_added_routes(make_environ: Any) -> None:
    """A route that is added before the server runs is answered, for GET by default."""
    Server().add_route("/a", lambda request: "added")
    statuses: list[str] = []

    def start_response(status: str, headers: Any) -> None:
        statuses.append(status)

    bodies = [
        wsgi_application(make_environ("/a", method), start_response)  # type: ignore[arg-type]  # nothing is written
        for method in ("GET", "POST")
    ]

    assert ([b"added"], ["200 OK", "405 Method Not Allowed"]) == (bodies[0], statuses)


@pytest.mark.usefixtures("project")
def test_a_route_may_come_too_late(make_environ: Any) -> None:
    """After the first request a new route is an error."""
    wsgi_application(make_environ("/"), lambda *_: None)  # type: ignore[arg-type]  # nothing is written

    with pytest.raises(RouterFrozen):
        Server().add_route("/a", lambda request: "")


def test_a_server_needs_a_project(
    project: Path, tmp_path: Path, own_process: pytest.MonkeyPatch
) -> None:
    """A server outside a project is one clear error."""
    own_process.chdir(tmp_path)

    with pytest.raises(SettingsNotFound):
        Server()


@pytest.mark.usefixtures("project")
def test_debug_is_not_shown_to_others() -> None:
    """A server in debug refuses to listen where other machines can reach it."""
    with pytest.raises(SettingsBroken, match=r"DEBUG is on .* on 0\.0\.0\.0"):
        Server().run("0.0.0.0", 8000)  # noqa: S104  # what is tested


# --- Running ------------------------------------------------------------------------


def test_a_server_answers_until_it_is_stopped(write_project: WriteProject) -> None:
    """run() serves real requests until Ctrl-C; each of its signals is sent once."""
    root = write_project(PROJECT)
    port = free_port()
    code = (
        # NOTE: a process that was started in the background may ignore Ctrl-C.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from lback.core.server import Server; Server().run('127.0.0.1', {port})"
    )
    process = subprocess.Popen(  # our own words
        [sys.executable, "-B", "-c", code],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        answer = ask(port)
        os.kill(process.pid, signal.SIGINT)
        printed = process.communicate(timeout=LIMIT)[0]
    finally:
        process.kill()
        process.wait()
    where = f"127.0.0.1 {port}"

    assert (
        (200, b"hello"),
        0,
        [f"starting {where}", f"started {where}", f"stopping {where}"],
    ) == (
        answer,
        process.returncode,
        printed.splitlines(),
    )


def ask(port: int) -> tuple[int, bytes]:
    """Ask for the root page until somebody answers."""
    deadline = time.monotonic() + LIMIT
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            return response.status, response.read()
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        finally:
            connection.close()
