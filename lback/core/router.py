"""Routes: which view answers which path."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from lback.core._matcher import ANY_METHOD
from lback.core._matcher import Index
from lback.core._near import did_you_mean
from lback.core._pattern import Pattern
from lback.core._views import caller_of
from lback.core._views import View
from lback.core.exceptions import DuplicateRouteName
from lback.core.exceptions import InvalidRoute
from lback.core.exceptions import MethodNotAllowed
from lback.core.exceptions import NoReverseMatch
from lback.core.exceptions import RouteNotFound
from lback.core.exceptions import RouterFrozen

_METHOD = re.compile("[A-Z]+")


class Route:
    """A path, the view behind it and the methods it answers.

    Args:
        path: Such as ``"/users/{user_id:int}"``; converters are ``str``, ``int``,
            ``uuid`` and ``path``.
        view: Called as ``view(request, **variables)``.
        methods: The methods it answers; GET brings HEAD along. None means all.
        name: What ``url_for`` calls it.
        requires_auth: Whether only authenticated users may see it.

    Attributes:
        namespace: The namespace of the ``include()`` that mounted it, or nothing.

    Raises:
        InvalidRoute: The path, the view or a method cannot be used.
    """

    __slots__ = (
        "call",
        "methods",
        "name",
        "namespace",
        "path",
        "pattern",
        "requires_auth",
        "view",
    )

    def __init__(
        self,
        path: str,
        view: View,
        methods: Iterable[str] | None = None,
        name: str | None = None,
        requires_auth: bool = True,  # noqa: FBT001, FBT002  # the documented signature
    ) -> None:
        self.pattern = Pattern(path)
        self.call = caller_of(view, path)
        self.path = path
        self.view = view
        self.methods = None if methods is None else _checked(methods, path)
        self.name = name
        self.namespace = ""
        self.requires_auth = requires_auth

    def match(self, path: str, method: str) -> dict[str, Any] | None:
        """Return the path's variables if path and method match.

        Where only the path matches, the answer is ``{"_method_mismatch": True,
        "_allowed_methods": [...]}``; where it does not, None.
        """
        params = self.pattern.match(path)
        if params is None or self.methods is None or method in self.methods:
            return params
        if method == "HEAD" and "GET" in self.methods:
            return params
        allowed = list(self.methods)
        if "GET" in allowed and "HEAD" not in allowed:
            allowed.append("HEAD")
        return {"_method_mismatch": True, "_allowed_methods": allowed}

    def __repr__(self) -> str:
        return f"<Route {self.path!r} {self.methods or 'ALL'} {self.name or ''}>"


def _checked(methods: Iterable[str], path: str) -> list[str]:
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        raise InvalidRoute(
            f"methods={methods!r} of {path!r} is no list. Write: ['GET', 'POST']."
        )
    checked = [str(method) for method in methods]
    for method in checked:
        if not _METHOD.fullmatch(method):
            raise InvalidRoute(
                f"{method!r} of {path!r} is no HTTP method. Write it in capitals."
            )
    if not checked:
        raise InvalidRoute(f"methods=[] of {path!r} leaves nothing to answer.")
    return checked


class Router:
    """All routes of an application, in the order in which they are tried."""

    def __init__(self) -> None:
        self._routes: list[Route] = []
        self._names: dict[str, Route] = {}
        self._index: Index[Route] | None = None
        self._is_frozen = False

    @property
    def routes(self) -> list[Route]:
        """The routes in order; changing the list changes nothing."""
        return list(self._routes)

    def add_route(
        self,
        path: str,
        view: View,
        methods: list[str] | None = None,
        name: str | None = None,
        requires_auth: bool = True,  # noqa: FBT001, FBT002  # the documented signature
    ) -> None:
        """Add a route at the end.

        Without *methods* those of the view's ``methods`` attribute count, and
        without that all.

        Raises:
            InvalidRoute: The path, the view or a method cannot be used.
            DuplicateRouteName: Another route has this name.
            RouterFrozen: The application has started.
        """
        if methods is None:
            methods = getattr(view, "methods", None)
        self.add(Route(path, view, methods, name, requires_auth))

    def add(self, route: Route) -> None:
        """Add a route that is made already; see :meth:`add_route`."""
        self._refuse_when_frozen(route.path)
        if route.name is not None:
            known = self._names.setdefault(route.name, route)
            if known is not route:
                raise DuplicateRouteName(
                    f"The name {route.name!r} belongs to {known.path!r} and to "
                    f"{route.path!r}. Rename one."
                )
        self._routes.append(route)
        self._index = None

    def get_route_by_name(self, name: str) -> Route | None:
        """Return the route called *name*, or None."""
        return self._names.get(name)

    def remove_route(self, path: str, methods: list[str] | None = None) -> None:
        """Remove the routes of *path*, or only *methods* of them.

        Raises:
            RouteNotFound: No route has this path and one of these methods.
            InvalidRoute: A route answers all methods, so that none can be taken out.
            RouterFrozen: The application has started.
        """
        self._refuse_when_frozen(path)
        unwanted = None if methods is None else _checked(methods, path)
        kept = []
        for route in self._routes:
            left = _without(route, unwanted) if route.path == path else route
            if left is not None:
                kept.append(left)
        if kept == self._routes:
            what = f"{', '.join(unwanted)} {path!r}" if unwanted else repr(path)
            raise RouteNotFound(path, "", f"No route answers {what}.")
        self._routes = kept
        self._names = {route.name: route for route in kept if route.name is not None}
        self._index = None

    def freeze(self) -> None:
        """Compile the index; from now on routes are neither added nor removed."""
        self._compile()
        self._is_frozen = True

    def find(self, path: str, method: str) -> tuple[Route, dict[str, Any]]:
        """Return the route for *path* and *method*, and the path's variables.

        Raises:
            RouteNotFound: No route has this path.
            MethodNotAllowed: Routes have it, but none for this method.
        """
        index = self._index
        methods = (index if index is not None else self._compile()).find(path)
        if methods is None:
            raise RouteNotFound(path, method)
        found = methods.get(method) or methods.get(ANY_METHOD)
        if found is None:
            raise MethodNotAllowed(path, method, sorted(methods))
        return found[0], found[1].copy()

    def resolve(self, path: str, method: str) -> tuple[View, dict[str, Any], bool]:
        """Return the view for *path* and *method*, the variables, and requires_auth.

        Raises:
            RouteNotFound: No route has this path.
            MethodNotAllowed: Routes have it, but none for this method.
        """
        route, params = self.find(path, method)
        return route.view, params, route.requires_auth

    def url_for(self, name: str, /, **params: Any) -> str:
        """Return the url of the route *name*; extra values become the query string.

        Raises:
            NoReverseMatch: There is no such route, or a value is missing or wrong.
        """
        return self.url_beside(None, name, params)

    def url_beside(
        self, here: Route | None, name: str, params: Mapping[str, Any]
    ) -> str:
        """Do what :meth:`url_for` does, as seen from a route.

        A name of the same namespace, or of one around it, comes before others.
        """
        route = None
        namespace = here.namespace if here is not None else ""
        while namespace and route is None:
            route = self._names.get(f"{namespace}:{name}")
            namespace = namespace.rpartition(":")[0]
        if route is None:
            route = self._names.get(name)
        if route is None:
            hint = did_you_mean(str(name), self._names)
            raise NoReverseMatch(f"No route is called {name!r}.{hint}")
        return route.pattern.fill(dict(params))

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def _compile(self) -> Index[Route]:
        self._index = Index(self._routes)
        return self._index

    def _refuse_when_frozen(self, path: str) -> None:
        if self._is_frozen:
            raise RouterFrozen(
                f"The application has started; the route {path!r} comes too late. "
                "Put it into urlpatterns."
            )


def _without(route: Route, methods: list[str] | None) -> Route | None:
    """Return *route* without *methods*, or None if nothing is left of it."""
    if methods is None:
        return None
    if route.methods is None:
        raise InvalidRoute(
            f"{route.path!r} answers all methods; {methods} cannot be taken out. "
            "Name its methods, or remove the whole route."
        )
    left = [method for method in route.methods if method not in methods]
    if left == route.methods:
        return route
    if not left:
        return None
    kept = Route(route.path, route.view, left, route.name, route.requires_auth)
    kept.namespace = route.namespace
    return kept
