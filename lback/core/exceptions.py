"""Every error Lback raises, in one tree.

::

    FrameworkException
    ├── ConfigurationError             a setting or a part of the project is wrong
    │   ├── SettingsNotFound           (LookupError) no settings.py where one is needed
    │   ├── SettingsBroken             (ValueError) settings.py is wrong
    │   ├── SettingsNotLoaded          (RuntimeError) settings read before start-up
    │   ├── AppNotFound                (LookupError) an installed app cannot be found
    │   ├── AppBroken                  (ImportError) a module of an app fails
    │   ├── ModelsBroken               (ValueError) relations that lead nowhere
    │   └── MissingExtra               (ModuleNotFoundError) an extra is missing
    ├── SignalError                    a signal or a receiver is used wrongly
    │   ├── InvalidSignal              (TypeError) a signal declared wrongly
    │   ├── InvalidReceiver            (TypeError) a receiver that can never be called
    │   ├── InvalidPayload             (TypeError) fields that do not fit
    │   ├── DuplicateSignal            (ValueError) one name, declared in two places
    │   ├── DuplicateReceiver          (ValueError) one name, two different receivers
    │   ├── ReceiverOrderCycle         (ValueError) before= and after= that contradict
    │   ├── DeliveryUnavailable        (RuntimeError) when= that nothing delivers yet
    │   ├── AsyncReceiverInRunningLoop (RuntimeError) send() where asend() is needed
    │   ├── ReceiversFailed            (ExceptionGroup) from Results.raise_errors()
    │   └── SignalLoop                 (RuntimeError) signals that send each other
    ├── RoutingError                   the url configuration is wrong
    │   ├── InvalidRoute               (ValueError) cannot be routed
    │   ├── DuplicateRouteName         (ValueError) one name for two routes
    │   ├── NoReverseMatch             (ValueError) no url can be made
    │   └── RouterFrozen               (RuntimeError) a route added after start-up
    ├── MiddlewaresFrozen              (RuntimeError) changed after start-up
    ├── InvalidMiddleware              (TypeError) cannot stand in the chain
    ├── MiddlewareNotFound             (LookupError) not in the chain
    ├── InvalidResponse                (TypeError, ValueError) cannot be sent
    ├── BodyGone                       (RuntimeError) a body that was read already
    ├── InvalidAddress                 (ValueError) names no address
    ├── CannotListen                   (OSError) an address or port that cannot be had
    ├── DataError                      the database is used in a way that cannot work
    │   ├── DatabaseRefused            (RuntimeError) a test without a test database
    │   ├── NoUnitOfWork               (RuntimeError) a session where there is none
    │   ├── TransactionAborted         (RuntimeError) a commit that would store nothing
    │   ├── UnitOver                   (RuntimeError) written or loaded after the end
    │   ├── InsideAtomic               (RuntimeError) a commit amid a block
    │   ├── OneWriter                  (RuntimeError) two writers at once on SQLite
    │   ├── ReadOnly                   (RuntimeError) a write where only reading is
    │   └── HalfWritten                (RuntimeError) a receiver failed amid its writes
    ├── MigrationError                 (RuntimeError) no state to go on from
    │   └── UnknownRevision            (LookupError) no migration is meant by a name
    ├── CacheError                     a cache is used in a way that cannot work
    │   ├── InvalidCacheKey            (TypeError) no item can be found by it
    │   ├── InvalidCacheLimit          (ValueError) a time or a size that is none
    │   ├── InvalidComputation         (TypeError) has no result to keep
    │   ├── NotANumber                 (TypeError) cannot be counted
    │   └── CacheLoop                  (RuntimeError) a value that needs itself
    └── HTTPException                  becomes a response with its status
        ├── BadRequest                 400
        │   ├── ValidationError        400, with messages by field
        │   └── MissingField           400 (KeyError), a field is not there
        ├── Unauthorized               401
        ├── Forbidden                  403
        ├── NotFound                   404
        │   └── RouteNotFound          404, no route has this path
        ├── MethodNotAllowed           405
        ├── ContentTooLarge            413
        ├── UnsupportedMediaType       415
        ├── HeadersTooLarge            431
        ├── ServerError                500
        └── ServiceUnavailable         503, with the seconds to wait

Wrong use also inherits from the built-in a caller would expect: ``TypeError`` or
``ValueError`` for wrong values, ``LookupError`` for the unknown, ``RuntimeError`` for
the wrong moment.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from typing import Self


class FrameworkException(Exception):  # the documented name
    """The root of all errors that Lback raises."""


class ConfigurationError(FrameworkException):
    """A setting, or a part of the project, is wrong."""


class SettingsNotFound(ConfigurationError, LookupError):
    """There is no settings.py where one is needed."""


class SettingsBroken(ConfigurationError, ValueError):
    """settings.py does not run, or a value in it does not fit."""


class SettingsNotLoaded(ConfigurationError, RuntimeError):
    """A setting was read before start-up had loaded any."""


class AppNotFound(ConfigurationError, LookupError):
    """An entry of INSTALLED_APPS cannot be found."""


class AppBroken(ConfigurationError, ImportError):
    """A module of an installed app raised an error while it was loaded."""


class ModelsBroken(ConfigurationError, ValueError):
    """The models of the project do not fit together."""


class MissingExtra(ConfigurationError, ModuleNotFoundError):
    """A feature needs a package that is not installed.

    Args:
        package: What is missing, as the package index names it.
        extra: The extra of Lback that brings it.
    """

    def __init__(self, *, package: str, extra: str) -> None:
        super().__init__(
            f"{package!r} is not installed. Run: pip install 'lback[{extra}]'"
        )
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[Any, ...]:
        # NOTE: the default would pass the message to an __init__ that takes none.
        return _missing, (self.package, self.extra)


def _missing(package: str, extra: str) -> MissingExtra:
    """Rebuild the error from a pickle."""
    return MissingExtra(package=package, extra=extra)


class SignalError(FrameworkException):
    """A signal or a receiver is used in a way that cannot work."""


class InvalidSignal(SignalError, TypeError):
    """A signal is declared in a way that cannot work."""


class InvalidReceiver(SignalError, TypeError):
    """A receiver could never be called by the signal it is connected to."""


class InvalidPayload(SignalError, TypeError):
    """The fields of a send do not fit the declared payload."""


class DuplicateSignal(SignalError, ValueError):
    """Two signals were declared under one name."""


class DuplicateReceiver(SignalError, ValueError):
    """Two different receivers were connected under one name."""


class ReceiverOrderCycle(SignalError, ValueError):
    """The ``before=`` and ``after=`` of some receivers contradict each other."""


class DeliveryUnavailable(SignalError, RuntimeError):
    """A receiver is to be called later, and nothing is there that does it."""


class AsyncReceiverInRunningLoop(SignalError, RuntimeError):
    """``send()`` met an async receiver while an event loop is running."""


class SignalLoop(SignalError, RuntimeError):
    """Signals send each other without end; the message shows the chain."""


class ReceiversFailed(ExceptionGroup[Exception], SignalError):
    """One or more receivers of a send failed.

    Each of the exceptions carries a note that names its receiver.
    """

    def derive(self, excs: Sequence[Exception], /) -> Self:  # type: ignore[override]  # the stubs cannot say "own type"
        """Keep the type when the group is split."""
        return type(self)(self.message, excs)


class RoutingError(FrameworkException):
    """The url configuration is wrong."""


class InvalidRoute(RoutingError, ValueError):
    """A path or a view that cannot be routed."""


class DuplicateRouteName(RoutingError, ValueError):
    """Two routes have the same name."""


class NoReverseMatch(RoutingError, ValueError):
    """No url can be made from this name and these values."""


class RouterFrozen(RoutingError, RuntimeError):
    """A route was added or removed after start-up."""


class MiddlewaresFrozen(FrameworkException, RuntimeError):
    """A middleware was added or removed after start-up."""


class InvalidMiddleware(FrameworkException, TypeError):
    """Something that cannot stand in the middleware chain."""


class MiddlewareNotFound(FrameworkException, LookupError):
    """A middleware that is not in the chain."""


class InvalidResponse(FrameworkException, TypeError, ValueError):
    """A view's result, a body or a header that cannot be sent."""


