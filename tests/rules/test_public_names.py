"""Every name of the API reference imports from where the reference says."""

import importlib
import inspect
from typing import Any

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

# What it lists by module; for a class its methods and properties.
REFERENCE: dict[str, dict[str, list[str]]] = {
    "app_controller": {
        "AppController": ["add_route", "handle_request"],
    },
    "base_middleware": {
        "BaseMiddleware": ["process_request", "process_response"],
    },
    "cache": {
        "Cache": ["clear", "delete", "get", "has", "keys", "set"],
        "CacheItem": ["is_expired"],
    },
    "config": {
        "Config": ["DATABASE_URI", "validate"],
        "load_config": [],
    },
    "config_manager": {
        "SettingsFileHandler": ["on_modified"],
        "get_project_root": [],
        "load_config": [],
        "load_settings_module": [],
        "start_settings_watcher": [],
        "sync_settings_to_config": [],
        "update_config": [],
    },
    "dispatcher_instance": {
        "dispatcher": [],
    },
    "error_handler": {
        "ErrorHandler": [
            "handle_403",
            "handle_404",
            "handle_405",
            "handle_500",
            "handle_custom_error",
            "handle_exception",
        ],
    },
    "exceptions": {
        "BadRequest": [],
        "ConfigurationError": [],
        "Forbidden": [],
        "FrameworkException": [],
        "HTTPException": [],
        "MethodNotAllowed": [],
        "NotFound": [],
        "RouteNotFound": [],
        "ServerError": [],
        "Unauthorized": [],
        "ValidationError": [],
    },
    "logging_setup": {
        "setup_logging": [],
    },
    "middleware_loader": {
        "create_middleware": [],
        "import_class": [],
        "load_middlewares_from_config": [],
    },
    "middleware_manager": {
        "Middleware": ["process_request", "process_response"],
        "MiddlewareManager": [
            "add_middleware",
            "process_request",
            "process_response",
            "remove_middleware",
            "remove_middleware_by_class",
        ],
    },
    "response": {
        "HTMLResponse": [],
        "JSONResponse": [],
        "RedirectResponse": [],
        "Response": [
            "bad_request",
            "conflict",
            "error",
            "forbidden",
            "get_wsgi_response",
            "html",
            "json",
            "not_found",
            "redirect",
            "unauthorized",
        ],
    },
    "router": {
        "Route": ["match"],
        "Router": [
            "add_route",
            "get_route_by_name",
            "remove_route",
            "resolve",
            "url_for",
        ],
    },
    "server": {
        "Server": ["add_route", "run"],
        "initialize_core_components": [],
        "wsgi_application": [],
    },
    "signals": {
        "SignalDispatcher": ["connect", "disconnect", "send"],
    },
    "templates": {
        "TemplateRenderer": [
            "load_template_from_db",
            "render_from_db_to_string",
            "render_template_from_db",
            "render_to_string",
        ],
        "custom_uppercase": [],
        "custom_url_tag": [],
        "default_global_context": [],
    },
    "types": {
        "AppSession": [],
        "HTTPMethod": [],
        "IntegerConverter": ["openapi_type", "to_python", "to_url"],
        "Request": [
            "DATA",
            "GET",
            "POST",
            "add_context",
            "admin_registry",
            "admin_user_manager",
            "body_bytes",
            "body_text",
            "build_absolute_uri",
            "config",
            "context_data",
            "db_session",
            "dispatcher",
            "environ",
            "error_handler",
            "files",
            "get_body_stream",
            "get_context",
            "get_host",
            "is_secure",
            "parsed_body",
            "path_params",
            "router",
            "session",
            "session_manager",
            "set_context",
            "template_renderer",
            "user",
            "user_manager",
        ],
        "TypeConverter": ["openapi_type", "to_python", "to_url"],
        "UUIDConverter": ["openapi_type", "to_python", "to_url"],
        "UploadedFile": ["close", "read", "seek"],
    },
    "urls_utils": {
        "Include": [],
        "include": [],
    },
    "websocket": {
        "WebSocketServer": [
            "echo",
            "handle_message",
            "register",
            "start",
            "unregister",
            "websocket_handler",
        ],
    },
}

