"""Which routes come near to a path, and why each is none of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from lback.core._converters import PathConverter
from lback.core._pattern import Pattern
from lback.core._pattern import Variable
from lback.core.router import Route

# Longer paths are compared by their beginning; comparing takes the square of it.
_COMPARED = 200


@dataclass(frozen=True)
class Near:
    """A route, how near it is (0 to 1), and why it did not match."""

    route: Route
    likeness: float
    reason: str


def nearest(routes: Iterable[Route], path: str, method: str) -> list[Near]:
    """Return all *routes*, those nearest to *path* first."""
    found = [_compare(route, path, method) for route in routes]
    return sorted(found, key=lambda near: -near.likeness)


def _compare(route: Route, path: str, method: str) -> Near:
    if route.pattern.match(path) is not None:
        return Near(route, 1, _of_method(route, method))
    if _takes_the_rest(route):
        return Near(route, _likeness(path, route.path), _of_beginning(route, path))
    written, given = _segments(route.path), _segments(path)
    fits = [_fits(w, g) for w, g in zip(written, given, strict=False)]
    # NOTE: a variable that takes its segment is as near as the segment itself.
    filled = [g if fit else w for w, g, fit in zip(written, given, fits, strict=False)]
    filled += written[len(filled) :]
    if len(written) == len(given):
        reasons = [
            _of_segment(number, w, g)
            for number, (w, g, fit) in enumerate(
                zip(written, given, fits, strict=True), 1
            )
            if not fit
        ]
        reasons += _of_slash(route.path, path)
    else:
        reasons = [f"it has {_count(len(written))}, the path has {len(given)}"]
    return Near(route, _likeness(path, "/" + "/".join(filled)), "; ".join(reasons))


def _segments(path: str) -> list[str]:
    """Split a path; a slash at its end begins no segment."""
    text = path[1:].removesuffix("/")
    return text.split("/") if path[1:] else []


def _likeness(path: str, other: str) -> float:
    pair = SequenceMatcher(None, path[:_COMPARED], other[:_COMPARED], autojunk=False)
    return pair.ratio()


def _fits(written: str, given: str) -> bool:
    if "{" not in written:
        return written == given
    return Pattern(f"/{written}").match(f"/{given}") is not None


def _takes_the_rest(route: Route) -> bool:
    return any(_is_tail(part) for segment in route.pattern.segments for part in segment)


def _is_tail(part: Any) -> bool:
    return isinstance(part, Variable) and isinstance(part.converter, PathConverter)


def _of_method(route: Route, method: str) -> str:
    allowed = route.methods or [method]
    if method in allowed or (method == "HEAD" and "GET" in allowed):
        return "it matches; the view itself found nothing"
    return f"it answers {', '.join(allowed)}, not {method}"


def _of_slash(written: str, path: str) -> list[str]:
    if written.endswith("/") == path.endswith("/"):
        return []
    return [f"it {'ends' if written.endswith('/') else 'does not end'} with a slash"]


def _count(segments: int) -> str:
    return "1 segment" if segments == 1 else f"{segments} segments"


def _of_segment(number: int, written: str, given: str) -> str:
    if "{" in written:
        return f"segment {number}, {given!r}, does not fit {written}"
    return f"segment {number} is {given!r}, not {written!r}"


def _of_beginning(route: Route, path: str) -> str:
    """Say why a route that takes the rest of a path does not take this one."""
    pairs = zip(_segments(route.path), _segments(path), strict=False)
    for number, (w, g) in enumerate(pairs, 1):
        if _is_tail_text(w):
            break
        if not _fits(w, g):
            return _of_segment(number, w, g)
    return f"what follows does not fit {route.path}"


def _is_tail_text(written: str) -> bool:
    return ":path}" in written
