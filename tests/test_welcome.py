"""The page of a new project."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lback.core.config import Config
from lback.core.exceptions import NotFound
from lback.core.router import Router
from lback.core.signals import Signal
from lback.core.types import Request
from lback.welcome import welcome


def shout(sender: Any) -> str:
    """Say something that a page must not run."""
    return "<b>hello</b>"


def silent(sender: Any) -> None:
    """Say nothing."""


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Request]:
    """Return a function that makes a request of an application."""

    def ask(*, debug: bool) -> Request:
        (tmp_path / "config.json").write_text('{"DEBUG": true}' if debug else "{}")
        router = Router()
        router.add_route("/", lambda request: "")
        router.add_route("/shop/{id:int}", lambda request: "")
        router.add_route("/shop/", lambda request: "")
        request = Request("/", "GET", None, {}, {})
        request.set_context(config=Config(tmp_path / "config.json"), router=router)
        return request

    return ask


def test_the_page_shows_who_heard(ask: Callable[..., Request]) -> None:
    """The page names each receiver with its place and what it said, escaped."""
    signal = Signal()
    signal.connect(shout)
    signal.connect(silent)
    page = welcome(ask(debug=True), signal.send(None)).body.decode()

    assert (True, True, False) == (
        "shout</code> (test_welcome.py:17) said &#x27;&lt;b&gt;hello" in page,
        "silent</code> (test_welcome.py:22)</li>" in page,
        "<b>hello" in page,
    )


def test_the_page_lists_the_other_routes(ask: Callable[..., Request]) -> None:
    """The page lists every route but its own, as links where they can be opened."""
    page = welcome(ask(debug=True), Signal().send(None)).body.decode()

    assert (True, True, False, True) == (
        "<li><code>/shop/{id:int}</code></li>" in page,
        '<li><a href="/shop/"><code>/shop/</code></a></li>' in page,
        "<li><code>/</code></li>" in page,
        "Nobody yet." in page,
    )


def test_the_page_has_no_routes_to_list(ask: Callable[..., Request]) -> None:
    """Without other routes the page says so."""
    request = ask(debug=True)
    request.set_context(router=None)

    assert b"Only this one." in welcome(request, Signal().send(None)).body


def test_visitors_do_not_see_it(ask: Callable[..., Request]) -> None:
    """Outside debug the page is a 404."""
    with pytest.raises(NotFound):
        welcome(ask(debug=False), Signal().send(None))


def test_a_request_of_no_application_does_not_see_it() -> None:
    """Without settings the page is a 404."""
    with pytest.raises(NotFound):
        welcome(Request("/", "GET", None, {}, {}), Signal().send(None))
