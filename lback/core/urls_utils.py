"""What a url module is written with: ``path`` and ``include``."""

import importlib
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from lback.core._blame import last_project_line
from lback.core._views import methods_of
from lback.core._views import View
from lback.core.exceptions import AppBroken
from lback.core.exceptions import InvalidRoute
from lback.core.router import Route


class Include:
    """The routes of another url module, mounted under a prefix.

    Args:
        module_path: The dotted path of a module that defines ``urlpatterns``.
        prefix: What every path in it starts with, such as ``"/shop"``.
        namespace: What stands before the names of its routes, so that a module can be
            mounted twice: ``"en"`` makes ``"en:orders.list"`` of ``"orders.list"``.
    """

    __slots__ = ("module_path", "namespace", "prefix")

    def __init__(self, module_path: str, prefix: str = "", namespace: str = "") -> None:
        if not isinstance(module_path, str) or not module_path.strip():
            raise InvalidRoute(
                f"include({module_path!r}) does not name a module. "
                "Write its dotted path, such as 'shop.urls'."
            )
        if not isinstance(prefix, str):
            raise InvalidRoute(
                f"include({module_path!r}, prefix={prefix!r}): a prefix is a text, "
                "such as '/shop'."
            )
        if not isinstance(namespace, str) or (
            namespace and not namespace.isidentifier()
        ):
            raise InvalidRoute(
                f"include({module_path!r}, namespace={namespace!r}): a namespace is a "
                "plain word, such as 'en'."
            )
        self.module_path = module_path
        self.prefix = prefix
        self.namespace = namespace

    def __repr__(self) -> str:
        return f"<Include {self.module_path!r} under {self.prefix!r}>"


def include(module_path: str, prefix: str = "", namespace: str = "") -> Include:
    """Mount the routes of another module.

    The module is imported when the routes are collected, not here, so a url module
    may be named before it exists.

    Args:
        module_path: The dotted path of a module that defines ``urlpatterns``.
        prefix: What every path in it starts with, such as ``"/shop"``.
        namespace: What stands before the names of its routes, so that it can be
            mounted twice.
    """
    return Include(module_path, prefix, namespace)


def path(  # the documented signature of a route
    path: str,
    view: View,
    methods: list[str] | None = None,
    name: str | None = None,
    requires_auth: bool = False,  # noqa: FBT001, FBT002  # as the documented forms
) -> Route:
    """Route *path* to *view*; a public route unless told otherwise.

    Args:
        path: Such as ``"/users/{user_id:int}"``.
        view: Called as ``view(request, **variables)``.
        methods: Default: the view's ``methods``, the ``get``, ``post``, ... of a class
            view, or GET.
        name: What ``url_for`` calls the route.
        requires_auth: Whether only authenticated users may see it.

    Raises:
        InvalidRoute: The path, the view or a method cannot be used.
    """
    chosen = methods_of(view) if methods is None else methods
    return Route(path, view, chosen, name, requires_auth)


def collect(module_path: str) -> list[Route]:
    """Return the routes of a url module and of all it includes, in order.

    Raises:
        AppBroken: A url module fails while it is imported.
        InvalidRoute: ``urlpatterns`` is missing or holds something else.
    """
    return list(_walk(Include(module_path), ()))


def _walk(place: Include, above: tuple[str, ...]) -> Iterator[Route]:
    module_path = place.module_path
    if module_path in above:
        chain = " -> ".join([*above, module_path])
        raise InvalidRoute(f"Url modules include each other: {chain}.")
    for entry in _patterns(module_path, above):
        if isinstance(entry, Include):
            below = Include(entry.module_path)
            below.prefix = _join(place.prefix, entry.prefix)
            below.namespace = ":".join(filter(None, [place.namespace, entry.namespace]))
            yield from _walk(below, (*above, module_path))
        elif isinstance(entry, Route):
            yield _under(place, entry)
        else:
            raise InvalidRoute(
                f"urlpatterns of {module_path} holds {entry!r}. "
                "Use path(...) and include(...)."
            )


def _patterns(module_path: str, above: tuple[str, ...]) -> Iterable[Any]:
    """Import a url module and return its ``urlpatterns``."""
    by = f", which {above[-1]} includes," if above else " (ROOT_URLCONF)"
    try:
        module = importlib.import_module(module_path)
    except (Exception, SystemExit) as error:
        raise AppBroken(
            f"The url module {module_path!r}{by} cannot be imported: "
            f"{last_project_line(error)}"
        ) from error
    patterns = getattr(module, "urlpatterns", None)
    if not isinstance(patterns, list | tuple):
        raise InvalidRoute(
            f"The url module {module_path!r}{by} has no list called urlpatterns."
        )
    return patterns


def _under(place: Include, route: Route) -> Route:
    """Return *route* as it is below the prefix and in the namespace of *place*."""
    if not (place.prefix or place.namespace):
        return route
    made = Route(
        _join(place.prefix, route.path) if place.prefix else route.path,
        route.view,
        route.methods,
        route.name,
        route.requires_auth,
    )
    if place.namespace:
        made.namespace = place.namespace
        made.name = route.name and f"{place.namespace}:{route.name}"
    return made


def _join(prefix: str, path: str) -> str:
    """Join two pieces of a path with one slash between them."""
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}" if path else prefix
