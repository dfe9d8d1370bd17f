"""Compiling what was saved: errors, and caches that are never stale."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lback.devserver._bytecode import compile_files


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (b"def f(:\n", "SyntaxError: invalid syntax"),
        (b"x = '\x00'\n", "null byte"),
        (b"# coding: nonsense\n", "nonsense"),
        (b"x = '\xff'\n", "utf-8"),
        (b"\treturn 1\n", "IndentationError"),
    ],
)
def test_what_does_not_compile_is_described(
    tmp_path: Path, source: bytes, shown: str
) -> None:
    """The error names the file and what is wrong in it."""
    file = tmp_path / "code.py"
    file.write_bytes(source)

    error = compile_files([file])

    assert error is not None
    assert shown in error
    assert "code.py" in error


@pytest.mark.parametrize("name", ["settings.py", "base.py", "views.py"])
def test_no_line_is_quoted(tmp_path: Path, name: str) -> None:
    """A line that does not compile may hold a key, and is not shown."""
    file = tmp_path / name
    file.write_text('SECRET_KEY = "canary\n')

    error = compile_files([file])

    assert error is not None
    assert f"{name}:1: SyntaxError" in error
    assert "canary" not in error


def test_a_null_byte_has_its_line(tmp_path: Path) -> None:
    """Python does not say where a null byte is; the error does."""
    file = tmp_path / "code.py"
    file.write_bytes(b"x = 1\n\ny = '\0'\n")

    assert f"{file}:3: " in (compile_files([file]) or "")


def test_good_files_and_others_pass(tmp_path: Path) -> None:
    """Python that compiles, files of other kinds and deleted ones are no error."""
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / ".env").write_text("not python\n")
    files = [tmp_path / name for name in ("good.py", ".env", "deleted.py")]

    assert compile_files(files) is None


def test_nothing_is_executed(tmp_path: Path) -> None:
    """Compiling a file does not run it."""
    file = tmp_path / "code.py"
    file.write_text("raise SystemExit\n")

    assert compile_files([file]) is None


def test_warnings_stay_inside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A doubtful construct is left to the worker to warn about."""
    file = tmp_path / "code.py"
    file.write_text("x = 1 is 1\n")
    compile_files([file])

    assert "" == capsys.readouterr().err


def test_a_save_within_the_same_second_is_not_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiled file is not used for a source of the same size and time."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "saved.py"
    file.write_text("print(1)\n")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    compile_files([file])
    file.write_text("print(2)\n")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    command = [sys.executable, "-c", "import saved"]

    assert b"2\n" == subprocess.check_output(command, cwd=tmp_path)
