"""The client: what it sends to a real application, and what it makes of the answer."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lback.core._startup import build_application
from lback.core.catalogue import got_request_exception
from lback.core.catalogue import server_response_sent
from lback.testing import Client
from lback.testing import SignalsFixture
from lback.testing.client import host_among

URLS = """
from lback import JSONResponse, path, redirect, Response
from lback.core.exceptions import NotFound

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"]

def lists(fields):
    return {name: fields.getlist(name) for name in fields}

def echo(request, rest=""):
    return {
        "method": request.method,
        "path": request.path,
        "query": lists(request.query),
        "headers": dict(request.headers),
        "body": request.body_text,
        "url": request.build_absolute_uri(),
    }

def read(file):
    text = file.read().decode()
    file.close()
    return [file.filename, file.content_type, text]

def form(request):
    return {
        "form": lists(request.form),
        "files": {
            field: [read(file) for file in (found if type(found) is list else [found])]
            for field, found in request.files.items()
        },
    }

def log_in(request):
    return Response("in", headers={"Set-Cookie": "who=mo; Path=/"})

def log_out(request):
    return Response("out", headers={"Set-Cookie": "who=; Path=/; Max-Age=0"})

def boom(request):
    raise KeyError("boom")

def gone(request):
    raise NotFound("gone")

urlpatterns = [
    path("/echo", echo, methods=METHODS),
    path("/echo/{rest:path}", echo),
    path("/form", form, methods=["POST"]),
    path("/in", log_in),
    path("/out", log_out),
    path("/boom", boom),
    path("/gone", gone),
    path("/old", lambda request: redirect("/older")),
    path("/older", lambda request: redirect("/echo?x=1")),
    path("/to-boom", lambda request: redirect("/boom")),
    path("/away", lambda request: redirect("https://elsewhere.example/")),
]
"""


@pytest.fixture
def site(own_process: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return the WSGI application of a small project."""
    own_process.setenv("LBACK_SECRET_KEY", "x" * 50)
    settings = "DEBUG = True\nROOT_URLCONF = 'site_urls'\n"
    (tmp_path / "settings.py").write_text(settings, encoding="utf-8")
    (tmp_path / "site_urls.py").write_text(URLS, encoding="utf-8")
    return build_application(tmp_path)


@pytest.fixture
def client(site: Any) -> Client:
    """Return a client of that project."""
    return Client(site)


@pytest.mark.parametrize("method", ["get", "options", "post", "put", "patch", "delete"])
def test_each_method_is_sent_under_its_name(client: Client, method: str) -> None:
    """The methods of the client are the methods of HTTP."""
    assert method.upper() == getattr(client, method)("/echo").json["method"]


def test_head_has_headers_and_no_body(client: Client) -> None:
    """A HEAD request is answered without a body."""
    response = client.head("/echo")

    assert (200, "application/json", b"") == (
        response.status_code,
        response.mimetype,
        response.data,
    )


def test_any_other_method_can_be_sent(client: Client) -> None:
    """``request`` takes the method as a word."""
    assert "TRACE" == client.request("TRACE", "/echo").json["method"]


def test_an_option_that_does_not_exist_is_refused(client: Client) -> None:
    """A misspelt option is an error, not a request without it."""
    with pytest.raises(TypeError, match="params"):
        client.get("/echo", params={"a": 1})  # type: ignore[call-arg]  # the test


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/echo?a=1&a=2&b=%C3%A4", {}),
        ("/echo", {"query": {"a": [1, 2], "b": "ä"}}),
        ("/echo", {"query": "a=1&a=2&b=%C3%A4"}),
    ],
)
def test_a_query_is_part_of_the_path_or_given(
    client: Client, path: str, options: dict[str, Any]
) -> None:
    """A query string may be typed, or made of a mapping or a text."""
    assert {"a": ["1", "2"], "b": ["ä"]} == client.get(path, **options).json["query"]


def test_two_queries_are_refused(client: Client) -> None:
    """Neither of two query strings is dropped silently."""
    with pytest.raises(ValueError, match="Query string"):
        client.get("/echo?a=1", query={"b": 2})


def test_headers_of_a_request_go_before_those_of_the_client(site: Any) -> None:
    """Names of headers are compared without regard to case."""
    client = Client(site, headers={"Accept": "text/html", "X-One": "1"})

    headers = client.get("/echo", headers={"accept": "x/y", "X-Two": "2"}).json[
        "headers"
    ]

    assert ("x/y", "1", "2") == tuple(
        headers[name] for name in ("Accept", "X-One", "X-Two")
    )
    assert "text/html" == client.get("/echo").json["headers"]["Accept"]


