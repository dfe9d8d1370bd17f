"""The Python files in which signals are looked for."""

import ast
import os
import re
import warnings
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple

_INIT = "__init__.py"
_BUILT = {"build", "dist"}


class Role(Enum):
    """What a file is to the project."""

    PROJECT = "its own code, in which mistakes are told"
    OTHER = "somebody else's code, or old: it counts, but nobody will change it"
    TEST = "a test: what it does, the running project does not"
    FRAMEWORK = "Lback itself"


class Folder(NamedTuple):
    """A folder of modules.

    Attributes:
        path: Where it is.
        package: The dotted name of the package that it is, or an empty string.
        role: What its files are to the project, tests and migrations apart.
    """

    path: Path
    package: str = ""
    role: Role = Role.PROJECT


class Source(NamedTuple):
    """A file that could be read.

    Attributes:
        module: Its dotted name.
        file: Its path.
        tree: Its syntax tree.
        role: What it is to the project.
    """

    module: str
    file: str
    tree: ast.Module
    role: Role = Role.PROJECT

    @property
    def is_package(self) -> bool:
        """Whether it is the file of a package itself."""
        return Path(self.file).name == _INIT


class Unread(NamedTuple):
    """A file that could not be read.

    Attributes:
        file: Its path.
        line: The line at which reading failed, or 1.
        reason: Why, in a few words.
        words: Every word in it, by which it may still mean a signal.
    """

    file: str
    line: int
    reason: str
    words: frozenset[str]


class Files(NamedTuple):
    """The files of a project.

    Attributes:
        sources: Those that could be read.
        unread: Those that could not.
    """

    sources: list[Source]
    unread: list[Unread]


def read_files(folders: Iterable[Folder], loaded: Mapping[str, str]) -> Files:
    """Read every Python file below *folders*, each once; nothing of them is run.

    Virtual environments, hidden folders and folders of files to serve are passed
    over.

    Args:
        folders: Where to look; the first one that has a file names its module.
        loaded: The names of the loaded modules by file, which go before.
    """
    files = Files([], [])
    seen: set[str] = set()
    for folder in folders:
        for file, module in sorted(_modules_in(folder)):
            if file in seen:
                continue
            seen.add(file)
            name = loaded.get(file, module)
            role = _role(name, folder.role, is_loaded=file in loaded)
            found = _read(file, name, role)
            if isinstance(found, Unread):
                files.unread.append(found)
            elif found is not None:
                files.sources.append(found)
    return files


def _modules_in(folder: Folder) -> Iterator[tuple[str, str]]:
    """Yield every Python file below a folder with the dotted name of its module."""
    from lback.devserver._folders import walk

    root = os.path.realpath(folder.path)
    for inner, entries in walk(Path(root)):
        steps = Path(inner).relative_to(root).parts
        parts = [folder.package, *steps] if folder.package else list(steps)
        for entry in entries:
            if entry.name.endswith(".py") and entry.is_file():
                last = [] if entry.name == _INIT else [entry.name.removesuffix(".py")]
                yield entry.path, ".".join([*parts, *last])


def _role(module: str, usual: Role, *, is_loaded: bool) -> Role:
    from lback.core._declaration import is_test

    parts = module.split(".")
    if usual is Role.FRAMEWORK:
        return usual
    if is_test(module):
        return Role.TEST
    # NOTE: a migration is as old as the payload that it was written for, and what a
    # build has left behind is as old as the build.
    is_old = "migrations" in parts or (parts[0] in _BUILT and not is_loaded)
    return Role.OTHER if is_old else usual


def _read(file: str, module: str, role: Role) -> Source | Unread | None:
    """Read a file; None for one of Lback that has nothing to do with signals."""
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        return Unread(file, 1, str(error.strerror), frozenset())
    if role is Role.FRAMEWORK and b"ignal" not in content and b"send(" not in content:
        return None
    try:
        with warnings.catch_warnings():
            # NOTE: an odd escape in a file is the business of whoever imports it.
            warnings.simplefilter("ignore")
            return Source(module, file, ast.parse(content), role)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line, reason = 1, str(error) or type(error).__name__
        if isinstance(error, SyntaxError):
            line, reason = error.lineno or 1, error.msg
        words = re.findall(r"\w+", content.decode("utf-8", "replace"))
        return Unread(file, line, reason, frozenset(words))
