"""Every name of the API reference imports from where the reference says."""

import ast
import importlib
import inspect
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

import pytest

import lback.core

# Names of the reference whose code comes later. The list only shrinks.
TO_COME = {
    "lback.core.WebSocketServer",
    "lback.core.websocket.WebSocketServer",
}

# What the reference lists for the package itself.
OPENING = [
    "AppController",
    "BaseMiddleware",
    "Cache",
    "CacheItem",
    "SettingsFileHandler",
    "load_config",
    "load_settings_module",
    "update_config",
    "start_settings_watcher",
    "sync_settings_to_config",
    "get_project_root",
    "Config",
    "dispatcher",
    "ErrorHandler",
    "FrameworkException",
    "Forbidden",
    "HTTPException",
    "BadRequest",
    "NotFound",
    "RouteNotFound",
    "MethodNotAllowed",
    "Unauthorized",
    "ConfigurationError",
    "ValidationError",
    "ServerError",
    "setup_logging",
    "load_middlewares_from_config",
    "create_middleware",
    "import_class",
    "MiddlewareManager",
    "Middleware",
    "RedirectResponse",
    "Response",
    "HTMLResponse",
    "JSONResponse",
    "Route",
    "Router",
    "Server",
    "initialize_core_components",
    "wsgi_application",
    "SignalDispatcher",
    "TemplateRenderer",
    "default_global_context",
    "custom_uppercase",
    "custom_url_tag",
    "Request",
    "HTTPMethod",
    "TypeConverter",
    "UploadedFile",
    "UUIDConverter",
    "IntegerConverter",
    "Include",
    "WebSocketServer",
    "create_wsgi_app",
]

# What it lists by module: a kind, a name below lback.core and, in brackets, parameters
# with their defaults.
REFERENCE = Path(__file__).with_name("reference.txt")

# Where we have another default, or none; docs/differences.md has each with its reason.
OTHER_DEFAULTS = {
    "server.Server.add_route": "methods",
}


class Entry(NamedTuple):
    """One name of the reference.

    Attributes:
        kind: Class, function, method, static, async or property.
        dotted: The name below lback.core.
        parameters: Names and defaults as they are written; None if none are listed.
    """

    kind: str
    dotted: str
    parameters: list[tuple[str, str | None]] | None


def entries() -> Iterator[Entry]:
    """Read the reference."""
    for line in REFERENCE.read_text(encoding="utf-8").splitlines():
        kind, dotted, *rest = line.split(" ", 2)
        yield Entry(kind, dotted, _parameters(rest[0]) if rest else None)


def _parameters(text: str) -> list[tuple[str, str | None]]:
    made = ast.parse(f"def f{text}: pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    names = [argument.arg for argument in made.args.args]
    defaults = [ast.unparse(default) for default in made.args.defaults]
    padded = [None] * (len(names) - len(defaults)) + defaults
    found: list[tuple[str, str | None]] = list(zip(names, padded, strict=True))
    rest = [more for more in (made.args.vararg, made.args.kwarg) if more is not None]
    return found + [("*", None)] * len(rest)


ENTRIES = list(entries())
MODULES = {entry.dotted.partition(".")[0] for entry in ENTRIES}


def find(dotted: str) -> Any:
    """Return what ``lback.core.<dotted>`` names, or None."""
    found: Any = lback.core
    for number, part in enumerate(dotted.split(".")):
        if number == 0 and part in MODULES:
            try:
                found = importlib.import_module(f"lback.core.{part}")
            except ModuleNotFoundError:
                return None
            continue
        found = inspect.getattr_static(found, part, None) or getattr(found, part, None)
    return found


def is_to_come(dotted: str) -> bool:
    """Tell whether a name, or the class it belongs to, comes later."""
    full = f"lback.core.{dotted}"
    return any(full == name or full.startswith(f"{name}.") for name in TO_COME)


@pytest.mark.parametrize("dotted", [*OPENING, *(entry.dotted for entry in ENTRIES)])
def test_name_is_there_or_listed_as_to_come(dotted: str) -> None:
    """A documented name imports, or stands in the list that only shrinks."""
    assert is_to_come(dotted) is (find(dotted) is None)


THERE = [entry for entry in ENTRIES if not is_to_come(entry.dotted)]


@pytest.mark.parametrize("entry", THERE, ids=[entry.dotted for entry in THERE])
def test_name_is_of_the_documented_kind(entry: Entry) -> None:
    """A property is no method, and a static method needs no instance."""
    found = find(entry.dotted)
    is_kind: dict[str, Callable[[object], bool]] = {
        "class": inspect.isclass,
        "function": callable,
        "method": inspect.isfunction,
        "property": lambda one: isinstance(one, property),
        "static": lambda one: isinstance(one, staticmethod),
    }

    assert is_kind[entry.kind](found)


CALLED = [entry for entry in THERE if entry.parameters is not None]


@pytest.mark.parametrize("entry", CALLED, ids=[entry.dotted for entry in CALLED])
def test_parameters_and_defaults_are_the_documented_ones(entry: Entry) -> None:
    """They come first, in order and under their names; more need not be given."""
    found = find(entry.dotted)
    function = found.__func__ if isinstance(found, staticmethod) else found
    ours = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in {"self", "cls"}
    ]
    wanted = entry.parameters or []
    other = OTHER_DEFAULTS.get(entry.dotted)
    for parameter, (name, default) in zip(ours, wanted, strict=False):
        is_rest = parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}

        assert name == ("*" if is_rest else parameter.name)
        if default is not None and name != other:
            assert ast.literal_eval(default) == parameter.default
    assert len(wanted) <= len(ours)
    for parameter in ours[len(wanted) :]:
        assert parameter.default is not parameter.empty or parameter.kind in {
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        }


def test_other_defaults_are_told() -> None:
    """Whoever reads the reference finds them among the differences."""
    page = Path(__file__).parents[2] / "docs" / "differences.md"
    text = page.read_text(encoding="utf-8")

    assert [] == [
        dotted for dotted in OTHER_DEFAULTS if dotted.split(".", 1)[1] not in text
    ]
