"""The framework's own signals, each declared once.

Connect to them like to any other signal, by object or by name::

    from lback.signals import receiver, request_finished

    @receiver(request_finished)
    def count(sender, response): ...

No payload carries headers, environ, tokens or template contexts: a receiver that
needs them has the request.
"""

from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback.core._freezing import rows_become_refs
from lback.core.signals import dispatcher
from lback.core.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from lback.core._ref import Ref
    from lback.core.response import Response
    from lback.core.types import Request

# --- The server -----------------------------------------------------------------


class ServerAddress(NamedTuple):
    """Where a server listens; None where a foreign server did not say."""

    host: str | None
    port: int | None


server_starting = Signal(
    "server_starting",
    payload=ServerAddress,
    doc="The application is loaded; the process does not accept requests yet.",
)
server_started = Signal(
    "server_started",
    payload=ServerAddress,
    doc="The process accepts requests.",
)
server_shutting_down = Signal(
    "server_shutting_down",
    payload=ServerAddress,
    doc="The process stops accepting requests and will end.",
)


class ServerRequestReceived(NamedTuple):
    """The request line; ``full_path`` has the query string."""

    method: str
    path: str
    full_path: str


class ServerRequestFinished(NamedTuple):
    """A request and its response; ``duration`` is in seconds."""

    method: str
    path: str
    full_path: str
    duration: float
    status_code: int
    response: "Response"
    request: "Request"


class ServerResponseSent(NamedTuple):
    """A response whose body the server has closed."""

    status_code: int
    response: "Response"
    request: "Request"


server_request_received = Signal(
    "server_request_received",
    payload=ServerRequestReceived,
    doc="A request has arrived; the application has not seen it yet.",
)
server_request_finished = Signal(
    "server_request_finished",
    payload=ServerRequestFinished,
    doc="The application has answered; the body is not sent yet.",
)
server_response_sent = Signal(
    "server_response_sent",
    payload=ServerResponseSent,
    doc="The server has taken the whole body of a response, or given up on it.",
)

# --- The request ----------------------------------------------------------------


class RequestStarted(NamedTuple):
    """The request, before any middleware."""

    request: "Request"


class RequestFinished(NamedTuple):
    """The request and the response that all middlewares have seen."""

    request: "Request"
    response: "Response"


request_started = Signal(
    "request_started",
    payload=RequestStarted,
    doc="A request starts; no middleware has seen it yet.",
)
request_finished = Signal(
    "request_finished",
    payload=RequestFinished,
    doc="A request is answered; every middleware has seen the response.",
)

# --- Errors ---------------------------------------------------------------------


class ErrorResponseGenerated(NamedTuple):
    """An error and its response; None where the documented call has no such thing."""

    status_code: int
    error_message: str
    response: "Response"
    request: "Request | None" = None
    exception: Exception | None = None
    allowed_methods: "Sequence[str] | None" = None


class UnhandledException(NamedTuple):
    """An exception that nobody handled, and the response made of it."""

    status_code: int
    exception: Exception
    request: "Request"
    response: "Response"


error_handler_initialized = Signal(
    "error_handler_initialized",
    doc="An ErrorHandler was made.",
)
error_response_generated = Signal(
    "error_response_generated",
    payload=ErrorResponseGenerated,
    doc="An HTTP error became a response.",
)
unhandled_exception_response_generated = Signal(
    "unhandled_exception_response_generated",
    payload=UnhandledException,
    doc="An exception that is no HTTP error became a response.",
)
got_request_exception = unhandled_exception_response_generated

# --- Middlewares ----------------------------------------------------------------


class MiddlewareChanged(NamedTuple):
    """A middleware instance and the name of its class."""

    middleware_instance: Any
    middleware_name: str


class MiddlewareRefused(NamedTuple):
    """What could not be added or removed, and why."""

    middleware_instance: Any
    middleware_name: str
    error_type: str


class MiddlewareClassRemoved(NamedTuple):
    """A class and those of its instances that were taken out."""

    middleware_class: type
    middleware_class_name: str
    removed_count: int
    removed_instances: "Sequence[Any]"


class MiddlewareClassRefused(NamedTuple):
    """What was given in place of a middleware class."""

    middleware_class: Any
    middleware_class_name: str
    error_type: str


class RequestHookFailed(NamedTuple):
    """A ``process_request`` that raised, and what it raised."""

    middleware_instance: Any
    middleware_name: str
    request: "Request"
    error_type: str
    exception: Exception


class ResponseHookFailed(NamedTuple):
    """A ``process_response`` that raised; the response goes on without it."""

    middleware_instance: Any
    middleware_name: str
    request: "Request"
    current_response: "Response"
    error_type: str
    exception: Exception


