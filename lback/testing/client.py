"""Send requests to an application without a server between."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextlib import ExitStack
from io import BytesIO
from json import dumps as encode
from json import loads as decode
from pathlib import Path
from typing import Any
from typing import cast
from typing import IO
from typing import TYPE_CHECKING
from typing import TypedDict
from urllib.parse import urlsplit

from typing_extensions import Unpack
from werkzeug.datastructures import Headers
from werkzeug.test import Client as WerkzeugClient
from werkzeug.test import TestResponse

from lback.core._hosts import AllowedHosts
from lback.core.catalogue import got_request_exception

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

# A failure is shown at the line of the test, not in here.
__tracebackhide__ = True

Content = bytes | str | IO[bytes]
File = bytes | Path | IO[bytes] | tuple[str, Content] | tuple[str, Content, str]


# What is entered for the time of a request; the fixtures of databases put it here.
arounds: list[Callable[[], AbstractContextManager[None]]] = []

# A body that was left away; None is one, too: null.
_ABSENT: Any = object()


class RequestOptions(TypedDict, total=False):
    """What a request may have besides method and path; see :meth:`Client.request`."""

    query: Mapping[str, Any] | str | None
    headers: Mapping[str, str] | None
    json: Any
    data: Mapping[str, Any] | bytes | str | None
    files: Mapping[str, File | list[File]] | None
    follow_redirects: bool


class ClientResponse(TestResponse):
    """A response: Werkzeug's, whose body has been read to its end and closed.

    Of its attributes tests use ``status_code``, ``headers``, ``text``, ``data`` (the
    bytes), ``json``, ``location``, ``request`` and ``history``.
    """

    @property
    def json(self) -> Any:
        """The body, decoded from JSON.

        Raises:
            ValueError: It is not JSON, or says that it is not.
        """
        if not self.is_json:
            raise ValueError(
                f"This response is no JSON but {self.mimetype or 'of no type'}: "
                f"{self.text[:80]!r}"
            )
        return decode(self.data)


class Client:
    """A browser of one visitor: it sends requests and keeps the cookies.

    Args:
        app: The WSGI application.
        base_url: Scheme and host of the site.
        headers: Headers of every request.
        raise_exceptions: Whether an exception that nobody handled is raised here, in
            place of the 500 that a visitor would see.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        base_url: str = "http://localhost",
        headers: Mapping[str, str] | None = None,
        raise_exceptions: bool = True,
    ) -> None:
        self.app = app
        self.base_url = base_url
        self.headers = dict(headers or {})
        self._raising = _Raising(app, is_on=raise_exceptions)
        self._client = WerkzeugClient(self._raising, ClientResponse)

    @property
    def raise_exceptions(self) -> bool:
        """Whether an exception that nobody handled is raised."""
        return self._raising.is_on

    @raise_exceptions.setter
    def raise_exceptions(self, is_on: bool) -> None:
        self._raising.is_on = is_on

    def get(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a GET request; for the options see :class:`RequestOptions`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a HEAD request; for the options see :class:`RequestOptions`."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send an OPTIONS request; for the options see :class:`RequestOptions`."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a POST request; for the options see :class:`RequestOptions`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a PUT request; for the options see :class:`RequestOptions`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a PATCH request; for the options see :class:`RequestOptions`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a DELETE request; for the options see :class:`RequestOptions`."""
        return self.request("DELETE", path, **options)

    def request(  # noqa: PLR0913  # what a request consists of
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | str | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = _ABSENT,
        data: Mapping[str, Any] | bytes | str | None = None,
        files: Mapping[str, File | list[File]] | None = None,
        follow_redirects: bool = False,
    ) -> ClientResponse:
        """Send a request of any method and return the response.

        Args:
            method: The HTTP method.
            path: The path, with or without a query string, or a whole url.
            query: The query string, as a mapping or as text.
            headers: More headers, or other values for those of the client.
            json: The body, to be encoded as JSON.
            data: The body: a mapping is sent as a form, bytes and text as they are.
            files: Uploads by field: bytes, a path, an open file, or a tuple of file
                name, content and, if wanted, content type; or a list of them. The
                body is multipart then, with *data* as its other fields.
            follow_redirects: Whether to go on to where redirects within the site
                lead; the responses on the way are the ``history`` of the last one.

        Raises:
            TypeError: There is more than one body.
            Exception: Whatever the application did not handle, unless the client has
                ``raise_exceptions=False``.
        """
        base_url, path = self._place_of(path)
        every = Headers(self.headers)
        every.update(headers or {})
        body: Any = data
        if json is not _ABSENT:
            if data is not None or files is not None:
                raise TypeError("A request has one body: json=, or data= and files=.")
            body = encode(json)
            every.setdefault("Content-Type", "application/json")
        elif files is not None:
            body = _multipart(data, files)
        send = self._client.open
        with ExitStack() as stack:
            for around in arounds:
                stack.enter_context(around())
            response = send(
                path,
                method=method,
                base_url=base_url,
                query_string=query,
                headers=every,
                data=body,
                buffered=True,
                follow_redirects=follow_redirects,
            )
        return cast("ClientResponse", response)

    def get_cookie(self, name: str, *, path: str = "/") -> str | None:
        """Return the value of a cookie that the site has set, or None."""
        cookie = self._client.get_cookie(name, self._host, path)
        return None if cookie is None else cookie.decoded_value

    def set_cookie(self, name: str, value: str, *, path: str = "/") -> None:
        """Send a cookie with every request from now on."""
        self._client.set_cookie(name, value, domain=self._host, path=path)

    def delete_cookie(self, name: str, *, path: str = "/") -> None:
        """Forget a cookie; that it was never there is fine, too."""
        self._client.delete_cookie(name, domain=self._host, path=path)

    def _place_of(self, path: str) -> tuple[str, str]:
        """Split what a request is for into the site and the path on it."""
        if path.startswith(("http://", "https://")):
            scheme, host, path, query, _ = urlsplit(path)
            return f"{scheme}://{host}", f"{path}?{query}" if query else path
        if path.startswith("//"):
            # NOTE: Werkzeug would read the name of a host there and drop it.
            path = path.replace("//", "/%2F", 1)
        return self.base_url, path

    @property
    def _host(self) -> str:
        return urlsplit(self.base_url).hostname or ""


class _Raising:
    """An application that raises what another one has turned into a 500.

    Args:
        app: The other one.
        is_on: Whether it does so.
    """

    def __init__(self, app: "WSGIApplication", *, is_on: bool) -> None:
        self.is_on = is_on
        self._app = app
        self._key = f"lback.testing.client.{id(self)}"
        # NOTE: weakly, so that it ends with the client; nothing else refers to both.
        got_request_exception.connect(self._note, weak=True)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        raised: list[Exception] = []
        environ[self._key] = raised
        body = self._app(environ, start_response)
        if raised and self.is_on:
            if hasattr(body, "close"):
                body.close()
            raise raised[0]
        return body

    def _note(self, sender: object, exception: Exception, request: Any) -> None:
        getattr(request, "environ", {}).get(self._key, []).append(exception)


def host_among(allowed: Iterable[str]) -> str:
    """Return a host for a client of a site: the local one, or the first it answers to.

    Args:
        allowed: The setting ``ALLOWED_HOSTS``.
    """
    names = list(allowed)
    if not names or AllowedHosts(names).allows("localhost"):
        return "localhost"
    return names[0].removeprefix(".")


def _multipart(
    data: Mapping[str, Any] | bytes | str | None,
    files: Mapping[str, File | list[File]],
) -> dict[str, Any]:
    """Return fields and uploads as Werkzeug wants them.

    Raises:
        TypeError: The fields are no mapping.
    """
    if isinstance(data, bytes | str):
        raise TypeError("With files= the body is a form: give data= as a mapping.")
    uploads = {field: list(_uploads(field, given)) for field, given in files.items()}
    return {**(data or {}), **uploads}


def _uploads(field: str, given: File | list[File]) -> Iterator[tuple[Any, ...]]:
    """Yield content, file name and, if given, content type of each upload."""
    for file in given if isinstance(given, list) else [given]:
        if isinstance(file, tuple):
            name, content, *kind = file
            yield (_stream(content), name, *kind)
        elif isinstance(file, Path):
            yield _stream(file.read_bytes()), file.name
        else:
            yield _stream(file), Path(str(getattr(file, "name", field))).name


def _stream(content: Content) -> IO[bytes]:
    if isinstance(content, str):
        content = content.encode()
    return BytesIO(content) if isinstance(content, bytes) else content
