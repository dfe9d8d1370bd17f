"""What the tests of the request path share: a site without a project behind it."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers
from wsgiref.validate import validator

import pytest

from lback.core.app_controller import AppController
from lback.core.config import Config
from lback.core.dispatcher_instance import dispatcher
from lback.core.middleware_manager import MiddlewareManager
from lback.core.router import Router
from lback.core.signals import Signal
from lback.core.templates import TemplateRenderer
from lback.core.wsgi_entry import WSGIApplication

MakeConfig = Callable[..., Config]
Heard = list[dict[str, Any]]


class Answer:
    """What a WSGI server was told to send."""

    def __init__(
        self, status: str, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        self.line = status
        self.status = int(status[:3])
        self.headers = Headers(headers)
        self.body = body

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Site:
    """Routes, middlewares and templates, served to a validating WSGI client."""

    def __init__(self, folder: Path, make_config: MakeConfig) -> None:
        self.router = Router()
        self.manager = MiddlewareManager()
        self.services: dict[str, Any] = {}
        self.templates = folder / "templates"
        self._make_config = make_config
        self._application: WSGIApplication | None = None

    def add(
        self,
        path: str,
        view: Any,
        methods: list[str] | None = None,
        name: str | None = None,
    ) -> None:
        """Add a public route."""
        self.router.add_route(path, view, methods, name, requires_auth=False)

    def use(self, *middlewares: Any) -> None:
        """Put middlewares at the end of the chain."""
        for middleware in middlewares:
            self.manager.add_middleware(middleware)

    def write(self, name: str, text: str) -> None:
        """Write a template."""
        self.templates.mkdir(exist_ok=True)
        (self.templates / name).write_text(text, encoding="utf-8")

    @property
    def application(self) -> WSGIApplication:
        """The WSGI application, made on first use."""
        if self._application is None:
            config = self._make_config()
            renderer = TemplateRenderer(config)
            renderer.add_folder(self.templates)
            renderer.use_router(self.router)
            self.services.setdefault("template_renderer", renderer)
            self.services.setdefault("router", self.router)
            controller = AppController(
                self.manager,
                self.router,
                renderer,
                config,
                None,
                None,
                None,
                self.services,
                dispatcher,
            )
            self._application = WSGIApplication(controller)
        return self._application

    def ask(self, path: str, method: str = "GET", **environ: Any) -> Answer:
        """Send a request and return what the server was told to send."""
        got: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            got[:] = [status, headers]
            return lambda _: None

        chunks = validator(self.application)(
            environ_of(path, method, **environ), start_response
        )
        try:
            body = b"".join(chunks)
        finally:
            chunks.close()  # type: ignore[attr-defined]  # the validator has one
        return Answer(got[0], got[1], body)

    def post(self, path: str, body: bytes, content_type: str, **more: Any) -> Answer:
        """Send a request with a body."""
        environ = {
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        return self.ask(path, "POST", **{**environ, **more})


def environ_of(path: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    """Make a WSGI environment as servers do, for a path as it is typed."""
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.0",  # which needs no Host
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }


@pytest.fixture
def make_environ() -> Callable[..., dict[str, Any]]:
    """Return a function that makes a WSGI environment."""
    return environ_of


@pytest.fixture
def make_config(tmp_path: Path) -> MakeConfig:
    """Return a function that makes a Config of some settings."""

    def make(**settings: Any) -> Config:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(settings), encoding="utf-8")
        return Config(file)

    return make


@pytest.fixture
def site(tmp_path: Path, make_config: MakeConfig) -> Site:
    """Return a site without routes or middlewares."""
    return Site(tmp_path, make_config)


@pytest.fixture
def hear() -> Iterator[Callable[[Signal[..., Any]], Heard]]:
    """Return a function that writes down what a signal of the framework carries."""
    connected: list[tuple[Signal[..., Any], Any]] = []

    def listen(signal: Signal[..., Any]) -> Heard:
        heard: Heard = []

        def write_down(sender: Any, **fields: Any) -> None:
            heard.append({"sender": sender, **fields})

        signal.connect(write_down)
        connected.append((signal, write_down))
        return heard

    yield listen
    for signal, function in connected:
        signal.disconnect(function)


@pytest.fixture
def write_project(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Return a function that writes the files of a project; settings are in debug."""

    def write(files: dict[str, str]) -> Path:
        root = tmp_path / "project"
        for name, text in {"settings.py": "DEBUG = True\n", **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return write


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs Python code in a folder, in a process of its own."""

    def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # our own words
            [sys.executable, "-B", "-c", code],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run
