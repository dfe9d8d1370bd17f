"""How deep a view stands in the stack."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lback
from lback.core.app_controller import AppController
from lback.core.base_middleware import BaseMiddleware
from lback.core.catalogue import server_response_sent
from lback.core.config import Config
from lback.core.dispatcher_instance import dispatcher
from lback.core.middleware_manager import MiddlewareManager
from lback.core.response import Response
from lback.core.router import Router
from lback.core.templates import TemplateRenderer
from lback.core.wsgi_entry import WSGIApplication

LIMIT = 4

_HERE = str(Path(str(lback.__file__)).parent)


def frames_of_ours() -> list[str]:
    """Name the functions of the framework that the caller was called through."""
    frame = sys._getframe(2)
    names = []
    while frame.f_back is not None:
        if frame.f_code.co_filename.startswith(_HERE):
            names.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return names


def view(request: Any) -> list[str]:
    """Answer with the stack."""
    return frames_of_ours()


class ClassView:
    """Answer with the stack, as a class."""

    def get(self, request: Any) -> list[str]:
        """Answer with the stack."""
        return frames_of_ours()


class Plain(BaseMiddleware):
    """A middleware that does something in both hooks."""

    def process_request(self, request: Any) -> Response | None:
        """Attach a value."""
        request.add_context("a", 1)
        return None

    def process_response(self, request: Any, response: Response) -> Response:
        """Set a header."""
        response.headers["X-A"] = "1"
        return response


@pytest.fixture
def observed() -> Iterator[None]:
    """Connect a receiver of the server's signals."""
    with server_response_sent.connected_to(lambda sender: None):
        yield


def stack(tmp_path: Path, view: Any, middlewares: int) -> bytes:
    """Ask for a page through some middlewares and return what the view answered."""
    config = Config(tmp_path / "config.json")
    manager, router = MiddlewareManager(), Router()
    for _ in range(middlewares):
        manager.add_middleware(Plain())
    router.add_route("/", view, requires_auth=False)
    renderer = TemplateRenderer(config)
    controller = AppController(
        manager, router, renderer, config, None, None, None, {}, dispatcher
    )
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    return b"".join(WSGIApplication(controller)(environ, lambda *_: None))  # type: ignore[arg-type]  # nothing is written


@pytest.mark.parametrize("middlewares", [0, 1, 15])
@pytest.mark.parametrize("kind", [view, ClassView])
def test_a_view_is_near_the_server(tmp_path: Path, kind: Any, middlewares: int) -> None:
    """At most four frames of the framework stand between server and view."""
    names = stack(tmp_path, kind, middlewares).decode().split(",")

    assert 1 <= len(names) <= LIMIT, names


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("kind", [view, ClassView])
def test_an_observed_view_is_near_the_server(tmp_path: Path, kind: Any) -> None:
    """The same holds while somebody listens to the server's signals."""
    names = stack(tmp_path, kind, 3).decode().split(",")

    assert 1 <= len(names) <= LIMIT, names
