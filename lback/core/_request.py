"""The request: everything about it is read on first use."""

from typing import Any
from typing import BinaryIO
from typing import cast
from typing import TYPE_CHECKING
from urllib.parse import quote
from urllib.parse import urljoin

from lback.core import _request_body
from lback.core._accept import accepts
from lback.core._cookies import parse_cookies
from lback.core._fields import Fields
from lback.core._fields import MultiFields
from lback.core._http import HTTPMethod
from lback.core._unit_of_work import NOTHING
from lback.core._unit_of_work import UnitOfWork
from lback.core._urlencoded import parse_query
from lback.core.exceptions import BodyGone
from lback.core.exceptions import NoReverseMatch
from lback.core.exceptions import UnsupportedMediaType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from lback.core._request_headers import RequestHeaders
    from lback.core._uploads import Uploads
    from lback.core.config import Config
    from lback.core.error_handler import ErrorHandler
    from lback.core.signals import SignalDispatcher
    from lback.core.templates import TemplateRenderer

_NO_SERVICES: dict[str, Any] = {}


class AppSession:
    """What a session of a user looks like; an installed app supplies it."""


class Request:
    """An HTTP request, and what middlewares attach to it for the view.

    ``route`` is its route once that is found, ``unit`` its unit of work, and ``limits``
    what its body may have; a middleware may set others before the body is read.

    Args:
        path: The path, decoded once.
        method: The method's name, or a member of :class:`HTTPMethod`.
        body: The body; None to read it from *environ* on first use.
        headers: The headers; None to take them from *environ*.
        environ: The WSGI environment.
    """

    # PERF: what is read on first use stands on the class until then; setting all of it
    # for each request takes longer than routing it.
    # bench: benchmarks/request.py::plaintext
    limits: _request_body.Limits = _request_body.LIMITS
    route: Any = None
    services: dict[str, Any] = _NO_SERVICES
    unit: UnitOfWork = NOTHING
    _context: dict[str, Any] | None = None
    _cookies: dict[str, str] | None = None
    _parsed: _request_body.Parsed | None = None
    _path_params: dict[str, Any] | None = None
    _query: MultiFields | None = None

    def __init__(
        self,
        path: str,
        method: str | HTTPMethod,
        body: str | bytes | None,
        headers: "Mapping[str, str] | None",
        environ: dict[str, Any],
    ) -> None:
        self.path = path
        self.method = method if type(method) is str else str(method)
        self._body = body.encode() if isinstance(body, str) else body
        self._headers: Any = headers
        self._environ = environ

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path!r}>"

    @property
    def environ(self) -> dict[str, Any]:
        """The WSGI environment."""
        return self._environ

    @property
    def headers(self) -> "RequestHeaders":
        """The headers; names are found in any case."""
        from lback.core._request_headers import RequestHeaders

        headers = self._headers
        if not isinstance(headers, RequestHeaders):
            headers = RequestHeaders(headers, self._environ)
            self._headers = headers
        return headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name; what is malformed is passed over.

        Raises:
            HeadersTooLarge: There are more of them than any browser sends.
        """
        if self._cookies is None:
            self._cookies = parse_cookies(self.headers.get("Cookie", ""))
        return self._cookies

    @property
    def query(self) -> MultiFields:
        """The query string; ``getlist`` has all values of a repeated name.

        Raises:
            BadRequest: It is no UTF-8, has a NUL, or more parameters than the limit.
        """
        if self._query is None:
            query = self._environ.get("QUERY_STRING", "")
            self._query = parse_query(query, self.limits.parts)
        return self._query

    @property
    def query_params(self) -> Fields:
        """The query string as a dictionary; of repeated names the last one counts."""
        return self.query

    @property
    def GET(self) -> Fields:  # noqa: N802  # the documented name
        """The query string; the same as ``query_params``."""
        return self.query_params

    @property
    def form(self) -> MultiFields:
        """The fields of the body's form; ``getlist`` has all values of a name."""
        form = self._parse().form
        return MultiFields() if form is None else form

    @property
    def POST(self) -> Fields:  # noqa: N802  # the documented name
        """The fields of a posted form; empty for other methods and bodies."""
        return self.form if self.method == "POST" else Fields()

    @property
    def DATA(self) -> Any:  # noqa: N802  # the documented name
        """The parsed body, JSON or form; an empty dictionary if there is none."""
        parsed = self.parsed_body
        return Fields() if parsed is None else parsed

    @property
    def parsed_body(self) -> Any:
        """The parsed body, JSON or form; None if there is none."""
        return self._parse().data

    @property
    def json(self) -> Any:
        """The JSON value of the body.

        Raises:
            UnsupportedMediaType: The body is not said to be JSON.
            BadRequest: It is said to be, and is not.
        """
        kind = _request_body.media_type(self.headers.get("Content-Type", ""))
        if not _request_body.is_json(kind):
            raise UnsupportedMediaType(
                "Send JSON, with Content-Type: application/json."
            )
        return self._parse().data

    @property
    def files(self) -> "Uploads":
        """The uploaded files by field name; a list where a field has several."""
        return self._parse().files

    @property
    def body(self) -> bytes:
        """The whole body; the same as ``body_bytes``."""
        return self.body_bytes

    @property
    def body_bytes(self) -> bytes:
        """The whole body, read on first use.

        Raises:
            BadRequest: The body is shorter than it says.
            ContentTooLarge: It is longer than the limit.
            BodyGone: It was read as a multipart form, whose files may not fit into the
                memory.
        """
        if self._body is None:
            if self._parsed is not None and self._parsed.form is not None:
                raise BodyGone(
                    "The body was read as a multipart form. Read request.body before "
                    "request.form and request.files."
                )
            stream = _request_body.BodyStream(self._environ, self.limits.body)
            self._body = stream.read_all()
        return self._body

    @property
    def body_text(self) -> str | None:
        """The body as UTF-8 text; None if it is empty or is no such text."""
        try:
            return self.body_bytes.decode() or None
        except UnicodeDecodeError:
            return None

    def get_body_stream(self) -> BinaryIO | None:
        """Return the server's stream; what is read from it is gone for the rest."""
        return cast("BinaryIO | None", self._environ.get("wsgi.input"))

    @property
    def path_params(self) -> dict[str, Any]:
        """The variables of the route's path."""
        if self._path_params is None:
            self._path_params = {}
        return self._path_params

    @path_params.setter
    def path_params(self, values: dict[str, Any]) -> None:
        self._path_params = values

    @property
    def client_address(self) -> str | None:
        """The address of the client: of the peer, or what ``TRUSTED_PROXIES`` say."""
        return self._environ.get("REMOTE_ADDR") or None

    def accepts(self, media_type: str) -> bool:
        """Tell whether the client takes *media_type*, such as ``"application/json"``.

        Without an ``Accept`` header it takes everything.
        """
        return accepts(self.headers.get("Accept", ""), media_type)

    @property
    def is_secure(self) -> bool:
        """Whether the request came over https."""
        return bool(self._environ.get("wsgi.url_scheme") == "https")

    @property
    def get_host(self) -> str:
        """The host the request was sent to, with its port unless that is usual."""
        host = self.headers.get("Host")
        if host:
            return host
        name = self._environ.get("SERVER_NAME", "localhost")
        port = str(self._environ.get("SERVER_PORT", "80"))
        usual = "443" if self.is_secure else "80"
        return f"{name}" if port == usual else f"{name}:{port}"

    def build_absolute_uri(self, location: str | None = None) -> str:
        """Return *location*, or this request's own path, with scheme and host."""
        scheme = "https" if self.is_secure else "http"
        query = self._environ.get("QUERY_STRING", "")
        here = quote(self.path, safe="/!$&'()*+,;=:@")
        base = f"{scheme}://{self.get_host}{here}"
        if location is None:
            return f"{base}?{query}" if query else base
        return urljoin(base, location)

    def url_for(self, name: str, /, **params: Any) -> str:
        """Return the url of the route *name*; extra values become the query string.

        Below an ``include()`` with a namespace its own routes come first.

        Raises:
            NoReverseMatch: There is no such route, or a value is missing or wrong.
        """
        router = self.router
        if router is None:
            raise NoReverseMatch(
                f"This request has no router to find {name!r} with: it did not come "
                "through an application."
            )
        url: str = router.url_beside(self.route, name, params)
        return url

    def add_context(self, key: str, value: Any) -> None:
        """Attach one value to the request; the same as ``set_context(key=value)``."""
        self.set_context(**{key: value})

    def set_context(self, /, **values: Any) -> None:
        """Attach values to the request, for middlewares and the view."""
        if "path_params" in values:
            self._path_params = values.pop("path_params")
        if self._context is None:
            self._context = {}
        self._context.update(values)

    def get_context(self, key: str, default: Any = None) -> Any:
        """Return what was attached as *key*, or a service of that name."""
        if self._context is not None and key in self._context:
            return self._context[key]
        return self.services.get(key, default)

    @property
    def context_data(self) -> dict[str, Any]:
        """Everything attached to the request, services included."""
        return {**self.services, **(self._context or {})}

    @property
    def user(self) -> Any | None:
        """The user, once an installed app provides one."""
        return self.get_context("user")

    @property
    def session(self) -> AppSession | None:
        """The session, once an installed app provides one."""
        return cast("AppSession | None", self.get_context("session"))

    @property
    def db_session(self) -> "Session | None":
        """The database session, opened on first use; None without a database."""
        context = self._context
        if context is not None and "db_session" in context:
            return cast("Session | None", context["db_session"])
        return cast("Session | None", self.unit.session)

    @property
    def config(self) -> "Config | None":
        """The settings."""
        return cast("Config | None", self.get_context("config"))

    @property
    def router(self) -> Any | None:
        """The router."""
        return self.get_context("router")

    @property
    def dispatcher(self) -> "SignalDispatcher | None":
        """The process-wide dispatcher."""
        return cast("SignalDispatcher | None", self.get_context("dispatcher"))

    @property
    def error_handler(self) -> "ErrorHandler | None":
        """The error handler."""
        return cast("ErrorHandler | None", self.get_context("error_handler"))

    @property
    def template_renderer(self) -> "TemplateRenderer | None":
        """The template renderer."""
        return cast("TemplateRenderer | None", self.get_context("template_renderer"))

    @property
    def session_manager(self) -> Any | None:
        """The session manager, once an installed app provides one."""
        return self.get_context("session_manager")

    @property
    def user_manager(self) -> Any | None:
        """The user manager, once an installed app provides one."""
        return self.get_context("user_manager")

    @property
    def admin_user_manager(self) -> Any | None:
        """The manager of admin users, once an installed app provides one."""
        return self.get_context("admin_user_manager")

    @property
    def admin_registry(self) -> Any | None:
        """The registry of the admin site, once an installed app provides one."""
        return self.get_context("admin_registry")

    def _parse(self) -> _request_body.Parsed:
        if self._parsed is None:
            self._parsed, self._body = _request_body.parse(
                self._environ, self.headers, self._body, self.limits
            )
        return self._parsed