middleware_process_request_failed = Signal(
    "middleware_process_request_failed",
    payload=RequestHookFailed,
    doc="A request hook raised an exception.",
)
middleware_process_response_failed = Signal(
    "middleware_process_response_failed",
    payload=ResponseHookFailed,
    doc="A response hook raised an exception.",
)
middleware_manager_initialized = Signal(
    "middleware_manager_initialized",
    doc="A MiddlewareManager was made.",
)
middleware_added = Signal(
    "middleware_added",
    payload=MiddlewareChanged,
    doc="A middleware was put at the end of the chain.",
)
middleware_add_failed = Signal(
    "middleware_add_failed",
    payload=MiddlewareRefused,
    doc="Something that is no middleware was refused.",
)
middleware_removed = Signal(
    "middleware_removed",
    payload=MiddlewareChanged,
    doc="A middleware was taken out of the chain.",
)
middleware_remove_failed = Signal(
    "middleware_remove_failed",
    payload=MiddlewareRefused,
    doc="A middleware that is not in the chain was to be removed.",
)
middleware_removed_by_class = Signal(
    "middleware_removed_by_class",
    payload=MiddlewareClassRemoved,
    doc="All middlewares of a class were taken out of the chain.",
)
middleware_remove_by_class_failed = Signal(
    "middleware_remove_by_class_failed",
    payload=MiddlewareClassRefused,
    doc="Something that is no middleware class was given for removal.",
)

# --- Templates ------------------------------------------------------------------


class TemplateRendering(NamedTuple):
    """The template's name and where it comes from: ``"file"`` or ``"db"``."""

    template_name: str
    source: str


class TemplateFailed(NamedTuple):
    """A template that could not be rendered, and why."""

    template_name: str
    source: str
    error_type: str
    exception: Exception


class DatabaseTemplate(NamedTuple):
    """The name of a template of the database."""

    template_name: str


class DatabaseTemplateFailed(NamedTuple):
    """A template that the database does not have (no exception) or does not give."""

    template_name: str
    error_type: str
    exception: Exception | None


template_rendering_started = Signal(
    "template_rendering_started",
    payload=TemplateRendering,
    doc="A template is about to be rendered.",
)
before_render_template = template_rendering_started
template_rendered = Signal(
    "template_rendered",
    payload=TemplateRendering,
    doc="A template was rendered.",
)
template_rendering_failed = Signal(
    "template_rendering_failed",
    payload=TemplateFailed,
    doc="A template was not found, or failed while it was rendered.",
)

db_template_loaded = Signal(
    "db_template_loaded",
    payload=DatabaseTemplate,
    doc="A template was read from the database.",
)
db_template_load_failed = Signal(
    "db_template_load_failed",
    payload=DatabaseTemplateFailed,
    doc="A template is not in the database, or could not be read from it.",
)

# --- The cache ------------------------------------------------------------------


class CacheKey(NamedTuple):
    """The key of one item; the sender is the cache."""

    key: Any


class CacheItemFetched(NamedTuple):
    """The key of an item whose value was handed out; ``outcome`` is ``"hit"``."""

    key: Any
    outcome: str


class CacheItemSet(NamedTuple):
    """A key and how long its value is kept.

    ``ttl`` is in seconds, ``expires_at`` on the cache's clock; None means for ever.
    ``Cache.incr`` keeps the ``expires_at`` of an item that is there.
    """

    key: Any
    ttl: float | None
    expires_at: float | None


class CacheItemExpired(NamedTuple):
    """A key and when its item expired, in seconds on the cache's clock."""

    key: Any
    expires_at: float


class CacheCleared(NamedTuple):
    """How many items were taken out at once."""

    cleared_count: int


cache_initialized = Signal(
    "cache_initialized",
    doc="A Cache was made.",
)
cache_item_fetched = Signal(
    "cache_item_fetched",
    payload=CacheItemFetched,
    doc="A value was found in the cache; cache_hit follows.",
)
cache_hit = Signal(
    "cache_hit",
    payload=CacheKey,
    doc="A value was found in the cache.",
)
cache_miss = Signal(
    "cache_miss",
    payload=CacheKey,
    doc="A value was not found in the cache, or it had expired.",
)
cache_item_set = Signal(
    "cache_item_set",
    payload=CacheItemSet,
    doc="A value was put into the cache.",
)
cache_item_deleted = Signal(
    "cache_item_deleted",
    payload=CacheKey,
    doc="An item was taken out of the cache by whoever uses it.",
)
cache_item_expired = Signal(
    "cache_item_expired",
    payload=CacheItemExpired,
    doc="An item was past its time when it was met, and was taken out.",
)
cache_item_evicted = Signal(
    "cache_item_evicted",
    payload=CacheKey,
    doc="The item that was used longest ago made room in a full cache.",
)
cache_cleared = Signal(
    "cache_cleared",
    payload=CacheCleared,
    doc="All items were taken out of the cache at once.",
)

# --- Data -----------------------------------------------------------------------


class SessionEnded(NamedTuple):
    """A database session whose transaction ended, and the request if it was one's."""

    session: "Session"
    request: "Request | None" = None


