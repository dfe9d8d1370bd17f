"""Migrations under fire: killed, run twice at once, cut off from their database (V16).

Real processes run the real command on real databases.
"""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from lback.core.exceptions import MigrationError
from lback.migrations._lock import lock_path
from lback.migrations.state import behind
from lback.migrations.state import read_state

FIRST = "20250101_000000"
SECOND = "20250102_000000"
THIRD = "20250103_000000"
PATIENCE = 60

CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))\n'
DROP = 'op.drop_table("{0}")'
# Tells that it is there, and stays until it is told to go on.
STAY = """Path("reached").touch()
while not Path("go_on").exists():
    time.sleep(0.01)
"""


@pytest.fixture
def project(site: Any, url: str) -> Any:
    """Return a project with three migrations, the second of which takes its time."""
    site.root.joinpath("settings.py").write_text(
        f'DEBUG = True\nDATABASES = {{"default": {url!r}}}\n', encoding="utf-8"
    )
    site.hand_write(FIRST, None, CREATE.format("a"), DROP.format("a"))
    site.hand_write(
        SECOND, FIRST, CREATE.format("b") + STAY, DROP.format("b") + "\n" + STAY
    )
    site.hand_write(THIRD, SECOND, CREATE.format("c"), DROP.format("c"))
    return site


@pytest.fixture
def spawn(project: Any) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts a command in the project."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-B", "-m", "lback_cli", *words],
            cwd=project.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    until = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > until:
            pytest.fail(f"{path} did not come.")
        time.sleep(0.01)


def tables(site: Any) -> list[str]:
    """Return the tables of a project's own."""
    with site.connect() as connection:
        names = sa.inspect(connection).get_table_names()
    return sorted(set(names) & {"a", "b", "c"})


def migrate_in(site: Any) -> None:
    """Migrate in a process of its own, whose folder is the project's."""
    subprocess.run(
        [sys.executable, "-B", "-m", "lback_cli", "migrate"],
        cwd=site.root,
        check=True,
        capture_output=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Return the exit code of a process, and its lines."""
    said, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, said.splitlines()


def test_a_killed_migration_is_undone_named_and_applied(
    project: Any, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    """Killed inside a migration: nothing of it stays, the next run says so, goes on."""
    process = spawn("migrate")
    wait_for(project.root / "reached")
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    (project.root / "go_on").touch()
    between = tables(project)
    code, said = finish(spawn("migrate"))

    assert (["a"], 0, ["a", "b", "c"]) == (between, code, tables(project))
    assert (
        f"The last migrate was interrupted while it applied {SECOND}; that was "
        "undone, 1 of 3 were done. Going on."
    ) in said


def test_a_killed_rollback_is_undone_and_named(
    project: Any, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    """Killed while it goes back: the table is still there, and the next run goes on."""
    (project.root / "go_on").touch()
    migrate_in(project)
    (project.root / "go_on").unlink()
    (project.root / "reached").unlink()
    process = spawn("migrate", "zero")
    wait_for(project.root / "reached")
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    (project.root / "go_on").touch()
    between = tables(project)
    code, said = finish(spawn("migrate", "zero"))

    assert (["a", "b"], 0, []) == (between, code, tables(project))
    assert (
        f"The last migrate was interrupted while it undid {SECOND}; that was undone, "
        "1 of 3 were done. Going on."
    ) in said


def test_killed_between_two_migrations(
    project: Any, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    """Killed when one is done and the next has not begun: the next run says so."""
    script = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from lback_cli._project import load\n"
        "from lback.core._startup import Phase, load_project\n"
        "from lback.db.engines import databases\n"
        "from lback.migrations.planning import route_to\n"
        "from lback.migrations.running import Options, run\n"
        "from lback.migrations.target import Target\n"
        "load_project('.', until=Phase.SETTINGS)\n"
        "def say(line):\n"
        "    if 'done in' in line:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "target = Target('default', Path('migrations').resolve(), databases)\n"
        "run(target, route_to, Options(), say)\n"
    )
    subprocess.run([sys.executable, "-B", "-c", script], cwd=project.root, check=False)
    (project.root / "go_on").touch()
    between = tables(project)
    code, said = finish(spawn("migrate"))

    assert (["a"], 0, ["a", "b", "c"]) == (between, code, tables(project))
    assert (
        "The last migrate was interrupted between two migrations: 1 of 3 were done."
    ) in said


def test_killed_after_the_last_migration(project: Any) -> None:
    """Killed when all is done: the next run says so, and cleans up."""
    (project.root / "go_on").touch()
    migrate_in(project)
    with project.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE lback_migrate_run "
            "(direction TEXT, revision TEXT, done INTEGER, total INTEGER)"
        )
        connection.exec_driver_sql(
            "INSERT INTO lback_migrate_run VALUES ('up', NULL, 3, 3)"
        )
    project.migrate()
    first = project.said
    project.migrate()

    assert (
        "The last migrate was interrupted between two migrations: 3 of 3 were done.",
        1,
    ) == (first[0], len(project.said))


def test_two_at_once_apply_each_migration_once(
    project: Any, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    """The second waits for the first, says so, and finds nothing left to do."""
    first = spawn("migrate")
    wait_for(project.root / "reached")
    second = spawn("migrate")
    assert second.stdout is not None
    waits = second.stdout.readline()
    (project.root / "go_on").touch()
    codes_and_lines = [finish(first), finish(second)]

    assert "default: another migrate is at work, waiting for it to end.\n" == waits
    assert [0, 0] == [code for code, _ in codes_and_lines]
    assert codes_and_lines[0][1][-1].startswith("Applied 3 in ")
    assert codes_and_lines[1][1][-1].endswith("nothing to do.")


def test_many_at_once(
    project: Any, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    """However many are started together, every migration is applied once."""
    (project.root / "go_on").touch()
    processes = [spawn("migrate") for _ in range(4)]
    done = [finish(process) for process in processes]
    applied = [line for _, said in done for line in said if line.startswith("Applied")]

    assert ([0] * 4, 1, ["a", "b", "c"]) == (
        [code for code, _ in done],
        len(applied),
        tables(project),
    )


def test_the_lock_of_a_killed_run_is_free(
    project: Any, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    """Nobody has to remove anything before the next run."""
    process = spawn("migrate")
    wait_for(project.root / "reached")
    process.kill()
    process.wait(PATIENCE)
    (project.root / "go_on").touch()
    code, said = finish(spawn("migrate"))

    assert (0, []) == (code, [line for line in said if "waiting" in line])


def test_a_lock_file_that_lies_about_is_no_lock(sqlite_site: Any) -> None:
    """The file that a killed run left does not keep the next one waiting."""
    sqlite_site.hand_write(FIRST, None, CREATE.format("a"))
    lock_path(sqlite_site.target().file).touch()
    sqlite_site.migrate()

    assert ["a"] == tables(sqlite_site)


def test_a_writer_that_does_not_let_go_is_named(sqlite_site: Any) -> None:
    """A database file that another process writes to is an error with a reason."""
    sqlite_site.databases.configure(
        {"default": "sqlite:///db.sqlite3?timeout=0.1"}, sqlite_site.root
    )
    sqlite_site.hand_write(FIRST, None, CREATE.format("a"))
    with sqlite_site.connect() as writer:
        writer.exec_driver_sql("CREATE TABLE x (id INTEGER)")

        with pytest.raises(MigrationError, match="database is locked"):
            sqlite_site.migrate()


def test_an_unreachable_database_is_an_error_without_password(
    sqlite_site: Any,
) -> None:
    """No server at the address: what is said has the place and not the password."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        sqlite_site.databases.configure(
            {"default": f"postgresql://me:canary@127.0.0.1:{port}/shop"},
            sqlite_site.root,
        )
        sqlite_site.hand_write(FIRST, None, "pass")

        with pytest.raises(MigrationError) as caught:
            sqlite_site.migrate()

        sentence = behind(sqlite_site.root, sqlite_site.databases)
    said = str(caught.value)
    place = f"The database 'default' (postgresql shop at 127.0.0.1:{port})"

    assert (True, True, False) == (
        said.startswith(f"{place} cannot be reached: "),
        str(sentence).startswith(f"{place} cannot be reached: "),
        "canary" in said + str(sentence),
    )


