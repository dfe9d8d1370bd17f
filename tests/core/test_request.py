"""Request: everything that can be read of it, and what is refused."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from lback.core._request_headers import RequestHeaders
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge
from lback.core.exceptions import MissingField
from lback.core.exceptions import NoReverseMatch
from lback.core.router import Router
from lback.core.types import HTTPMethod
from lback.core.types import Request
from lback.core.types import UploadedFile

MakeEnviron = Callable[..., dict[str, Any]]
MakeRequest = Callable[..., Request]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"


def part(name: str, content: str, filename: str | None = None) -> str:
    """Write one part of a multipart body."""
    file = "" if filename is None else f'; filename="{filename}"'
    kind = "" if filename is None else "Content-Type: text/plain\r\n"
    return (
        f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{kind}\r\n'
        f"{content}\r\n"
    )


@pytest.fixture
def ask(make_environ: MakeEnviron) -> MakeRequest:
    """Return a function that makes a request as it comes from a server."""

    def make(path: str = "/", method: str = "GET", **environ: Any) -> Request:
        plain = path.partition("?")[0]
        return Request(plain, method, None, None, make_environ(path, method, **environ))

    return make


@pytest.fixture
def post(ask: MakeRequest) -> MakeRequest:
    """Return a function that makes a request with a body."""

    def make(
        body: bytes, content_type: str = "", method: str = "POST", **environ: Any
    ) -> Request:
        more = {
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        return ask("/", method, **{**more, **environ})

    return make


# --- Line and headers ---------------------------------------------------------------


def test_a_request_has_path_and_method(ask: MakeRequest) -> None:
    """A request knows its path and its method."""
    request = ask("/a", "PUT")

    assert ("/a", "PUT") == (request.path, request.method)


def test_the_method_may_be_one_of_the_enumeration() -> None:
    """A method given as HTTPMethod is its name from then on."""
    assert "PUT" == Request("/", HTTPMethod.PUT, None, None, {}).method


def test_a_request_shows_no_headers(ask: MakeRequest) -> None:
    """The repr has method and path, escaped, and nothing secret."""
    request = ask("/a\n?token=canary", HTTP_AUTHORIZATION="canary")

    assert "<Request GET '/a\\n'>" == repr(request)


def test_headers_show_no_values(ask: MakeRequest) -> None:
    """The repr of the headers has their names only."""
    request = ask("/", HTTP_AUTHORIZATION="canary", HTTP_X_ID="5")

    assert "<RequestHeaders Authorization, X-Id>" == repr(request.headers)


@pytest.mark.parametrize("name", ["X-Api-Key", "x-api-key", "X-API-KEY"])
def test_headers_are_found_in_any_case(ask: MakeRequest, name: str) -> None:
    """A header is found however its name is written."""
    headers = ask("/", HTTP_X_API_KEY="5").headers

    assert ("5", True, "5") == (headers[name], name in headers, headers.get(name))


def test_headers_that_were_handed_in_count() -> None:
    """Headers given to the constructor are used in place of the environment's."""
    request = Request("/", "GET", None, {"X-Id": "5"}, {"HTTP_X_ID": "6"})

    assert ("5", 1) == (request.headers["x-id"], len(request.headers))


def test_type_and_length_are_headers(ask: MakeRequest) -> None:
    """Content type and length are among the headers, if there are any."""
    request = ask("/", CONTENT_TYPE="text/plain", CONTENT_LENGTH="")

    assert ["Content-Type"] == list(request.headers)


def test_a_header_that_is_not_there_is_a_key_error() -> None:
    """Reading a header that was not sent is a KeyError."""
    with pytest.raises(KeyError):
        RequestHeaders({}, {})["X-Id"]


def test_only_a_text_can_be_a_header() -> None:
    """Anything but a text is not among the headers."""
    name: Any = 5

    assert name not in RequestHeaders({"a": "b"}, {})


def test_the_environment_can_be_read(make_environ: MakeEnviron) -> None:
    """The WSGI environment itself is there."""
    environ = make_environ("/")

    assert environ is Request("/", "GET", None, None, environ).environ


# --- Query --------------------------------------------------------------------------


def test_the_query_is_a_dictionary(ask: MakeRequest) -> None:
    """Of repeated names in the query string the last value counts."""
    request = ask("/?a=1&b=2&a=3")

    assert {"a": "3", "b": "2"} == request.GET == request.query_params


def test_the_query_has_all_values(ask: MakeRequest) -> None:
    """All values of a repeated name can be had in order."""
    request = ask("/?a=1&b=2&a=3")

    assert (["1", "3"], []) == (request.query.getlist("a"), request.query.getlist("c"))