class SessionRolledBack(NamedTuple):
    """A database session that was rolled back, and the exception if one led to it."""

    session: "Session"
    request: "Request | None" = None
    exception: BaseException | None = None


@rows_become_refs
class ModelSaving(NamedTuple):
    """A row that is about to be written, or was; the sender is its model.

    ``created`` tells a new row from a changed one, ``changed`` names the attributes
    that have new values. Receivers after the commit get a ``Ref`` as ``instance``.
    """

    instance: Any
    created: bool
    changed: tuple[str, ...]


@rows_become_refs
class ModelDeleting(NamedTuple):
    """A row that is about to be deleted, or was; the sender is its model.

    Receivers after the commit get a ``Ref`` as ``instance``.
    """

    instance: Any


class BulkChange(NamedTuple):
    """A statement that changed many rows at once: its kind, its table, how many.

    ``rows`` is None where the driver does not say.
    """

    kind: str
    table: str
    rows: int | None


class ChangesCommitted(NamedTuple):
    """What one unit of work has changed, in the order in which it was written."""

    created: "tuple[Ref, ...]" = ()
    changed: "tuple[Ref, ...]" = ()
    deleted: "tuple[Ref, ...]" = ()
    bulk: tuple[BulkChange, ...] = ()


class Migrating(NamedTuple):
    """The migrations of one database: which, in order, and "up" or "down"."""

    database: str
    revisions: "Sequence[str]"
    direction: str


db_session_committed = Signal(
    "db_session_committed",
    payload=SessionEnded,
    doc="A database session was committed; receivers after the commit run next.",
)
db_session_rolled_back = Signal(
    "db_session_rolled_back",
    payload=SessionRolledBack,
    doc="A database session was rolled back.",
)
pre_save = Signal(
    "pre_save",
    payload=ModelSaving,
    doc="A row is about to be written; the receiver may still change it.",
)
post_save = Signal(
    "post_save",
    payload=ModelSaving,
    doc="A row was written, in a transaction that may still be rolled back.",
)
pre_delete = Signal(
    "pre_delete",
    payload=ModelDeleting,
    doc="A row is about to be deleted.",
)
post_delete = Signal(
    "post_delete",
    payload=ModelDeleting,
    doc="A row was deleted, in a transaction that may still be rolled back.",
)
changes_committed = Signal(
    "changes_committed",
    payload=ChangesCommitted,
    doc="A unit of work was committed; sent once, with everything it changed.",
)
pre_migrate = Signal(
    "pre_migrate",
    payload=Migrating,
    doc="Migrations of a database are about to be applied or undone.",
)
post_migrate = Signal(
    "post_migrate",
    payload=Migrating,
    doc="Migrations of a database were applied or undone.",
)

# --- Signals --------------------------------------------------------------------


class ReceiverChanged(NamedTuple):
    """The function that was connected or disconnected; the sender is the signal."""

    receiver: "Callable[..., Any]"


class ReceiverFailed(NamedTuple):
    """The function that failed and its exception; the sender is the signal."""

    receiver: "Callable[..., Any]"
    exception: Exception


receiver_connected = Signal(
    "receiver_connected",
    payload=ReceiverChanged,
    doc="A receiver was connected to a signal.",
)
receiver_disconnected = Signal(
    "receiver_disconnected",
    payload=ReceiverChanged,
    doc="A receiver was disconnected from a signal.",
)
receiver_failed = Signal(
    "receiver_failed",
    payload=ReceiverFailed,
    doc="A receiver raised an exception that was kept from the sender.",
)

# --- Other names ----------------------------------------------------------------

# What other frameworks call the same moment: the same object, under both names.
ALIASES: dict[str, Signal[..., Any]] = {
    "before_render_template": template_rendering_started,
    "got_request_exception": unhandled_exception_response_generated,
}
for _name, _signal in ALIASES.items():
    dispatcher.alias(_name, _signal)

_PER_MIDDLEWARE = "the signals of each single middleware"
_AUTH = "users and sessions"
_FLASHES = "flash messages"

# Documented names whose sender comes later, and what brings it. Connecting to one is
# allowed; the table only shrinks.
AWAITED = {
    "admin_login_failed": _AUTH,
    "admin_login_successful": _AUTH,
    "message_flashed": _FLASHES,
    "middleware_process_request_started": _PER_MIDDLEWARE,
    "middleware_process_request_succeeded": _PER_MIDDLEWARE,
    "middleware_process_response_started": _PER_MIDDLEWARE,
    "middleware_process_response_succeeded": _PER_MIDDLEWARE,
    "middleware_request_processing_finished": _PER_MIDDLEWARE,
    "middleware_request_processing_started": _PER_MIDDLEWARE,
    "middleware_request_short_circuited": _PER_MIDDLEWARE,
    "middleware_response_processing_finished": _PER_MIDDLEWARE,
    "middleware_response_processing_started": _PER_MIDDLEWARE,
    "user_login_failed": _AUTH,
    "user_login_successful": _AUTH,
}