# The documented parameters, in order.
SIGNATURES = {
    "app_controller.AppController": (
        "middleware_manager router template_renderer config admin_user_manager "
        "session_manager user_manager available_dependencies_instances dispatcher"
    ),
    "app_controller.AppController.add_route": "path view methods name requires_auth",
    "app_controller.AppController.handle_request": "request",
    "base_middleware.BaseMiddleware.process_request": "request",
    "base_middleware.BaseMiddleware.process_response": "request response",
    "cache.Cache.delete": "key",
    "cache.Cache.get": "key",
    "cache.Cache.has": "key",
    "cache.Cache.set": "key value ttl",
    "cache.CacheItem": "value expires_at",
    "config.Config": "config_file",
    "config.Config.validate": "config_instance",
    "config.load_config": "config_file",
    "config_manager.SettingsFileHandler": "settings_path config_file",
    "config_manager.SettingsFileHandler.on_modified": "event",
    "config_manager.load_config": "config_file",
    "config_manager.load_settings_module": "settings_path",
    "config_manager.start_settings_watcher": "project_root",
    "config_manager.sync_settings_to_config": "settings_path config_file",
    "config_manager.update_config": "new_config config_file",
    "error_handler.ErrorHandler": "config template_renderer router",
    "error_handler.ErrorHandler.handle_403": "request message",
    "error_handler.ErrorHandler.handle_404": "request",
    "error_handler.ErrorHandler.handle_405": "request allowed_methods",
    "error_handler.ErrorHandler.handle_500": "error",
    "error_handler.ErrorHandler.handle_custom_error": "status_code message",
    "error_handler.ErrorHandler.handle_exception": "exception request",
    "exceptions.BadRequest": "message data",
    "exceptions.Forbidden": "message data",
    "exceptions.HTTPException": "message status_code data",
    "exceptions.MethodNotAllowed": "path method allowed_methods message",
    "exceptions.NotFound": "message data",
    "exceptions.RouteNotFound": "path method message",
    "exceptions.ServerError": "message data",
    "exceptions.Unauthorized": "message data",
    "exceptions.ValidationError": "errors message",
    "logging_setup.setup_logging": "config",
    "middleware_loader.create_middleware": (
        "middleware_class available_dependencies_instances params"
    ),
    "middleware_loader.import_class": "class_path",
    "middleware_loader.load_middlewares_from_config": (
        "middleware_manager config available_dependencies_instances"
    ),
    "middleware_manager.Middleware.process_request": "request",
    "middleware_manager.Middleware.process_response": "request response",
    "middleware_manager.MiddlewareManager.add_middleware": "middleware",
    "middleware_manager.MiddlewareManager.process_request": "request",
    "middleware_manager.MiddlewareManager.process_response": "request response",
    "middleware_manager.MiddlewareManager.remove_middleware": "middleware",
    "middleware_manager.MiddlewareManager.remove_middleware_by_class": (
        "middleware_class"
    ),
    "response.HTMLResponse": "content status_code headers",
    "response.JSONResponse": "data status_code headers message",
    "response.RedirectResponse": "redirect_url status_code headers",
    "response.Response": "body status_code headers content_type",
    "response.Response.bad_request": "message",
    "response.Response.conflict": "message",
    "response.Response.error": "message status_code",
    "response.Response.forbidden": "message",
    "response.Response.html": "content status_code headers",
    "response.Response.json": "data status_code headers message",
    "response.Response.not_found": "message",
    "response.Response.redirect": "redirect_url status_code headers",
    "response.Response.unauthorized": "message",
    "router.Route": "path view methods name requires_auth",
    "router.Route.match": "path method",
    "router.Router.add_route": "path view methods name requires_auth",
    "router.Router.get_route_by_name": "name",
    "router.Router.remove_route": "path methods",
    "router.Router.resolve": "path method",
    "router.Router.url_for": "name **params",
    "server.Server.add_route": "path view methods name requires_auth",
    "server.Server.run": "host port",
    "server.wsgi_application": "environ start_response",
    "signals.SignalDispatcher.connect": "signal_name receiver",
    "signals.SignalDispatcher.disconnect": "signal_name receiver",
    "signals.SignalDispatcher.send": "signal_name sender **kwargs",
    "templates.TemplateRenderer": "config db_session template_model db_loader_func",
    "templates.TemplateRenderer.load_template_from_db": "template_name",
    "templates.TemplateRenderer.render_from_db_to_string": "template_name **context",
    "templates.TemplateRenderer.render_template_from_db": "template_name **context",
    "templates.TemplateRenderer.render_to_string": "template_name **context",
    "templates.custom_uppercase": "value",
    "templates.custom_url_tag": "name",
    "types.IntegerConverter.to_python": "value",
    "types.IntegerConverter.to_url": "value",
    "types.Request": "path method body headers environ",
    "types.Request.add_context": "key value",
    "types.Request.build_absolute_uri": "location",
    "types.Request.get_context": "key default",
    "types.Request.set_context": "**kwargs",
    "types.TypeConverter.to_python": "value",
    "types.TypeConverter.to_url": "value",
    "types.UUIDConverter.to_python": "value",
    "types.UUIDConverter.to_url": "value",
    "types.UploadedFile": "filename content_type file field_name size headers",
    "types.UploadedFile.read": "size",
    "types.UploadedFile.seek": "offset whence",
    "urls_utils.Include": "module_path prefix",
    "urls_utils.include": "module_path prefix",
    "websocket.WebSocketServer": "host port",
    "websocket.WebSocketServer.echo": "websocket",
    "websocket.WebSocketServer.handle_message": "websocket message",
    "websocket.WebSocketServer.register": "websocket",
    "websocket.WebSocketServer.unregister": "websocket",
    "websocket.WebSocketServer.websocket_handler": "websocket path",
}


