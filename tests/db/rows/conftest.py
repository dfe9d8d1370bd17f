"""What the tests about single rows share: tables for the models of a test module."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lback.db import databases
from lback.db import Model
from lback.db import separate_unit

MakeTables = Callable[..., None]


@pytest.fixture
def make_tables(store: Any) -> MakeTables:
    """Return a function that makes empty tables for models."""

    def make(*models: Any) -> None:
        tables = [model.__table__ for model in models]
        Model.metadata.create_all(databases.engine(), tables=tables)
        if store.kind == "postgresql":  # where they stay from one test to the next
            names = ", ".join(table.name for table in tables)
            store.ask(f"TRUNCATE {names} RESTART IDENTITY")

    return make


@pytest.fixture
def unit(tables: None) -> Iterator[Session]:
    """Return the session of a unit of work around the test."""
    with separate_unit() as session:
        yield session


@pytest.fixture
def statements(tables: None) -> Iterator[list[str]]:
    """Return the statements that the database is sent, as they come."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append(statement)

    engine = databases.engine()
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)
