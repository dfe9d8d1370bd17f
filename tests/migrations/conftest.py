"""What the tests of migrations share: a project's folder and its database."""

import sys
import textwrap
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy import MetaData
from sqlalchemy import text

from lback.db.engines import Databases
from lback.db.models import NAMING_CONVENTION
from lback.migrations._answers import Answers
from lback.migrations.making import NoChanges
from lback.migrations.making import Plan
from lback.migrations.making import plan_migration
from lback.migrations.making import Wish
from lback.migrations.making import write
from lback.migrations.planning import Route
from lback.migrations.planning import route_back
from lback.migrations.planning import route_to
from lback.migrations.running import Options
from lback.migrations.running import run
from lback.migrations.target import folder_of
from lback.migrations.target import Target

FILE = '''"""A migration written by hand."""

import os
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {parent!r}


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


class Site:
    """A project whose models are whatever a test puts into ``metadata``.

    Attributes:
        metadata: The models; a test that changes them makes new ones.
        said: What the last run printed.
    """

    def __init__(self, root: Path, databases: Mapping[str, Any]) -> None:
        self.root = root
        self.databases = Databases()
        self.databases.configure(databases, root)
        self.metadata = self.models()
        self.said: list[str] = []
        self._now = datetime(2025, 1, 14, 9, 30, 0, tzinfo=UTC)

    def models(self) -> MetaData:
        """Forget the models, and return where new ones go."""
        self.metadata = MetaData(naming_convention=NAMING_CONVENTION)
        return self.metadata

    def target(self, name: str = "default") -> Target:
        """Return one of the databases."""
        return Target(name, folder_of(self.root, name), self.databases)

    @property
    def files(self) -> list[str]:
        """The names of the migrations."""
        return sorted(path.name for path in self.target().folder.glob("*.py"))

    def plan(
        self, *, name: str = "default", wish: Wish | None = None, **answers: Any
    ) -> Plan | NoChanges:
        """Compare, without writing."""
        self._now += timedelta(minutes=1)
        said = Answers(**answers)
        plan = plan_migration(
            self.target(name), self.metadata, said, wish or Wish(), self._now
        )
        said.check_used()
        return plan

    def make(self, **wanted: Any) -> Plan:
        """Write the next migration."""
        plan = self.plan(**wanted)

        assert isinstance(plan, Plan)
        write(plan)
        return plan

    def left(self) -> list[str]:
        """Say what the models have that the database does not."""
        plan = self.plan(refuses_renames=True)
        return plan.says if isinstance(plan, Plan) else []

    def hand_write(
        self, revision: str, parent: str | None, upgrade: str, downgrade: str = "pass"
    ) -> Path:
        """Write a migration by hand."""
        path = self.target().folder / f"{revision}.py"
        path.parent.mkdir(exist_ok=True)
        up, down = (textwrap.indent(code, "    ") for code in (upgrade, downgrade))
        source = FILE.format(
            revision=revision, parent=parent, upgrade=up, downgrade=down
        )
        path.write_text(source, encoding="utf-8")
        return path

    def migrate(self, words: str = "head", name: str = "default", **how: Any) -> Route:
        """Go to a revision."""
        self.said = []
        return run(
            self.target(name),
            lambda state: route_to(state, words),
            Options(**how),
            self.said.append,
        )

    def rollback(self, steps: int = 1, **how: Any) -> Route:
        """Go back."""
        self.said = []
        return run(
            self.target(),
            lambda state: route_back(state, steps),
            Options(**how),
            self.said.append,
        )

    @contextmanager
    def connect(self, name: str = "default") -> Iterator[Connection]:
        """Hold a connection, committed at the end."""
        with self.databases.engine(name).begin() as connection:
            yield connection

    def sql(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run a statement, and return its rows."""
        with self.connect() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []


@pytest.fixture(autouse=True)
def _no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a file that is rewritten within a second from being run as it was."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the url of an empty database, of one kind and then of the other."""
    if request.param == "sqlite":
        return "sqlite:///db.sqlite3"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[Site]:
    """Return a project with an empty database, once for each kind of it."""
    made = Site(tmp_path, {"default": url})
    yield made
    made.databases.dispose()


@pytest.fixture
def sqlite_site(tmp_path: Path) -> Iterator[Site]:
    """Return a project with an empty SQLite database."""
    made = Site(tmp_path, {"default": "sqlite:///db.sqlite3"})
    yield made
    made.databases.dispose()


@pytest.fixture
def both_sites(postgresql: str, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    """Return one folder of migrations with an SQLite and a PostgreSQL database."""
    first = Site(tmp_path, {"default": "sqlite:///db.sqlite3"})
    second = Site(tmp_path, {"default": postgresql})
    yield first, second
    first.databases.dispose()
    second.databases.dispose()
