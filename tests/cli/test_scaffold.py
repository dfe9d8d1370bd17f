"""Templates become files, and files reach the disk all together or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from pathlib import PurePosixPath

import pytest

from lback_cli import _scaffold
from lback_cli._fold import fold_line
from lback_cli._scaffold import File
from lback_cli._scaffold import Files
from lback_cli._scaffold import plan_project
from lback_cli._scaffold import template_folder
from lback_cli._scaffold import TemplatesMissing
from lback_cli._writing import CannotWrite
from lback_cli._writing import Edit
from lback_cli._writing import write_app
from lback_cli._writing import write_project

Snapshot = Callable[[Path], dict[str, tuple[int, bytes]]]

FILES = {
    PurePosixPath("a.txt"): File("a", 0o644),
    PurePosixPath("deep/b.txt"): File("b", 0o600),
}


class Interrupted(Mapping[PurePosixPath, File]):
    """Files at whose last one somebody presses Ctrl-C."""

    def __getitem__(self, path: PurePosixPath) -> File:
        if path == list(FILES)[-1]:
            raise KeyboardInterrupt
        return FILES[path]

    def __iter__(self) -> Iterator[PurePosixPath]:
        return iter(FILES)

    def __len__(self) -> int:
        return len(FILES)


class Raced(Interrupted):
    """Files during whose writing somebody else writes too."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __getitem__(self, path: PurePosixPath) -> File:
        (self.target / "deep").mkdir(exist_ok=True)
        return FILES[path]


@pytest.fixture
def readonly() -> Iterator[Path]:
    """Return a folder that this process may not write to.

    Root may write anywhere, so that tests run by root become nobody for a while.
    """
    folder = Path(tempfile.mkdtemp(prefix="lback-test-readonly-"))
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with the two files that an app is wired into."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "settings.py").write_bytes(b"old settings")
    (folder / "urls.py").write_bytes(b"old urls")
    return folder


def names_in(folder: Path) -> set[str]:
    """Name what lies in *folder*."""
    return {entry.name for entry in folder.iterdir()}


def edits_of(project: Path) -> list[Edit]:
    """Return a change of each of the two files."""
    return [
        Edit(project / "settings.py", b"old settings", b"new settings"),
        Edit(project / "urls.py", b"old urls", b"new urls"),
    ]


def test_templates_are_found_in_the_checkout() -> None:
    """In a checkout the templates are those beside the package."""
    checkout = Path(__file__).parents[2]

    assert checkout / "project_template" == template_folder()


def test_templates_are_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installed, the templates lie in the package, whatever lies beside it."""
    package = tmp_path / "lback_cli"
    shutil.copytree(template_folder(), package / "_project_template")
    (tmp_path / "project_template").mkdir()
    monkeypatch.setattr(_scaffold, "__file__", str(package / "_scaffold.py"))

    assert package / "_project_template" == template_folder()


def test_missing_templates_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken installation says where the templates should be."""
    monkeypatch.setattr(_scaffold, "__file__", str(tmp_path / "x" / "_scaffold.py"))

    with pytest.raises(TemplatesMissing, match="Install Lback again"):
        template_folder()


@pytest.mark.parametrize("name", ["shop", "a" * 60, "a" * 70, "a" * 77, "a" * 100])
def test_planned_python_fits_the_line_where_it_can(name: str, tmp_path: Path) -> None:
    """Only lines that hold nothing but one long name are longer than 88."""
    files = plan_project(name, tmp_path)
    lines = [
        line
        for path, file in files.items()
        if path.suffix == ".py"
        for line in file.text.splitlines()
    ]

    assert [] == [line for line in lines if len(line.replace(name, "")) > 88]
    assert [] == [
        line
        for line in lines
        if len(line) > 88
        and line.count(", ") + line.count("(")
        and not line.endswith("import (")
    ]


@pytest.mark.parametrize(
    ("line", "folded"),
    [
        ("short(a, b)", "short(a, b)"),
        (
            f"from {'a' * 80} import x, y",
            f"from {'a' * 80} import (\n    x,\n    y,\n)",
        ),
        (
            f'    f("{"a" * 80}", g(1), {{"k": [3, 4]}}),',
            (
                f'    f(\n        "{"a" * 80}",\n'
                '        g(1),\n        {"k": [3, 4]},\n    ),'
            ),
        ),
        (f"class {'A' * 80}(Base):", f"class {'A' * 80}(\n    Base,\n):"),
        (f'name = "{"a" * 80}"', f'name = (\n    "{"a" * 80}"\n)'),
        (f'name = "{"a" * 83}"', f'name = "{"a" * 83}"'),
        (f"# {'a ' * 80}", f"# {'a ' * 80}"),
    ],
)
def test_long_line_is_folded(line: str, folded: str) -> None:
    """A line over 88 is folded as a formatter would, a shorter one stays."""
    assert folded == fold_line(line)


@pytest.mark.parametrize("target", ["new", "deep/er/new", "."])
def test_interrupted_writing_leaves_nothing(
    tmp_path: Path, snapshot: Snapshot, target: str
) -> None:
    """Ctrl-C in the middle leaves the disk as it was."""
    with pytest.raises(KeyboardInterrupt):
        write_project(Interrupted(), tmp_path / target)

    assert {} == snapshot(tmp_path)


