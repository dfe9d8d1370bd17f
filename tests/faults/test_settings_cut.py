"""A settings.py that lost its end, as if a save were still under way."""

from contextlib import suppress
from pathlib import Path

import pytest

from lback.core._settings_cut import marks_of
from lback.core._settings_sync import cut_off
from lback.core.config_manager import sync_settings_to_config
from lback.core.exceptions import SettingsBroken
from lback_cli.main import run


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """Return the settings.py of a generated project, whose snapshot is written."""
    run(["startproject", "shop", str(tmp_path / "shop")])
    path = tmp_path / "shop" / "settings.py"
    sync_settings_to_config(path)
    return path


def compiles(text: str) -> bool:
    """Tell whether a text is valid Python."""
    with suppress(SyntaxError):
        compile(text, "settings.py", "exec")
        return True
    return False


def is_noticed(path: Path, text: str) -> bool:
    """Tell whether a text in the place of a settings file counts as cut off."""
    path.write_text(text)
    return bool(cut_off(path, Path("config.json")))


def test_every_prefix_is_noticed(generated: Path) -> None:
    """Cut off at any byte, a generated file does not compile or counts as cut off."""
    text = generated.read_text()
    prefixes = [text[:length] for length in range(len(text.rstrip()))]
    valid = [prefix for prefix in prefixes if compiles(prefix)]
    missed = [prefix for prefix in valid if not is_noticed(generated, prefix)]

    assert [] == missed
    assert len(valid) > 100


def test_no_prefix_of_a_save_is_synced(generated: Path) -> None:
    """Cut off after any line, a save leaves config.json byte for byte as it was."""
    config = generated.with_name("config.json")
    seen = {config.read_bytes()}
    lines = generated.read_text().splitlines(keepends=True)
    for length in range(len(lines)):
        generated.write_text("".join(lines[:length]))
        with pytest.raises(SettingsBroken, match=r"only a beginning|is empty|Error: "):
            sync_settings_to_config(generated)
        seen.add(config.read_bytes())

    assert 1 == len(seen)


CUTS = {
    "a number": ("PAGE_SIZE = 50\n", "PAGE_SIZE = 5"),
    "a name": ("A = 1\nAB = 2\nC = AB\n", "A = 1\nAB = 2\nC = A"),
    "an operator": ("A = 2\nB = A ** 2\n", "A = 2\nB = A"),
    "an annotation": ("A: int = 1\n", "A: int"),
    "a docstring": ('"""Text."""\nA = 1\n', '""'),
    "raw text": ("A = r'''x'''\n", "A = r''"),
    "formatted text": ("N = 1\nA = f'''{N}'''\n", "N = 1\nA = f''"),
    "texts side by side": ("A = 'x' 'y'\n", "A = 'x'"),
    "a condition": (
        "import os\nif os:\n    A = 1\n    B = 1\n",
        "import os\nif os:\n    A = 1",
    ),
    "line ends": ("A = 1\r\nB = 2\r\n", "A = 1\r\n"),
    "a comment left": ("# Text.\nA = 1\n", "# Text.\n"),
}


@pytest.mark.parametrize(("whole", "cut"), CUTS.values(), ids=CUTS)
def test_a_cut_is_refused(settings: Path, config: Path, whole: str, cut: str) -> None:
    """A beginning that is valid Python is not synced, wherever it ends."""
    settings.write_text(whole)
    sync_settings_to_config(settings)
    good = config.read_bytes()
    settings.write_text(cut)
    with pytest.raises(SettingsBroken, match="only a beginning"):
        sync_settings_to_config(settings)

    assert good == config.read_bytes()


EDITS = {
    "the last value": ("A = 50\n", "A = 7\n", {"A": 7}),
    "a shorter value": ("A = [1, 2]\nB = 1\n", "A = 3\n", {"A": 3}),
    "a removed line": ("A = 1\nB = 2\nC = 3\n", "A = 1\nC = 3\n", {"A": 1, "C": 3}),
    "the end of the last line": ("A = 1\n\n", "A = 1", {"A": 1}),
    "a comment": ("A = 1\n# Text.\n", "A = 1\n", {"A": 1}),
    "a comment's end": ("A = 1  # Text.\n", "A = 1  # Te", {"A": 1}),
    "an added line": ("A = 1\n", "A = 1\nB = 2\n", {"A": 1, "B": 2}),
}


@pytest.mark.parametrize(("old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_is_no_cut(
    settings: Path, old: str, new: str, expected: dict[str, int]
) -> None:
    """A file that ends otherwise, or lost no more than a comment, is synced."""
    settings.write_text(old)
    sync_settings_to_config(settings)
    settings.write_text(new)

    assert expected == sync_settings_to_config(settings).values


def test_a_cut_may_be_accepted(settings: Path) -> None:
    """Whoever asks for it gets the file as it is, and is told what it lacks."""
    settings.write_text("A = 1\nB = 2\n")
    sync_settings_to_config(settings)
    settings.write_text("A = 1\n")

    result = sync_settings_to_config(settings, accept_cut=True)

    expected = (
        f"{settings} is only a beginning of the one that was synced last; it was "
        "synced as it is."
    )
    assert (("B",), (expected,)) == (result.removed, result.warnings)


def test_an_accepted_cut_is_the_new_whole(settings: Path) -> None:
    """What was accepted once is not refused the next time."""
    settings.write_text("A = 1\nB = 2\n")
    sync_settings_to_config(settings)
    settings.write_text("A = 1\n")
    sync_settings_to_config(settings, accept_cut=True)

    assert () == sync_settings_to_config(settings).warnings


def test_no_hash_tells_the_beginning_of_a_secret() -> None:
    """Of a text only the whole is remembered: A, =, and what is between the quotes."""
    assert 3 * 8 == len(marks_of(b"A = 'correct horse battery staple'"))