def test_blank_query_values_are_kept(ask: MakeRequest) -> None:
    """A name without a value is in the query with an empty one."""
    assert {"a": "", "b": ""} == ask("/?a=&b").GET


def test_a_semicolon_is_data(ask: MakeRequest) -> None:
    """Only an ampersand separates the values of a query."""
    assert {"a": "1;b=2"} == ask("/?a=1;b=2").GET


def test_the_query_is_utf8(ask: MakeRequest) -> None:
    """A query is UTF-8, percent-encoded or not."""
    raw = "a=ä".encode().decode("latin-1")

    assert ["ä", "ä"] == [
        ask("/?a=%C3%A4").GET["a"],
        ask("/", QUERY_STRING=raw).GET["a"],
    ]


def test_a_missing_query_value_is_the_clients_mistake(ask: MakeRequest) -> None:
    """A name that is not in the query raises MissingField, which is a KeyError."""
    with pytest.raises(KeyError) as caught:
        ask("/?a=1").GET["b"]

    assert MissingField is type(caught.value)


def test_get_gives_a_default(ask: MakeRequest) -> None:
    """The dictionary's get() does not raise."""
    assert "5" == ask("/").GET.get("page", "5")


# --- Body ---------------------------------------------------------------------------


def test_the_body_is_bytes_and_text(post: MakeRequest) -> None:
    """The body can be read as bytes and as UTF-8 text, as often as one likes."""
    request = post("ä".encode())

    assert ("ä", b"\xc3\xa4", b"\xc3\xa4") == (
        request.body_text,
        request.body_bytes,
        request.body,
    )


@pytest.mark.parametrize("body", [b"", b"\xff"])
def test_some_bodies_are_no_text(post: MakeRequest, body: bytes) -> None:
    """An empty body, and one that is not UTF-8, has no text."""
    assert post(body).body_text is None


@pytest.mark.parametrize("body", ["ä", "ä".encode()])
def test_a_body_may_be_handed_in(body: str | bytes) -> None:
    """A body given to the constructor, text or bytes, is the body."""
    assert "ä".encode() == Request("/", "POST", body, {}, {}).body_bytes


def test_a_handed_in_body_is_parsed_by_its_headers() -> None:
    """The content type may come from headers given to the constructor."""
    headers = {"content-type": "application/json"}

    assert {"a": 1} == Request("/", "POST", '{"a": 1}', headers, {}).DATA


def test_a_stream_is_read_as_far_as_its_length(post: MakeRequest) -> None:
    """Bytes behind the Content-Length belong to somebody else."""
    stream = io.BytesIO(b"abcdef")

    assert b"abc" == post(b"abc", **{"wsgi.input": stream}).body_bytes


def test_the_stream_can_be_had(post: MakeRequest) -> None:
    """A view may read the server's stream itself."""
    stream = post(b"abc").get_body_stream()

    assert stream is not None
    assert b"abc" == stream.read()


def test_no_stream_is_no_body(make_environ: MakeEnviron) -> None:
    """Without a stream the body is empty."""
    environ = make_environ("/", CONTENT_LENGTH="5")
    del environ["wsgi.input"]
    request = Request("/", "POST", None, None, environ)

    assert (b"", None) == (request.body_bytes, request.get_body_stream())


def test_a_body_without_length_is_empty(post: MakeRequest) -> None:
    """Without a length nothing is read: the stream might never end."""
    assert b"" == post(b"abc", CONTENT_LENGTH="").body_bytes


def test_a_terminated_body_needs_no_length(post: MakeRequest) -> None:
    """Without a length the body is read where the server says that it ends."""
    more = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}

    assert b"abc" == post(b"abc", **more).body_bytes


@pytest.mark.parametrize("length", ["-5", "+3", "3, 3", "0x3", "٣", "3.0", " 3", "a"])
def test_an_odd_length_is_refused(post: MakeRequest, length: str) -> None:
    """A Content-Length that is no number is a 400, not an empty body."""
    with pytest.raises(BadRequest, match="is not a number"):
        post(b"abc", CONTENT_LENGTH=length).body_bytes  # noqa: B018  # it is read here


def test_a_short_body_is_refused(post: MakeRequest) -> None:
    """A body that ends before its length is a 400."""
    with pytest.raises(BadRequest, match="ended before"):
        post(b"abc", CONTENT_LENGTH="4").body_bytes  # noqa: B018  # it is read here


