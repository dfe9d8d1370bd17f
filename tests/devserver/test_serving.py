"""HTTP/1.1 as the development server speaks it, over real connections."""

import threading
from collections.abc import Iterable
from typing import Any

import pytest

HELLO = "GET /%s HTTP/1.1\nHost: x\n\n"


def echo(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Answer with path and body."""
    body = environ["PATH_INFO"].encode() + b"|" + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def deaf(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Answer without looking at the body."""
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def stream(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Answer in two pieces of which nobody knows the length."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one"
    yield b"two"


def test_a_connection_serves_several_requests(server: Any) -> None:
    """The connection stays open, and the second request is answered on it."""
    server.run(echo)
    client = server.client()
    client.send(HELLO % "a")
    client.head()
    client.read(3)

    client.send(HELLO % "b")
    client.head()

    assert "/b|" == client.read(3)


def test_pipelined_requests_are_answered_in_order(server: Any) -> None:
    """Requests that arrive in one packet are all answered."""
    server.run(echo)
    client = server.client()
    client.send(HELLO % "a" + HELLO % "b")

    client.head()
    first = client.read(3)
    client.head()

    assert ("/a|", "/b|") == (first, client.read(3))


def test_an_unread_body_is_skipped(server: Any) -> None:
    """A body that the application ignores is not taken for the next request."""
    server.run(deaf)
    client = server.client()
    client.send("POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello" + HELLO % "")

    client.head()
    client.read(2)

    assert "HTTP/1.1 200 OK" == client.head()[0]


def test_a_large_unread_body_ends_the_connection_not_the_answer(server: Any) -> None:
    """The answer to an upload that nobody reads arrives whole, without a reset."""
    server.run(deaf)
    client = server.client()
    size = 1_000_000
    client.send(f"POST / HTTP/1.1\nHost: x\nContent-Length: {size}\n\n" + "x" * size)

    client.head()

    assert "ok" == client.read()


def test_the_body_ends_at_its_length(server: Any) -> None:
    """Reading the body without a size ends where Content-Length says."""
    server.run(echo)
    client = server.client()
    client.send("POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello")
    client.head()

    assert "/|hello" == client.read(7)


def test_a_chunked_body_is_decoded(server: Any) -> None:
    """A body sent in chunks reaches the application whole."""
    server.run(echo)
    client = server.client()
    client.send(
        "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\nhel\n2\nlo\n0\n\n"
    )
    client.head()

    assert "/|hello" == client.read()


def test_a_response_without_length_is_chunked(server: Any) -> None:
    """Pieces of unknown length are framed, and the connection stays open."""
    server.run(stream)
    client = server.client()
    client.send(HELLO % "")

    head = client.head()

    assert "Transfer-Encoding: chunked" in head
    assert "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n" == client.read(21)


def test_http_1_0_gets_no_chunks(server: Any) -> None:
    """To an old client the end of the connection is the end of the body."""
    server.run(stream)
    client = server.client()
    client.send("GET / HTTP/1.0\n\n")

    head = client.head()

    assert "Connection: close" in head
    assert "onetwo" == client.read()


def test_head_has_no_body(server: Any) -> None:
    """The answer to HEAD carries the headers of GET and nothing after them."""
    server.run(deaf)
    client = server.client()
    client.send("HEAD / HTTP/1.1\nHost: x\nConnection: close\n\n")

    head = client.head()

    assert "Content-Length: 2" in head
    assert "" == client.read()


def test_the_client_is_asked_for_its_body(server: Any) -> None:
    """A client that waits for permission to send gets it."""
    server.run(echo)
    client = server.client()
    client.send("POST / HTTP/1.1\nHost: x\nContent-Length: 2\nExpect: 100-continue\n\n")
    permission = client.head()

    client.send("hi")
    client.head()

    assert ["HTTP/1.1 100 Continue"] == permission
    assert "/|hi" == client.read(4)


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 2\nTransfer-Encoding: chunked",
        "Content-Length: 2\nContent-Length: 3",
        "Content-Length: -1",
        "Content-Length: +2",
        "Content-Length: 2, 2",
        "Content-Length: two",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
    ],
)
def test_ambiguous_framing_is_refused(server: Any, framing: str) -> None:
    """A request that two readers could cut differently is a 400, and the end."""
    server.run(echo)
    client = server.client()
    client.send(f"POST / HTTP/1.1\nHost: x\n{framing}\n\nhi" + HELLO % "smuggled")

    head = client.head()

    assert "HTTP/1.1 400 Bad Request" == head[0]
    assert "smuggled" not in client.read()


