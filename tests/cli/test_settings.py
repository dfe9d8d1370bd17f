"""`lback settings sync`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lback_cli.main import run

Lback = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(here: Path) -> Path:
    """Return a project's folder, which is the current one."""
    (here / "settings.py").write_text("A = 1\nB = ['x']\nAPI_TOKEN = 'canary-57a1'\n")
    return here


def test_sync_says_what_it_wrote(project: Path, lback: Lback) -> None:
    """Every name is listed with its value, secrets as references."""
    done = lback("settings", "sync")

    expected = [
        "added A = 1",
        'added API_TOKEN = {"$settings": "API_TOKEN"}',
        'added B = ["x"]',
        f"Wrote {project}/config.json.",
    ]
    assert expected == done.stdout.splitlines()


def test_sync_says_what_changed(project: Path, lback: Lback) -> None:
    """Changed and removed names are said as such."""
    lback("settings", "sync")
    (project / "settings.py").write_text("A = 2")

    done = lback("settings", "sync")

    expected = [
        "changed A = 2",
        "removed API_TOKEN",
        "removed B",
        f"Wrote {project}/config.json.",
    ]
    assert expected == done.stdout.splitlines()


def test_a_second_sync_says_that_nothing_changed(project: Path, lback: Lback) -> None:
    """Where config.json is up to date the command says so."""
    lback("settings", "sync")

    assert f"{project}/config.json is up to date.\n" == lback("settings", "sync").stdout


def test_sync_as_json(project: Path, lback: Lback) -> None:
    """With --json the result is one object."""
    done = lback("settings", "sync", "--json")

    expected = {
        "path": f"{project}/config.json",
        "written": True,
        "added": ["A", "API_TOKEN", "B"],
        "changed": [],
        "removed": [],
        "warnings": [],
    }
    assert expected == json.loads(done.stdout)


def test_sync_works_from_a_folder_below(
    project: Path, lback: Lback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project is found upward, and config.json is written beside settings.py."""
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")

    lback("settings", "sync")

    assert ["config.json"] == [path.name for path in project.rglob("config.json")]


def test_long_values_are_cut(project: Path, lback: Lback) -> None:
    """A long value takes one line of the terminal."""
    (project / "settings.py").write_text("A = 'x' * 1000")

    done = lback("settings", "sync")

    assert {"added A = " + '"' + "x" * 58 + "…"} < set(done.stdout.splitlines())


def test_warnings_are_on_standard_error(project: Path, lback: Lback) -> None:
    """A slip in a name is a warning, and the sync goes on."""
    (project / "settings.py").write_text("INSTALED_APPS = []")

    done = lback("settings", "sync")

    assert 0 == done.returncode
    assert "warning: settings.py:1: INSTALED_APPS is not a setting" in done.stderr


def test_broken_settings_are_one_sentence(project: Path, lback: Lback) -> None:
    """A broken settings.py ends the command with file, line and reason."""
    (project / "settings.py").write_text("A = (")

    done = lback("settings", "sync")

    expected = f"lback: {project}/settings.py:1: SyntaxError: '(' was never closed\n"
    assert (1, expected) == (done.returncode, done.stderr)


def test_a_broken_dotenv_is_one_sentence(project: Path, lback: Lback) -> None:
    """A broken line of .env ends the command with file and line."""
    (project / ".env").write_text("A=1\nSECRET_KEY foo\n")

    done = lback("settings", "sync")

    expected = (
        f"lback: {project}/.env:2: the line is not NAME=value. Mend it, or put a # "
        "before it.\n"
    )
    assert (1, expected) == (done.returncode, done.stderr)


def test_a_file_that_lost_its_end_is_accepted(project: Path, lback: Lback) -> None:
    """What a watcher takes for a half-written save is synced on command, and said."""
    lback("settings", "sync")
    (project / "settings.py").write_text("A = 1\n")

    done = lback("settings", "sync")

    assert {"removed API_TOKEN", "removed B"} < set(done.stdout.splitlines())
    assert "is only a beginning of the one that was synced last" in done.stderr


def test_outside_a_project_is_one_sentence(here: Path, lback: Lback) -> None:
    """Without a settings.py the command says what to do."""
    done = lback("settings", "sync")

    assert 1 == done.returncode
    assert "make a project with: lback startproject NAME" in done.stderr


def test_a_place_that_cannot_be_written_is_a_failure(
    project: Path, lback: Lback
) -> None:
    """The command fails if what it was asked to write could not be written."""
    (project / ".config.json.lock").mkdir()

    done = lback("settings", "sync")

    expected = f"lback: {project}/config.json cannot be written: Is a directory.\n"
    assert (1, expected) == (done.returncode, done.stderr)


def test_a_misspelt_subcommand_suggests_the_right_one() -> None:
    """`lback settings snyc` is a usage error."""
    assert 2 == run(["settings", "snyc"])
