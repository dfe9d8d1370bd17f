"""What the tests of the data layer share: databases, models, and a site on top."""

import io
import os
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlalchemy import ForeignKey
from sqlalchemy import make_url
from sqlalchemy import Table
from sqlalchemy import URL
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from werkzeug.test import Client

from lback.core._unit_of_work import current
from lback.core.app_controller import AppController
from lback.core.config import Config
from lback.core.dispatcher_instance import dispatcher as process_wide
from lback.core.middleware_manager import MiddlewareManager
from lback.core.response import Response
from lback.core.router import Router
from lback.core.signals import Signal
from lback.core.templates import TemplateRenderer
from lback.core.types import Request
from lback.core.wsgi_entry import WSGIApplication
from lback.db import databases
from lback.db import Model
from lback.db.requests import begin_unit

POOL = {"POOL_SIZE": 5, "MAX_OVERFLOW": 0, "POOL_TIMEOUT": 2}


class Basket(Model):
    """A row with others that belong to it."""

    __tablename__ = "dbtests_basket"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    total: Mapped[int] = mapped_column(default=0)
    items: Mapped[list["BasketItem"]] = relationship(
        back_populates="basket", cascade="all, delete-orphan", order_by="BasketItem.id"
    )


class BasketItem(Model):
    """A row that goes with its basket."""

    __tablename__ = "dbtests_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(unique=True)
    basket_id: Mapped[int] = mapped_column(ForeignKey("dbtests_basket.id"))
    basket: Mapped[Basket] = relationship(back_populates="items")


class Voucher(Model):
    """A row whose basket is only looked for when the transaction is committed."""

    __tablename__ = "dbtests_voucher"

    id: Mapped[int] = mapped_column(primary_key=True)
    basket_id: Mapped[int] = mapped_column(
        ForeignKey("dbtests_basket.id", deferrable=True, initially="DEFERRED")
    )


MODELS = SimpleNamespace(Basket=Basket, BasketItem=BasketItem, Voucher=Voucher)
TABLES = [
    table
    for table in Model.metadata.sorted_tables
    if isinstance(table, Table) and table.name.startswith("dbtests_")
]


class Store:
    """A database that can be looked into past Lback.

    Attributes:
        kind: ``"sqlite"`` or ``"postgresql"``.
        place: Its file, or its URL.
        setting: What stands in DATABASES for it.
    """

    def __init__(self, kind: str, place: str) -> None:
        self.kind = kind
        self.place = place
        url = place if kind == "postgresql" else f"sqlite:///{place}"
        self.setting: dict[str, Any] = {"URL": url, **POOL}

    def ask(self, statement: str) -> list[Any]:
        """Execute a statement on a connection of its own, which is committed."""
        if self.kind == "postgresql":
            with psycopg.connect(self.place, autocommit=True) as server:
                found = server.execute(statement.encode())
                return found.fetchall() if found.description else []
        file = sqlite3.connect(self.place, isolation_level=None)
        try:
            return file.execute(statement).fetchall()
        finally:
            file.close()

    def names(self) -> list[str]:
        """Return the names of the baskets that are committed, in order."""
        return [
            row[0] for row in self.ask("SELECT name FROM dbtests_basket ORDER BY 1")
        ]

    def taken(self) -> int:
        """Return how many connections of Lback's pool are out."""
        pool: Any = databases.engine().pool
        return int(pool.checkedout())


def _use(store: Store, folder: Path) -> Iterator[Store]:
    current.set(None)
    databases.configure({"default": store.setting}, folder)
    if store.kind == "sqlite":
        Model.metadata.create_all(databases.engine(), tables=TABLES)
    else:
        names = ", ".join(table.name for table in TABLES)
        store.ask(f"TRUNCATE {names} RESTART IDENTITY")
    yield store
    databases.pinned, databases.refusal = {}, None
    databases.configure({}, folder)
    current.set(None)


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """Return the URL of a database that is dropped when the tests are over."""
    name = f"lback_dbtests_{os.getpid()}"
    own = make_url(postgresql_server).set(database=name)
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        server.execute(f"CREATE DATABASE {name}".encode())
    databases.configure({"default": _text(own)}, Path())
    Model.metadata.create_all(databases.engine(), tables=TABLES)
    databases.configure({}, Path())
    yield _text(own)
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _postgresql(url: str) -> Store:
    store = Store("postgresql", url)
    # NOTE: a test that failed may have left a connection that holds a lock.
    store.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return store


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """Return the default database, a new file."""
    yield from _use(Store("sqlite", str(tmp_path / "db.sqlite3")), tmp_path)


@pytest.fixture
def postgresql(postgresql_url: str, tmp_path: Path) -> Iterator[Store]:
    """Return the default database, empty, on the server."""
    yield from _use(_postgresql(postgresql_url), tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return the default database, empty; the test runs once with each kind."""
    if request.param == "sqlite":
        made = Store("sqlite", str(tmp_path / "db.sqlite3"))
    else:
        made = _postgresql(request.getfixturevalue("postgresql_url"))
    yield from _use(made, tmp_path)


@pytest.fixture
def models() -> SimpleNamespace:
    """Return the models: Basket, BasketItem, Voucher."""
    return MODELS


class Heard(list[Any]):
    """What was heard, in order, and what writes it down."""

    def listen(self, signal: Signal[..., Any], **options: Any) -> Any:
        """Connect what writes down the fields of *signal*."""

        def write_down(sender: Any, **fields: Any) -> None:
            self.append((signal.name, sender, fields))

        signal.connect(write_down, **options)
        return write_down


@pytest.fixture
def hear() -> Iterator[Callable[..., Heard]]:
    """Return a function that writes down what signals of the framework carry."""
    connected: list[tuple[Signal[..., Any], Any, Any]] = []

    def start(*signals: Signal[..., Any], **options: Any) -> Heard:
        heard = Heard()
        for signal in signals:
            function = heard.listen(signal, **options)
            connected.append((signal, function, options.get("sender")))
        return heard

    yield start
    for signal, function, sender in connected:
        signal.disconnect(function, sender=sender)


class Site:
    """Routes and middlewares with units of work around them."""

    def __init__(self, config: Config) -> None:
        self.router = Router()
        self.manager = MiddlewareManager()
        self._config = config
        self._controller: AppController | None = None

    def add(self, path: str, view: Any, *methods: str) -> None:
        """Add a route."""
        self.router.add_route(path, view, list(methods) or None, requires_auth=False)

    @property
    def controller(self) -> AppController:
        """What answers, made on first use."""
        if self._controller is None:
            self._controller = AppController(
                self.manager,
                self.router,
                TemplateRenderer(self._config),
                self._config,
                None,
                None,
                None,
                {"begin_unit": begin_unit},
                process_wide,
            )
        return self._controller

    def ask(self, path: str, method: str = "GET") -> Response:
        """Answer a request."""
        environ = {"REQUEST_METHOD": method, "wsgi.input": io.BytesIO()}
        return self.controller.handle_request(Request(path, method, b"", None, environ))

    def serve(self, path: str, method: str = "GET") -> str:
        """Answer a request as a server does, and return the body."""
        client = Client(WSGIApplication(self.controller))
        return client.open(path, method=method, buffered=True).text

    def post(self, path: str) -> Response:
        """Answer a POST."""
        return self.ask(path, "POST")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site without routes or middlewares."""
    file = tmp_path / "config.json"
    file.write_text("{}", encoding="utf-8")
    return Site(Config(file))