@pytest.mark.parametrize("length", ["52428801", "9" * 19, "9" * 5000])
def test_a_long_body_is_refused_unread(post: MakeRequest, length: str) -> None:
    """A body over the limit is a 413, before any of it is read."""
    stream = io.BytesIO(b"abc")
    with pytest.raises(ContentTooLarge):
        post(b"", **{"CONTENT_LENGTH": length, "wsgi.input": stream}).body_bytes  # noqa: B018  # it is read here

    assert 0 == stream.tell()


class Endless(io.RawIOBase):
    """A body without end that counts what is read of it."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        """Return as many bytes as are wanted."""
        self.taken += size
        return b"x" * size


def test_an_endless_body_is_refused(post: MakeRequest) -> None:
    """A body without length is read one byte over the limit and refused."""
    stream = Endless()
    more = {
        "CONTENT_LENGTH": "",
        "wsgi.input_terminated": True,
        "wsgi.input": stream,
    }
    with pytest.raises(ContentTooLarge):
        post(b"", **more).body_bytes  # noqa: B018  # it is read here

    assert 50 * 1024 * 1024 + 1 == stream.taken


# --- JSON ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["application/json", "APPLICATION/JSON; charset=utf-8", "application/x.api+json"],
)
def test_json_is_parsed(post: MakeRequest, kind: str) -> None:
    """A body of a JSON type is parsed."""
    assert {"a": [1, None]} == post(b'{"a": [1, null]}', kind).DATA


def test_json_may_be_no_object(post: MakeRequest) -> None:
    """A JSON body may be a list."""
    assert [1, 2] == post(b"[1, 2]", "application/json").parsed_body


def test_a_missing_json_field_is_the_clients_mistake(post: MakeRequest) -> None:
    """A name that is not in the JSON object raises MissingField."""
    with pytest.raises(MissingField, match="The field 'b' is missing"):
        post(b'{"a": 1}', "application/json").DATA["b"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": 1} x',
        b'{"a": NaN}',
        b"[-Infinity]",
        b"\xff",
        b"[" * 100_000,
        b"9" * 5000,
    ],
)
def test_malformed_json_is_refused(post: MakeRequest, body: bytes) -> None:
    """What is no JSON is a 400."""
    with pytest.raises(BadRequest, match="is no valid JSON"):
        post(body, "application/json").DATA  # noqa: B018  # it is parsed here


def test_json_is_no_form(post: MakeRequest) -> None:
    """A JSON body has neither form fields nor files."""
    request = post(b'{"a": 1}', "application/json")

    assert ({}, {}, {}) == (request.POST, request.form, request.files)


# --- Forms --------------------------------------------------------------------------


def test_a_form_is_a_dictionary(post: MakeRequest) -> None:
    """Of repeated fields in a form the last value counts, and blank ones are kept."""
    request = post(b"a=1&b=&a=%C3%A4", FORM)

    assert {"a": "ä", "b": ""} == request.POST == request.DATA == request.parsed_body


def test_a_form_has_all_values(post: MakeRequest) -> None:
    """All values of a repeated field can be had in order."""
    assert ["1", "3"] == post(b"a=1&b=2&a=3", FORM).form.getlist("a")


def test_post_is_for_posts(post: MakeRequest) -> None:
    """The form of a PUT is in DATA and form, not in POST."""
    request = post(b"a=1", FORM, method="PUT")

    assert ({}, {"a": "1"}, {"a": "1"}) == (request.POST, request.DATA, request.form)


def test_a_missing_form_field_is_the_clients_mistake(post: MakeRequest) -> None:
    """A field that is not in the form raises MissingField."""
    with pytest.raises(MissingField, match="The field 'b' is missing"):
        post(b"a=1", FORM).POST["b"]


def test_a_body_of_another_kind_is_not_parsed(post: MakeRequest) -> None:
    """A body that is neither JSON nor a form leaves all of these empty."""
    request = post(b"a=1", "text/plain")

    assert (None, {}, {}, {}) == (
        request.parsed_body,
        request.DATA,
        request.POST,
        request.files,
    )


def test_a_multipart_form_has_fields_and_files(post: MakeRequest) -> None:
    """Fields and files of a multipart form are told apart."""
    body = (
        part("a", "1") + part("b", "ä") + part("f", "content", "x.txt") + "--XX--\r\n"
    )
    request = post(body.encode(), MULTIPART)
    file = request.files["f"]

    assert isinstance(file, UploadedFile)
    assert ({"a": "1", "b": "ä"}, b"content") == (request.POST, file.read())


def test_an_upload_knows_what_the_client_said(post: MakeRequest) -> None:
    """An upload has name, type, size, field and headers of its part."""
    body = part("f", "content", "../x.txt") + "--XX--\r\n"
    file = post(body.encode(), MULTIPART).files["f"]

    assert isinstance(file, UploadedFile)
    assert ("../x.txt", "text/plain", 7, "f", "text/plain") == (
        file.filename,
        file.content_type,
        file.size,
        file.field_name,
        file.headers["Content-Type"],
    )


def test_several_files_of_a_field_are_a_list(post: MakeRequest) -> None:
    """A field with two files gives both in order."""
    body = part("f", "1", "a.txt") + part("f", "2", "b.txt") + "--XX--\r\n"
    files = post(body.encode(), MULTIPART).files["f"]

    assert isinstance(files, list)
    assert ["a.txt", "b.txt"] == [file.filename for file in files]


def test_an_upload_is_one_object(post: MakeRequest) -> None:
    """A file that was read to its end stays there when it is looked up again."""
    request = post((part("f", "content", "x.txt") + "--XX--\r\n").encode(), MULTIPART)
    first = request.files["f"]

    assert isinstance(first, UploadedFile)
    first.read()

    assert request.files["f"] is first


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=\xff", FORM),
        (b"", "multipart/form-data"),
        (part("a", "1").encode(), MULTIPART),
        (part("a", "1").encode()[:-8], MULTIPART),
        (b"no part at all", MULTIPART),
        (b"--XX\r\nno header\r\n\r\n1\r\n--XX--\r\n", MULTIPART),
        (b"--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--\r\n", MULTIPART),
    ],
)
def test_a_malformed_form_is_refused(post: MakeRequest, body: bytes, kind: str) -> None:
    """A form that cannot be read is a 400, never an empty form."""
    with pytest.raises(BadRequest, match="The form cannot be read"):
        post(body, kind).POST  # noqa: B018  # it is parsed here


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"&".join([b"a=1"] * 1001), FORM),
        (b"a=" + b"x" * 2_621_441, FORM),
        ((part("a", "1") * 1001 + "--XX--\r\n").encode(), MULTIPART),
        ((part("a", "x" * 2_621_441) + "--XX--\r\n").encode(), MULTIPART),
    ],
)
def test_a_form_has_limits(post: MakeRequest, body: bytes, kind: str) -> None:
    """A form with more fields or bytes than the limit is a 413."""
    with pytest.raises(ContentTooLarge, match="may have at most"):
        post(body, kind).POST  # noqa: B018  # it is parsed here


def test_a_form_at_the_limit_is_taken(post: MakeRequest) -> None:
    """A form with exactly as many fields as the limit is parsed."""
    assert 1000 == len(post(b"&".join([b"a=1"] * 1000), FORM).form.getlist("a"))


# --- Where it came from -------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({"HTTP_HOST": "shop.example:8000"}, "shop.example:8000"),
        ({}, "localhost:8000"),
        ({"SERVER_PORT": "80"}, "localhost"),
        ({"SERVER_PORT": "443", "wsgi.url_scheme": "https"}, "localhost"),
        ({"SERVER_PORT": "80", "wsgi.url_scheme": "https"}, "localhost:80"),
    ],
)
def test_the_host_is_known(
    ask: MakeRequest, environ: dict[str, str], host: str
) -> None:
    """The host is the one of the header, else the server's with an unusual port."""
    assert host == ask("/", **environ).get_host


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_https_is_secure(ask: MakeRequest, scheme: str, secure: bool) -> None:
    """A request is secure if the server says that it came over https."""
    assert secure is ask("/", **{"wsgi.url_scheme": scheme}).is_secure