def test_a_crash_is_a_500_without_details(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception of the application is logged; the client learns nothing of it."""

    def crash(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise ValueError("canary")

    server.run(crash)
    client = server.client()
    client.send(HELLO % "")

    head, body = client.head(), client.read()

    assert "HTTP/1.1 500 Internal Server Error" == head[0]
    assert "canary" not in body
    assert "canary" in caplog.text


def test_a_crash_in_the_middle_is_visible(server: Any) -> None:
    """A body that breaks off lacks the mark of its end."""

    def crash(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"half"
        raise ValueError("canary")

    server.run(crash)
    client = server.client()
    client.send(HELLO % "")
    client.head()

    assert "4\r\nhalf\r\n" == client.read()


def test_a_client_that_leaves_is_no_error(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a body and a closed connection leave no error in the log."""
    server.run(deaf)
    client = server.client()
    client.send("POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\nhe")
    client.head()
    client.close()
    server.stop.set()
    server.join()

    assert ["INFO"] == [record.levelname for record in caplog.records]


def test_the_iterable_is_closed(server: Any) -> None:
    """What the application returned is closed after the response."""
    closed = threading.Event()

    class Body(list[bytes]):
        def close(self) -> None:
            closed.set()

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return Body()

    server.run(application)
    client = server.client()
    client.send(HELLO % "")
    client.head()

    assert closed.wait(20)


def test_a_draining_server_finishes_what_it_began(server: Any) -> None:
    """A request in flight when the server is stopped is answered to the end."""
    began, may_end = threading.Event(), threading.Event()

    def slow(environ: Any, start_response: Any) -> Iterable[bytes]:
        began.set()
        may_end.wait(20)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    server.run(slow)
    client = server.client()
    client.send(HELLO % "")
    began.wait(20)
    server.stop.set()
    server.events.get(timeout=20)
    may_end.set()

    head = client.head()

    assert "Connection: close" in head
    assert "done" == client.read()


def test_what_takes_too_long_is_cut_off_with_a_503(server: Any) -> None:
    """A request that outlives the limit is answered with 503, not with silence."""
    began, may_end = threading.Event(), threading.Event()

    def hang(environ: Any, start_response: Any) -> Iterable[bytes]:
        began.set()
        may_end.wait(20)
        return []

    server.run(hang)
    client = server.client()
    client.send(HELLO % "")
    began.wait(20)
    server.stop.set()

    head = client.head()
    may_end.set()

    assert "HTTP/1.1 503 Service Unavailable" == head[0]
    assert "The server was restarted before the answer was ready\n" == client.read()


def test_an_idle_connection_is_handed_over_unharmed(server: Any) -> None:
    """Whoever is given an idle connection can answer the next request on it."""
    server.run(deaf)
    client = server.client()
    client.send(HELLO % "")
    client.head()
    client.read(2)
    server.stop.set()
    server.join()
    client.send("ping")

    received = server.handed_over[0].recv(4)
    server.handed_over[0].sendall(b"pong")

    assert b"ping" == received
    assert "pong" == client.read(4)


def test_stopping_is_announced_before_the_drain(server: Any) -> None:
    """The callbacks run in the order ready, stopping, and then serve() returns."""
    server.run(deaf)
    server.stop.set()
    server.join()

    assert ["stopping", "stopped"] == [server.events.get(), server.events.get()]


def test_a_log_line_cannot_be_forged(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Control characters in a request are escaped in its line of the log."""
    server.run(deaf)
    client = server.client()
    client.send("GET /\x1b[31m\x9bx HTTP/1.1\nHost: x\nConnection: close\n\n")
    client.head()
    client.read()
    server.stop.set()
    server.join()

    assert r'"GET /\x1b[31m\x9bx HTTP/1.1" 200' in caplog.text


def test_bytes_that_are_no_utf8_reach_the_application(server: Any) -> None:
    """The path is decoded once and not repaired, so that it can be refused."""
    seen: list[str] = []

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        seen.append(environ["PATH_INFO"])
        return deaf(environ, start_response)

    server.run(application)
    client = server.client()
    client.send(HELLO % "a%20%25%ff?q=%ff")
    client.head()

    assert ["/a %\xff"] == seen
