"""Add an app to a project's settings and urls, leaving everything else as it is.

The files are parsed, never run, and changed by inserting text at positions that the
syntax tree gives. The result is parsed again: it must be the old tree plus exactly
what was added.
"""

import ast
from collections.abc import Sequence
from pathlib import Path

from lback_cli._splice import Insertion
from lback_cli._splice import parse
from lback_cli._splice import Source
from lback_cli._splice import targets
from lback_cli._splice import texts
from lback_cli._splice import UnusualShape

_DOORS = ("lback", "lback.core.urls_utils")


def add_installed_app(source: bytes, app: str) -> bytes:
    """Return *source* with *app* at the end of ``INSTALLED_APPS``.

    If it is there already, the source comes back unchanged.

    Raises:
        UnusualShape: ``INSTALLED_APPS`` is not one plain list or tuple.
    """
    text = Source(source)
    literals = text.literals("INSTALLED_APPS")
    known = (value for literal in literals for value in texts(literal.elts))
    if any(_names_app(value, app) for value in known):
        return source
    literal = literals[0]
    insertions = text.append(literal, f'"{app}"')
    literal.elts.append(ast.Constant(app))
    return text.spliced(insertions)


def add_include(source: bytes, app: str) -> bytes:
    """Return *source* with the urls of *app* included, and ``include`` imported.

    If they are there already, the source comes back unchanged.

    Raises:
        UnusualShape: ``urlpatterns`` is not one plain list or tuple, or the name
            ``include`` means something else in this file.
    """
    text = Source(source)
    literals = text.literals("urlpatterns")
    if any(_includes(entry, app) for known in literals for entry in known.elts):
        return source
    literal = literals[0]
    entry = include_line(app)
    insertions = text.append(literal, entry) + _import_include(text)
    literal.elts.append(ast.parse(entry, mode="eval").body)
    return text.spliced(insertions)


def include_line(app: str) -> str:
    """Return the entry of ``urlpatterns`` that mounts *app*."""
    return f'include("{app}.urls", prefix="/{app}")'


def project_package(settings: bytes) -> str | None:
    """Return the package that ``ROOT_URLCONF`` lies in, if a plain text says so."""
    try:
        tree = parse(settings)
    except UnusualShape:
        return None
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name("ROOT_URLCONF")], value=value)
                | ast.AnnAssign(target=ast.Name("ROOT_URLCONF"), value=value)
            ) if isinstance(value, ast.Constant) and isinstance(value.value, str):
                package, _, module = value.value.rpartition(".")
                parts = package.split(".")
                is_package = all(part.isidentifier() for part in parts)
                return package if module == "urls" and is_package else None
    return None


def has_databases(settings: bytes) -> bool:
    """Tell whether a project has a database, as far as its settings can be read.

    Settings that import everything from elsewhere, or that cannot be parsed, may have
    one, and so they count.
    """
    try:
        body = parse(settings).body
    except UnusualShape:
        return True
    values = [
        node.value
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "DATABASES" in targets(node)
    ]
    if values:
        return not (isinstance(values[-1], ast.Dict) and not values[-1].keys)
    imports = [node for node in body if isinstance(node, ast.ImportFrom)]
    return any(name.name == "*" for node in imports for name in node.names)


def declared_names(module: Path) -> set[str]:
    """Name what *module* assigns at its top level; none if it cannot be parsed."""
    try:
        tree = parse(module.read_bytes())
    except (OSError, UnusualShape):
        return set()
    found = (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign))
    return {name for node in found for name in targets(node)}


def _names_app(value: str, app: str) -> bool:
    """Tell whether an entry of INSTALLED_APPS is *app* or a config class of it."""
    return value == app or value.startswith(f"{app}.apps.")


def _includes(entry: ast.expr, app: str) -> bool:
    """Tell whether an entry of urlpatterns mounts the urls of *app*."""
    match entry:
        case ast.Call(func=ast.Name("include"), args=[ast.Constant(value), *_]):
            return bool(value == f"{app}.urls")
        case ast.Call(func=ast.Name("include"), keywords=keywords):
            return any(
                keyword.arg == "module_path"
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value == f"{app}.urls"
                for keyword in keywords
            )
    return False


def _import_include(text: Source) -> list[Insertion]:
    """Say what to insert so that ``include`` is Lback's; change the tree likewise."""
    imports = [node for node in text.tree.body if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if node.module in _DOORS and not node.level]
    if any(_brings_include(node) for node in ours):
        return []
    if any(_binds_include(node) for node in ast.walk(text.tree)):
        raise UnusualShape("include is the name of something else there")
    if len(ours) == 1 or any(len(node.names) > 1 for node in ours):
        return [_extend_import(text, max(ours, key=lambda node: len(node.names)))]
    return [_new_import(text, ours)]


def _brings_include(node: ast.ImportFrom) -> bool:
    names = {(name.name, name.asname or name.name) for name in node.names}
    return not names.isdisjoint({("include", "include"), ("*", "*")})


def _binds_include(node: ast.AST) -> bool:
    match node:
        case ast.FunctionDef(name="include") | ast.ClassDef(name="include"):
            return True
        case ast.alias(name="include", asname=None) | ast.alias(asname="include"):
            return True
        case ast.Name("include", ast.Store()):
            return True
    return False


def _extend_import(text: Source, node: ast.ImportFrom) -> Insertion:
    """Put ``include`` among the names of *node*, where sorting them would."""
    names = [name.name for name in node.names]
    after = [n for n, name in enumerate(names) if name.islower() and name > "include"]
    index = after[0] if after else len(names)
    neighbour = node.names[min(index, len(names) - 1)]
    node.names.insert(index, ast.alias("include"))
    own_line = not text.body[
        text.line_start(text.start(neighbour)) : text.start(neighbour)
    ].strip()
    gap = text.newline() + text.indent(text.start(neighbour)) if own_line else " "
    if after:
        return Insertion(text.start(neighbour), f"include,{gap}")
    return Insertion(text.end(neighbour), f",{gap}include")


def _new_import(text: Source, ours: Sequence[ast.ImportFrom]) -> Insertion:
    """Import ``include`` on a line of its own, beside what else comes from Lback."""
    new = ast.ImportFrom("lback", [ast.alias("include")], 0)
    line = f"from lback import include{text.newline()}"
    later = [node for node in ours if node.names[0].name > "include"]
    if ours:
        node = later[0] if later else ours[-1]
        text.tree.body.insert(text.tree.body.index(node) + (not later), new)
        place = text.starts[(node.lineno - 1) if later else (node.end_lineno or 0)]
        return Insertion(place, line)
    return _import_first(text, new, line)


def _import_first(text: Source, new: ast.ImportFrom, line: str) -> Insertion:
    """Put the import *line* after docstring and ``__future__``, before all else."""
    index = 0
    for node in text.tree.body:
        is_docstring = index == 0 and ast.get_docstring(text.tree, clean=False)
        if not is_docstring and not _is_future(node):
            break
        index += 1
    body, newline = text.tree.body, text.newline()
    if index:
        before = Insertion(text.starts[body[index - 1].end_lineno or 0], newline + line)
    else:
        before = Insertion(text.starts[body[0].lineno - 1], line + newline)
    body.insert(index, new)
    return before


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
