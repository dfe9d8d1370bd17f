"""The WSGI callable: what it makes of an environment, and the signals around it."""

from typing import Any

import pytest

from lback.core import wsgi_entry
from lback.core._hosts import AllowedHosts
from lback.core.catalogue import error_response_generated
from lback.core.catalogue import request_finished
from lback.core.catalogue import server_request_finished
from lback.core.catalogue import server_request_received
from lback.core.catalogue import server_response_sent
from lback.core.logging_setup import setup_logging
from lback.core.response import Response
from lback.core.signals import Signal
from lback.core.wsgi_entry import WSGIApplication


@pytest.mark.parametrize("observed", [True, False])
@pytest.mark.parametrize(
    ("path", "seen"),
    [("/ä/☃", "/ä/☃"), ("/a%41", "/a%41"), ("/Ã¤", "/Ã¤"), ("/;p", "/;p")],
)
def test_a_path_is_decoded_once(
    site: Any, hear: Any, observed: bool, path: str, seen: str
) -> None:
    """A path arrives as UTF-8, decoded once and not again."""
    if observed:
        hear(server_request_received)
    site.add("/{p:path}", lambda request, p: {"path": request.path})

    assert {"path": seen} == site.ask(path).json


@pytest.mark.parametrize("path", ["", "/"])
def test_no_path_is_the_root(site: Any, path: str) -> None:
    """An empty path is the root of the site."""
    site.add("/", lambda request: request.path)
    environ = {"SCRIPT_NAME": "" if path else "/app"}

    assert "/" == site.ask(path, **environ).text


@pytest.mark.parametrize("observed", [True, False])
def test_a_path_that_is_no_utf8_is_a_400(site: Any, hear: Any, observed: bool) -> None:
    """A path that is not UTF-8 is a 400, announced once, and no view is called."""
    if observed:
        hear(server_request_received)
    heard = hear(error_response_generated)
    site.add("/{p:path}", lambda request, p: "called")
    answer = site.ask("/", PATH_INFO="/\xff\xfe")

    assert (400, ["The path is not UTF-8."]) == (
        answer.status,
        [one["error_message"] for one in heard],
    )


@pytest.mark.parametrize("path", ["/\x00", "/a\nb", "/..", "/a/../b", "//evil.example"])
def test_a_hostile_path_is_a_404(site: Any, path: str) -> None:
    """Control characters, climbing and doubled slashes match no variable."""
    site.add("/{a}", lambda request, a: "found")
    site.add("/{p:path}", lambda request, p: "found")

    assert 404 == site.ask(path).status


def test_nobody_listens_and_nothing_is_sent(site: Any) -> None:
    """Without receivers the body goes to the server as it is."""
    site.add("/", lambda request: "ok")
    sent: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x"}
    body = site.application(environ, lambda *args: sent.extend(args))

    assert ([b"ok"], "200 OK") == (body, sent[0])


def test_a_request_is_announced_by_the_server(site: Any, hear: Any) -> None:
    """Arrival, answer and the close of the body are announced with their keys."""
    received = hear(server_request_received)
    finished = hear(server_request_finished)
    sent = hear(server_response_sent)
    site.add("/ä", lambda request: Response("ok", 201), ["GET"])
    site.ask("/ä?x=1")
    line = {
        "sender": site.application,
        "method": "GET",
        "path": "/ä",
        "full_path": "/ä?x=1",
    }
    duration = finished[0].pop("duration")
    request = finished[0]["request"]
    end = {
        "status_code": 201,
        "response": finished[0]["response"],
        "request": request,
    }

    assert (
        [line],
        [{**line, **end}],
        [{"sender": site.application, **end}],
        (float, "/ä"),
    ) == (received, finished, sent, (type(duration), request.path))


@pytest.mark.parametrize(
    "signal", [server_request_received, server_request_finished, server_response_sent]
)
def test_each_of_the_signals_may_be_heard_alone(
    site: Any, hear: Any, signal: Any
) -> None:
    """A receiver of one of the three hears it once per request."""
    heard = hear(signal)
    site.add("/", lambda request: "ok")
    site.ask("/")
    site.ask("/nowhere")

    assert 2 == len(heard)


def test_a_request_without_query_has_its_path_as_full_path(
    site: Any, hear: Any
) -> None:
    """Without a query the full path is the path."""
    heard = hear(server_request_received)
    site.ask("/a")

    assert "/a" == heard[0]["full_path"]


def test_a_response_is_sent_once(site: Any, make_environ: Any, hear: Any) -> None:
    """A body that is closed twice, or never read, was sent once."""
    heard = hear(server_response_sent)
    site.add("/", lambda request: "ok")
    body = site.application(make_environ("/"), lambda *_: None)
    before = list(heard)
    body.close()
    body.close()

    assert ([], 1) == (before, len(heard))


def test_head_is_announced_without_a_body(site: Any, hear: Any) -> None:
    """An observed HEAD has no body either."""
    hear(server_response_sent)
    site.add("/", lambda request: "ok")
    answer = site.ask("/", "HEAD")

    assert (b"", "2") == (answer.body, answer.headers["Content-Length"])


def test_the_documented_names_are_there() -> None:
    """The module offers create_wsgi_app and setup_logging."""
    assert (True, setup_logging) == (
        callable(wsgi_entry.create_wsgi_app),
        wsgi_entry.setup_logging,
    )


def test_a_foreign_host_is_a_400_and_reaches_no_view(
    site: Any, make_environ: Any
) -> None:
    """A request for another site is refused, and its host is not repeated."""
    seen: list[str] = []
    site.add("/", seen.append)
    application = WSGIApplication(
        site.application.controller, AllowedHosts(["shop.example"])
    )
    environ = make_environ("/")
    environ["HTTP_HOST"] = "evil.example"
    statuses: list[str] = []

    body = b"".join(application(environ, lambda status, *_: statuses.append(status)))  # type: ignore[arg-type]  # nothing is written

    assert ["400 Bad Request"] == statuses
    assert b"evil" not in body
    assert [] == seen


@pytest.mark.parametrize(
    "signal", [server_request_received, server_request_finished, request_finished]
)
def test_a_receiver_that_insists_makes_the_request_a_500(
    site: Any, signal: Signal[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What a receiver with ``on_error="raise"`` raises does not reach the server."""

    def insist(sender: object) -> None:
        raise RuntimeError("no")

    site.add("/", lambda request: "page")

    with signal.connected_to(insist, on_error="raise"):
        answer = site.ask("/")

    assert 500 == answer.status