def test_a_client_cannot_claim_https(ask: MakeRequest) -> None:
    """Forwarded headers, which anybody can send, are not believed."""
    request = ask("/", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="evil")

    assert (False, "localhost:8000") == (request.is_secure, request.get_host)


@pytest.mark.parametrize(
    ("location", "uri"),
    [
        (None, "http://shop.example/a%20%C3%A4/b?x=1"),
        ("/c", "http://shop.example/c"),
        ("c", "http://shop.example/a%20%C3%A4/c"),
        ("?y=2", "http://shop.example/a%20%C3%A4/b?y=2"),
        ("https://other.example/d", "https://other.example/d"),
    ],
)
def test_an_absolute_uri_is_built(
    ask: MakeRequest, location: str | None, uri: str
) -> None:
    """A location is completed with the request's scheme, host and path."""
    request = ask("/a ä/b?x=1", HTTP_HOST="shop.example")

    assert uri == request.build_absolute_uri(location)


def test_an_absolute_uri_may_have_no_query(ask: MakeRequest) -> None:
    """The uri of a request without a query ends with its path."""
    request = ask("/a", HTTP_HOST="shop.example", **{"wsgi.url_scheme": "https"})

    assert "https://shop.example/a" == request.build_absolute_uri()


# --- What is attached ---------------------------------------------------------------


