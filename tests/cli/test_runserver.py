"""The words of ``lback runserver``; the server itself is tested in tests/devserver."""

import socket
from pathlib import Path
from typing import Any

import pytest

from lback_cli._commands import ENTRIES
from lback_cli.commands.runserver import command


@pytest.mark.parametrize(
    "words", ["localhost", "80x", "65536", "::1:80", "[::1]", "http://localhost:80"]
)
def test_bad_words_are_refused(lback: Any, words: str) -> None:
    """What is no address ends with exit code 2 and says what one looks like."""
    done = lback("runserver", words)

    assert 2 == done.returncode
    assert repr(words) in done.stderr
    assert "127.0.0.1:8000" in done.stderr


def test_an_unknown_option_is_refused(lback: Any) -> None:
    """A misspelt option ends with exit code 2 and names the right one."""
    done = lback("runserver", "--noreload")

    assert 2 == done.returncode
    assert "--no-reload" in done.stderr


def test_outside_of_a_project(
    lback: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a settings.py here or above the command fails in one sentence."""
    monkeypatch.chdir(tmp_path)
    done = lback("runserver")

    assert 1 == done.returncode
    assert "settings.py" in done.stderr


def test_a_port_in_use(lback: Any, tmp_path: Path) -> None:
    """A taken port is one sentence and exit code 1, and nothing is written."""
    (tmp_path / "settings.py").write_text("DEBUG = True\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = lback("runserver", str(port), root=tmp_path)

    assert 1 == done.returncode
    assert f"127.0.0.1:{port}: the port is in use" in done.stderr
    assert ["settings.py"] == [path.name for path in tmp_path.iterdir()]


def test_the_table_says_what_help_says() -> None:
    """The summary in the list of commands is the first line of the command's help."""
    assert ENTRIES["runserver"].summary == (command.help or "").splitlines()[0]