def test_a_wrong_password_is_not_repeated(postgresql: str, sqlite_site: Any) -> None:
    """A role that the server does not know is an error without its password."""
    url = make_url(postgresql).set(username="nobody_here", password="canary")  # noqa: S106  # to be looked for
    sqlite_site.databases.configure(
        {"default": url.render_as_string(hide_password=False)}, sqlite_site.root
    )

    with pytest.raises(MigrationError) as caught:
        read_state(sqlite_site.target())

    assert (True, False) == (
        "nobody_here" in str(caught.value),
        "canary" in str(caught.value),
    )


class Proxy:
    """A way to a server that is cut when a file appears, until it is made anew."""

    def __init__(self, server: tuple[str, int], cut: Path) -> None:
        self._server = server
        self._cut = cut
        self._pairs: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._pairs += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def _watch(self) -> None:
        while not self._cut.exists():
            time.sleep(0.01)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._pairs:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._cut.unlink()


def test_a_server_that_goes_away_is_told_and_recovered_from(
    postgresql: str, sqlite_site: Any
) -> None:
    """Cut off in the middle: nothing stays, it is said, and the next run goes on."""
    url = make_url(postgresql)
    cut = sqlite_site.root / "cut"
    proxy = Proxy((str(url.host), url.port or 5432), cut)
    through = url.set(host="127.0.0.1", port=proxy.port)
    sqlite_site.databases.configure({"default": str(through)}, sqlite_site.root)
    sqlite_site.hand_write(
        FIRST,
        None,
        CREATE.format("a")
        + f"cut = Path({str(cut)!r})\n"
        + "cut.touch()\n"
        + "while cut.exists():\n    time.sleep(0.01)\n"
        + CREATE.format("b"),
    )

    with pytest.raises(MigrationError, match="connection to the database was lost"):
        sqlite_site.migrate()

    sqlite_site.databases.configure({"default": postgresql}, sqlite_site.root)
    sqlite_site.hand_write(FIRST, None, CREATE.format("a"))
    sqlite_site.migrate()

    assert (["a"], True) == (
        tables(sqlite_site),
        sqlite_site.said[0].startswith(
            f"The last migrate was interrupted while it applied {FIRST}"
        ),
    )
