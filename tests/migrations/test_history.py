"""Migrations are read from their files, and form one line."""

from pathlib import Path

import pytest

from lback.core.exceptions import MigrationError
from lback.core.exceptions import UnknownRevision
from lback.migrations.history import read_history


def write(folder: Path, name: str, parent: str | None, revision: str = "") -> None:
    """Write a migration that does nothing."""
    revision = revision or name[:15]
    source = f"revision = {revision!r}\ndown_revision = {parent!r}\n"
    (folder / f"{name}.py").write_text(source, encoding="utf-8")


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """Return a folder with three migrations, whose names are in another order."""
    write(tmp_path, "20250103_000000_create_shop", None)
    write(tmp_path, "20250101_000000_add_total", "20250103_000000")
    write(tmp_path, "20250102_000000_drop_note", "20250101_000000")
    return tmp_path


def test_the_order_is_that_of_the_parents(line: Path) -> None:
    """A migration comes after the one it names, whatever the date says."""
    assert ["20250103_000000", "20250101_000000", "20250102_000000"] == [
        migration.revision for migration in read_history(line)
    ]


def test_no_folder_is_no_migration(tmp_path: Path) -> None:
    """A project that has no migrations yet has an empty history."""
    history = read_history(tmp_path / "migrations")

    assert (0, None) == (len(history), history.head)


def test_annotated_and_foreign_ids_are_read(tmp_path: Path) -> None:
    """Files that Alembic itself has made are migrations."""
    source = (
        "from typing import Sequence, Union\n"
        "revision: str = 'ae1027a6acf'\n"
        "down_revision: Union[str, Sequence[str], None] = None\n"
    )
    (tmp_path / "ae1027a6acf_first.py").write_text(source, encoding="utf-8")
    history = read_history(tmp_path)

    assert ["ae1027a6acf"] == [migration.revision for migration in history]


@pytest.mark.parametrize(
    "words",
    [
        "20250101_000000",
        "20250101_000000_add_total",
        "20250101_000000_add_total.py",
        "20250101",
        "add_total",
        "total",
    ],
)
def test_a_part_of_a_name_is_enough(line: Path, words: str) -> None:
    """An id, a name or a part of one finds a migration."""
    assert "20250101_000000" == read_history(line).find(words).revision


def test_an_unknown_name_is_an_error_with_a_guess(line: Path) -> None:
    """A misspelt name gets the one that was probably meant."""
    with pytest.raises(UnknownRevision, match="Did you mean 'add_total'"):
        read_history(line).find("add_totl")


def test_a_name_of_several_is_an_error(line: Path) -> None:
    """A part that fits more than one names them."""
    with pytest.raises(UnknownRevision, match="one of 3 migrations: 20250103_000000"):
        read_history(line).find("2025")


def test_two_heads_name_the_files_and_the_remedy(line: Path) -> None:
    """Two migrations behind one say which line to change in which file."""
    write(line, "20250104_000000_theirs", "20250101_000000")

    with pytest.raises(MigrationError) as caught:
        read_history(line)

    assert (
        "The migrations have several heads: 20250102_000000_drop_note.py and "
        f"20250104_000000_theirs.py in {line} both follow '20250101_000000'. "
        'Write in 20250104_000000_theirs.py: down_revision = "20250102_000000" (or, if '
        "a database has it, in 20250102_000000_drop_note.py: down_revision = "
        '"20250104_000000")'
    ) == str(caught.value)


def test_the_remedy_for_two_heads_works(line: Path) -> None:
    """What the error says makes one line of two."""
    write(line, "20250104_000000_theirs", "20250102_000000")

    assert 4 == len(read_history(line))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("two_firsts", "revision='x'\ndown_revision=None\n", "are both the first"),
        ("gone", "revision='x'\ndown_revision='y'\n", "no file has that revision"),
        ("twin", "revision='20250101_000000'\n", "have the same revision"),
        ("helper", "import os\n", "names no revision"),
        ("broken", "def upgrade(:\n", r"\.py:1 is no Python"),
        ("merge", "revision='x'\ndown_revision=('a', 'b')\n", "merges 'a' and 'b'"),
        ("made", "revision='x'\ndown_revision=str(1)\n", "no text"),
        ("binary", "\0", "cannot be read|is no Python"),
    ],
)
def test_a_file_that_does_not_fit_is_named(
    line: Path, name: str, text: str, said: str
) -> None:
    """Whatever is wrong with a file, the message has its name and the reason."""
    (line / f"{name}.py").write_text(text, encoding="utf-8")

    with pytest.raises(MigrationError, match=f"{name}.*({said})|({said}).*{name}"):
        read_history(line)


def test_a_circle_is_an_error(line: Path) -> None:
    """Migrations that follow each other can never be applied."""
    write(line, "20250105_000000_a", "20250106_000000")
    write(line, "20250106_000000_b", "20250105_000000")

    with pytest.raises(MigrationError, match="circle: 20250105_000000_a, 20250106"):
        read_history(line)
