"""Decide whether a project or an app may have a name."""

import os
import sys
from collections.abc import Iterable
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.machinery import PathFinder
from itertools import chain
from keyword import iskeyword
from pathlib import Path
from typing import Any

import click

LONGEST = 100

# What a generated project calls its own files and folders, what the dev server does
# not watch, and what Python imports on its own: a package of that name would not work.
_USED = frozenset(
    {
        "conftest",
        "env",
        "lback",
        "lback_cli",
        "manage",
        "media",
        "node_modules",
        "settings",
        "sitecustomize",
        "static",
        "templates",
        "test",
        "tests",
        "usercustomize",
        "venv",
    }
)
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)


class BadName(click.UsageError):
    """A name that no project or app can have; exit code 2."""


def check_name(name: str, kind: str, *, around: Iterable[Path] = ()) -> None:
    """Refuse a *name* that cannot be a package of its own.

    Nothing is imported to find that out.

    Args:
        name: What the user typed.
        kind: ``"project"`` or ``"app"``, for the message.
        around: Folders whose modules do not count as installed although they may
            be on the import path: the current folder, the project's folder.

    Raises:
        BadName: The message says what is wrong and what would be right.
    """
    reason = next(chain(_misspelt(name), _taken(name, around)), None)
    if reason:
        shown = name if len(name) <= LONGEST else f"{name[:20]}..."
        raise BadName(f"The {kind} cannot be called {shown!a}: {reason}")


def class_prefix(name: str) -> str:
    """Turn a package's name into the start of a class name.

    ``order_items`` becomes ``OrderItems``.
    """
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _misspelt(name: str) -> Iterator[str]:
    """Say what is wrong with the characters of *name*, the plainest reason first."""
    if not name:
        yield "it is empty. Give it one, such as shop."
    if len(name) > LONGEST:
        yield f"it has {len(name)} characters. Use at most {LONGEST}."
    if not name.isascii():
        yield "some of its characters are not ASCII. Use a-z, 0-9 and _."
    if not name.isidentifier():
        yield (
            "it is not a Python identifier. Use letters, digits and _, and start "
            "with a letter, such as shop."
        )
    if name.startswith("_"):
        yield "it starts with an underscore. Start with a letter, such as shop."
    if iskeyword(name):
        yield "it is a keyword of Python. Choose another, such as the plural."


def _taken(name: str, around: Iterable[Path]) -> Iterator[str]:
    """Say who has *name* already."""
    if name.casefold() in _DEVICES:
        yield "it is the name of a device on Windows. Choose another."
    if name.casefold() in _USED:
        yield "a project needs that name itself. Choose another."
    if name in sys.stdlib_module_names:
        yield "it is a module of Python's standard library. Choose another."
    if _is_installed(name, around):
        yield "an installed module has that name. Choose another."


def _is_installed(name: str, around: Iterable[Path]) -> bool:
    """Tell whether ``import name`` would find something outside *around*."""
    try:
        ours = {os.path.realpath(folder) for folder in around}
    except FileNotFoundError:
        raise click.ClickException(
            "The current folder was removed. Go to one that exists and try again."
        ) from None
    path = [entry for entry in sys.path if os.path.realpath(entry) not in ours]
    for finder in sys.meta_path:
        # NOTE: the path finder alone looks along sys.path, where the current folder
        # may be; the others know what was installed by other means.
        spec = _found(finder, name, path if finder is PathFinder else None)
        if spec is not None and (spec.origin is not None or _is_shared(spec)):
            return True
    return False


def _found(finder: Any, name: str, path: list[str] | None) -> ModuleSpec | None:
    find = getattr(finder, "find_spec", None)
    spec: ModuleSpec | None = find(name, path) if find else None
    return spec


def _is_shared(spec: ModuleSpec) -> bool:
    """Tell whether a package without ``__init__`` was installed.

    Any folder beside an installed checkout looks like one.
    """
    folders = spec.submodule_search_locations or ()
    return any(
        Path(folder).parent.name in {"site-packages", "dist-packages"}
        for folder in folders
    )