def test_values_are_attached(ask: MakeRequest) -> None:
    """Values that a middleware attaches are found by name, whatever that is."""
    request = ask("/")
    request.set_context(a=1, key=2)
    request.add_context("self", 3)

    assert (1, 2, 3, {"a": 1, "key": 2, "self": 3}) == (
        request.get_context("a"),
        request.get_context("key"),
        request.get_context("self"),
        request.context_data,
    )


def test_what_is_not_attached_has_a_default(ask: MakeRequest) -> None:
    """A name that was not attached gives the default, or None."""
    assert (5, None) == (ask("/").get_context("a", 5), ask("/").get_context("a"))


def test_path_variables_can_be_attached(ask: MakeRequest) -> None:
    """The variables of the path are empty until they are set, either way."""
    request = ask("/")
    before = dict(request.path_params)
    request.set_context(path_params={"id": 5})

    assert ({}, {"id": 5}) == (before, request.path_params)


PROPERTIES = [
    "admin_registry",
    "admin_user_manager",
    "config",
    "db_session",
    "dispatcher",
    "error_handler",
    "router",
    "session",
    "session_manager",
    "template_renderer",
    "user",
    "user_manager",
]


@pytest.mark.parametrize("name", PROPERTIES)
def test_nothing_is_provided_by_default(ask: MakeRequest, name: str) -> None:
    """What no application and no installed app provides is None."""
    assert getattr(ask("/"), name) is None


@pytest.mark.parametrize("name", PROPERTIES)
def test_what_is_attached_is_a_property(ask: MakeRequest, name: str) -> None:
    """A value attached under a documented name is found as that property."""
    request = ask("/")
    value = object()
    request.set_context(**{name: value})

    assert getattr(request, name) is value


def test_a_request_makes_urls(ask: MakeRequest) -> None:
    """A request that came through an application can make urls."""
    router = Router()
    router.add_route("/u/{id:int}", lambda request, id: "", name="user")  # noqa: A006  # a usual name in urls
    request = ask("/")
    request.services = {"router": router}

    assert "/u/5?a=1" == request.url_for("user", id=5, a=1)


def test_a_request_of_no_application_makes_no_urls(ask: MakeRequest) -> None:
    """A request that did not come through an application says so."""
    with pytest.raises(NoReverseMatch, match="has no router"):
        ask("/").url_for("user")


def test_a_missing_field_becomes_a_400(site: Any) -> None:
    """A view that asks for a field that was not sent answers 400 and names it."""
    site.add("/", lambda request: request.POST["name"], ["POST"])
    answer = site.post("/", b"a=1", FORM, HTTP_ACCEPT="application/json")

    assert (400, "The field 'name' is missing.") == (
        answer.status,
        answer.json["error"]["message"],
    )


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", MULTIPART, 400),
        (b"&".join([b"a=1"] * 1001), FORM, 413),
    ],
)
def test_a_refused_body_becomes_its_status(
    site: Any, body: bytes, kind: str, status: int
) -> None:
    """A view that reads a malformed or too large body answers 400 or 413."""
    site.add("/", lambda request: json.dumps(request.DATA), ["POST"])

    assert status == site.post("/", body, kind).status


def test_a_body_that_the_server_cannot_read_is_a_400(site: Any) -> None:
    """A server's own error about a broken body is the client's mistake."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("bad chunk")

    site.add("/", lambda request: request.body_text or "", methods=["POST"])
    environ = {"wsgi.input": Broken(), "wsgi.input_terminated": True}

    assert 400 == site.ask("/", method="POST", CONTENT_LENGTH="3", **environ).status


# --- The client ---------------------------------------------------------------------


def test_the_client_has_an_address(ask: MakeRequest) -> None:
    """It is the peer's; behind a Unix socket there is none."""
    assert "192.0.2.7" == ask(REMOTE_ADDR="192.0.2.7").client_address
    assert None is ask(REMOTE_ADDR="").client_address


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        (None, True),
        ("*/*", True),
        ("application/*", True),
        ("application/json", True),
        ("text/html", False),
        ("application/json;q=0, */*", False),
        ("a/b," * 5000, True),
    ],
)
def test_a_client_takes_what_it_says(
    ask: MakeRequest, header: str | None, *, takes: bool
) -> None:
    """A header that is too long to be read says nothing."""
    more = {} if header is None else {"HTTP_ACCEPT": header}

    assert takes == ask(**more).accepts("application/json")