@pytest.mark.parametrize("value", [{"a": [1, None]}, [], "text", None])
def test_json_is_encoded_and_named(client: Client, value: Any) -> None:
    """``json=`` sends any JSON value, null too, as application/json."""
    response = client.post("/echo", json=value)

    assert "application/json" == response.json["headers"]["Content-Type"]
    assert value == json.loads(response.json["body"])


def test_the_type_of_json_can_be_another(client: Client) -> None:
    """A content type that the test gives stays."""
    headers = {"Content-Type": "application/vnd.api+json"}

    response = client.patch("/echo", json={}, headers=headers)

    assert headers["Content-Type"] == response.json["headers"]["Content-Type"]


def test_what_is_no_json_is_not_read_as_such(client: Client) -> None:
    """``json`` of a page is an error that shows the page, not None."""
    response = client.get("/in")

    with pytest.raises(ValueError, match="no JSON but text/html: 'in'"):
        response.json  # noqa: B018  # the attribute access is the test


@pytest.mark.parametrize("data", ["a;ä", "a;ä".encode()])
def test_text_and_bytes_are_sent_as_they_are(client: Client, data: Any) -> None:
    """``data=`` that is no mapping is the body."""
    headers = {"Content-Type": "text/csv"}

    assert "a;ä" == client.put("/echo", data=data, headers=headers).json["body"]


def test_a_mapping_is_a_form(client: Client) -> None:
    """``data=`` that is a mapping is a form; a list is several values."""
    response = client.post("/form", data={"name": "Ä", "tag": ["a", "b"], "n": 1})

    assert {"name": ["Ä"], "tag": ["a", "b"], "n": ["1"]} == response.json["form"]


def test_files_are_uploaded_in_every_form(client: Client, tmp_path: Path) -> None:
    """Bytes, paths, open files and tuples are uploads, beside the other fields."""
    path = tmp_path / "path.txt"
    path.write_text("path", encoding="utf-8")
    with path.open("rb") as opened:
        response = client.post(
            "/form",
            data={"title": "all"},
            files={
                "bytes": b"bytes",
                "path": path,
                "opened": opened,
                "named": ("named.json", "named"),
                "typed": ("typed", io.BytesIO(b"typed"), "text/x-typed"),
                "two": [("1.txt", b"1"), ("2.txt", b"2")],
            },
        )

    assert {"title": ["all"]} == response.json["form"]
    assert {
        "bytes": [["bytes", "application/octet-stream", "bytes"]],
        "path": [["path.txt", "text/plain", "path"]],
        "opened": [["path.txt", "text/plain", "path"]],
        "named": [["named.json", "application/json", "named"]],
        "typed": [["typed", "text/x-typed", "typed"]],
        "two": [["1.txt", "text/plain", "1"], ["2.txt", "text/plain", "2"]],
    } == response.json["files"]


@pytest.mark.parametrize(
    "options",
    [
        {"json": {}, "data": {}},
        {"json": None, "files": {}},
        {"data": b"raw", "files": {"a": b""}},
    ],
)
def test_two_bodies_are_refused(client: Client, options: dict[str, Any]) -> None:
    """A request has one body."""
    with pytest.raises(TypeError, match="body"):
        client.post("/form", **options)


@pytest.mark.parametrize("path", ["//evil.example", "//a//b?x=1"])
def test_a_doubled_slash_arrives(client: Client, path: str) -> None:
    """A path that looks like a host is sent as it was typed."""
    heard: list[str] = []
    with server_response_sent.connected_to(
        lambda sender, request: heard.append(request.path)
    ):
        client.get(path)

    assert [path.partition("?")[0]] == heard


def test_a_whole_url_says_scheme_and_host(client: Client) -> None:
    """A url goes before what the client has as its base."""
    assert (
        "https://127.0.0.1:44/echo?a=1"
        == (client.get("https://127.0.0.1:44/echo?a=1").json["url"])
    )


def test_the_base_url_is_that_of_every_request(site: Any) -> None:
    """Scheme, host and port come from ``base_url``."""
    client = Client(site, base_url="https://shop.localhost:8443")

    assert "https://shop.localhost:8443/echo" == client.get("/echo").json["url"]


def test_cookies_are_kept_and_sent(client: Client) -> None:
    """A cookie that the site sets comes back with the next request, until it ends."""
    client.get("/in")
    kept = client.get_cookie("who")
    sent = client.get("/echo").json["headers"]["Cookie"]
    client.get("/out")

    assert ("mo", "who=mo", None) == (kept, sent, client.get_cookie("who"))
    assert "Cookie" not in client.get("/echo").json["headers"]


