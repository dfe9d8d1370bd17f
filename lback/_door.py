"""Packages that offer names without importing what is behind them (PEP 562)."""

import importlib
import sys
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any


def open_door(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package.

    A name is imported from its home when it is first asked for, and stays.

    Args:
        package: The ``__name__`` of the package.
        homes: The names it offers, each with the module that defines it.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return load, names
