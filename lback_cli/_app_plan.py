"""Decide what ``lback startapp`` will write and change."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lback_cli._naming import BadName
from lback_cli._naming import check_name
from lback_cli._naming import class_prefix
from lback_cli._scaffold import Files
from lback_cli._scaffold import render_folder
from lback_cli._splice import UnusualShape
from lback_cli._wiring import add_include
from lback_cli._wiring import add_installed_app
from lback_cli._wiring import declared_names
from lback_cli._wiring import has_databases
from lback_cli._wiring import include_line
from lback_cli._wiring import project_package
from lback_cli._writing import CannotWrite
from lback_cli._writing import Edit

# What makes the table of the app's model.
_NEXT = ("  lback makemigrations", "  lback migrate")

# What gives a project a database; new projects have it.
_DATABASES = 'DATABASES = {"default": "sqlite:///db.sqlite3"}'

# What a file of the project has to end in to be a module.
_MODULES = frozenset({".py", ".pyd", ".pyw", ".so"})


class ByHand(NamedTuple):
    """Lines that the user has to add, and why nobody did it for them."""

    where: str
    lines: Sequence[str]
    reason: str


class AppPlan(NamedTuple):
    """A new app: its folder, its files, and how the project learns of it.

    Attributes:
        folder: The app's folder in that of the project.
        files: What is written into it.
        edits: How files of the project change.
        by_hand: What the user has to change.
        has_database: Whether the project has a database for the app's model.
    """

    folder: Path
    files: Files
    edits: Sequence[Edit]
    by_hand: Sequence[ByHand]
    has_database: bool

    def report(self, *, done: bool) -> Iterator[str]:
        """Say what was done, or what would be."""
        name, root = self.folder.name, self.folder.parent
        changed = [edit.path.relative_to(root).as_posix() for edit in self.edits]
        if done:
            yield f"Created {name} ({len(self.files)} files)."
            if changed:
                yield f"Wired it into {' and '.join(changed)}."
        else:
            yield from (f"Would create {name}/{path}" for path in self.files)
            for edit, path in zip(self.edits, changed, strict=True):
                yield f"Would change {path}:"
                yield from (f"    {line}" for line in _added_lines(edit))
        for left in self.by_hand:
            yield f"{left.where} is left as it is: {left.reason}. To wire the app, add:"
            yield from (f"    {line}" for line in left.lines)
        if not self.has_database:
            yield "The project has no database for the app's model. Add to settings.py:"
            yield f"    {_DATABASES}"
        if done:
            yield from ("The app's model needs a table. Next:", "", *_NEXT)


def plan_app(name: str, root: Path, *, wire: bool) -> AppPlan:
    """Plan the app *name* of the project in *root*; nothing of it is run.

    Args:
        name: The app's name and that of its package.
        root: The project's folder.
        wire: Whether settings and urls are to be changed.

    Raises:
        BadName: No app of this project can have this name.
        CannotWrite: The app is there already.
    """
    check_name(name, "app", around=(Path(), root))
    _refuse_known(name, root)
    settings = _read(root / "settings.py")
    package = project_package(settings)
    files = _files(name, root, package if wire else None)
    urls = _folder(root, package) / "urls.py" if package else None
    is_ready = has_databases(settings)
    if not wire:
        reason = "--no-wire was given"
        left = [_app_by_hand(name, reason), _urls_by_hand(name, urls, reason)]
        return AppPlan(root / name, files, [], left, is_ready)
    edits: list[Edit] = []
    left = []
    try:
        edits += _edit(root / "settings.py", name, add_installed_app)
    except UnusualShape as error:
        left.append(_app_by_hand(name, str(error)))
    try:
        edits += _edit(_known(urls), name, add_include)
    except UnusualShape as error:
        left.append(_urls_by_hand(name, urls, str(error)))
    return AppPlan(root / name, files, edits, left, is_ready)


def _added_lines(edit: Edit) -> Iterator[str]:
    """Show the lines of *edit* that are new or other than before."""
    from difflib import ndiff

    before, after = (
        text.decode("utf-8-sig").splitlines() for text in (edit.before, edit.after)
    )
    return (line for line in ndiff(before, after) if line.startswith(("+", "-")))


def _refuse_known(name: str, root: Path) -> None:
    """Refuse a name that a module or folder of the project has already."""
    for entry in sorted(root.iterdir()):
        if name.casefold() != entry.name.partition(".")[0].casefold():
            continue
        if not entry.is_dir() and entry.suffix not in _MODULES:
            continue
        if (root / name / "apps.py").is_file():
            raise CannotWrite(f"The app {name!r} already exists. Nothing was changed.")
        raise BadName(
            f"The app cannot be called {name!r}: the project has "
            f"{entry.name!r} already. Choose another."
        )


def _files(name: str, root: Path, package: str | None) -> Files:
    values = {
        "app_name": name,
        "app_class": class_prefix(name),
        "project_name": package or "",
    }
    files = dict(render_folder("app", values))
    if package and _has_example(_folder(root, package)):
        files.update(render_folder("app_in_project", values))
    return files


def _folder(root: Path, package: str) -> Path:
    """Return the folder of a dotted *package* of the project in *root*."""
    return root.joinpath(*package.split("."))


def _has_example(package: Path) -> bool:
    """Tell whether *package* still declares what ``startproject`` gave it."""
    return "page_opened" in declared_names(
        package / "signals.py"
    ) and "application" in declared_names(package / "wsgi.py")


def _known(urls: Path | None) -> Path:
    if urls is None or not urls.is_file():
        raise UnusualShape("ROOT_URLCONF in settings.py does not lead to it")
    return urls


def _edit(
    path: Path, name: str, change: Callable[[bytes, str], bytes]
) -> Sequence[Edit]:
    before = _read(path)
    after = change(before, name)
    return [Edit(path, before, after)] if after != before else []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotWrite(f"Could not read {path}: {error.strerror}.") from error


def _app_by_hand(name: str, reason: str) -> ByHand:
    return ByHand(
        "settings.py", [f'INSTALLED_APPS = [*INSTALLED_APPS, "{name}"]'], reason
    )


def _urls_by_hand(name: str, urls: Path | None, reason: str) -> ByHand:
    where = f"{urls.parent.name}/urls.py" if urls else "The project's urls.py"
    entry = include_line(name)
    lines = ["from lback import include", f"urlpatterns = [*urlpatterns, {entry}]"]
    return ByHand(where, lines, reason)
