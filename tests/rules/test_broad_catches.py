"""Errors are never swallowed: who may catch everything, and why."""

import ast
from collections.abc import Iterator
from typing import Any

# Function: why it may. Each re-raises, returns the error to its caller, or logs it.
ALLOWED = {
    "lback.compat._wrapped.asend_wrapped": "a receiver; logged, announced and returned",
    "lback.compat._wrapped.send_wrapped": "a receiver; logged, announced and returned",
    "lback.core._debug_values.attempt": "handed to the caller, who shows it",
    "lback.core.app_controller._end": "the request has its answer; logged",
    "lback.core.app_controller._run_after": "a response hook; logged and announced",
    "lback.core.app_controller.handle_request": "the error becomes the response",
    "lback.core.app_controller.refuse": "the error handler itself failed; logged",
    "lback.core.middleware_manager.process_request": "documented so; logged",
    "lback.core.middleware_manager.process_response": "documented so; logged",
    "lback.core.signals.asend": "a receiver; logged, announced and returned",
    "lback.core.signals.send": "a receiver; logged, announced and returned",
    "lback.core.wsgi_entry._answer_observed": "the error becomes the response",
    "lback.db._after_commit._amake": "a receiver; logged and announced by the caller",
    "lback.db._after_commit._make": "a receiver; logged and announced by the caller",
    "lback.devserver._handler.run_wsgi": "the application failed; logged, 500",
    "lback.devserver.worker.run": "told to the supervisor, which shows it",
    "lback_cli.main.run": "Lback's own are a sentence, all others are raised again",
}


def broad_catches(tree: ast.Module) -> Iterator[str]:
    """Yield the functions that catch every exception and do not raise one again."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if (
                isinstance(node, ast.ExceptHandler)
                and _is_broad(node)
                and not isinstance(node.body[-1], ast.Raise)
            ):
                yield function.name


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = [n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)]
    return not {"Exception", "BaseException"}.isdisjoint(names)


def test_only_listed_functions_catch_everything(modules: list[Any]) -> None:
    """A broad ``except`` that does not raise again stands in the list."""
    found = {
        f"{module.name}.{function}"
        for module in modules
        for function in broad_catches(module.tree)
    }

    assert set(ALLOWED) == found
