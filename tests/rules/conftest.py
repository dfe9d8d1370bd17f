"""What the rules look at: the modules of the two packages, without running them."""

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

import lback
import lback_cli


class Module(NamedTuple):
    """A source file of a package.

    Attributes:
        name: Its dotted name.
        path: Where it is.
        tree: Its syntax tree.
    """

    name: str
    path: Path
    tree: ast.Module


def _modules() -> list[Module]:
    found = []
    for package in (lback, lback_cli):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            parts = (package.__name__, *path.relative_to(root).with_suffix("").parts)
            name = ".".join(part for part in parts if part != "__init__")
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found.append(Module(name, path, tree))
    return found


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Return every module of both packages."""
    return _modules()
