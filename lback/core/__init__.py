"""The core of Lback, and a map of it.

Every name of the API reference can be imported from here; it is loaded on first use
from the module that defines it.

* A **request** travels ``wsgi_entry.WSGIApplication`` -> ``app_controller`` -> the
  hooks of ``middleware_manager`` -> the view that ``router`` found. What the view
  returns becomes a ``response``; what is raised becomes one in ``error_handler``.
* A **signal** is declared with ``signals.Signal``, stands in the one ``dispatcher`` and
  calls its receivers in an order that is settled when the project has started. The
  framework's own signals are in ``catalogue``.
* A **setting** comes from settings.py through ``config_manager`` into a
  ``config.Config``, which application code knows as ``lback.settings``.
* A **start** goes phase by phase through ``_startup``, the only module that knows how
  the parts fit.
"""

from typing import TYPE_CHECKING

from lback._door import open_door

if TYPE_CHECKING:
    from lback.core.app_controller import AppController
    from lback.core.base_middleware import BaseMiddleware
    from lback.core.cache import Cache
    from lback.core.cache import CacheItem
    from lback.core.config import Config
    from lback.core.config_manager import get_project_root
    from lback.core.config_manager import load_config
    from lback.core.config_manager import load_settings_module
    from lback.core.config_manager import SettingsFileHandler
    from lback.core.config_manager import start_settings_watcher
    from lback.core.config_manager import sync_settings_to_config
    from lback.core.config_manager import update_config
    from lback.core.dispatcher_instance import dispatcher
    from lback.core.error_handler import ErrorHandler
    from lback.core.exceptions import BadRequest
    from lback.core.exceptions import ConfigurationError
    from lback.core.exceptions import Forbidden
    from lback.core.exceptions import FrameworkException
    from lback.core.exceptions import HTTPException
    from lback.core.exceptions import MethodNotAllowed
    from lback.core.exceptions import NotFound
    from lback.core.exceptions import RouteNotFound
    from lback.core.exceptions import ServerError
    from lback.core.exceptions import Unauthorized
    from lback.core.exceptions import ValidationError
    from lback.core.logging_setup import setup_logging
    from lback.core.middleware_loader import create_middleware
    from lback.core.middleware_loader import import_class
    from lback.core.middleware_loader import load_middlewares_from_config
    from lback.core.middleware_manager import Middleware
    from lback.core.middleware_manager import MiddlewareManager
    from lback.core.response import HTMLResponse
    from lback.core.response import JSONResponse
    from lback.core.response import RedirectResponse
    from lback.core.response import Response
    from lback.core.router import Route
    from lback.core.router import Router
    from lback.core.server import initialize_core_components
    from lback.core.server import Server
    from lback.core.server import wsgi_application
    from lback.core.signals import SignalDispatcher
    from lback.core.templates import custom_uppercase
    from lback.core.templates import custom_url_tag
    from lback.core.templates import default_global_context
    from lback.core.templates import TemplateRenderer
    from lback.core.types import HTTPMethod
    from lback.core.types import IntegerConverter
    from lback.core.types import Request
    from lback.core.types import TypeConverter
    from lback.core.types import UploadedFile
    from lback.core.types import UUIDConverter
    from lback.core.urls_utils import Include
    from lback.core.wsgi_entry import create_wsgi_app

_HOMES = {
    "AppController": "lback.core.app_controller",
    "BadRequest": "lback.core.exceptions",
    "BaseMiddleware": "lback.core.base_middleware",
    "Cache": "lback.core.cache",
    "CacheItem": "lback.core.cache",
    "Config": "lback.core.config",
    "ConfigurationError": "lback.core.exceptions",
    "ErrorHandler": "lback.core.error_handler",
    "Forbidden": "lback.core.exceptions",
    "FrameworkException": "lback.core.exceptions",
    "HTMLResponse": "lback.core.response",
    "HTTPException": "lback.core.exceptions",
    "HTTPMethod": "lback.core.types",
    "Include": "lback.core.urls_utils",
    "IntegerConverter": "lback.core.types",
    "JSONResponse": "lback.core.response",
    "MethodNotAllowed": "lback.core.exceptions",
    "Middleware": "lback.core.middleware_manager",
    "MiddlewareManager": "lback.core.middleware_manager",
    "NotFound": "lback.core.exceptions",
    "RedirectResponse": "lback.core.response",
    "Request": "lback.core.types",
    "Response": "lback.core.response",
    "Route": "lback.core.router",
    "RouteNotFound": "lback.core.exceptions",
    "Router": "lback.core.router",
    "Server": "lback.core.server",
    "ServerError": "lback.core.exceptions",
    "SettingsFileHandler": "lback.core.config_manager",
    "SignalDispatcher": "lback.core.signals",
    "TemplateRenderer": "lback.core.templates",
    "TypeConverter": "lback.core.types",
    "UUIDConverter": "lback.core.types",
    "Unauthorized": "lback.core.exceptions",
    "UploadedFile": "lback.core.types",
    "ValidationError": "lback.core.exceptions",
    "create_middleware": "lback.core.middleware_loader",
    "create_wsgi_app": "lback.core.wsgi_entry",
    "custom_uppercase": "lback.core.templates",
    "custom_url_tag": "lback.core.templates",
    "default_global_context": "lback.core.templates",
    "dispatcher": "lback.core.dispatcher_instance",
    "get_project_root": "lback.core.config_manager",
    "import_class": "lback.core.middleware_loader",
    "initialize_core_components": "lback.core.server",
    "load_config": "lback.core.config_manager",
    "load_middlewares_from_config": "lback.core.middleware_loader",
    "load_settings_module": "lback.core.config_manager",
    "setup_logging": "lback.core.logging_setup",
    "start_settings_watcher": "lback.core.config_manager",
    "sync_settings_to_config": "lback.core.config_manager",
    "update_config": "lback.core.config_manager",
    "wsgi_application": "lback.core.server",
}

__all__ = [
    "AppController",
    "BadRequest",
    "BaseMiddleware",
    "Cache",
    "CacheItem",
    "Config",
    "ConfigurationError",
    "ErrorHandler",
    "Forbidden",
    "FrameworkException",
    "HTMLResponse",
    "HTTPException",
    "HTTPMethod",
    "Include",
    "IntegerConverter",
    "JSONResponse",
    "MethodNotAllowed",
    "Middleware",
    "MiddlewareManager",
    "NotFound",
    "RedirectResponse",
    "Request",
    "Response",
    "Route",
    "RouteNotFound",
    "Router",
    "Server",
    "ServerError",
    "SettingsFileHandler",
    "SignalDispatcher",
    "TemplateRenderer",
    "TypeConverter",
    "UUIDConverter",
    "Unauthorized",
    "UploadedFile",
    "ValidationError",
    "create_middleware",
    "create_wsgi_app",
    "custom_uppercase",
    "custom_url_tag",
    "default_global_context",
    "dispatcher",
    "get_project_root",
    "import_class",
    "initialize_core_components",
    "load_config",
    "load_middlewares_from_config",
    "load_settings_module",
    "setup_logging",
    "start_settings_watcher",
    "sync_settings_to_config",
    "update_config",
    "wsgi_application",
]


__getattr__, __dir__ = open_door(__name__, _HOMES)
