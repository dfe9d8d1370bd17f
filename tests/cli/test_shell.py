"""``lback shell``: the project at hand, and what becomes of changes."""

import os
import pty
import re
import select
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

Spawn = Callable[..., subprocess.Popen[str]]
Lback = Callable[..., subprocess.CompletedProcess[str]]
Run = Callable[..., subprocess.CompletedProcess[str]]

PATIENCE = 30.0

LISTENERS = """
from pathlib import Path

from lback import receiver

from orders.signals import entry_added


@receiver(entry_added, when="after_commit")
def note(sender: object, entry_id: int) -> None:
    with Path("heard").open("a") as file:
        file.write(f"{entry_id} ")
"""
TABLE = "CREATE TABLE orders_entry (id INTEGER PRIMARY KEY, text, created_at)"
ADD = "session.add(Entry(text='new'))"
SEND = "dispatcher.send('orders.entry_added', 'shell', entry_id=7, text='new')"


@pytest.fixture
def run(shop: Path, lback: Lback, spawn: Spawn) -> Run:
    """A function that runs ``lback shell`` in a project whose app has a table."""
    lback("startapp", "orders")
    (shop / "orders" / "listeners.py").write_text(LISTENERS)

    def call(*words: str, script: str = "") -> subprocess.CompletedProcess[str]:
        process = subprocess.run(
            [sys.executable, "-m", "lback_cli", "shell", *words],
            cwd=shop,
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        return subprocess.CompletedProcess(
            words, process.returncode, process.stdout, process.stderr
        )

    with closing(sqlite3.connect(shop / "db.sqlite3")) as database:
        database.execute(TABLE)
    return call


def stored(shop: Path) -> list[str]:
    """Return the texts in the database."""
    with closing(sqlite3.connect(shop / "db.sqlite3")) as database:
        return [text for (text,) in database.execute("SELECT text FROM orders_entry")]


class Prompt:
    """A terminal in which ``lback shell`` runs and somebody types.

    Args:
        folder: Where it is started.
    """

    def __init__(self, folder: Path) -> None:
        self._main, other = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lback_cli", "shell"],
            cwd=folder,
            stdin=other,
            stdout=other,
            stderr=other,
            env={**os.environ, "TERM": "dumb", "HOME": str(folder)},
            start_new_session=True,
        )
        os.close(other)

    def wait_for(self, text: str) -> str:
        """Return what is shown from now on, up to *text*."""
        until, before = time.monotonic() + PATIENCE, len(self.shown)
        while text not in self.shown[before:]:
            if time.monotonic() > until:
                pytest.fail(f"{text!r} was not shown:\n{self.shown}")
            if select.select([self._main], [], [], 0.1)[0]:
                self.shown += os.read(self._main, 4096).decode()
        return self.shown[before:]

    def type(self, line: str) -> str:
        """Type a line and return what is shown up to the next prompt."""
        os.write(self._main, f"{line}\n".encode())
        return self.wait_for("\n>>> ")

    def leave(self, key: bytes = b"\x04") -> tuple[int, str]:
        """Press Ctrl-D, or type something else; return exit code and last words."""
        os.write(self._main, key)
        before = len(self.shown)
        try:
            while chunk := os.read(self._main, 4096):
                self.shown += chunk.decode()
        except OSError:  # what a terminal says when the program has left
            pass
        return self.process.wait(PATIENCE), self.shown[before:]

    def end(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()
        os.close(self._main)


@pytest.fixture
def prompt(run: Run, shop: Path) -> Iterator[Prompt]:
    """The prompt of ``lback shell`` in a project whose app has a table."""
    made = Prompt(shop)
    made.wait_for(">>> ")
    yield made
    made.end()


def test_models_and_tools_are_at_hand(run: Run) -> None:
    """A model, session, select, settings and dispatcher need no import."""
    done = run(
        "-c",
        "print(session.scalars(select(Entry)).all(), settings.DEBUG, "
        "bool(dispatcher.get('orders.entry_added')))",
    )

    assert (0, "[] True True\n") == (done.returncode, done.stdout)


def test_code_that_succeeds_is_committed(run: Run, shop: Path) -> None:
    """What -c has written stays, and receivers after the commit run."""
    done = run("-c", f"{ADD}\n{SEND}\nimport os\nassert not os.path.exists('heard')")

    assert (0, "") == (done.returncode, done.stderr)
    assert ["new"] == stored(shop)
    assert "7 " == (shop / "heard").read_text()


def test_code_that_fails_is_rolled_back(run: Run, shop: Path) -> None:
    """An error ends with 1 and a traceback of the code alone, and leaves nothing."""
    done = run("-c", f"{ADD}; session.flush()\n{SEND}\n1/0")

    assert 1 == done.returncode
    assert (
        "Traceback (most recent call last):\n"
        '  File "<shell>", line 3, in <module>\n'
        "ZeroDivisionError: division by zero\n"
    ) == done.stderr
    assert [] == stored(shop)
    assert not (shop / "heard").exists()


def test_code_with_a_slip_of_the_pen_is_shown(run: Run) -> None:
    """What does not compile ends with 1 and Python's own words."""
    done = run("-c", "print(")

    assert 1 == done.returncode
    assert "SyntaxError" in done.stderr


@pytest.mark.parametrize(
    ("leave", "code", "kept"),
    [("exit()", 0, ["new"]), ("exit(0)", 0, ["new"]), ("exit(3)", 3, [])],
)
def test_code_may_leave(
    run: Run, shop: Path, leave: str, code: int, kept: list[str]
) -> None:
    """Leaving with 0 commits, with another code rolls back."""
    done = run("-c", f"{ADD}\n{leave}")

    assert code == done.returncode
    assert kept == stored(shop)


def test_a_script_is_read_from_standard_input(run: Run, shop: Path) -> None:
    """A file on standard input runs like -c, with functions and all."""
    script = "def add(text):\n    session.add(Entry(text=text))\n\nadd('a')\nadd('b')\n"
    done = run(script=script)

    assert (0, "") == (done.returncode, done.stdout)
    assert ["a", "b"] == stored(shop)


def test_code_may_commit_by_hand(run: Run, shop: Path) -> None:
    """What was committed before an error stays, and its receivers have run."""
    done = run("-c", f"{ADD}\n{SEND}\nsession.commit()\n1/0")

    assert 1 == done.returncode
    assert ["new"] == stored(shop)
    assert "7 " == (shop / "heard").read_text()


def test_sql_is_shown(run: Run) -> None:
    """With --sql every statement is printed with its parameters."""
    done = run("--sql", "-c", ADD)

    assert re.match(
        r"INSERT INTO orders_entry \(text, created_at\) VALUES \(\?, \?\)\n"
        r"-- \('new', '[\d: .-]+'\)\n",
        done.stdout,
    )


def test_a_missing_table_says_what_makes_it(run: Run, shop: Path) -> None:
    """The traceback ends with the two commands."""
    (shop / "db.sqlite3").unlink()
    done = run("-c", "session.scalars(select(Entry)).all()")

    assert "run: lback migrate (and before that" in done.stderr.splitlines()[-1]


def test_models_of_one_name_have_their_label_before_it(run: Run, lback: Lback) -> None:
    """Two apps with an Entry: neither has the plain name."""
    lback("startapp", "mail")
    done = run("-c", "print(orders_Entry, mail_Entry, 'Entry' in globals())")

    assert (
        "<class 'orders.models.Entry'> <class 'mail.models.Entry'> False\n"
        == done.stdout
    )


def test_a_project_without_a_database_has_a_shell(shop: Path, run: Run) -> None:
    """There is no session then, and the rest is there."""
    settings = shop / "settings.py"
    settings.write_text(f"{settings.read_text()}DATABASES = {{}}\n")
    done = run("-c", "print(settings.ROOT_URLCONF, 'session' in globals())")

    assert (0, "shop.urls False\n") == (done.returncode, done.stdout)


def test_a_project_that_fails_is_one_sentence(shop: Path, run: Run) -> None:
    """A broken app ends the shell before it begins."""
    (shop / "orders" / "models.py").write_text("1/0\n")
    done = run("-c", "print('ran')")

    assert (1, "") == (done.returncode, done.stdout)
    assert "The app 'orders' fails in models.py: ZeroDivisionError" in done.stderr


def test_the_prompt_says_what_it_has(prompt: Prompt) -> None:
    """A short banner lists tools and models, and how changes are kept."""
    banner = prompt.shown

    assert "At hand: session, select, settings, dispatcher." in banner
    assert "Models: Entry." in banner
    assert "Changes are kept by session.commit(), and not without it." in banner


def test_a_commit_by_hand_is_kept(prompt: Prompt, shop: Path) -> None:
    """At the prompt session.commit() stores, and receivers after the commit run."""
    prompt.type(ADD)
    prompt.type(SEND)
    prompt.type("session.commit()")
    code, last_words = prompt.leave()

    assert (0, False) == (code, "rolled back" in last_words)
    assert ["new"] == stored(shop)
    assert "7 " == (shop / "heard").read_text()


@pytest.mark.parametrize(
    "change",
    [
        ADD,
        f"{ADD}; session.flush()",
        "session.execute(__import__('sqlalchemy').text('DELETE FROM orders_entry'))",
        SEND,
    ],
)
@pytest.mark.parametrize("key", [b"\x04", b"exit()\n"])
def test_leaving_the_prompt_commits_nothing(
    prompt: Prompt, shop: Path, change: str, key: bytes
) -> None:
    """What was not committed is rolled back, and the shell says so."""
    prompt.type("session.add(Entry(text='kept')); session.commit()")
    prompt.type(change)
    code, last_words = prompt.leave(key)

    assert 0 == code
    assert "What was not committed was rolled back." in last_words
    assert ["kept"] == stored(shop)
    assert not (shop / "heard").exists()


def test_what_only_read_locks_nobody_out(prompt: Prompt, shop: Path) -> None:
    """Behind a select others may write, and the next select sees it."""
    assert "[]" in prompt.type("session.scalars(select(Entry.text)).all()")
    with closing(sqlite3.connect(shop / "db.sqlite3", timeout=0)) as database:
        database.execute(
            "INSERT INTO orders_entry (text, created_at) VALUES ('other', '2030-01-01')"
        )
        database.commit()
    shown = prompt.type("session.scalars(select(Entry.text)).all()")
    code, last_words = prompt.leave()

    assert "['other']" in shown
    assert (0, False) == (code, "rolled back" in last_words)


def test_rows_at_the_prompt_are_those_of_the_database(
    prompt: Prompt, shop: Path
) -> None:
    """A row that somebody else has changed meanwhile shows it."""
    prompt.type("session.add(Entry(text='mine')); session.commit()")
    prompt.type("entry = session.scalars(select(Entry)).one()")
    with closing(sqlite3.connect(shop / "db.sqlite3", timeout=0)) as database:
        database.execute("UPDATE orders_entry SET text = 'theirs'")
        database.commit()

    assert "'theirs'" in prompt.type("entry.text")


def test_an_error_leaves_the_prompt_open(prompt: Prompt) -> None:
    """A traceback, and the next line is asked for."""
    assert "ZeroDivisionError" in prompt.type("1/0")
    assert "2" in prompt.type("1 + 1")
