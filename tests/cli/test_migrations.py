"""The commands about migrations, as somebody types them."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

PATIENCE = 60.0

SETTINGS = """
DEBUG = True
INSTALLED_APPS = ["orders", "pages"]
DATABASES = {"default": "sqlite:///db.sqlite3"}
"""
MODELS = """
from lback.db import Model
from sqlalchemy.orm import Mapped, mapped_column

class Order(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of a project with an app that has a model, and one without."""
    write(tmp_path, "settings.py", SETTINGS)
    write(tmp_path, "orders/__init__.py", "")
    write(tmp_path, "orders/models.py", MODELS)
    write(tmp_path, "pages/__init__.py", "")
    return tmp_path


@pytest.fixture
def run(project: Path) -> Run:
    """Return a function that runs one command in the project."""

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-B", "-m", "lback_cli", *words],
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def write(project: Path, name: str, text: str) -> None:
    """Write a file of a project."""
    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def add_column(project: Path, line: str) -> None:
    """Give the model another column."""
    write(project, "orders/models.py", f"{MODELS}    {line}\n")


def made(run: Run, project: Path) -> str:
    """Make and apply a migration, and return its name."""
    assert 0 == run("makemigrations").returncode
    assert 0 == run("migrate").returncode
    return max(path.stem for path in (project / "migrations").glob("*.py"))


def test_from_a_model_to_a_table_and_back(project: Path, run: Run) -> None:
    """Make, look, apply, look, undo: each says what it did."""
    before = run("makemigrations")
    shown = run("showmigrations")
    applied = run("migrate")
    after = run("showmigrations")
    undone = run("rollback")
    (name,) = (path.stem for path in (project / "migrations").glob("*.py"))

    assert (
        f"Made migrations/{name}.py\n"
        "  create orders_order\n"
        "Look at what it does, then run: lback migrate\n"
    ) == before.stdout
    assert (f"  [ ] {name}", f"  [X] {name}") == (
        shown.stdout.splitlines()[1],
        after.stdout.splitlines()[1],
    )
    assert ("Applied 1 in", "Undid 1 in") == (
        applied.stdout.splitlines()[-1][:12],
        undone.stdout.splitlines()[-1][:10],
    )
    assert re.fullmatch(r"\d{8}_\d{6}_create_orders_order", name)


def test_no_changes_show_the_models(run: Run, project: Path) -> None:
    """Nothing to do is said with the models of each app, and why."""
    made(run, project)
    done = run("makemigrations")

    assert 0 == done.returncode
    assert (
        "No changes for default. Models seen:\n"
        "  orders: Order\n"
        "  pages: no models module\n"
        f"The database (sqlite {project}/db.sqlite3) has all tables and columns of "
        "these models.\n"
    ) == done.stdout


def test_no_models_are_told_apart(run: Run, project: Path) -> None:
    """A project whose models are in no installed app is told so."""
    write(project, "orders/models.py", "import lback.db\n")
    done = run("makemigrations")

    assert 0 == done.returncode
    assert (
        "No changes for default. Models seen:\n"
        "  orders: no model of this database in its models module\n"
        "  pages: no models module\n"
        "No installed app has a model. A model is a class that inherits from "
        "lback.db.Model, in the models.py of an app that INSTALLED_APPS names.\n"
    ) == done.stdout


def test_tables_of_create_all_are_told_apart(run: Run, project: Path) -> None:
    """Tables that were made past the migrations are named, with what to do."""
    script = (
        "from lback.core._startup import Phase, load_project\n"
        "load_project('.', until=Phase.MODELS)\n"
        "from lback.db import databases, Model\n"
        "Model.metadata.create_all(databases.engine())\n"
    )
    subprocess.run([sys.executable, "-B", "-c", script], cwd=project, check=True)
    done = run("makemigrations")
    adopted = run("makemigrations", "--adopt"), run("migrate", "--fake")
    after = run("migrations", "check")

    assert (0, True) == (
        done.returncode,
        "orders_order is in this database although no migration makes it"
        in done.stdout,
    )
    assert [0, 0, 0] == [each.returncode for each in (*adopted, after)]


def test_a_question_without_a_terminal_is_a_failure(run: Run, project: Path) -> None:
    """Nothing is written, the flags are named, and they work."""
    add_column(project, "total: Mapped[int | None]")
    made(run, project)
    add_column(project, "amount: Mapped[int | None]")
    refused = run("makemigrations")
    count = len(list((project / "migrations").glob("*.py")))
    done = run("makemigrations", "--rename", "orders_order.total=amount")

    assert (1, 1, 0) == (refused.returncode, count, done.returncode)
    assert "--rename orders_order.total=amount, or --no-rename" in refused.stderr
    assert "rename total to amount in orders_order" in done.stdout


def test_a_flag_that_fits_nothing_writes_nothing(run: Run, project: Path) -> None:
    """A misspelt answer is a failure, not a file."""
    done = run("makemigrations", "--fill", "orders_order.totl=1")

    assert (1, [], True) == (
        done.returncode,
        list(project.glob("migrations/*")),
        "--fill orders_order.totl=1 fits no change" in done.stderr,
    )


def test_a_pair_needs_its_equals_sign(run: Run) -> None:
    """A flag of another shape is refused at once."""
    done = run("makemigrations", "--rename", "total")

    assert (2, True) == (done.returncode, "'total' is not of the form" in done.stderr)


def test_data_is_lost_only_with_the_flag(run: Run, project: Path) -> None:
    """A drop is listed and refused; allowed, it is done."""
    add_column(project, "total: Mapped[int | None]")
    made(run, project)
    add_column(project, "")
    run("makemigrations")
    listed = json.loads(run("showmigrations", "--json").stdout)
    refused = run("migrate")
    allowed = run("migrate", "--allow-destructive")

    assert (1, 0) == (refused.returncode, allowed.returncode)
    assert "drops the column orders_order.total\nNothing was done." in refused.stderr
    assert [[], ["drops the column orders_order.total"]] == [
        row["destructive"] for row in listed
    ]


def test_showmigrations_as_json(run: Run, project: Path) -> None:
    """--json prints a list of objects with all keys."""
    name = made(run, project)

    assert [
        {
            "database": "default",
            "revision": name[:15],
            "name": name,
            "file": str(project / "migrations" / f"{name}.py"),
            "applied": True,
            "destructive": [],
        }
    ] == json.loads(run("showmigrations", "--json").stdout)


def test_check_fails_until_everything_fits(run: Run, project: Path) -> None:
    """Changed, behind, fine: the exit code is what CI looks at."""
    changed = run("migrations", "check", "--json")
    run("makemigrations")
    behind = run("migrations", "check")
    run("migrate")
    fine = run("migrations", "check")

    assert (1, ["changed"], 1, 0) == (
        changed.returncode,
        [finding["id"] for finding in json.loads(changed.stdout)],
        behind.returncode,
        fine.returncode,
    )
    assert "Migrations, models and database fit together.\n" == fine.stdout


def test_sqlmigrate_prints_sql(run: Run, project: Path) -> None:
    """The SQL of a migration goes to standard output, and nothing else does."""
    name = made(run, project)

    assert run("sqlmigrate", name[:15]).stdout.startswith("CREATE TABLE orders_order")


def test_an_unknown_revision_is_a_failure(run: Run, project: Path) -> None:
    """A misspelt revision is one sentence with a guess."""
    made(run, project)
    done = run("migrate", "create_orders_ordr")

    assert (1, True) == (
        done.returncode,
        "Did you mean 'create_orders_order'?" in done.stderr,
    )


def test_an_empty_migration_is_named_by_its_message(run: Run, project: Path) -> None:
    """--empty -m makes a file for steps by hand."""
    done = run("makemigrations", "--empty", "-m", "Fill totals")
    (path,) = (project / "migrations").glob("*.py")

    assert (0, f"Made migrations/{path.name}\n", True) == (
        done.returncode,
        done.stdout,
        path.name.endswith("_fill_totals.py"),
    )


def test_no_migrations_are_said(run: Run) -> None:
    """A project without migrations is told what to run."""
    migrated, rolled_back = run("migrate"), run("rollback")

    assert (0, "There are no migrations. Run: lback makemigrations\n", 1) == (
        migrated.returncode,
        migrated.stdout,
        rolled_back.returncode,
    )


def test_a_project_without_databases_is_told(run: Run, project: Path) -> None:
    """Every command says what to write into settings.py."""
    write(project, "settings.py", "DEBUG = True\n")
    done = [run(name) for name in ("makemigrations", "migrate", "showmigrations")]

    assert [(1, True)] * 3 == [
        (each.returncode, "DATABASES =" in each.stderr) for each in done
    ]


def test_a_second_database_has_to_be_named(run: Run, project: Path) -> None:
    """Going back says which database; going up does all of them."""
    write(
        project,
        "settings.py",
        SETTINGS.replace('{"default"', '{"logs": "sqlite:///logs.sqlite3", "default"'),
    )
    write(project, "pages/models.py", MODELS.replace("Order", "Visit"))
    with (project / "pages/models.py").open("a", encoding="utf-8") as file:
        file.write('    __database__ = "logs"\n')
    made_both = run("makemigrations")
    migrated = run("migrate")
    unclear = run("migrate", "zero"), run("rollback")
    named = run("rollback", "--database", "logs")
    unknown = run("migrate", "--database", "log")

    assert [0, 0, 1, 1, 0, 1] == [
        each.returncode for each in (made_both, migrated, *unclear, named, unknown)
    ]
    assert 2 == len(list((project / "migrations").rglob("*.py")))
    assert "default, logs. Say --database NAME." in unclear[1].stderr


class Terminal:
    """A command that believes a person sits before it."""

    def __init__(self, project: Path, *words: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "lback_cli", *words],
            cwd=project,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.said = ""

    def wait_for(self, text: str) -> None:
        """Read until *text* has been said."""
        until = time.monotonic() + PATIENCE
        while text not in self.said:
            if time.monotonic() > until:
                pytest.fail(f"{text!r} was not said, but: {self.said}")
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if ready:
                self.said += os.read(self._master, 4096).decode()

    def type(self, text: str) -> None:
        """Type what a person would."""
        os.write(self._master, text.encode())

    def leave(self, how: str) -> None:
        """Interrupt the command, or end its input."""
        if how == "ctrl-d":
            self.type("\x04")
            return
        # NOTE: as a person would, until it works: Python passes over a signal that
        # comes in the moment before it begins to read.
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)

    def close(self) -> None:
        """End what is left."""
        self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self._master)


@pytest.fixture
def terminal(project: Path, run: Run) -> Iterator[Terminal]:
    """Return a command that asks whether a column was renamed."""
    add_column(project, "total: Mapped[int | None]")
    made(run, project)
    add_column(project, "amount: Mapped[int | None]")
    opened = Terminal(project, "makemigrations")
    opened.wait_for("Was orders_order.total renamed to amount? [y/N]")
    yield opened
    opened.close()


def test_a_person_is_asked(terminal: Terminal) -> None:
    """At a terminal the question is put, and yes is yes."""
    terminal.type("y\n")
    terminal.wait_for("rename total to amount in orders_order")

    assert 0 == terminal.process.wait(PATIENCE)


@pytest.mark.parametrize("end", ["ctrl-c", "ctrl-d"])
def test_leaving_a_question_writes_nothing(
    terminal: Terminal, project: Path, end: str
) -> None:
    """Whoever interrupts, or ends the input, has written nothing."""
    terminal.leave(end)

    assert (130, 1) == (
        terminal.process.wait(PATIENCE),
        len(list((project / "migrations").glob("*.py"))),
    )
