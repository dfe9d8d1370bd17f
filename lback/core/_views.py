"""What a view may be: a function, a coroutine function, or a class."""

import inspect
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from lback.core import _async_bridge
from lback.core.exceptions import InvalidRoute
from lback.core.exceptions import MethodNotAllowed

View = Callable[..., Any]

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def methods_of(view: View) -> Iterable[str]:
    """Return the methods that *view* itself says it answers, else GET.

    A ``methods`` attribute counts first, then the ``get``, ``post``, ... of a class.
    """
    named = getattr(view, "methods", None)
    if named is not None:
        methods: Iterable[str] = named
        return methods
    if inspect.isclass(view):
        return _verbs_of(view) or ["GET"]
    return ["GET"]


def caller_of(view: View, path: str) -> View:
    """Return what calls *view* with a request and the variables of its path.

    Decided once, when the route is made: a plain function is called directly.

    Raises:
        InvalidRoute: *view* cannot be called, or is a class without any method.
    """
    if inspect.isclass(view):
        if not _verbs_of(view):
            raise InvalidRoute(
                f"The view of {path!r} is the class {view.__qualname__}, which has "
                "none of the methods get, post, put, patch, delete, head, options."
            )
        return _class_caller(view)
    if not callable(view):
        raise InvalidRoute(f"The view of {path!r} is {view!r}, which is not callable.")
    if inspect.iscoroutinefunction(view):
        return _async_caller(view)
    return view


def _verbs_of(view: type) -> list[str]:
    return [verb for verb in VERBS if callable(getattr(view, verb.lower(), None))]


def _class_caller(view: type) -> View:
    """Make an instance for each request and call its method of the request's name."""
    verbs = {verb: verb.lower() for verb in _verbs_of(view)}
    if "GET" in verbs:
        verbs.setdefault("HEAD", "get")

    def call(request: Any, **params: Any) -> Any:
        name = verbs.get(request.method)
        if name is None:
            raise MethodNotAllowed(request.path, request.method, sorted(verbs))
        answer = getattr(view(), name)(request, **params)
        return _async_bridge.run(answer) if inspect.isawaitable(answer) else answer

    return call


def _async_caller(view: View) -> View:
    def call(request: Any, **params: Any) -> Any:
        return _async_bridge.run(view(request, **params))

    return call
