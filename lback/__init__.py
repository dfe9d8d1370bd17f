"""Lback: Django's comfort on SQLAlchemy, Jinja2 and WSGI, with signals at its heart.

The names an application uses every day can be imported from here. Each is loaded on
first use from the module that defines it.
"""

from typing import TYPE_CHECKING

from lback._door import open_door

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lback.apps import AppConfig
    from lback.core.config import settings
    from lback.core.files import FileResponse
    from lback.core.response import HTMLResponse
    from lback.core.response import JSONResponse
    from lback.core.response import RedirectResponse
    from lback.core.response import Response
    from lback.core.shortcuts import local_url
    from lback.core.shortcuts import redirect
    from lback.core.shortcuts import render
    from lback.core.signals import receiver
    from lback.core.signals import Signal
    from lback.core.streaming import StreamingResponse
    from lback.core.types import Request
    from lback.core.urls_utils import include
    from lback.core.urls_utils import path

_HOMES = {
    "AppConfig": "lback.apps",
    "FileResponse": "lback.core.files",
    "HTMLResponse": "lback.core.response",
    "JSONResponse": "lback.core.response",
    "RedirectResponse": "lback.core.response",
    "Request": "lback.core.types",
    "Response": "lback.core.response",
    "Signal": "lback.core.signals",
    "StreamingResponse": "lback.core.streaming",
    "include": "lback.core.urls_utils",
    "local_url": "lback.core.shortcuts",
    "path": "lback.core.urls_utils",
    "receiver": "lback.core.signals",
    "redirect": "lback.core.shortcuts",
    "render": "lback.core.shortcuts",
    "settings": "lback.core.config",
}

__all__ = [
    "AppConfig",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "RedirectResponse",
    "Request",
    "Response",
    "Signal",
    "StreamingResponse",
    "__version__",
    "include",
    "local_url",
    "path",
    "receiver",
    "redirect",
    "render",
    "settings",
]


__getattr__, __dir__ = open_door(__name__, _HOMES)
