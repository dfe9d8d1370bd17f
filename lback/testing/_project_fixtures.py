"""The fixtures of a run that tests a project."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from lback.testing.plugin import PROJECT

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lback.core.wsgi_entry import WSGIApplication
    from lback.testing._own_databases import OwnDatabases
    from lback.testing.client import Client


def pytest_configure() -> None:
    """Let nobody use the databases of the project, from now on."""
    from lback.db.engines import databases
    from lback.testing._own_databases import REFUSAL

    databases.refusal = REFUSAL


def pytest_unconfigure() -> None:
    """Let the process do again what it likes."""
    from lback.db.engines import databases

    databases.refusal = None


@pytest.fixture(scope="session")
def app(pytestconfig: pytest.Config) -> "WSGIApplication":
    """Load the project, once for all tests, and return its WSGI application."""
    from lback.core.wsgi_entry import create_wsgi_app

    return create_wsgi_app(pytestconfig.stash[PROJECT])


@pytest.fixture
def client(app: "WSGIApplication") -> "Client":
    """Return a client of the project that has no cookies yet."""
    from lback.core.config import settings
    from lback.testing.client import Client
    from lback.testing.client import host_among

    return Client(app, base_url=f"http://{host_among(settings.ALLOWED_HOSTS)}")


@pytest.fixture(scope="session")
def _own_databases(
    app: "WSGIApplication",
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> "Iterator[OwnDatabases]":
    """Make the databases of this process, once for all tests."""
    from lback.core.config import settings
    from lback.testing._own_databases import own_databases

    worker = getattr(pytestconfig, "workerinput", {}).get("workerid", "")
    folder = tmp_path_factory.mktemp("databases")
    root = pytestconfig.stash[PROJECT]
    with own_databases(root, folder, worker, settings.DATABASES) as own:
        yield own


@pytest.fixture
def db(request: pytest.FixtureRequest) -> "Iterator[Session]":
    """Return a database session; what anybody writes is undone after the test."""
    if "transactional_db" in request.fixturenames:
        yield request.getfixturevalue("transactional_db")
        return
    own = _opened(request)
    from lback.testing._own_unit import one_connection

    with one_connection(own.groups) as session:
        yield session


@pytest.fixture
def transactional_db(request: pytest.FixtureRequest) -> "Iterator[Session]":
    """Return a database session; commits are real, and undone after the test."""
    own = _opened(request)
    from lback.testing._own_databases import refusing
    from lback.testing._own_unit import real_commits

    try:
        with real_commits() as session:
            yield session
    finally:
        with refusing(None):
            own.reset()


def _opened(request: pytest.FixtureRequest) -> "OwnDatabases":
    """Return the databases; what records signals, if anything does, hears of all."""
    if "signals" in request.fixturenames:
        request.getfixturevalue("signals")
    own: OwnDatabases = request.getfixturevalue("_own_databases")
    return own
