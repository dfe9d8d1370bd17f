"""The compiled index of routes: a dictionary of static paths and a tree of segments."""

import re
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Generic
from typing import Protocol

from typing_extensions import TypeVar

from lback.core._converters import compiled
from lback.core._converters import PathConverter
from lback.core._converters import TypeConverter
from lback.core._pattern import Pattern
from lback.core._pattern import Variable

# What a converter answers for a text that is none of its values.
_NO = object()

# In a table of methods: any method that is not named.
ANY_METHOD = "*"


class _Routable(Protocol):
    """What the index needs to know of a route."""

    pattern: Pattern
    methods: list[str] | None


R = TypeVar("R", bound=_Routable)

Candidates = list[tuple[int, R, dict[str, Any]]]
Methods = dict[str, tuple[R, dict[str, Any]]]


class _Node(Generic[R]):
    """A place in the tree: what may follow the segments that led here."""

    __slots__ = ("fixed", "routes", "tails", "variable")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[R]] = {}
        self.variable: list[tuple[object, Callable[[str], Any], _Node[R]]] = []
        self.tails: list[tuple[int, R]] = []
        self.routes: list[tuple[int, R]] = []


class Index(Generic[R]):
    """Find what trying every route in order would find, without trying every route."""

    __slots__ = ("_root", "_static")

    def __init__(self, routes: Sequence[R]) -> None:
        self._root: _Node[R] = _Node()
        for number, route in enumerate(routes):
            if not route.pattern.is_static:
                self._plant(number, route)
        static: dict[str, Candidates[R]] = {}
        for number, route in enumerate(routes):
            path = route.pattern.path
            if route.pattern.is_static:
                static.setdefault(path, self._walk_all(path)).append(
                    (number, route, {})
                )
        self._static = {path: _by_method(found) for path, found in static.items()}

    def find(self, path: str) -> Methods[R] | None:
        """Return by method the first route for *path*, or None if there is none.

        :data:`ANY_METHOD` stands for the methods that no route names.
        """
        methods = self._static.get(path)
        if methods is not None:
            return methods
        found = self._walk_all(path)
        return _by_method(found) if found else None

    def _plant(self, number: int, route: R) -> None:
        """Add a route with variables to the tree."""
        node = self._root
        for segment in route.pattern.segments:
            if any(
                isinstance(part, Variable) and isinstance(part.converter, PathConverter)
                for part in segment
            ):
                node.tails.append((number, route))
                return
            node = _child(node, segment)
        node.routes.append((number, route))

    def _walk_all(self, path: str) -> Candidates[R]:
        """Return every route with variables that matches *path*."""
        found: Candidates[R] = []
        self._walk(self._root, path.split("/"), 1, (), path, found)
        return found

    def _walk(  # noqa: PLR0913, PLR0917  # the state of a recursive walk
        self,
        node: _Node[R],
        segments: list[str],
        depth: int,
        values: tuple[Any, ...],
        path: str,
        found: Candidates[R],
    ) -> None:
        for number, route in node.tails:
            params = route.pattern.match(path)
            if params is not None:
                found.append((number, route, params))
        if depth == len(segments):
            for number, route in node.routes:
                names = route.pattern.names
                found.append((number, route, dict(zip(names, values, strict=True))))
            return
        segment = segments[depth]
        child = node.fixed.get(segment)
        if child is not None:
            self._walk(child, segments, depth + 1, values, path, found)
        for _, convert, child in node.variable:
            value = convert(segment)
            if value is not _NO:
                added = (*values, *value)
                self._walk(child, segments, depth + 1, added, path, found)


def _child(node: _Node[R], segment: list[Any]) -> _Node[R]:
    """Return the node behind *segment*, made if it is not there yet."""
    if not any(isinstance(part, Variable) for part in segment):
        return node.fixed.setdefault("".join(segment), _Node())
    key, convert = _converting(segment)
    for known, _, child in node.variable:
        if known == key:
            return child
    child = _Node()
    node.variable.append((key, convert, child))
    return child


def _converting(segment: list[Any]) -> tuple[object, Callable[[str], Any]]:
    """Return a key for the kind of *segment*, and what reads its values."""
    if len(segment) == 1:
        converter = segment[0].converter
        return converter, _whole(converter)
    kinds = tuple(p.converter if isinstance(p, Variable) else p for p in segment)
    texts = [
        f"({part.converter.regex})" if isinstance(part, Variable) else re.escape(part)
        for part in segment
    ]
    converters = [part.converter for part in segment if isinstance(part, Variable)]
    return kinds, _mixed(re.compile("".join(texts)), converters)


def _whole(converter: TypeConverter) -> Callable[[str], Any]:
    """Read a segment that is one variable."""
    matches = compiled(converter).fullmatch
    to_python = converter.to_python

    def convert(text: str) -> Any:
        if matches(text) is None:
            return _NO
        try:
            return (to_python(text),)
        except ValueError:
            return _NO

    return convert


def _mixed(
    pattern: re.Pattern[str], converters: list[TypeConverter]
) -> Callable[[str], Any]:
    """Read a segment that has variables between literal texts."""

    def convert(text: str) -> Any:
        found = pattern.fullmatch(text)
        if found is None:
            return _NO
        try:
            return tuple(
                converter.to_python(value)
                for converter, value in zip(converters, found.groups(), strict=True)
            )
        except ValueError:
            return _NO

    return convert


def _by_method(found: Candidates[R]) -> Methods[R]:
    """Choose for each method the candidate that was registered first."""
    if len(found) > 1:
        found.sort(key=lambda candidate: candidate[0])
    methods: Methods[R] = {}
    for _, route, params in found:
        if route.methods is None:
            methods.setdefault(ANY_METHOD, (route, params))
            break
        for method in route.methods:
            methods.setdefault(method, (route, params))
        if "GET" in route.methods:
            methods.setdefault("HEAD", (route, params))
    return methods
