"""A body that is sent in pieces reads what the request has committed."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from lback.core._unit_of_work import current_unit
from lback.core.exceptions import ReadOnly
from lback.core.streaming import StreamingResponse
from lback.core.types import Request
from lback.db import separate_unit
from lback.db import session


def test_a_streamed_body_reads(store: Any, models: SimpleNamespace, site: Any) -> None:
    """It has a session, sees the commit, and gives the connection back at its end."""
    seen: list[Any] = []

    def view(request: Request) -> StreamingResponse:
        session.add(models.Basket(name="a"))

        def pieces() -> Iterator[str]:
            seen.append(request.db_session is session())
            for basket in session.scalars(select(models.Basket)):
                yield basket.name

        return StreamingResponse(pieces())

    site.add("/", view, "POST")

    assert "a" == site.serve("/", "POST")
    assert ([True], 0, None) == (seen, store.taken(), current_unit())


def test_a_streamed_body_does_not_write(
    store: Any, models: SimpleNamespace, site: Any
) -> None:
    """Nobody would commit it; what has to be written has a unit of its own."""
    seen: list[Any] = []

    def view(request: Request) -> StreamingResponse:
        def pieces() -> Iterator[str]:
            session.add(models.Basket(name="lost"))
            with pytest.raises(ReadOnly, match="with separate_unit") as error:
                session.flush()
            seen.append(str(error.value))
            session.expunge_all()
            yield "x"
            with separate_unit() as own:
                own.add(models.Basket(name="kept"))

        return StreamingResponse(pieces())

    site.add("/", view)

    assert "x" == site.serve("/")
    assert (["kept"], 0) == (store.names(), store.taken())
    assert "GET / " in seen[0]


def test_a_body_that_nobody_reads_opens_nothing(
    store: Any, models: SimpleNamespace, site: Any
) -> None:
    """A HEAD makes no piece."""

    def pieces() -> Iterator[str]:
        yield session.scalars(select(models.Basket)).one().name

    site.add("/", lambda request: StreamingResponse(pieces()), "HEAD")

    assert ("", 0) == (site.serve("/", "HEAD"), store.taken())
