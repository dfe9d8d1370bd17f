"""Lback's application in a process of its own, with signals or stripped of them.

Started as ``_signal_cost_app.py VARIANT CASE COUNT`` in a folder of templates: answers
so many requests and prints the seconds that one took. With "show" in place of a number,
it prints what it answers, which functions of a signal a request enters, and what was
stripped.
"""

import gc
import json
import sys
import time
from pathlib import Path
from types import CodeType
from types import FrameType
from typing import Any

from _request_apps import answer
from _request_apps import Application
from _request_apps import environ_for
from _request_apps import PLAIN
from _request_apps import shown
from _request_apps import TEXT
from _signal_stripping import StrippingFinder

AS_IT_IS = "as it is"
STRIPPED = "stripped"
VARIANTS = (AS_IT_IS, STRIPPED)

PATHS = {
    "plaintext": "/plaintext",
    "json": "/items/42",
    "template": "/page",
    "not_found": "/nowhere",
}
PAGE = (
    "<title>{{ title }}</title>\n{% for item in items %}<p>{{ item }}</p>{% endfor %}"
)

_WARM_UP = 100


def make_application() -> Application:
    """Make an application whose templates are in the current folder."""
    from lback.core.app_controller import AppController
    from lback.core.config import Config
    from lback.core.dispatcher_instance import dispatcher
    from lback.core.middleware_manager import MiddlewareManager
    from lback.core.response import Response
    from lback.core.router import Router
    from lback.core.shortcuts import render
    from lback.core.templates import TemplateRenderer
    from lback.core.wsgi_entry import WSGIApplication

    def plaintext(request: Any) -> Response:
        return Response(TEXT, content_type=PLAIN)

    def item(request: Any, number: int) -> dict[str, int]:
        return {"number": number}

    def page(request: Any) -> Response:
        return render(request, "page.html", {"title": "Items", "items": [1, 2, 3]})

    router = Router()
    router.add_route("/plaintext", plaintext, ["GET"], requires_auth=False)
    router.add_route("/items/{number:int}", item, ["GET"], requires_auth=False)
    router.add_route("/page", page, ["GET"], requires_auth=False)
    config = Config()
    renderer = TemplateRenderer(config)
    renderer.add_folder(Path())
    controller = AppController(
        MiddlewareManager(),
        router,
        renderer,
        config,
        None,
        None,
        None,
        {},
        dispatcher,
    )
    return WSGIApplication(controller)


def entered(application: Application, path: str) -> list[str]:
    """Return the functions of signals that one request enters."""
    from lback.core.signals import Signal

    codes: set[CodeType] = set()
    for base in Signal.__mro__:
        for attribute in vars(base).values():
            function = getattr(attribute, "fget", attribute)
            if hasattr(function, "__code__"):
                codes.add(function.__code__)
    found: list[str] = []

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in codes:
            found.append(frame.f_code.co_qualname)

    sys.setprofile(watch)
    try:
        answer(application, environ_for(path))
    finally:
        sys.setprofile(None)
    return found


def seconds(application: Application, path: str, count: int) -> float:
    """Answer *count* requests; return the seconds of one."""
    environs = [environ_for(path) for _ in range(count)]
    began = time.perf_counter()
    for environ in environs:
        answer(application, environ)
    return (time.perf_counter() - began) / max(count, 1)


def main() -> None:
    """Do what the arguments say."""
    variant, case, count = sys.argv[1:]
    finder = StrippingFinder(is_stripping=variant == STRIPPED)
    sys.meta_path.insert(0, finder)
    application = make_application()
    path = PATHS[case]
    seconds(application, path, _WARM_UP)
    # NOTE: one more look of the collector at all modules would outweigh the signals.
    gc.collect()
    gc.freeze()
    if count == "show":
        found = {
            "answer": shown(application, path),
            "entered": entered(application, path),
            "stripped": finder.stripped,
            "left": finder.left,
        }
        print(json.dumps(found))
    else:
        print(seconds(application, path, int(count)))


if __name__ == "__main__":
    main()
