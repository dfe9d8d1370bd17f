"""In debug the view that keeps a connection, or loads too late, is named."""

import gc
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import DetachedInstanceError

from lback.core.exceptions import UnitOver
from lback.core.types import Request
from lback.db import databases
from lback.db import separate_unit
from lback.db import session
from lback.db._session import Session


@pytest.fixture
def debug(store: Any, models: SimpleNamespace, tmp_path: Path) -> Any:
    """Return the database, in debug, with a basket in it."""
    databases.configure({"default": store.setting}, tmp_path, is_debug=True)
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
    return store


def test_a_kept_connection_is_named(
    debug: Any, site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning has the request, the view and the line that took it."""
    kept: list[Any] = []

    def view(request: Request) -> str:
        kept.append(databases.engine().connect())
        return "x"

    site.add("/there", view)
    site.ask("/there")
    kept.pop().close()
    line = view.__code__.co_firstlineno

    assert "GET /there" in caplog.text
    assert f"{__file__}:{line})" in caplog.text
    assert f"{__file__}:{line + 1} " in caplog.text


def test_what_is_given_back_is_not_named(
    debug: Any, site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Sessions, and connections in a with block, are no reason to warn."""

    def view(request: Request) -> str:
        with databases.engine().connect() as connection:
            connection.scalar(select(1))
        session.scalar(select(1))
        with separate_unit() as own:
            own.scalar(select(1))
        return "x"

    site.add("/", view)
    with caplog.at_level(logging.WARNING):
        site.ask("/")

    assert "" == caplog.text


def test_a_late_load_is_named(debug: Any, models: SimpleNamespace, site: Any) -> None:
    """A row that loads more behind the end says whose it was, and what to do."""
    kept: list[Any] = []

    def view(request: Request) -> str:
        kept.extend(session.scalars(select(models.Basket)))
        return "x"

    site.add("/there", view)
    site.ask("/there")
    line = view.__code__.co_firstlineno

    with pytest.raises(UnitOver, match="selectinload") as error:
        list(kept[0].items)

    assert "GET /there" in str(error.value)
    assert f"{__file__}:{line}" in str(error.value)
    assert 0 == debug.taken()


def test_what_was_loaded_can_be_read(
    debug: Any, models: SimpleNamespace, site: Any
) -> None:
    """Attributes that are there stay there behind the end."""
    with separate_unit() as own:
        row = own.scalars(select(models.Basket)).one()

    assert "a" == row.name


def test_sessions_are_not_kept_for_ever(debug: Any) -> None:
    """The memory of a server in debug does not grow with its requests."""
    for _ in range(120):
        with separate_unit() as own:
            own.scalar(select(1))
    gc.collect()
    alive = [o for o in gc.get_objects() if type(o) is Session]

    assert len(alive) <= 102


def test_outside_debug_nobody_looks(
    store: Any, models: SimpleNamespace, site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is noted of connections, and a late load is SQLAlchemy's error."""
    kept: list[Any] = []
    rows: list[Any] = []
    with separate_unit() as own:
        own.add(models.Basket(name="a"))

    def view(request: Request) -> str:
        kept.append(databases.engine().connect())
        rows.extend(session.scalars(select(models.Basket)))
        return "x"

    site.add("/", view)
    site.ask("/")
    kept.pop().close()

    assert "" == caplog.text
    with pytest.raises((DetachedInstanceError, UnitOver)):
        list(rows[0].items)
