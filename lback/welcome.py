"""The page of a new project."""

from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template

from lback.core._receivers import origin_of
from lback.core._request import Request
from lback.core._results import Results
from lback.core.exceptions import NotFound
from lback.core.response import HTMLResponse
from lback.core.response import Response

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
    receivers = "".join(_row(pair[0], pair[1]) for pair in heard)
    routes = "".join(
        f"<li><code>{escape(route.path)}</code></li>"
        for route in (request.router or ())
        if route.path != request.path
    )
    return HTMLResponse(
        page.substitute(
            receivers=receivers or "<li>Nobody yet.</li>",
            routes=routes or "<li>Only this one.</li>",
        ),
        HTTPStatus.OK,
    )


def _row(function: object, value: object) -> str:
    origin = origin_of(function)
    place = f"{Path(origin.file).name}:{origin.line}"
    name = f"{origin.module}.{origin.name}"
    said = f" said {value!r}" if value is not None else ""
    return f"<li><code>{escape(name)}</code> ({escape(place)}){escape(said)}</li>"
