"""What the child that judges a settings.py finds out, looked at in this process."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lback.core._settings_judge import judge
from lback.core._settings_judge import verdict_on
from lback.core.exceptions import SettingsNotFound


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = {n: m for n, m in sys.modules.items() if n.startswith("settings")}
    yield
    for name in [name for name in sys.modules if name.startswith("settings")]:
        del sys.modules[name]
    sys.modules.update(before)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Return where a settings.py may be written."""
    return tmp_path / "settings.py"


def test_a_verdict_has_the_values(settings: Path) -> None:
    """A good file gives its values, references in the place of secrets."""
    settings.write_text("A = 1\nAPI_TOKEN = 'x'")

    expected = {"A": 1, "API_TOKEN": {"$settings": "API_TOKEN"}}
    assert expected == verdict_on(settings).values


def test_a_verdict_has_the_files(settings: Path) -> None:
    """The files are settings.py, what it imports of the project, and .env."""
    settings.write_text("from .base import *")
    settings.with_name("base.py").write_text("A = 1")
    settings.with_name(".env").write_text("B=1")

    names = [Path(file).name for file in verdict_on(settings).files]
    assert ["settings.py", "base.py", ".env"] == names


def test_a_verdict_has_the_warnings(settings: Path) -> None:
    """Slips and values that JSON cannot hold are warnings."""
    settings.write_text("F = len\nINSTALED_APPS = []")

    slip, left_out = verdict_on(settings).warnings
    assert "mean INSTALLED_APPS?" in slip
    assert left_out.startswith("F is a builtin_function_or_method")


def test_a_verdict_has_the_error(settings: Path) -> None:
    """A broken file gives the reason instead of values."""
    settings.write_text("A = (")

    expected = f"{settings}:1: SyntaxError: '(' was never closed"
    assert expected == verdict_on(settings).error


@pytest.mark.parametrize(("text", "expected"), [(" \n", True), ("A = 1", False)])
def test_a_verdict_tells_a_blank_file(
    settings: Path, text: str, *, expected: bool
) -> None:
    """A file with nothing in it is known as such."""
    settings.write_text(text)

    assert expected is verdict_on(settings).is_blank


def test_a_missing_file_is_not_judged(settings: Path) -> None:
    """Without a file no child is started."""
    with pytest.raises(SettingsNotFound, match="There is no settings file"):
        judge(settings, 5.0)
