"""What a driver says is shown without the password, and stays readable."""

from typing import Any

import pytest
from sqlalchemy import make_url

from lback.core.exceptions import MigrationError
from lback.migrations.state import read_state
from lback.migrations.target import first_line


def use(site: Any, url: Any) -> Any:
    """Give a project another database, and return it."""
    text = url.render_as_string(hide_password=False)
    site.databases.configure({"default": text}, site.root)
    return site.target()


@pytest.mark.parametrize("password", ["nobody", "nobody_here"])
def test_a_password_that_is_a_name_hides_no_name(
    postgresql: str, sqlite_site: Any, password: str
) -> None:
    """Whoever takes the name of the role for a password still reads which it is."""
    url = make_url(postgresql).set(username="nobody_here", password=password)
    target = use(sqlite_site, url)

    with pytest.raises(MigrationError, match='role "nobody_here" does not exist'):
        read_state(target)


@pytest.mark.parametrize(
    ("password", "said", "shown"),
    [
        ("canary-bird", "bad word canary-bird", "bad word ***"),
        ("shop", "postgresql://me:shop@host/shop", "postgresql://me:***@host/shop"),
        ("me", "the table some is not there", "the table some is not there"),
    ],
)
def test_a_password_is_hidden(
    sqlite_site: Any, password: str, said: str, shown: str
) -> None:
    """A long one is hidden anywhere, a short one in an address."""
    url = make_url("postgresql://me@host/shop").set(password=password)
    target = use(sqlite_site, url)

    assert shown == first_line(ValueError(said), target)
