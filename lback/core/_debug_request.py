"""The request and the settings, as a debug page lists them."""

import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import TYPE_CHECKING

from lback.core._debug_frames import Teller
from lback.core._debug_values import attempt
from lback.core._debug_values import Redactor
from lback.core._receivers import identify
from lback.core._secrets import MASK
from lback.core._secrets import secret_texts

if TYPE_CHECKING:
    from lback.core._request import Request
    from lback.core.config import Config

#: A name and a value, both fit to be shown.
Row = tuple[str, str]


def secrets_of(request: "Request | None", config: "Config | None") -> frozenset[str]:
    """Collect what must not be shown: of settings, environment and request."""
    sources: list[Mapping[str, Any]] = [os.environ, _settings(config)]
    if request is not None:
        headers = _read(lambda: dict(request.headers))
        sources += [headers, _read(lambda: dict(request.query)), _form(request)]
        # NOTE: also what stands behind the scheme, and cookies that are malformed.
        pairs = headers.get("Cookie", "").split(";")
        values = [pair.partition("=")[2].strip(' "') for pair in pairs]
        values += _read(lambda: request.cookies).values()
        values += [headers.get("Authorization", "").partition(" ")[2]]
        sources += [{"token": values}]
    return secret_texts(*sources)


def request_sections(
    request: "Request | None", redactor: Redactor, teller: Teller
) -> Iterator[tuple[str, list[Row]]]:
    """Yield the parts of a request, each with a title; those without rows are left out.

    The body is not read for it: its fields are shown if the view has parsed them.
    """
    if request is None:
        return
    parts: list[tuple[str, Callable[[], list[Row]]]] = [
        ("Request", lambda: list(_line(request, redactor, teller))),
        ("Query", lambda: _rows(_lists(request.query), redactor)),
        ("Form", lambda: _rows(_form(request), redactor)),
        ("Headers", lambda: _rows(dict(request.headers), redactor)),
        ("Cookies", lambda: [(redactor.text(n), MASK) for n in request.cookies]),
    ]
    for title, make in parts:
        rows = attempt(make, _unread)
        if rows:
            yield title, rows


def settings_rows(config: "Config | None", redactor: Redactor) -> list[Row]:
    """Return the settings that somebody has set."""
    values = _settings(config)
    return _rows({n: values[n] for n in values if not _is_default(config, n)}, redactor)


def _is_default(config: Any, name: str) -> bool:
    return attempt(lambda: bool(config.is_default(name)), lambda _: False)


def _settings(config: Any) -> dict[str, Any]:
    if config is None:
        return {}
    return _read(lambda: {name: config.get(name) for name in config.names()})


def _line(request: Any, redactor: Redactor, teller: Teller) -> Iterator[Row]:
    yield "method", redactor.text(request.method)
    yield "path", redactor.text(request.path)
    route = request.route
    if route is not None:
        yield "route", redactor.text(route.path)
        yield "view", redactor.text(view_place(route.view, teller))
    if request.path_params:
        yield "variables", redactor.value("variables", request.path_params)


def view_place(view: object, teller: Teller) -> str:
    """Return ``"shop.views.pay (shop/views.py:12)"`` for a view."""

    def describe() -> str:
        origin = identify(view).origin
        if not origin.file:
            return origin.label
        return f"{origin.label} ({teller.place(origin.file, origin.line)})"

    return attempt(describe, lambda _: type(view).__name__)


def _form(request: Any) -> dict[str, Any]:
    """Return the fields that were parsed already; a stream may be read only once."""
    parsed = vars(request).get("_parsed")
    if parsed is None:
        return {}
    if parsed.form is not None:
        return _read(lambda: _lists(parsed.form))
    data = parsed.data
    return data if isinstance(data, dict) else {"JSON": data}


def _lists(fields: Any) -> dict[str, Any]:
    """Return the values by name, as a list where a name came several times."""
    found = {name: fields.getlist(name) for name in fields}
    return {name: v[0] if len(v) == 1 else v for name, v in found.items()}


def _rows(values: Mapping[str, Any], redactor: Redactor) -> list[Row]:
    return [
        (redactor.text(str(name)), redactor.value(str(name), value))
        for name, value in values.items()
    ]


def _read(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return attempt(make, lambda _: {})


def _unread(error: Exception) -> list[Row]:
    return [("...", f"<reading it raised {type(error).__name__}>")]
