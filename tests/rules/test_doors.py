"""Doors let names through and hold no logic."""

import ast
import importlib
from typing import Any

import pytest

import lback

DOORS = [
    "lback.core.dispatcher_instance",
    "lback.core.types",
    "lback.signals",
]

LAZY_DOORS = ["lback", "lback.core", "lback.db", "lback.testing"]


@pytest.mark.parametrize("name", DOORS)
def test_door_holds_imports_and_all(modules: list[Any], name: str) -> None:
    """A door is a docstring, imports and ``__all__``."""
    module = next(module for module in modules if module.name == name)
    kinds = {type(node) for node in module.tree.body[1:]}

    assert kinds <= {ast.ImportFrom, ast.Assign}
    assert ast.get_docstring(module.tree)


@pytest.mark.parametrize("name", [*DOORS, *LAZY_DOORS])
def test_all_is_what_the_door_offers(name: str) -> None:
    """Every name of ``__all__`` can be imported."""
    door = importlib.import_module(name)

    assert [] == [public for public in door.__all__ if not hasattr(door, public)]


@pytest.mark.parametrize("name", LAZY_DOORS)
def test_lazy_table_is_what_type_checkers_read(modules: list[Any], name: str) -> None:
    """The table of homes equals the imports that editors see."""
    module = next(module for module in modules if module.name == name)
    typed = {
        alias.name: node.module
        for block in module.tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert typed == importlib.import_module(name)._HOMES


def test_every_other_init_is_a_docstring(modules: list[Any]) -> None:
    """A package's ``__init__.py`` only says what the package is."""
    guilty = [
        module.name
        for module in modules
        if module.path.name == "__init__.py"
        and module.name not in {*LAZY_DOORS, *DOORS}
        and (len(module.tree.body) != 1 or not ast.get_docstring(module.tree))
    ]

    assert [] == guilty


def test_unknown_name_of_a_door_is_an_attribute_error() -> None:
    """A misspelt import fails the usual way."""
    with pytest.raises(AttributeError, match="Signall"):
        lback.Signall  # noqa: B018  # the attribute access is the test


def test_doors_list_their_names() -> None:
    """``dir(lback)`` shows what can be imported before anything is."""
    assert set(lback.__all__) <= set(dir(lback))
