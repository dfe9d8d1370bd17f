"""The documented middleware that offers the database session."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lback.core.exceptions import SettingsBroken
from lback.core.types import Request
from lback.db import databases
from lback.db.requests import begin_unit
from lback.middlewares.sqlalchemy_middleware import SQLAlchemyMiddleware


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[None]:
    """Configure a database of the test's own."""
    databases.configure({"default": "sqlite:///middleware.sqlite3"}, tmp_path)
    yield
    databases.configure({}, tmp_path)


def begun() -> Any:
    """Return a request with a unit of work that has begun."""
    request = Request("/", "GET", None, None, {"REQUEST_METHOD": "GET"})
    request.unit = begin_unit(request)
    return request


@pytest.mark.usefixtures("configured")
def test_the_session_is_in_the_context() -> None:
    """Behind the middleware the context has a session that works."""
    request = begun()
    SQLAlchemyMiddleware().process_request(request)
    session = request.get_context("db_session")
    answer = session.scalar(text("SELECT 1"))
    request.unit.close()

    assert 1 == answer
    assert request.db_session is session


@pytest.mark.usefixtures("configured")
def test_it_opens_nothing(tmp_path: Path) -> None:
    """A request that does not use the session makes no database file."""
    request = begun()
    SQLAlchemyMiddleware().process_request(request)
    request.unit.commit()
    request.unit.close()

    assert [] == list(tmp_path.iterdir())


def test_it_needs_a_database(tmp_path: Path) -> None:
    """In a project without DATABASES it is an error when it is made."""
    databases.configure({}, tmp_path)

    with pytest.raises(SettingsBroken, match="no database"):
        SQLAlchemyMiddleware()
