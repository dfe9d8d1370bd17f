"""What views write most often."""

import re
from collections.abc import Mapping
from typing import Any

from lback.core._request import Request
from lback.core.exceptions import ServerError
from lback.core.response import HTMLResponse
from lback.core.response import RedirectResponse

# NOTE: browsers take a backslash for a slash, and pass over tabs and line breaks, so
# that "/\evil.example" and "/<tab>/evil.example" lead to another site.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\xa0\u2028\u2029]*")


def render(
    request: Request,
    template_name: str,
    context: Mapping[str, Any] | None = None,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Render a template into a page.

    Args:
        request: The request; templates see it as ``request``.
        template_name: Such as ``"shop/index.html"``.
        context: More names for the template.
        status_code: The HTTP status of the page.
        headers: More headers.

    Raises:
        jinja2.TemplateNotFound: No folder has the template.
    """
    renderer = request.template_renderer
    if renderer is None:
        raise ServerError(
            "This request did not come through an application, so there is nothing "
            "to render templates with."
        )
    names = {"request": request, **(context or {})}
    text = renderer.render(template_name, names)
    return HTMLResponse(text, status_code, headers)


def redirect(to: str, *, status_code: int = 302) -> RedirectResponse:
    """Send the client to another page.

    Args:
        to: A url; ``request.url_for("name")`` makes one from the name of a route.
        status_code: 302, or another redirect.

    Raises:
        InvalidResponse: It is no url a browser may be sent to.
    """
    return RedirectResponse(to, status_code)


def local_url(url: object, default: str = "/") -> str:
    """Return *url* if it stays on this site, else *default*.

    For what a client names as the place to go on to, as in ``/login?next=/orders``.

    Args:
        url: What was sent; anything but a path of this site counts as none.
        default: Where to go instead.
    """
    if not isinstance(url, str) or not _LOCAL.fullmatch(url):
        return default
    return url
