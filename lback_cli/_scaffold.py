"""Turn the templates into the files of a new project or app.

Nothing here touches the disk but to read the templates.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from pathlib import PurePosixPath
from string import Template
from typing import NamedTuple

import click

from lback_cli._fold import fold
from lback_cli._naming import check_name

SUFFIX = "-tpl"

# The template files have no leading dots, so that no tool skips them.
_DOTTED = frozenset({"env", "env.example", "gitignore", "gitkeep"})
_MODES = {".env": 0o600, "manage.py": 0o755}


class File(NamedTuple):
    """A file to be written: what is in it and who may do what with it."""

    text: str
    mode: int


Files = Mapping[PurePosixPath, File]


class TemplatesMissing(click.ClickException):
    """Lback is installed without its templates."""


class _Text(Template):
    """Text with ``@@{name}`` placeholders.

    The delimiter is one that Python, Jinja2, TOML and the shell have no use for.
    """

    delimiter = "@@"


def template_folder() -> Path:
    """Find the templates: in a checkout beside this package, else inside it.

    Raises:
        TemplatesMissing: They are in neither place.
    """
    package = Path(__file__).resolve().parent
    places = (package.parent / "project_template", package / "_project_template")
    for place in places:
        # NOTE: beside an installed package lie other people's packages.
        if (place / "project" / f"manage.py{SUFFIX}").is_file():
            return place
    raise TemplatesMissing(
        f"The templates are in neither {places[0]} nor {places[1]}. "
        "Install Lback again: pip install --force-reinstall lback"
    )


def render_folder(name: str, values: Mapping[str, str]) -> Files:
    """Render every template under the folder *name*, by the path it is for.

    Raises:
        KeyError: A template asks for a value that is not in *values*.
        ValueError: A template holds a broken placeholder.
    """
    folder = template_folder() / name
    sources = sorted(folder.rglob(f"*{SUFFIX}"))
    return dict(_render(source, folder, values) for source in sources)


def plan_project(name: str, around: Path) -> Files:
    """Return the files of a new project, with secrets of its own.

    Args:
        name: The project's name and that of its package.
        around: The folder it goes into; modules there do not count as installed.

    Raises:
        BadName: No project can have this name.
    """
    check_name(name, "project", around=(Path(), around))
    return render_folder(
        "project",
        {"project_name": name, "secret_key": secrets.token_urlsafe(48)},
    )


def _render(
    source: Path, folder: Path, values: Mapping[str, str]
) -> tuple[PurePosixPath, File]:
    pattern = source.relative_to(folder).as_posix().removesuffix(SUFFIX)
    path = PurePosixPath(_Text(pattern).substitute(values))
    if path.name in _DOTTED:
        path = path.with_name(f".{path.name}")
    text = _Text(source.read_text(encoding="utf-8")).substitute(values)
    if path.suffix == ".py":
        text = fold(text)
    return path, File(text, _MODES.get(path.name, 0o644))
