"""The migrations of one database: files that follow one another in one line.

They are read, not run, so asking what there is costs neither Alembic nor the imports
of old files.
"""

import ast
import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lback.core._near import did_you_mean
from lback.core.exceptions import MigrationError
from lback.core.exceptions import UnknownRevision

HEAD = "head"
ZERO = "zero"

Applied = Callable[[], str | None]

_SHOWN = 5


class Migration(NamedTuple):
    """One file.

    Attributes:
        revision: Its id.
        parent: The id of the one before; None for the first.
        path: The file.
        tree: Its syntax tree.
    """

    revision: str
    parent: str | None
    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """The file without its suffix, which begins with the date."""
        return self.path.stem

    def function(self, name: str) -> ast.FunctionDef | None:
        """Return ``upgrade`` or ``downgrade``, if the file has it."""
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        return None


class History:
    """Migrations in the order in which they are applied."""

    def __init__(self, folder: Path, migrations: Sequence[Migration] = ()) -> None:
        self.folder = folder
        self._migrations = tuple(migrations)
        self._positions = {m.revision: n for n, m in enumerate(self._migrations)}

    def __iter__(self) -> Iterator[Migration]:
        return iter(self._migrations)

    def __len__(self) -> int:
        return len(self._migrations)

    def __contains__(self, revision: object) -> bool:
        return revision in self._positions

    def __getitem__(self, revision: str) -> Migration:
        return self._migrations[self._positions[revision]]

    @property
    def head(self) -> Migration | None:
        """The last migration, if there is any."""
        return self._migrations[-1] if self._migrations else None

    def after(self, revision: str | None) -> tuple[Migration, ...]:
        """Return what follows *revision*; everything if that is None."""
        return self._migrations[self.count(revision) :]

    def until(self, revision: str | None) -> tuple[Migration, ...]:
        """Return everything up to and including *revision*."""
        return self._migrations[: self.count(revision)]

    def count(self, revision: str | None) -> int:
        """Count the migrations up to and including *revision*."""
        return 0 if revision is None else self._positions[revision] + 1

    def find(self, words: str) -> Migration:
        """Return the migration that is meant by an id, a name, or a part of one.

        Raises:
            UnknownRevision: There is none, or more than one.
        """
        wanted = words.removesuffix(".py")
        for choose in (
            lambda m: wanted in (m.revision, m.name),
            lambda m: m.revision.startswith(wanted) or m.name.startswith(wanted),
            lambda m: wanted in m.name,
        ):
            found = [m for m in self._migrations if choose(m)]
            if len(found) == 1:
                return found[0]
            if found:
                raise UnknownRevision(
                    f"{words!r} may be one of {len(found)} migrations: "
                    f"{_listed(m.name for m in found)}. Write more of the name."
                )
        names = [m.name for m in self._migrations]
        slugs = {re.sub(r"^[\d_]+_", "", name): name for name in names}
        known = {**slugs, **{m.revision: m.name for m in self}, **dict.fromkeys(names)}
        hint = did_you_mean(words, known)
        raise UnknownRevision(
            f"No migration in {self.folder} is called {words!r}.{hint} "
            "Run: lback showmigrations"
        )


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = ", ..." if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def read_history(folder: Path, applied: Applied | None = None) -> History:
    """Read the migrations in *folder*; a folder that is not there has none.

    Args:
        folder: Where they are.
        applied: Return the revision that their database is at. It is asked only if
            they have several heads, for which of them is to follow the other.

    Raises:
        MigrationError: A file cannot be read, or they do not form one line.
    """
    files = sorted(folder.glob("*.py")) if folder.is_dir() else []
    every = [_read(file) for file in files if file.name != "__init__.py"]
    by_id: dict[str, Migration] = {}
    for migration in every:
        twin = by_id.setdefault(migration.revision, migration)
        if twin is not migration:
            raise MigrationError(
                f"{twin.path} and {migration.path} have the same revision "
                f"{migration.revision!r}. Give one of them another, or remove it."
            )
    return History(folder, _in_line(every, by_id, applied))


def _in_line(
    every: Sequence[Migration],
    by_id: dict[str, Migration],
    applied: Applied | None,
) -> list[Migration]:
    """Return the migrations in order, from the one that has no parent."""
    children: dict[str | None, list[Migration]] = {}
    for migration in every:
        if migration.parent is not None and migration.parent not in by_id:
            raise MigrationError(
                f"{migration.path} follows {migration.parent!r}, but no file has that "
                "revision. Bring the file back, or correct down_revision."
            )
        children.setdefault(migration.parent, []).append(migration)
    line: list[Migration] = []
    last = None
    while last in children:
        first, *others = sorted(children[last], key=lambda m: m.revision)
        if others:
            at = applied() if applied is not None else None
            raise MigrationError(_fork(first, others[0], children, at))
        line.append(first)
        last = first.revision
    if len(line) < len(every):
        left = sorted({m.name for m in every} - {m.name for m in line})
        raise MigrationError(
            f"These migrations follow each other in a circle: {_listed(left)}. One of "
            "them has the wrong down_revision."
        )
    return line


def _fork(
    first: Migration,
    second: Migration,
    children: dict[str | None, list[Migration]],
    at: str | None,
) -> str:
    """Say where two migrations follow the same one, and what to write in which file."""
    one, other = first.path.name, second.path.name
    place = f"both follow {first.parent!r}" if first.parent else "are both the first"
    start = (
        f"The migrations have several heads: {one} and {other} in {first.path.parent} "
        f"{place}."
    )
    after_first = f'in {other}: down_revision = "{_branch(first, children)[-1]}"'
    after_second = f'in {one}: down_revision = "{_branch(second, children)[-1]}"'
    if at in _branch(first, children):
        return f"{start} The database has {one}, so write {after_first}"
    if at in _branch(second, children):
        return f"{start} The database has {other}, so write {after_second}"
    return f"{start} Write {after_first} (or, if a database has it, {after_second})"


def _branch(start: Migration, children: dict[str | None, list[Migration]]) -> list[str]:
    """Return the revisions from *start* on, as far as they are one line."""
    line = [start]
    while line[-1].revision in children:
        line.append(min(children[line[-1].revision], key=lambda m: m.revision))
    return [migration.revision for migration in line]


def _read(path: Path) -> Migration:
    """Read one file.

    Raises:
        MigrationError: It is no migration.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise MigrationError(
            f"{path}:{error.lineno} is no Python: {error.msg}."
        ) from error
    except (OSError, ValueError) as error:
        raise MigrationError(f"{path} cannot be read: {error}.") from error
    values = _assigned(tree)
    revision, parent = values.get("revision"), values.get("down_revision")
    if not isinstance(revision, str) or not revision:
        raise MigrationError(
            f'{path} names no revision, such as revision = "{path.stem[:15]}". '
            "Only migrations may be in this folder."
        )
    if isinstance(parent, tuple | list):
        raise MigrationError(
            f"{path} merges {' and '.join(map(repr, parent))}. Lback keeps migrations "
            "in one line: let one of these follow the other, and remove the merge."
        )
    if parent is not None and not isinstance(parent, str):
        raise MigrationError(f"{path} has a down_revision that is no text: {parent!r}.")
    return Migration(revision, parent, path, tree)


def _assigned(tree: ast.Module) -> dict[str, object]:
    """Return the plain values that a module assigns to names."""
    values: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                try:
                    values[target.id] = ast.literal_eval(value)
                except ValueError:  # made at run time
                    values[target.id] = ...
    return values
