"""The page of a new project."""

from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template

from lback.core._receivers import identify
from lback.core._request import Request
from lback.core._results import Results
from lback.core.exceptions import NotFound
from lback.core.response import HTMLResponse
from lback.core.response import Response
from lback.core.router import Route

_PAGE = Path(__file__).with_name("welcome.html")


def welcome(request: Request, heard: Results) -> Response:
    """Return a page that greets the developer and shows who heard the signal.

    Args:
        request: The request for the home page.
        heard: What sending the project's first signal returned.

    Raises:
        NotFound: ``DEBUG`` is off: visitors are not shown this page.
    """
    config = request.config
    if config is None or not config.DEBUG:
        raise NotFound
    page = Template(_PAGE.read_text(encoding="utf-8"))
    receivers = "".join(
        _receiver(function, value, config.BASE_DIR) for function, value in heard
    )
    routes = "".join(
        _route(route) for route in request.router or () if route.path != request.path
    )
    return HTMLResponse(
        page.substitute(
            receivers=receivers or "<li>Nobody yet.</li>",
            routes=routes or "<li>Only this one.</li>",
        ),
        HTTPStatus.OK,
    )


def _receiver(function: object, value: object, root: Path) -> str:
    origin = identify(function).origin
    file = Path(origin.file)
    shown = file.relative_to(root) if file.is_relative_to(root) else file.name
    place = f"{shown}:{origin.line}"
    said = f" said {value!r}" if value is not None else ""
    name = escape(origin.label)
    return f"<li><code>{name}</code> ({escape(place)}){escape(said)}</li>"


def _route(route: Route) -> str:
    """Show a route, as a link if a browser can open it as it stands."""
    path = escape(route.path)
    if route.pattern.is_static and "GET" in (route.methods or ["GET"]):
        return f'<li><a href="{path}"><code>{path}</code></a></li>'
    return f"<li><code>{path}</code></li>"
