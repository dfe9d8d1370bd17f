"""What views write most often."""

from collections.abc import Mapping
from typing import Any

from lback.core._request import Request
from lback.core.exceptions import ServerError
from lback.core.response import HTMLResponse
from lback.core.response import RedirectResponse


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
