"""Where a client may be sent on to: nowhere but this site."""

from typing import Any
from urllib.parse import urljoin
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core.shortcuts import local_url
from lback.core.shortcuts import redirect

HERE = "https://example.org/login"
ALPHABET = st.sampled_from("/\\:@?#.a% \t\n\r\0\u2028\uff0f\u3002")

HOSTILE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\n//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://ok@evil.example",
    "\uff0f/evil.example",
    "/a\\..\\b",
    "",
    "page",
    None,
    7,
]


@pytest.mark.parametrize("url", HOSTILE)
def test_whatever_leads_elsewhere_is_none(url: Any) -> None:
    """The default takes its place (S045)."""
    assert ("/", "/home") == (local_url(url), local_url(url, "/home"))


@pytest.mark.parametrize("url", ["/", "/orders", "/orders/?page=2#last", "/ä", "/a//b"])
def test_a_path_of_this_site_is_taken(url: str) -> None:
    """As it is."""
    assert url == local_url(url)


def _as_browsers_read(url: str) -> str:
    """Do what browsers do before they parse a url (WHATWG)."""
    plain = url.strip("".join(map(chr, range(0x21))))
    for passed_over in "\t\n\r":
        plain = plain.replace(passed_over, "")
    return plain.replace("\\", "/")


@given(st.text(ALPHABET, max_size=12))
def test_nothing_leads_to_another_host(url: str) -> None:
    """However it is put together, and however a browser reads it."""
    location = redirect(local_url(url)).headers["Location"]
    target = urlsplit(urljoin(HERE, _as_browsers_read(location)))

    assert ("https", "example.org") == (target.scheme, target.netloc)