@pytest.mark.parametrize("base_url", ["http://localhost", "https://127.0.0.1:8443"])
def test_cookies_can_be_set_and_deleted(site: Any, base_url: str) -> None:
    """A test may give the client a cookie, on whatever host, and take it away."""
    client = Client(site, base_url=base_url)
    client.set_cookie("theme", "dark")
    sent = client.get("/echo").json["headers"].get("Cookie")

    client.delete_cookie("theme")
    client.delete_cookie("theme")

    assert "theme=dark" == sent
    assert "Cookie" not in client.get("/echo").json["headers"]


def test_redirects_are_followed_if_asked(client: Client) -> None:
    """Without it the redirect is the response; with it the history has them."""
    last = client.get("/old", follow_redirects=True)

    assert (302, "/older") == (
        client.get("/old").status_code,
        client.get("/old").location,
    )
    assert ["/old", "/older"] == [before.request.path for before in last.history]
    assert {"x": ["1"]} == last.json["query"]


def test_a_redirect_to_another_site_is_not_followed(client: Client) -> None:
    """A test does not go out into the world."""
    with pytest.raises(RuntimeError, match="external redirects"):
        client.get("/away", follow_redirects=True)


def test_an_unhandled_exception_is_raised(client: Client) -> None:
    """The test gets the exception of the view, with its traceback."""
    with pytest.raises(KeyError, match="boom") as caught:
        client.get("/boom")

    assert "boom" == caught.traceback[-1].name


def test_an_unhandled_exception_behind_a_redirect_is_raised(client: Client) -> None:
    """Every request on the way is watched."""
    with pytest.raises(KeyError, match="boom"):
        client.get("/to-boom", follow_redirects=True)


def test_the_page_of_an_exception_can_be_looked_at(client: Client) -> None:
    """With ``raise_exceptions = False`` the client gets the 500 of a visitor."""
    client.raise_exceptions = not client.raise_exceptions

    assert 500 == client.get("/boom").status_code


def test_an_http_error_is_a_response(client: Client) -> None:
    """What the application turned into a response is not raised."""
    assert 404 == client.get("/gone").status_code


def test_any_application_can_be_asked() -> None:
    """The application need not be Lback's; what it raises reaches the test, too."""

    def stream(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"one"
        if environ["PATH_INFO"] == "/boom":
            raise KeyError("in the middle")

    assert "one" == Client(stream).get("/").text
    with pytest.raises(KeyError, match="in the middle"):
        Client(stream).get("/boom")


def test_the_body_is_closed_when_the_response_is_there(client: Client) -> None:
    """What follows the close of a body has happened when the client returns."""
    sent: list[int] = []

    def note(sender: object, status_code: int) -> None:
        sent.append(status_code)

    with server_response_sent.connected_to(note):
        client.get("/echo")

    assert [200] == sent


def test_muting_everything_does_not_blind_the_client(
    client: Client, signals: SignalsFixture
) -> None:
    """The client raises also while no receiver of the project runs."""
    signals.mute()
    signals.only(server_response_sent)

    with pytest.raises(KeyError, match="boom"):
        client.get("/boom")


def test_what_a_client_connects_is_not_recorded(
    site: Any, signals: SignalsFixture
) -> None:
    """The tools for tests do not show up among the project's signals."""
    Client(site)

    assert [] == signals.sent


def test_a_client_that_is_gone_listens_no_more(site: Any) -> None:
    """A client leaves no receiver behind."""
    before = len(got_request_exception.receivers)
    client = Client(site)
    during = len(got_request_exception.receivers)

    del client

    assert (before + 1, before) == (during, len(got_request_exception.receivers))


def test_two_clients_do_not_share_exceptions(site: Any) -> None:
    """What one client's request raises is not raised to another."""
    quiet = Client(site, raise_exceptions=False)
    loud = Client(site)

    assert 500 == quiet.get("/boom").status_code
    assert 200 == loud.get("/echo").status_code


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ([], "localhost"),
        (["*"], "localhost"),
        (["example.com", "localhost"], "localhost"),
        ([".example.com", "other.example"], "example.com"),
        (["[::1]"], "[::1]"),
    ],
)
def test_the_host_of_a_client_is_one_that_is_allowed(
    allowed: list[str], host: str
) -> None:
    """The local name is taken if it is allowed, otherwise the first that is."""
    assert host == host_among(allowed)
