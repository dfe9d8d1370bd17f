"""Real servers and real projects for the tests of the development server."""

import contextlib
import http.client
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lback.devserver.address import Address
from lback.devserver.address import open_listener
from lback.devserver.serving import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PATIENCE = 20.0
PORTS = range(20_000, 32_000)

SETTINGS = """\
DEBUG = True
SECRET_KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "shop.urls"
"""
URLS = """\
from lback import path

from shop import views

urlpatterns = [path("/", views.home), path("/slow", views.slow)]
"""
VIEWS = """\
import os
import time
from pathlib import Path

Path("imported-by").open("a").write(f"{os.getpid()}\\n")


def home(request):
    return "one"


def slow(request):
    Path("slow-began").touch()
    while not Path("slow-may-end").exists():
        time.sleep(0.01)
    return "slow"
"""


def eventually(happens: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until *happens* answers something true; fail after *patience* seconds."""
    until = time.monotonic() + patience
    while not happens():
        if time.monotonic() > until:
            pytest.fail("It did not happen in time.")
        time.sleep(0.01)


def is_free(port: int) -> bool:
    """Tell whether nobody listens on *port* of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


@pytest.fixture
def free_port() -> int:
    """A port below the ephemeral ones that nobody uses."""
    start = PORTS.start + os.getpid() * 37 % len(PORTS)
    order = [*range(start, PORTS.stop), *range(PORTS.start, start)]
    port: int = next(filter(is_free, order))
    return port


class Project:
    """A small project in a folder, and the server that may run on it."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port
        self.output = root.parent / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None
        (root / "shop").mkdir(parents=True)
        (root / "shop" / "__init__.py").touch()
        self.write("settings.py", SETTINGS)
        self.write("shop/urls.py", URLS)
        self.write("shop/views.py", VIEWS)

    def write(self, name: str, text: str) -> None:
        """Save a file as an editor does that writes in place."""
        (self.root / name).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Edit a file in place."""
        text = (self.root / name).read_text(encoding="utf-8")
        self.write(name, text.replace(old, new))

    def start(self, *words: str, address: str | None = None) -> None:
        """Run ``lback runserver`` and wait until it owns the port."""
        self.launch(address or f"127.0.0.1:{self.port}", *words)
        self.says("Ctrl-C")

    def launch(self, *words: str) -> None:
        """Run ``lback runserver`` with *words*, without waiting."""
        environment = dict(os.environ)
        # The cache of compiled files is part of what is tested.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lback_cli", "runserver", *words],
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The supervisor."""
        assert self._process is not None
        return self._process

    def log(self) -> str:
        """Everything on the terminal so far."""
        return self.output.read_text(encoding="utf-8")

    def says(self, text: str, times: int = 1) -> None:
        """Wait until *text* was printed that many times."""
        until = time.monotonic() + PATIENCE
        while self.log().count(text) < times:
            if time.monotonic() > until:
                pytest.fail(f"{text!r} is not in the output:\n{self.log()}")
            time.sleep(0.01)

    def get(self, path: str = "/", **headers: str) -> tuple[int, str]:
        """Request *path* on a new connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def answers(self, status: int, text: str) -> None:
        """Wait until ``/`` answers with *status* and *text* in it."""
        until = time.monotonic() + PATIENCE
        while True:
            seen = self.get()
            if seen[0] == status and text in seen[1]:
                return
            if time.monotonic() > until:
                pytest.fail(f"Still {seen}; output:\n{self.log()}")
            time.sleep(0.01)

    def read(self, name: str) -> str:
        """Read a file of the project."""
        return (self.root / name).read_text(encoding="utf-8")

    def exists(self, name: str) -> None:
        """Wait for a file of the project."""
        eventually((self.root / name).exists)

    def contains(self, name: str, text: str) -> None:
        """Wait until a file of the project contains *text*."""
        self.exists(name)
        eventually(lambda: text in self.read(name))

    def until(self, happens: Callable[[], object]) -> None:
        """Wait until *happens* answers something true."""
        eventually(happens)

    def gone(self, pid: int) -> None:
        """Wait until the process *pid* of this server has ended."""
        eventually(lambda: pid not in self.processes())

    def empty(self) -> None:
        """Wait until no process of this server is left."""
        eventually(lambda: not self.processes())

    def workers(self) -> list[int]:
        """The process ids of all workers so far that imported the views."""
        return [int(pid) for pid in self.read("imported-by").split()]

    def processes(self) -> set[int]:
        """All processes in the session of the server."""
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid and fields[0] != "Z":
                    found.add(int(stat.parent.name))
        return found

    def end(self) -> None:
        """Stop the server, whatever state it is in."""
        if self._process is None:
            return
        for pid in (self._process.pid, *self.processes()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(PATIENCE)


@pytest.fixture
def project(tmp_path: Path, free_port: int) -> Iterator[Project]:
    """A project of one app, not running yet; whatever it starts is ended."""
    made = Project(tmp_path / "project", free_port)
    yield made
    made.end()


class Client:
    """A raw connection to a server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.stream = self.socket.makefile("rb")

    def send(self, text: str) -> None:
        """Send *text* with line ends as HTTP wants them."""
        self.socket.sendall(text.replace("\n", "\r\n").encode("latin-1"))

    def head(self) -> list[str]:
        """Read status line and headers; an empty list at the end of the stream."""
        lines = []
        while line := self.stream.readline().decode("latin-1").strip():
            lines.append(line)
        return lines

    def read(self, size: int = -1) -> str:
        """Read that much of the body, or all up to the end of the connection."""
        return self.stream.read(size).decode("latin-1")

    def close(self) -> None:
        """Close the connection."""
        self.stream.close()
        self.socket.close()


class InProcess:
    """A server in a thread of this process."""

    def __init__(self) -> None:
        self.listener = open_listener(Address(port=0))
        self.port = self.listener.getsockname()[1]
        self.stop = threading.Event()
        self.events: queue.Queue[str] = queue.Queue()
        self.handed_over: list[socket.socket] = []
        self._thread: threading.Thread | None = None
        self._clients: list[Client] = []

    def run(self, application: "WSGIApplication") -> None:
        """Serve *application* until the end of the test."""
        self._thread = threading.Thread(target=self._serve, args=[application])
        self._thread.start()
        assert self.events.get(timeout=PATIENCE) == "ready"

    def _serve(self, application: "WSGIApplication") -> None:
        serve(
            application,
            self.listener,
            on_ready=lambda _: self.events.put("ready"),
            on_stopping=lambda: self.events.put("stopping"),
            stop=self.stop,
            hand_over=self._keep,
        )
        self.events.put("stopped")

    def _keep(self, descriptor: int) -> None:
        self.handed_over.append(socket.socket(fileno=os.dup(descriptor)))

    def client(self) -> Client:
        """Open a connection."""
        made = Client(self.port)
        self._clients.append(made)
        return made

    def join(self) -> None:
        """Wait until the server has ended."""
        assert self._thread is not None
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def close(self) -> None:
        """Stop and release everything."""
        self.stop.set()
        if self._thread is not None:
            self.join()
        for client in self._clients:
            client.close()
        for each in (*self.handed_over, self.listener):
            each.close()


@pytest.fixture
def server() -> Iterator[InProcess]:
    """A server in this process, stopped at the end of the test."""
    made = InProcess()
    yield made
    made.close()
