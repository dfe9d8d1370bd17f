"""The fixtures of a run that tests a project."""

from typing import TYPE_CHECKING

import pytest

from lback.testing.plugin import PROJECT

if TYPE_CHECKING:
    from lback.core.wsgi_entry import WSGIApplication
    from lback.testing.client import Client


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