class BodyGone(FrameworkException, RuntimeError):
    """The body of a request was asked for after it had been read as a stream."""


class InvalidAddress(FrameworkException, ValueError):
    """Words that do not name an address to listen on."""


class CannotListen(FrameworkException, OSError):
    """The address or the port to listen on cannot be had."""


class DataError(FrameworkException):
    """The database is used in a way that cannot work."""


class DatabaseRefused(DataError, RuntimeError):
    """A database was to be used where that is not allowed, such as in a plain test."""


class NoUnitOfWork(DataError, RuntimeError):
    """A database session was asked for outside any unit of work."""


class TransactionAborted(DataError, RuntimeError):
    """A transaction was to be committed that the database has given up already."""


class UnitOver(DataError, RuntimeError):
    """A unit of work was used after its end."""


class InsideAtomic(DataError, RuntimeError):
    """A commit or a rollback by hand amid a block of ``atomic()``."""


class OneWriter(DataError, RuntimeError):
    """A second transaction was to write while the first one of this thread does."""


class ReadOnly(DataError, RuntimeError):
    """Something was to be written in a unit of work that only reads."""


class HalfWritten(DataError, RuntimeError):
    """A receiver failed after it had begun to write, so nothing is committed."""


class MigrationError(FrameworkException, RuntimeError):
    """The migrations, or the database, are in no state to go on from."""


