"""Every snippet of README and docs is run.

Each page starts in an empty folder. A ``console`` block runs its commands there, and
what it shows below one has to be in the output. A ``python`` block that starts with
``# path/of/file.py`` is written to that file; any other one is run as a script. After
``$ cd shop`` the page goes on in that folder.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.\w+)\n")

# Commands that a page shows and that other tests run: they serve, or install.
_ELSEWHERE = ("make ", "pip ", "lback runserver", "git ", "gunicorn ")


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str
    line: int


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of *page*."""
    source = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(source):
        yield Block(found[1], found[2], source.count("\n", 0, found.start()) + 1)


class Reader:
    """Somebody who types what a page says.

    Args:
        folder: Where to start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bin_folder = Path(sys.executable).parent
        path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
        self._environ = {**os.environ, "PATH": path}

    def follow(self, block: Block) -> None:
        """Do what *block* says."""
        if block.language == "console":
            for command, shown in commands_of(block.text):
                self._type(command, shown)
        elif block.language == "python":
            self._write_or_run(block.text)

    def _type(self, command: str, shown: list[str]) -> None:
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return
        if command.startswith(_ELSEWHERE):
            return
        output = self._run(command, shell=True)  # noqa: S604  # a page's own words
        missing = [line for line in shown if squeezed(line) not in squeezed(output)]

        assert [] == missing, output

    def _write_or_run(self, text: str) -> None:
        named = _FILE.match(text)
        if named is None:
            self._run([sys.executable, "-c", text], shell=False)
            return
        path = self.folder / named[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _run(self, command: str | list[str], *, shell: bool) -> str:
        done = subprocess.run(
            command,
            shell=shell,  # the page's own commands
            cwd=self.folder,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )

        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout + done.stderr


def commands_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a console block with the lines shown below it."""
    command, shown = "", list[str]()
    for line in [*text.splitlines(), "$ "]:
        if not line.startswith("$ "):
            shown.append(line)
            continue
        if command:
            yield command, [s for s in shown if s.strip() and s.strip() != "..."]
        command, shown = line.removeprefix("$ ").partition("  #")[0].strip(), []


def squeezed(text: str) -> str:
    """Return *text* with runs of blanks as one, so that columns may move."""
    return re.sub(r"[ \t]+", " ", text).strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    """Following a page from an empty folder works, step by step."""
    reader = Reader(tmp_path)
    for block in blocks_of(page):
        reader.follow(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    """A relative link names a file that is there."""
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)

    assert [] == [target for target in targets if not (page.parent / target).exists()]
