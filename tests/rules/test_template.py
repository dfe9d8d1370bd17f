"""The templates of projects and apps."""

from pathlib import Path

import pytest

from lback_cli._scaffold import render_folder
from lback_cli._scaffold import template_folder

VALUES = {
    "app_class": "Orders",
    "app_name": "orders",
    "project_name": "shop",
    "secret_key": "s" * 64,
}
TEMPLATES = sorted(path for path in template_folder().rglob("*") if path.is_file())
FOLDERS = sorted(path.name for path in template_folder().iterdir())
RENDERED = [
    (folder, path, file.text)
    for folder in FOLDERS
    for path, file in render_folder(folder, VALUES).items()
]


def test_folders_are_the_known_ones() -> None:
    """There is a skeleton for a project, one for an app, and its variant."""
    assert ["app", "app_in_project", "project"] == FOLDERS


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_template_ends_in_tpl(template: Path) -> None:
    """No tool takes a template for the file that it will be."""
    assert template.name.endswith("-tpl")


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_template_has_no_leading_dot(template: Path) -> None:
    """No tool skips a template because it is hidden."""
    parts = template.relative_to(template_folder()).parts

    assert [] == [part for part in parts if part.startswith(".")]


def test_every_template_is_rendered() -> None:
    """Nothing in the template folder is forgotten."""
    assert len(TEMPLATES) == len(RENDERED)


@pytest.mark.parametrize(
    ("path", "text"),
    [(str(path), text) for _, path, text in RENDERED],
)
def test_rendered_template_has_no_placeholder_left(path: str, text: str) -> None:
    """Every placeholder is replaced, in the paths too."""
    assert "@@" not in path
    assert "@@" not in text


@pytest.mark.parametrize(
    ("path", "text"),
    [(str(path), text) for _, path, text in RENDERED if path.suffix == ".py"],
)
def test_rendered_python_compiles(path: str, text: str) -> None:
    """Every Python file of a new project or app is valid Python."""
    code = compile(text, path, "exec", dont_inherit=True)

    assert path == code.co_filename
