"""Who may see the debug page: the developer, on this machine, under an allowed name."""

from collections.abc import Callable
from typing import Any

import pytest

from lback.core._debug_gate import may_debug
from lback.core._debug_gate import wants_html
from lback.core.types import Request

Ask = Callable[..., Request]


@pytest.fixture
def ask(make_environ: Any) -> Ask:
    """Return a function that makes the request of a browser on this machine."""

    def ask(**environ: Any) -> Request:
        here = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"}
        return Request("/", "GET", None, None, make_environ("/", **{**here, **environ}))

    return ask


@pytest.mark.parametrize(
    ("allowed", "environ"),
    [
        ([], {}),
        ([], {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"}),
        ([], {"REMOTE_ADDR": "::ffff:127.0.0.1"}),
        ([], {"HTTP_HOST": "shop.localhost"}),
        (["*"], {}),
        (["shop.test"], {"HTTP_HOST": "shop.test"}),
    ],
)
def test_the_developer_sees_the_page(
    ask: Ask, make_config: Any, allowed: list[str], environ: dict[str, str]
) -> None:
    """In debug a client on this machine sees it under an allowed name."""
    config = make_config(DEBUG=True, ALLOWED_HOSTS=allowed)

    assert may_debug(ask(**environ), config)


@pytest.mark.parametrize(
    ("settings", "environ"),
    [
        ({"DEBUG": False}, {}),
        ({}, {"REMOTE_ADDR": "192.168.1.7"}),
        ({}, {"REMOTE_ADDR": "::ffff:192.168.1.7"}),
        ({}, {"REMOTE_ADDR": ""}),
        ({}, {"REMOTE_ADDR": "localhost"}),
        ({}, {"HTTP_HOST": "evil.example"}),
        ({}, {"HTTP_HOST": ""}),
        ({"ALLOWED_HOSTS": ["*"]}, {"HTTP_HOST": "evil.example"}),
        ({"ALLOWED_HOSTS": ["shop.test"]}, {"HTTP_HOST": "localhost"}),
        ({}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}),
        ({}, {"HTTP_FORWARDED": "for=127.0.0.1"}),
        ({}, {"HTTP_X_FORWARDED_PROTO": "https"}),
        ({}, {"HTTP_VIA": "1.1 proxy"}),
        ({}, {"HTTP_X_REAL_IP": "127.0.0.1"}),
    ],
)
def test_nobody_else_sees_the_page(
    ask: Ask, make_config: Any, settings: dict[str, Any], environ: dict[str, str]
) -> None:
    """Without debug, from elsewhere, through a proxy or a foreign name it is closed."""
    config = make_config(**{"DEBUG": True, **settings})

    assert not may_debug(ask(**environ), config)


def test_without_a_request_nobody_sees_it(make_config: Any) -> None:
    """An error outside any request has no client on this machine."""
    assert not may_debug(None, make_config(DEBUG=True))


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
    ],
)
def test_browsers_get_html(ask: Ask, accepted: str, *, wanted: bool) -> None:
    """Who asks for HTML by name gets it; curl gets plain text."""
    assert wanted == wants_html(ask(HTTP_ACCEPT=accepted))
