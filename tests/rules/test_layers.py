"""Imports point down: a module uses its own layer and those below."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest

# From the bottom to the top. A module of a layer may import from it and from those
# above it in this table. "x.*" stands for the modules of the package x.
LAYERS: list[set[str]] = [
    # words
    {
        "lback",
        "lback._door",
        "lback.core",
        "lback.core._fork",
        "lback.core._near",
        "lback.core._ref",
        "lback.core._unit_of_work",
        "lback.core.exceptions",
    },
    # signals
    {
        "lback.compat.*",
        "lback.core._async_bridge",
        "lback.core._cell",
        "lback.core._connectable",
        "lback.core._connecting",
        "lback.core._declaration",
        "lback.core._field_types",
        "lback.core._freezing",
        "lback.core._later",
        "lback.core._muting",
        "lback.core._observers",
        "lback.core._parameters",
        "lback.core._plan",
        "lback.core._sending",
        "lback.core._payload",
        "lback.core._receiver_order",
        "lback.core._receivers",
        "lback.core._registry",
        "lback.core._results",
        "lback.core._signal_depth",
        "lback.core.catalogue",
        "lback.core.dispatcher_instance",
        "lback.core.signals",
        "lback.signals",
    },
    # values
    {
        "lback.core._accept",
        "lback.core._admission",
        "lback.core._blame",
        "lback.core._cache_announcing",
        "lback.core._cache_calls",
        "lback.core._cache_checks",
        "lback.core._cache_computation",
        "lback.core._cache_store",
        "lback.core._converters",
        "lback.core._cookies",
        "lback.core._database_uri",
        "lback.core._fields",
        "lback.core._hosts",
        "lback.core._http",
        "lback.core._json",
        "lback.core._json_body",
        "lback.core._multipart",
        "lback.core._proxies",
        "lback.core._request",
        "lback.core._request_body",
        "lback.core._request_headers",
        "lback.core._response_headers",
        "lback.core._secrets",
        "lback.core._settings_checks",
        "lback.core._settings_cut",
        "lback.core._settings_known",
        "lback.core._settings_layers",
        "lback.core._settings_snapshot",
        "lback.core._settings_source",
        "lback.core._settings_values",
        "lback.core._uploads",
        "lback.core._urlencoded",
        "lback.core.cache",
        "lback.core.config",
        "lback.core.files",
        "lback.core.logging_setup",
        "lback.core.response",
        "lback.core.streaming",
        "lback.core.types",
    },
    # mechanisms
    {
        "lback.core._matcher",
        "lback.core._pattern",
        "lback.core._template_rows",
        "lback.core._views",
        "lback.core.base_middleware",
        "lback.core.middleware_manager",
        "lback.core.router",
        "lback.core.shortcuts",
        "lback.core.templates",
        "lback.core.urls_utils",
        "lback.db.*",
        "lback.middlewares.*",
    },
    # wiring
    {
        "lback.apps",
        "lback.core._checks",
        "lback.core._config_file",
        "lback.core._debug_frames",
        "lback.core._debug_gate",
        "lback.core._debug_html",
        "lback.core._debug_page",
        "lback.core._debug_report",
        "lback.core._debug_request",
        "lback.core._near_routes",
        "lback.core._debug_text",
        "lback.core._debug_values",
        "lback.core._error_pages",
        "lback.core._settings_judge",
        "lback.core._settings_load",
        "lback.core._settings_sync",
        "lback.core._settings_watcher",
        "lback.core._startup",
        "lback.core.app_controller",
        "lback.core.config_manager",
        "lback.core.error_handler",
        "lback.core.middleware_loader",
        "lback.migrations.*",
        "lback.welcome",
    },
    # edges
    {
        "lback.core.server",
        "lback.core.wsgi_entry",
        "lback.devserver.*",
        "lback.testing.*",
    },
    # the command line
    {"lback_cli.*"},
]

# An import upward inside a function, each with its reason.
ALLOWED_UPWARD = {
    # The composition root returns the finished application.
    ("lback.core._startup", "lback.core.wsgi_entry"),
    # The documented names of the values reach their file-handling neighbours.
    ("lback", "lback.apps"),
}


def layer_of(name: str) -> int:
    """Return the number of the layer that *name* stands in."""
    for number, layer in enumerate(LAYERS):
        if name in layer:
            return number
        if any(
            name.startswith(p[:-1]) or name == p[:-2] for p in layer if p[-1] == "*"
        ):
            return number
    pytest.fail(f"{name} stands in no layer. Put it into LAYERS.")


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of ours that *tree* imports, in functions too."""
    hidden = {id(n) for block in _type_checking(tree) for n in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("lback"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "lback"
        ):
            yield str(node.module)


def _type_checking(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield node


def test_imports_point_down(modules: list[Any]) -> None:
    """No module imports, at its top or in a function, from a layer above its own."""
    upward = {
        (module.name, imported)
        for module in modules
        for imported in imports_of(module.tree)
        if layer_of(imported) > layer_of(module.name)
    }

    assert set() == upward - ALLOWED_UPWARD


def test_the_table_names_only_what_is_there(modules: list[Any]) -> None:
    """A module that is gone leaves the table, too."""
    names = {module.name for module in modules}
    listed = {name for layer in LAYERS for name in layer if name[-1] != "*"}

    assert set() == listed - names


def test_runtime_never_imports_the_command_line(modules: list[Any]) -> None:
    """``lback`` works without ``lback_cli``."""
    guilty = [
        module.name
        for module in modules
        if module.name.split(".")[0] == "lback"
        for imported in imports_of(module.tree)
        if imported.split(".")[0] == "lback_cli"
    ]

    assert [] == guilty


def test_command_line_imports_the_runtime_only_in_functions(modules: list[Any]) -> None:
    """At the top of its modules the command line imports itself and click."""
    guilty = [
        (module.name, ast.unparse(node))
        for module in modules
        if module.name.split(".")[0] == "lback_cli"
        for node in module.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ast.unparse(node).split()[1:2]
        if name.split(".")[0] == "lback"
    ]

    assert [] == guilty


def test_framework_sends_signals_of_the_catalogue(modules: list[Any]) -> None:
    """Nobody below the wiring uses the process-wide dispatcher."""
    guilty = [
        module.name
        for module in modules
        if layer_of(module.name) < 4
        and module.name
        not in {"lback.core.dispatcher_instance", "lback.core.catalogue"}
        and "lback.core.dispatcher_instance" in imports_of(module.tree)
    ]

    assert [] == guilty