class UnknownRevision(MigrationError, LookupError):
    """No migration, or more than one, is meant by a name."""


class CacheError(FrameworkException):
    """A cache is used in a way that cannot work."""


class InvalidCacheKey(CacheError, TypeError):
    """A value that no item can be found by."""


class InvalidCacheLimit(CacheError, ValueError):
    """A time to live, or a number of items, that no cache can keep to."""


class InvalidComputation(CacheError, TypeError):
    """Something whose result cannot be kept in a cache."""


class NotANumber(CacheError, TypeError):
    """A counter was to be moved that is none."""


class CacheLoop(CacheError, RuntimeError):
    """A value that is being computed was asked for by its own computation."""


class HTTPException(FrameworkException):
    """An error that becomes a response, wherever in a request it is raised.

    Args:
        message: What the client is told.
        status_code: The HTTP status of the response.
        data: Details that a handler may want; not shown to the client.
    """

    message: str = "An unexpected error occurred."
    status_code: int = HTTPStatus.INTERNAL_SERVER_ERROR
    data: Any | None = None

    def __init__(
        self,
        message: str | None = None,
        status_code: int | None = None,
        data: Any | None = None,
    ) -> None:
        if message is not None:
            self.message = message
        if status_code is not None:
            self.status_code = status_code
        self.data = data
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # NOTE: the default would call __init__ with the message alone, which the
        # subclasses with other parameters cannot take.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    cls: type[HTTPException], args: tuple[Any, ...], state: dict[str, Any]
) -> HTTPException:
    """Rebuild an exception from a pickle without running its ``__init__``."""
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class BadRequest(HTTPException):
    """The client sent something that cannot be understood (400)."""

    message = "Bad Request"
    status_code = HTTPStatus.BAD_REQUEST

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class ValidationError(BadRequest):
    """The client's data breaks the rules of one or more fields (400).

    Args:
        errors: Messages by field name.
        message: A summary of all of them.
    """

    message = "Validation Error"
    status_code = HTTPStatus.BAD_REQUEST

    def __init__(
        self, errors: Mapping[str, Sequence[str]], message: str | None = None
    ) -> None:
        super().__init__(message)
        self.errors = {field: list(texts) for field, texts in errors.items()}


class MissingField(BadRequest, KeyError):
    """A field that a view asked for is not in the request (400)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The field {name!r} is missing.")
        self.name = name

    def __str__(self) -> str:
        return self.message


class Unauthorized(HTTPException):
    """The client has to say who it is (401)."""

    message = "Unauthorized"
    status_code = HTTPStatus.UNAUTHORIZED

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class Forbidden(HTTPException):
    """The client may not do this (403)."""

    message = "Forbidden"
    status_code = HTTPStatus.FORBIDDEN

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class NotFound(HTTPException):
    """There is nothing here (404)."""

    message = "Not Found"
    status_code = HTTPStatus.NOT_FOUND

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class RouteNotFound(NotFound):
    """No route has this path (404)."""

    message = "Route Not Found"

    def __init__(self, path: str, method: str, message: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.method = method


class MethodNotAllowed(HTTPException):
    """The path exists, but not for this method (405)."""

    message = "Method Not Allowed"
    status_code = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(
        self,
        path: str,
        method: str,
        allowed_methods: Iterable[str],
        message: str | None = None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.method = method
        self.allowed_methods = list(allowed_methods)


class ContentTooLarge(HTTPException):
    """The body is larger than the application accepts (413)."""

    message = "Content Too Large"
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class UnsupportedMediaType(HTTPException):
    """The body is of a kind, or in a form, that is not read here (415)."""

    message = "Unsupported Media Type"
    status_code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class HeadersTooLarge(HTTPException):
    """A header is longer than the application reads (431)."""

    message = "Request Header Fields Too Large"
    status_code = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class ServerError(HTTPException):
    """Something on the server went wrong (500)."""

    message = "Internal Server Error"
    status_code = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, message: str | None = None, data: Any | None = None) -> None:
        super().__init__(message, data=data)


class ServiceUnavailable(HTTPException):
    """The server cannot answer now, but may soon (503).

    Args:
        message: What the client is told.
        retry_after: After how many seconds it may try again.
        data: Details that a handler may want; not shown to the client.
    """

    message = "Service Unavailable"
    status_code = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(
        self,
        message: str | None = None,
        retry_after: int = 5,
        data: Any | None = None,
    ) -> None:
        super().__init__(message, data=data)
        self.retry_after = retry_after
