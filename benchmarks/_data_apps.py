"""One framework's application with a database, told when to answer requests.

Started as ``_data_apps.py FRAMEWORK CASE URL``. A line "show" on standard input is
answered with what is sent for one request; a number with the seconds that so many
requests take.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from _request_apps import answer
from _request_apps import environ_for

ROWS = 200
KEY = 42
LISTED = 20
JSON = "application/json"
HTML = "text/html; charset=utf-8"
STORED = {"stored": True}
PATHS = {
    "get_by_key": ("GET", f"/items/{KEY}"),
    "list_of_20": ("GET", "/items"),
    "insert_commit": ("POST", "/items"),
    "update_commit": ("POST", f"/items/{KEY}"),
    "template_20": ("GET", "/page"),
}
TEMPLATE = """<!doctype html>
<title>{{ items|length }} items</title>
<table>
{% for item in items %}<tr><td>{{ item.id }}</td><td>{{ item.name }}</td></tr>
{% endfor %}</table>
"""

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# What SQLite is set to for everybody.
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)


def shape(item: Any) -> dict[str, Any]:
    """Return what is sent of an item."""
    return {"id": item.id, "name": item.name}


def folder_with_template(url: str) -> Path:
    """Write the template beside the database, or into a folder of this process."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="lback-bench-templates-"))
    (folder / "items.html").write_text(TEMPLATE, encoding="utf-8")
    return folder


def tune(engine: Any, *, writes: bool) -> None:
    """Give plain SQLAlchemy the settings and the transactions that Lback has."""
    from sqlalchemy import event

    if engine.dialect.name != "sqlite":
        return
    statement = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.connection.dbapi_connection.execute(statement)


def seed(session: Any, model: Any) -> None:
    """Store the rows that are read."""
    session.add_all([model(name=f"item {number}") for number in range(ROWS)])
    session.commit()


