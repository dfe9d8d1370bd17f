"""One framework's application, in a process that is told when to answer requests.

Started as ``_request_apps.py FRAMEWORK CASE``. A line "show" on standard input is
answered with what is sent for one request; a number with the seconds that so many
requests take.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

ROUTES = 500
TEXT = b"Hello, World!"
PLAIN = "text/plain; charset=utf-8"
PATHS = {"plaintext": "/plaintext", "json_int": f"/r{ROUTES // 2}/items/42"}

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def bare() -> Application:
    """Answer with a function that knows nothing but these two paths."""

    def application(
        environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/plaintext":
            body, kind = TEXT, PLAIN
        else:
            number = int(path.rpartition("/")[2])
            body, kind = dumps({"number": number}).encode(), "application/json"
        length = str(len(body))
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", length)])
        return [body]

    return application


def lback() -> Application:
    """Answer with Lback."""
    from lback.core.app_controller import AppController
    from lback.core.config import Config
    from lback.core.dispatcher_instance import dispatcher
    from lback.core.middleware_manager import MiddlewareManager
    from lback.core.response import Response
    from lback.core.router import Router
    from lback.core.templates import TemplateRenderer
    from lback.core.wsgi_entry import WSGIApplication

    def plaintext(request: Any) -> Response:
        return Response(TEXT, content_type=PLAIN)

    def item(request: Any, number: int) -> dict[str, int]:
        return {"number": number}

    router = Router()
    router.add_route("/plaintext", plaintext, ["GET"], requires_auth=False)
    for place in range(ROUTES):
        path = f"/r{place}/items/{{number:int}}"
        router.add_route(path, item, ["GET"], requires_auth=False)
    config = Config()
    controller = AppController(
        MiddlewareManager(),
        router,
        TemplateRenderer(config),
        config,
        None,
        None,
        None,
        {},
        dispatcher,
    )
    return WSGIApplication(controller)


def falcon() -> Application:
    """Answer with Falcon."""
    import falcon

    class Plaintext:
        def on_get(self, request: Any, response: Any) -> None:
            response.data = TEXT
            response.content_type = PLAIN

    class Item:
        def on_get(self, request: Any, response: Any, number: int) -> None:
            response.data = dumps({"number": number}).encode()
            response.content_type = "application/json"

    application = falcon.App()
    application.add_route("/plaintext", Plaintext())
    item = Item()
    for place in range(ROUTES):
        application.add_route(f"/r{place}/items/{{number:int}}", item)
    return application


def flask() -> Application:
    """Answer with Flask."""
    import flask

    application = flask.Flask(__name__)

    @application.get("/plaintext")
    def plaintext() -> flask.Response:
        return flask.Response(TEXT, content_type=PLAIN)

    def item(number: int) -> flask.Response:
        body = dumps({"number": number})
        return flask.Response(body, content_type="application/json")

    for place in range(ROUTES):
        rule = f"/r{place}/items/<int:number>"
        application.add_url_rule(rule, f"item{place}", item)
    return application


def django() -> Application:
    """Answer with Django, without any of its middlewares."""
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import path

    def plaintext(request: Any) -> Any:
        return sized(HttpResponse(TEXT, content_type=PLAIN))

    def item(request: Any, number: int) -> Any:
        body = dumps({"number": number})
        return sized(HttpResponse(body, content_type="application/json"))

    def sized(response: Any) -> Any:
        response["Content-Length"] = str(len(response.content))
        return response

    class Urls:
        urlpatterns = (
            path("plaintext", plaintext),
            *(path(f"r{place}/items/<int:number>", item) for place in range(ROUTES)),
        )

    settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=Urls, SECRET_KEY="x" * 50, MIDDLEWARE=[]
    )
    django.setup()
    return WSGIHandler()


def bottle() -> Application:
    """Answer with Bottle."""
    import bottle

    application = bottle.Bottle()

    @application.get("/plaintext")
    def plaintext() -> bytes:
        bottle.response.content_type = PLAIN
        return TEXT

    def item(number: int) -> str:
        bottle.response.content_type = "application/json"
        return dumps({"number": number})

    for place in range(ROUTES):
        application.route(f"/r{place}/items/<number:int>", "GET", item)
    return application


FRAMEWORKS: dict[str, Callable[[], Application]] = {
    make.__name__: make for make in (bare, lback, falcon, flask, django, bottle)
}


def environ_for(path: str) -> dict[str, Any]:
    """Return the environment of a GET request as a server makes it."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT": "*/*",
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def answer(application: Application, environ: dict[str, Any]) -> tuple[Any, bytes]:
    """Do what a server does with one request; return head and body."""
    head: list[Any] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        head[:] = [status, headers]

    body = application(environ, start_response)
    sent = b"".join(body)
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return head, sent


def shown(application: Application, path: str) -> str:
    """Write status, headers and body so that frameworks can be compared."""
    (status, headers), body = answer(application, environ_for(path))
    sent = sorted((name.lower(), value) for name, value in headers)
    return json.dumps([status, sent, body.decode()])


def main() -> None:
    """Answer the lines on standard input until it ends."""
    framework, case = sys.argv[1:]
    application = FRAMEWORKS[framework]()
    path = PATHS[case]
    for line in sys.stdin:
        if line.strip() == "show":
            print(shown(application, path), flush=True)
            continue
        count = int(line)
        environs = [environ_for(path) for _ in range(count)]
        began = time.perf_counter()
        for environ in environs:
            answer(application, environ)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