def find(dotted: str) -> Any:
    """Return what ``lback.core.<dotted>`` names, or None."""
    found: Any = lback.core
    for number, part in enumerate(dotted.split(".")):
        if number == 0 and dotted.split(".", maxsplit=1)[0] in REFERENCE:
            try:
                found = importlib.import_module(f"lback.core.{part}")
            except ModuleNotFoundError:
                return None
            continue
        found = getattr(found, part, None)
    return found


NAMES = [
    *OPENING,
    *(f"{module}.{name}" for module, names in REFERENCE.items() for name in names),
    *(
        f"{module}.{name}.{member}"
        for module, names in REFERENCE.items()
        for name, members in names.items()
        for member in members
    ),
]


def is_to_come(dotted: str) -> bool:
    """Tell whether a name, or the class it belongs to, comes later."""
    full = f"lback.core.{dotted}"
    return any(full == name or full.startswith(f"{name}.") for name in TO_COME)


@pytest.mark.parametrize("dotted", NAMES)
def test_name_is_there_or_listed_as_to_come(dotted: str) -> None:
    """A documented name imports, or stands in the list that only shrinks."""
    assert is_to_come(dotted) is (find(dotted) is None)


@pytest.mark.parametrize(
    "dotted", [name for name in SIGNATURES if not is_to_come(name)]
)
def test_parameters_are_the_documented_ones_in_order(dotted: str) -> None:
    """The documented parameters come first, under their names."""
    documented = SIGNATURES[dotted].replace("*", "").split()
    parameters = [
        parameter
        for parameter in inspect.signature(find(dotted)).parameters.values()
        if parameter.name not in {"self", "cls"}
    ]
    kinds = {"context", "params", "kwargs"}
    ours = ["any" if p.kind is p.VAR_KEYWORD else p.name for p in parameters]
    wanted = ["any" if name in kinds else name for name in documented]
    named = dotted == "middleware_loader.create_middleware"

    assert (documented if named else wanted) == ours[: len(wanted)]