def bare(url: str, case: str) -> Application:
    """Answer with a function and plain SQLAlchemy."""
    import jinja2
    from sqlalchemy import create_engine
    from sqlalchemy import select
    from sqlalchemy.orm import DeclarativeBase
    from sqlalchemy.orm import Mapped
    from sqlalchemy.orm import mapped_column
    from sqlalchemy.orm import Session

    class Base(DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = "items"

        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    engine = create_engine(url)
    tune(engine, writes="commit" in case)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        seed(session, Item)
    folder = folder_with_template(url)
    loader = jinja2.FileSystemLoader(folder)
    environment = jinja2.Environment(loader=loader, autoescape=True, auto_reload=False)
    listing = select(Item).order_by(Item.id).limit(LISTED)

    def application(
        environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        kind = JSON
        with Session(engine) as session:
            if path == "/page":
                items = session.scalars(listing).all()
                template = environment.get_template("items.html")
                body, kind = template.render(items=items).encode(), HTML
            elif path == "/items" and method == "GET":
                items = session.scalars(listing).all()
                body = dumps([shape(item) for item in items]).encode()
            elif path == "/items":
                session.add(Item(name="new"))
                body = dumps(STORED).encode()
            elif method == "GET":
                item = session.get(Item, int(path.rpartition("/")[2]))
                body = dumps(shape(item)).encode()
            else:
                item = session.get(Item, int(path.rpartition("/")[2]))
                item.name = changed(item.name)
                body = dumps(STORED).encode()
            session.commit()
        length = str(len(body))
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", length)])
        return [body]

    return application


def changed(name: str) -> str:
    """Return another name than *name*, and the first one the next time."""
    return name[:-1] if name.endswith("!") else f"{name}!"


def lback(url: str, case: str, *, hears: bool = False) -> Application:
    """Answer with Lback."""
    from sqlalchemy import select
    from sqlalchemy.orm import Mapped
    from sqlalchemy.orm import mapped_column

    from lback.core.app_controller import AppController
    from lback.core.config import Config
    from lback.core.dispatcher_instance import dispatcher
    from lback.core.middleware_manager import MiddlewareManager
    from lback.core.router import Router
    from lback.core.shortcuts import render
    from lback.core.signals import Signal
    from lback.core.templates import TemplateRenderer
    from lback.core.wsgi_entry import WSGIApplication
    from lback.db import databases
    from lback.db import Model
    from lback.db import separate_unit
    from lback.db.requests import begin_unit

    class Item(Model):
        __tablename__ = "items"

        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    databases.configure({"default": url}, Path())
    Model.metadata.create_all(databases.engine())
    with separate_unit() as session:
        seed(session, Item)
    listing = select(Item).order_by(Item.id).limit(LISTED)
    stored = Signal("bench.stored")
    heard = [0]
    if hears:

        @stored.connect(when="after_commit")
        def note(sender: object, name: str) -> None:
            heard[0] += 1

    def one(request: Any, key: int) -> Any:
        return shape(request.db_session.get(Item, key))

    def several(request: Any) -> Any:
        return [shape(item) for item in request.db_session.scalars(listing)]

    def insert(request: Any) -> Any:
        request.db_session.add(Item(name="new"))
        if hears:
            stored.send("bench", name="new")
        return STORED

    def update(request: Any, key: int) -> Any:
        item = request.db_session.get(Item, key)
        item.name = changed(item.name)
        return STORED

    def page(request: Any) -> Any:
        items = request.db_session.scalars(listing).all()
        return render(request, "items.html", {"items": items})

    router = Router()
    router.add_route("/items/{key:int}", one, ["GET"], requires_auth=False)
    router.add_route("/items/{key:int}", update, ["POST"], requires_auth=False)
    router.add_route("/items", several, ["GET"], requires_auth=False)
    router.add_route("/items", insert, ["POST"], requires_auth=False)
    router.add_route("/page", page, ["GET"], requires_auth=False)
    config = Config()
    renderer = TemplateRenderer(config)
    renderer.add_folder(folder_with_template(url))
    controller = AppController(
        MiddlewareManager(),
        router,
        renderer,
        config,
        None,
        None,
        None,
        {"begin_unit": begin_unit},
        dispatcher,
    )
    return WSGIApplication(controller)


def after_commit(url: str, case: str) -> Application:
    """Answer with Lback, where a receiver hears of each insert after the commit."""
    return lback(url, case, hears=True)


def flask(url: str, case: str) -> Application:
    """Answer with Flask and Flask-SQLAlchemy."""
    import flask
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy.orm import DeclarativeBase
    from sqlalchemy.orm import Mapped
    from sqlalchemy.orm import mapped_column

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class Item(db.Model):  # type: ignore[name-defined,misc]  # made at run time
        __tablename__ = "items"

        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    application = flask.Flask(__name__, template_folder=folder_with_template(url))
    application.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(application)
    with application.app_context():
        tune(db.engine, writes="commit" in case)
        db.create_all()
        seed(db.session, Item)
    listing = db.select(Item).order_by(Item.id).limit(LISTED)

    def reply(data: Any) -> flask.Response:
        return flask.Response(dumps(data), content_type=JSON)

    @application.get("/items/<int:key>")
    def one(key: int) -> flask.Response:
        return reply(shape(db.session.get(Item, key)))

    @application.get("/items")
    def several() -> flask.Response:
        return reply([shape(item) for item in db.session.scalars(listing)])

    @application.post("/items")
    def insert() -> flask.Response:
        db.session.add(Item(name="new"))
        db.session.commit()
        return reply(STORED)

    @application.post("/items/<int:key>")
    def update(key: int) -> flask.Response:
        item = db.session.get(Item, key)
        item.name = changed(item.name)
        db.session.commit()
        return reply(STORED)

    @application.get("/page")
    def page() -> flask.Response:
        items = db.session.scalars(listing).all()
        text = flask.render_template("items.html", items=items)
        return flask.Response(text, content_type=HTML)

    return application


def django(url: str, case: str, *, atomic: bool = True) -> Application:
    """Answer with Django, a transaction a request, without any of its middlewares.

    It renders with Jinja2, like the others.
    """
    import django as package
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import path

    class Urls:
        urlpatterns: tuple[Any, ...] = ()

    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=Urls,
        SECRET_KEY="x" * 50,
        MIDDLEWARE=[],
        DATABASES={
            "default": {
                **django_database(url, writes="commit" in case),
                "ATOMIC_REQUESTS": atomic,
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [folder_with_template(url)],
                "OPTIONS": {"keep_trailing_newline": False},
            }
        ],
    )
    package.setup()
    from django.db import connection
    from django.db import models
    from django.shortcuts import render

    class Item(models.Model):
        name = models.TextField()

        class Meta:
            app_label = "bench"
            db_table = "items"

        def __str__(self) -> str:
            return str(self.name)

    with connection.schema_editor() as editor:
        editor.create_model(Item)
    Item.objects.bulk_create([Item(name=f"item {number}") for number in range(ROWS)])

    def sized(body: str, kind: str) -> Any:
        response = HttpResponse(body, content_type=kind)
        response["Content-Length"] = str(len(response.content))
        return response

    def items(request: Any) -> Any:
        if request.method == "POST":
            Item.objects.create(name="new")
            return sized(dumps(STORED), JSON)
        found = Item.objects.order_by("id")[:LISTED]
        return sized(dumps([shape(item) for item in found]), JSON)

    def item(request: Any, key: int) -> Any:
        found = Item.objects.get(pk=key)
        if request.method == "POST":
            found.name = changed(found.name)
            found.save()
            return sized(dumps(STORED), JSON)
        return sized(dumps(shape(found)), JSON)

    def page(request: Any) -> Any:
        found = list(Item.objects.order_by("id")[:LISTED])
        response = render(request, "items.html", {"items": found}, HTML)
        response["Content-Length"] = str(len(response.content))
        return response

    Urls.urlpatterns = (
        path("items", items),
        path("items/<int:key>", item),
        path("page", page),
    )
    return WSGIHandler()


def django_autocommit(url: str, case: str) -> Application:
    """Answer with Django, where each statement is committed by itself."""
    return django(url, case, atomic=False)


def django_database(url: str, *, writes: bool) -> dict[str, Any]:
    """Return what Django calls the database at *url*, tuned like the others."""
    from sqlalchemy import make_url

    found = make_url(url)
    if found.get_backend_name() == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": found.database,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "init_command": ";".join(PRAGMAS),
                "transaction_mode": "IMMEDIATE" if writes else "DEFERRED",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": found.database,
        "USER": found.username or "",
        "PASSWORD": found.password or "",
        "HOST": found.host or "",
        "PORT": str(found.port or ""),
        "CONN_MAX_AGE": None,
    }


FRAMEWORKS: dict[str, Callable[[str, str], Application]] = {
    make.__name__: make
    for make in (bare, lback, after_commit, flask, django, django_autocommit)
}


def request(case: str) -> dict[str, Any]:
    """Return the environment of one request of a case."""
    method, path = PATHS[case]
    return {**environ_for(path), "REQUEST_METHOD": method}


def shown(application: Application, case: str) -> str:
    """Write status, headers and body so that frameworks can be compared."""
    (status, headers), body = answer(application, request(case))
    sent = sorted((name.lower(), value) for name, value in headers)
    return json.dumps([status, sent, body.decode()])


def main() -> None:
    """Answer the lines on standard input until it ends."""
    framework, case, url = sys.argv[1:]
    application = FRAMEWORKS[framework](url, case)
    for line in sys.stdin:
        if line.strip() == "show":
            print(shown(application, case), flush=True)
            continue
        environs = [request(case) for _ in range(int(line))]
        gc.collect()
        began = time.perf_counter()
        for environ in environs:
            answer(application, environ)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
