"""Make the middlewares that the settings name."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from lback.core._blame import last_project_line
from lback.core.config import Config
from lback.core.exceptions import AppBroken
from lback.core.exceptions import InvalidMiddleware
from lback.core.middleware_manager import MiddlewareManager

_Parameter = inspect.Parameter


def import_class(class_path: str) -> type[Any]:
    """Import a class by its dotted path.

    Raises:
        ImportError: The module or the class is not there.
        TypeError: What is there is no class.
    """
    module_path, _, name = str(class_path).rpartition(".")
    if not module_path:
        raise ImportError(
            f"{class_path!r} is no dotted path of a class, such as "
            "'shop.middlewares.Timing'."
        )
    module = importlib.import_module(module_path)
    found = getattr(module, name, None)
    if found is None:
        raise ImportError(f"The module {module_path!r} has no class {name!r}.")
    if not isinstance(found, type):
        raise InvalidMiddleware(f"{class_path!r} is {found!r}, which is no class.")
    return found


def create_middleware(
    middleware_class: type[Any],
    available_dependencies_instances: Mapping[str, Any],
    params: Mapping[str, Any] | None = None,
) -> Any:
    """Make a middleware; its constructor gets what it names.

    Args:
        middleware_class: The class.
        available_dependencies_instances: Services by name.
        params: Values of its own, which win over services of the same name.

    Raises:
        InvalidMiddleware: The constructor wants something that nobody has, or does
            not know one of *params*.
    """
    given = dict(params or {})
    wanted = inspect.signature(middleware_class).parameters.values()
    arguments = {}
    missing = []
    for parameter in wanted:
        if parameter.kind in {_Parameter.VAR_POSITIONAL, _Parameter.VAR_KEYWORD}:
            continue
        name = parameter.name
        if name in given:
            arguments[name] = given.pop(name)
        elif name in available_dependencies_instances:
            arguments[name] = available_dependencies_instances[name]
        elif parameter.default is _Parameter.empty:
            missing.append(name)
    if any(parameter.kind is _Parameter.VAR_KEYWORD for parameter in wanted):
        arguments.update(given)
        given = {}
    _complain(middleware_class, missing, given, available_dependencies_instances)
    return middleware_class(**arguments)


def _complain(
    middleware_class: type[Any],
    missing: list[str],
    unknown: Mapping[str, Any],
    services: Mapping[str, Any],
) -> None:
    name = f"{middleware_class.__module__}.{middleware_class.__qualname__}"
    if missing:
        raise InvalidMiddleware(
            f"{name} wants {', '.join(map(repr, missing))}. Give it in 'params'; "
            f"services are: {', '.join(sorted(services))}."
        )
    if unknown:
        raise InvalidMiddleware(
            f"{name} does not know the params {', '.join(map(repr, unknown))}."
        )


def load_middlewares_from_config(
    middleware_manager: MiddlewareManager,
    config: Config,
    available_dependencies_instances: Mapping[str, Any],
) -> None:
    """Add the middlewares of ``config.MIDDLEWARES`` in order.

    An entry is a dotted path, or ``{"class": path, "params": {...}}``.

    Raises:
        AppBroken: A class cannot be imported, or its constructor fails.
        InvalidMiddleware: An entry is neither, or a class cannot be made.
    """
    for entry in getattr(config, "MIDDLEWARES", ()):
        class_path, params = _read(entry)
        try:
            middleware = create_middleware(
                import_class(class_path), available_dependencies_instances, params
            )
        except InvalidMiddleware:
            raise
        except (Exception, SystemExit) as error:
            raise AppBroken(
                f"MIDDLEWARES names {class_path!r}, which cannot be made: "
                f"{last_project_line(error)}"
            ) from error
        middleware_manager.add_middleware(middleware)


def _read(entry: object) -> tuple[str, dict[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, dict) and isinstance(entry.get("class"), str):
        params = entry.get("params", {})
        if set(entry) <= {"class", "params"} and isinstance(params, dict):
            return entry["class"], params
    raise InvalidMiddleware(
        f"MIDDLEWARES holds {entry!r}. Write a dotted path, or "
        '{"class": "dotted.path", "params": {...}}.'
    )