def test_what_somebody_else_writes_meanwhile_is_kept(tmp_path: Path) -> None:
    """A folder that fills up during the writing gets nothing from us."""
    with pytest.raises(CannotWrite, match="is no longer empty: it has 'deep'"):
        write_project(Raced(tmp_path), tmp_path)

    assert {"deep"} == names_in(tmp_path)
    assert set() == names_in(tmp_path / "deep")


@pytest.mark.parametrize("target", ["new", "deep/new", "."])
def test_folder_without_write_access_is_one_sentence(
    readonly: Path, snapshot: Snapshot, target: str
) -> None:
    """Where nothing may be written the error says so, and nothing is."""
    with pytest.raises(CannotWrite, match="Permission denied"):
        write_project(FILES, readonly / target)

    assert {} == snapshot(readonly)


def test_unwritable_target_ends_with_1() -> None:
    """A target that is not free ends the program with 1."""
    assert 1 == CannotWrite("").exit_code


def test_app_and_edits_are_written_together(project: Path) -> None:
    """The app's folder and both changed files are there, and nothing else."""
    write_app(FILES, project / "app", edits_of(project))

    assert {"app", "settings.py", "urls.py"} == names_in(project)
    assert b"new settings" == (project / "settings.py").read_bytes()
    assert b"new urls" == (project / "urls.py").read_bytes()
    assert "b" == (project / "app" / "deep" / "b.txt").read_text()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o444])
def test_changed_file_keeps_its_mode(project: Path, mode: int) -> None:
    """Who may do what with settings.py is the same after wiring."""
    (project / "settings.py").chmod(mode)

    write_app(FILES, project / "app", edits_of(project))

    assert mode == (project / "settings.py").stat().st_mode & 0o7777


def test_linked_settings_stay_a_link(project: Path, tmp_path: Path) -> None:
    """A settings.py that is a link is changed where it leads."""
    (project / "settings.py").rename(tmp_path / "real.py")
    (project / "settings.py").symlink_to(tmp_path / "real.py")

    write_app(FILES, project / "app", edits_of(project))

    assert (project / "settings.py").is_symlink()
    assert b"new settings" == (tmp_path / "real.py").read_bytes()
    assert {"project", "real.py"} == names_in(tmp_path)


@pytest.mark.parametrize("changed", ["settings.py", "urls.py"])
def test_file_changed_meanwhile_is_kept(
    project: Path, snapshot: Snapshot, changed: str
) -> None:
    """If somebody saved a file since it was read, theirs stays and no app is made."""
    edits = edits_of(project)
    (project / changed).write_bytes(b"theirs")
    before = snapshot(project)

    with pytest.raises(CannotWrite, match="was changed by somebody else just now"):
        write_app(FILES, project / "app", edits)

    assert before == snapshot(project)


def test_failed_app_leaves_no_trace(project: Path, snapshot: Snapshot) -> None:
    """Ctrl-C while the app is written leaves the project as it was."""
    before = snapshot(project)

    with pytest.raises(KeyboardInterrupt):
        write_app(Interrupted(), project / "app", edits_of(project))

    assert before == snapshot(project)


def test_app_that_came_meanwhile_is_kept(project: Path, snapshot: Snapshot) -> None:
    """A folder that somebody made since the plan stays as it is."""
    (project / "app").mkdir()
    before = snapshot(project)

    with pytest.raises(CannotWrite, match="already exists"):
        write_app(FILES, project / "app", edits_of(project))

    assert before == snapshot(project)


def test_second_writer_waits_for_nobody(project: Path, snapshot: Snapshot) -> None:
    """While one run writes into a project, another one is refused."""
    (project / ".lback-new").mkdir()
    before = snapshot(project)

    with pytest.raises(CannotWrite, match="Another run is writing"):
        write_app(FILES, project / "app", edits_of(project))

    assert before == snapshot(project)


def test_leftovers_of_a_killed_run_do_no_harm(project: Path) -> None:
    """Copies that a killed run left beside a file are replaced, then removed."""
    (project / ".lback-new-new-settings.py").write_text("left")
    (project / ".lback-new-old-settings.py").write_text("left")

    write_app(FILES, project / "app", edits_of(project))

    assert {"app", "settings.py", "urls.py"} == names_in(project)
    assert b"new settings" == (project / "settings.py").read_bytes()


def test_render_refuses_an_unknown_placeholder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template that asks for a value nobody gives is an error, not a blank."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "manage.py-tpl").write_text("@@{nobody_knows}")
    monkeypatch.setattr(_scaffold, "template_folder", lambda: tmp_path)

    with pytest.raises(KeyError, match="nobody_knows"):
        _scaffold.render_folder("project", {"project_name": "shop"})


def test_other_languages_placeholders_survive() -> None:
    """What Jinja2, the shell and Python write with $, {{ and @ is left alone."""
    files: Files = plan_project("shop", Path.cwd())

    assert "$ lback startapp orders" in files[PurePosixPath("README.md")].text
