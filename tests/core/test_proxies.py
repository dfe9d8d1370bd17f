"""Proxies: believed if they are one's own, and no further than they can know."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core._proxies import TrustedProxies
from lback.core.exceptions import SettingsBroken

OWN = TrustedProxies(["10.0.0.0/8", "fd00::1", "unix"])


def applied(
    peer: str, forwarded: str | None = None, scheme: str | None = None
) -> tuple[str, str]:
    """Return address and scheme of a client behind *peer*."""
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    if scheme is not None:
        environ["HTTP_X_FORWARDED_PROTO"] = scheme
    OWN.apply(environ)
    return environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("fd00::1", "192.0.2.7", "192.0.2.7"),
        ("", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.1.1.1", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.1.1.1", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7:1234", "192.0.2.7"),
        ("10.0.0.1", "[2001:db8::7]:1234", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7, <script>", "10.0.0.1"),
        ("192.0.2.9", "192.0.2.7", "192.0.2.9"),
        ("not an address", "192.0.2.7", "not an address"),
    ],
)
def test_the_client_is_the_first_that_is_no_proxy(
    peer: str, forwarded: str | None, address: str
) -> None:
    """From the right; what is left of it a client may have made up (S032)."""
    assert address == applied(peer, forwarded)[0]


@pytest.mark.parametrize(
    ("peer", "said", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "HTTPS", "https"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "https, http", "http"),
        ("10.0.0.1", "javascript", "http"),
        ("10.0.0.1", None, "http"),
        ("192.0.2.9", "https", "http"),
    ],
)
def test_the_scheme_is_what_the_own_proxy_says(
    peer: str, said: str | None, scheme: str
) -> None:
    """A stranger cannot claim https."""
    assert scheme == applied(peer, None, said)[1]


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_header_is_survived(forwarded: str, scheme: str) -> None:
    """Whatever a proxy passes on, the address is one and the scheme is known."""
    address, known = applied("10.0.0.1", forwarded, scheme)

    assert all(c in "0123456789abcdefABCDEF:.%" for c in address.split("%")[0])
    assert known in {"http", "https"}


def test_a_setting_that_is_no_network_is_refused() -> None:
    """The message has the name, and how to write it."""
    with pytest.raises(SettingsBroken, match=r"'proxy\.example', which is neither"):
        TrustedProxies(["proxy.example"])
