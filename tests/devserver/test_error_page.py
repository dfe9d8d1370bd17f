"""The response of the supervisor while there is no worker."""

import pytest

from lback.devserver.error_page import response

LOCAL = b"GET / HTTP/1.1\r\nHost: localhost:8000\r\n"
HTML = b"Accept: text/html,*/*;q=0.8\r\n"


def test_programs_get_plain_text() -> None:
    """Without a wish for HTML the error comes as it is in the terminal."""
    head, _, body = response(LOCAL, "<broken>", peer="127.0.0.1").partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"Content-Type: text/plain; charset=utf-8" in head
    assert b"<broken>\n" == body


def test_it_says_when_to_come_back() -> None:
    """Clients are told to try again, not to keep the page, and that this is the end."""
    head = response(LOCAL, "broken", peer="127.0.0.1")

    assert b"Retry-After: 1\r\n" in head
    assert b"Cache-Control: no-store\r\n" in head
    assert b"Connection: close\r\n" in head


def test_browsers_get_an_escaped_page() -> None:
    """In the page the error is text, whatever it contains."""
    page = response(LOCAL + HTML, "<b>$error</b>&", peer="::1")

    assert b"Content-Type: text/html; charset=utf-8" in page
    assert b"<pre>&lt;b&gt;$error&lt;/b&gt;&amp;</pre>" in page


@pytest.mark.parametrize("host", [b"", b"evil.example", b"localhost.evil.example:80"])
def test_a_foreign_name_gets_no_details(host: bytes) -> None:
    """A request for another host is not shown what is wrong."""
    head = b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n"

    assert b"canary" not in response(head, "canary", peer="127.0.0.1")


@pytest.mark.parametrize("peer", ["192.168.1.9", "2001:db8::1"])
def test_another_machine_gets_no_details(peer: str) -> None:
    """A client elsewhere is not shown what is wrong."""
    assert b"canary" not in response(LOCAL, "canary", peer=peer)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_names_of_this_machine_get_the_details(host: str) -> None:
    """Whoever asks this machine for itself is shown the error."""
    head = f"GET / HTTP/1.1\r\nHost: {host}\r\n".encode()

    assert b"canary" in response(head, "canary", peer="127.0.0.1")


def test_head_gets_no_body() -> None:
    """The response to HEAD ends with its headers."""
    answer = response(b"HEAD / HTTP/1.1\r\nHost: localhost", "x", peer="127.0.0.1")

    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("head", [b"", b"\xff\x00", b"GET", b"GET / HTTP/1.1\r\n:"])
def test_nonsense_is_answered_too(head: bytes) -> None:
    """Whatever a client sends, there is a response."""
    assert response(head, "x", peer="127.0.0.1").startswith(b"HTTP/1.1 503 ")
