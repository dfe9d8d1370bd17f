"""The program `lback`: help, version, misspelt words, exit codes."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import lback as package
from lback_cli import main
from lback_cli._commands import ENTRIES
from lback_cli._lazy import unknown

Lback = Callable[..., subprocess.CompletedProcess[str]]

HEAVY = {
    "alembic",
    "asyncio",
    "jinja2",
    "lback.core",
    "sqlalchemy",
    "watchdog",
    "werkzeug",
}


def modules_after(*words: str) -> set[str]:
    """Run a command line in a process of its own and name what it imported."""
    code = (
        "import json, sys\n"
        "from lback_cli.main import run\n"
        f"code = run({words!r})\n"
        "print(json.dumps(sorted(sys.modules)))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(  # our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("--version",), ()])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    """Help and version import neither the framework nor any library it uses."""
    assert set() == HEAVY & modules_after(*words)


def test_help_does_not_import_the_runtime() -> None:
    """Help does not even import the package lback."""
    assert "lback" not in modules_after("--help")


@pytest.mark.parametrize("name", ENTRIES)
def test_the_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    """The help of every command is printed without importing the framework."""
    heavy = HEAVY - {"lback.core"}

    assert set() == heavy & modules_after(name, "--help")


def test_help_lists_every_command(lback: Lback) -> None:
    """Help has every command with its summary."""
    done = lback("--help")
    missing = [n for n, e in ENTRIES.items() if f"{n} " not in done.stdout]

    assert (0, [], "") == (done.returncode, missing, done.stderr)


def test_help_is_the_same_in_short(lback: Lback) -> None:
    """-h, --help and no words at all print the same to standard output."""
    assert 1 == len({lback(*w).stdout for w in (("-h",), ("--help",), ())})


@pytest.mark.parametrize("words", [(), ("signals",), ("settings",)])
def test_no_words_are_no_failure(lback: Lback, words: tuple[str, ...]) -> None:
    """The program, or a group, without words prints its help and succeeds."""
    done = lback(*words)

    assert (0, "", "Usage: lback") == (done.returncode, done.stderr, done.stdout[:12])


@pytest.mark.parametrize("name", ENTRIES)
def test_the_table_says_what_the_command_says(name: str) -> None:
    """A command's summary in the table is the first line of its own help."""
    entry = ENTRIES[name]
    module, _, attribute = entry.target.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)

    assert entry.summary == str(command.help).partition("\n")[0]


def test_the_version_is_printed(lback: Lback) -> None:
    """--version prints the version of the package."""
    done = lback("--version")

    assert (0, f"lback {package.__version__}\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("signal",), "No such command: 'signal'. Did you mean 'signals'?"),
        (("signals", "lst"), "No such command: 'lst'. Did you mean 'list'?"),
        (("xyzzy",), "No such command: 'xyzzy'."),
        (("--versoin",), "No such option '--versoin'. Did you mean '--version'?"),
        (("routes", "--jason"), "No such option '--jason'. Did you mean '--json'?"),
    ],
)
def test_a_misspelt_word_is_corrected(
    lback: Lback, words: tuple[str, ...], said: str
) -> None:
    """An unknown command or option exits with 2 and names the nearest one."""
    done = lback(*words)

    assert (2, "", f"lback: {said}\n") == (done.returncode, done.stdout, done.stderr)


def test_a_word_too_many_is_refused(lback: Lback) -> None:
    """A word that a command does not want exits with 2."""
    done = lback("routes", "extra")

    assert (2, "lback: Got unexpected extra argument (extra)\n") == (
        done.returncode,
        done.stderr,
    )


@pytest.mark.parametrize("command", [("signals", "list"), ("routes",), ("check",)])
def test_no_project_is_one_sentence(
    lback: Lback, here: Path, command: tuple[str, ...]
) -> None:
    """A command about a project exits with 1 outside of one and says what to do."""
    done = lback(*command)

    assert (1, "", 1, True) == (
        done.returncode,
        done.stdout,
        len(done.stderr.splitlines()),
        done.stderr.startswith(f"lback: There is no settings.py in {here}"),
    )


def test_the_program_exits_with_the_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """main() runs the words of the process and exits with the code."""
    monkeypatch.setattr(sys, "argv", ["lback", "xyzzy"])
    with pytest.raises(SystemExit) as caught:
        main.main()

    assert (2, "lback: No such command: 'xyzzy'.\n") == (
        caught.value.code,
        capsys.readouterr().err,
    )


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a function that adds a command `it` to the program."""

    def add(body: Callable[[], object]) -> None:
        command = click.Command("it", callback=body)
        monkeypatch.setattr(main.cli, "get_command", lambda ctx, name: command)

    return add


def test_a_bug_keeps_its_traceback(
    lback: Lback, added: Callable[[Callable[[], object]], None]
) -> None:
    """An error that is not one of Lback's own is not hidden."""
    added(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        lback("it")


def test_a_stopped_command_says_so(
    lback: Lback, added: Callable[[Callable[[], object]], None]
) -> None:
    """A command that the user stops exits with 130."""

    def stop() -> None:
        raise click.Abort

    added(stop)
    done = lback("it")

    assert (130, "lback: Stopped.\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize(("result", "code"), [(3, 3), (None, 0), ("text", 0)])
def test_a_command_may_return_its_code(
    lback: Lback,
    added: Callable[[Callable[[], object]], None],
    result: object,
    code: int,
) -> None:
    """A number that a command returns is the exit code; anything else is success."""
    added(lambda: result)

    assert code == lback("it").returncode


def test_nothing_near_is_not_guessed() -> None:
    """An unknown name that is near to none gets no suggestion."""
    assert "No such command: 'zzz'." == unknown("command", "zzz", ["routes"])


def test_the_package_can_be_run() -> None:
    """`python -m lback_cli` is the same program."""
    done = subprocess.run(  # our own words
        [sys.executable, "-m", "lback_cli", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, f"lback {package.__version__}\n") == (done.returncode, done.stdout)


def test_a_folder_that_was_removed_is_one_sentence(tmp_path: Path) -> None:
    """A command in a folder that is gone says so."""
    folder = tmp_path / "gone"
    folder.mkdir()
    script = (
        "import os; os.rmdir(os.getcwd())\n"
        "from lback_cli.main import run; raise SystemExit(run(['check']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "The current folder was removed" in done.stderr


def test_output_that_cannot_be_written_is_one_sentence() -> None:
    """A full disk behind the output is a failure without a traceback."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lback_cli", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert 1 == done.returncode
    assert done.stderr.startswith("lback: The output could not be written")
