"""A small project with models, and runs of pytest over it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunPytest = Callable[..., Any]

FILES = {
    "settings.py": """
DEBUG = {is_debug}
SECRET_KEY = "5 kinds of letters, and in all more than fifty of them: +-*/="
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "shop.urls"
DATABASES: dict[str, str] = {databases}
""",
    "shop/__init__.py": "",
    "shop/models.py": """
from lback.db import Model
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship


class Order(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)
    lines: Mapped[list["Line"]] = relationship(back_populates="order", cascade="all")


class Line(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id))
    order: Mapped[Order] = relationship(back_populates="lines")
""",
    "shop/signals.py": """
from lback import Signal

order_added = Signal("shop.order_added")
""",
    "shop/listeners.py": """
from lback import receiver
from lback.db import session
from shop.models import Order
from shop.signals import order_added


@receiver(order_added, when="after_commit")
def store_twin(sender, text):
    session.add(Order(text=f"twin of {text}"))
""",
    "shop/views.py": """
from lback.core.exceptions import Forbidden, NotFound
from lback.db import separate_unit, session
from shop.models import Order
from shop.signals import order_added
from sqlalchemy import select


def texts(request):
    return ",".join(session.scalars(select(Order.text).order_by(Order.id)))


def add(request):
    text = request.POST["text"]
    session.add(Order(text=text))
    session.flush()
    order_added.send(text=text)
    return text


def refuse(request):
    session.add(Order(text="refused"))
    session.flush()
    raise NotFound("no such thing")


def attempt(request):
    with separate_unit() as own:
        own.add(Order(text="attempt"))
    return refuse(request)


def login(request):
    known = len(session.scalars(select(Order)).all())
    with separate_unit() as own:
        own.add(Order(text=f"attempt {known}"))
    assert known == len(session.scalars(select(Order.text)).all()) - 1
    raise Forbidden("no")


def late_attempt(request):
    session.add(Order(text="late"))
    session.flush()
    return attempt(request)


def rename(request):
    order = session.scalars(select(Order)).one()
    order.text = request.POST["text"]
    return "renamed"
""",
    "shop/urls.py": """
from lback import path
from shop import views

urlpatterns = [
    path("/texts", views.texts),
    path("/add", views.add, methods=["POST"]),
    path("/refuse", views.refuse, methods=["POST"]),
    path("/attempt", views.attempt, methods=["POST"]),
    path("/late_attempt", views.late_attempt, methods=["POST"]),
    path("/login", views.login, methods=["POST"]),
    path("/rename", views.rename, methods=["POST"]),
]
""",
}

HEAD = """
import pytest
from lback.db import atomic, on_commit, separate_unit, session
from lback.signals import *
from shop.models import Line, Order
from shop.signals import order_added
from sqlalchemy import func, select, text, update
"""


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[[object], Path]:
    """Return a function that writes the project, with a setting DATABASES.

    It is in debug mode unless that names PostgreSQL.
    """

    def make(databases: object) -> Path:
        is_debug = "postgresql" not in repr(databases)
        for name, text in FILES.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            content = text.replace("{databases}", repr(databases))
            content = content.replace("{is_debug}", str(is_debug))
            path.write_text(content, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def project(
    request: pytest.FixtureRequest, make_project: Callable[[object], Path]
) -> Path:
    """Return a project with models, on each kind of database."""
    if request.param == "postgresql":
        return make_project({"default": request.getfixturevalue("postgresql")})
    return make_project({"default": "sqlite:///db.sqlite3"})


@pytest.fixture
def run(run_pytest: RunPytest, project: Path) -> RunPytest:
    """Return a function that runs tests of the project."""

    def run(text: str, *options: str, **environ: str) -> Any:
        # NOTE: other plugins would take half of the time.
        words = ["-p", "lback.testing.plugin", *options]
        environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        return run_pytest(HEAD + text, *words, folder=project, **environ)

    return run
