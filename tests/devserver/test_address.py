"""Addresses to listen on: how they are read, and why they are refused."""

import socket

import pytest

from lback.core.exceptions import CannotListen
from lback.core.exceptions import InvalidAddress
from lback.devserver.address import Address
from lback.devserver.address import is_loopback
from lback.devserver.address import open_listener
from lback.devserver.address import parse_address


@pytest.mark.parametrize(
    ("words", "host", "port"),
    [
        ("8000", "127.0.0.1", 8000),
        ("0", "127.0.0.1", 0),
        ("localhost:81", "localhost", 81),
        ("192.168.1.1:65535", "192.168.1.1", 65535),
        ("[::1]:8000", "::1", 8000),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
    ],
)
def test_words_name_an_address(words: str, host: str, port: int) -> None:
    """A port, a host with a port and a bracketed IPv6 address are understood."""
    assert Address(host, port) == parse_address(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "localhost",
        "80a",
        "-1",
        "65536",
        "::1:8000",
        "[::1]",
        "a b:80",
        "http://localhost:80",
        "127.0.0.1:",
        "٨٠٠٠",
        "80\n",
    ],
)
def test_other_words_are_refused(words: str) -> None:
    """What is not an address is refused, in a message that repeats it."""
    with pytest.raises(InvalidAddress) as caught:
        parse_address(words)

    assert repr(words) in str(caught.value)


def test_url_brackets_ipv6() -> None:
    """The URL of an IPv6 address can be typed into a browser."""
    assert "http://[::1]:8000/" == Address("::1", 8000).url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_addresses(host: str) -> None:
    """Addresses that only this machine reaches are known."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "::ffff:8.8.8.8"])  # noqa: S104
def test_public_addresses(host: str) -> None:
    """Addresses that other machines may reach are not taken for loopback."""
    assert not is_loopback(host)


def test_a_taken_port_names_a_free_one(free_port: int) -> None:
    """The error about a port in use names address, port and a port that is free."""
    with socket.create_server(("127.0.0.1", free_port)):
        with pytest.raises(CannotListen) as caught:
            open_listener(Address("127.0.0.1", free_port))
        suggested = int(str(caught.value).rstrip(".").split()[-1])

    assert f"127.0.0.1:{free_port}: the port is in use" in str(caught.value)
    open_listener(Address("127.0.0.1", suggested)).close()


def test_an_address_of_another_machine_is_refused() -> None:
    """An address that no interface has is named in the error."""
    with pytest.raises(CannotListen, match=r"does not have the address '192\.0\.2\.1'"):
        open_listener(Address("192.0.2.1", 0))


def test_an_unknown_name_is_refused() -> None:
    """A host name that does not exist is named in the error."""
    with pytest.raises(CannotListen, match=r"'no-such-host\.invalid' is unknown"):
        open_listener(Address("no-such-host.invalid", 8000))


def test_cannot_listen_is_an_oserror() -> None:
    """Code that expects what sockets raise catches it."""
    assert issubclass(CannotListen, OSError)


def test_an_ipv6_listener_is_reachable() -> None:
    """A listener on ::1 accepts connections over IPv6."""
    with (
        open_listener(Address("::1", 0)) as listener,
        socket.create_connection(listener.getsockname()[:2]) as connection,
    ):
        assert socket.AF_INET6 == connection.family
