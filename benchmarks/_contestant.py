"""A contestant of a benchmark: a process that does what it is told, and is timed."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

_VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
_COLLECTED = re.compile(r"Collected : (\d+)")


class WrongResult(Exception):
    """A contestant failed, or does something else than the others."""


class Contestant:
    """A process that answers requests of one framework when it is told to.

    Args:
        script: A file beside this one. A line "show" on its standard input is answered
            with what is sent for one request, a number with the seconds that so many
            requests take.
        arguments: What the script is started with.
        requests: How many requests are measured at a time.

    Attributes:
        sent: What is sent for one request.
    """

    def __init__(self, script: str, arguments: Sequence[str], requests: int) -> None:
        self._process = subprocess.Popen(
            command(script, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._requests = requests
        self.sent = self._ask("show")

    def measure(self) -> float:
        """Answer the seconds that one request takes."""
        return float(self._ask(str(self._requests))) / self._requests

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, word: str) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("The process was started without pipes.")
        stdin.write(f"{word}\n")
        stdin.flush()
        answer = stdout.readline().strip()
        if not answer:
            raise WrongResult(f"{self._process.args} ended.")
        return answer


def all_send_the_same(contestants: Mapping[str, Contestant]) -> bool:
    """Tell whether all answer alike, and print who does not."""
    wanted = next(iter(contestants.values())).sent
    others = [name for name, one in contestants.items() if one.sent != wanted]
    for name in others:
        print(f"{name} sends {contestants[name].sent}, the others {wanted}.")
    return not others


def command(script: str, *arguments: str) -> list[str]:
    """Return the command line of a script beside this one."""
    return [sys.executable, str(Path(__file__).with_name(script)), *arguments]


def run(
    line: Sequence[str], *, told: str = "", folder: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with hashes that are the same every time.

    Args:
        line: The command line.
        told: What comes on its standard input.
        folder: The folder to run in. Default: this one.

    Raises:
        WrongResult: It failed.
    """
    done = subprocess.run(
        line,
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        input=told,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise WrongResult(f"{' '.join(line)} failed:\n{done.stderr}")
    return done


def instructions(
    line: Sequence[str], *, told: str = "", folder: str | None = None
) -> int:
    """Count the processor's instructions of a command: the same on a busy machine.

    Raises:
        WrongResult: It failed.
    """
    done = run([*_VALGRIND, *line], told=told, folder=folder)
    return int(_COLLECTED.findall(done.stderr)[-1])
