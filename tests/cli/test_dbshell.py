"""``lback dbshell``: the database's own client."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from lback_cli import _dbshell
from lback_cli._dbshell import client_of

Run = Callable[..., subprocess.CompletedProcess[str]]

SHOW = """\
#!/bin/sh
echo "words: $*"
echo "password: $PGPASSWORD"
exit 7
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are looked for in; it is empty."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def run(shop: Path) -> Run:
    """A function that runs ``lback dbshell`` in a project."""

    def call(
        *words: str, script: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lback_cli", "dbshell", *words],
            cwd=shop,
            input=script,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def put(folder: Path, name: str) -> None:
    """Make a program that shows how it was called."""
    program = folder / name
    program.write_text(SHOW)
    program.chmod(0o755)


def make_file(shop: Path) -> Path:
    """Make the file of the project's database."""
    path = shop / "db.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE things (name)")
    return path


def test_the_client_gets_the_file(run: Run, shop: Path, programs: Path) -> None:
    """SQLite's client is run with the file, and its exit code is that of Lback."""
    put(programs, "sqlite3")
    file = make_file(shop)
    done = run()

    assert (7, f"words: {file}\npassword: \n") == (done.returncode, done.stdout)


def test_the_password_is_no_word_of_the_command(run: Run, programs: Path) -> None:
    """PostgreSQL's client gets the password in its environment alone."""
    put(programs, "psql")
    url = "postgresql://ann:canary@db.example.org:5433/shop?sslmode=require"
    done = run(LBACK_DATABASES=f'{{"default": "{url}"}}')

    assert (
        "words: host='db.example.org' dbname='shop' user='ann' port='5433' "
        "sslmode='require'\npassword: canary\n"
    ) == done.stdout


def test_a_real_client_opens_a_real_database(
    run: Run, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed reaches the database that NAME names."""
    installed = map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], *installed]))
    databases = f'{{"default": "sqlite://", "reports": "{postgresql}"}}'
    done = run(
        "reports", script="SELECT current_database();", LBACK_DATABASES=databases
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert postgresql.rpartition("/")[2] in done.stdout


def test_an_unknown_name_is_one_sentence(run: Run) -> None:
    """A name that DATABASES does not have is answered with those it has."""
    done = run("defualt")

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "There is no database 'defualt'" in done.stderr
    assert "default" in done.stderr


def test_a_project_without_a_database_says_so(run: Run) -> None:
    """The sentence has the line to add."""
    done = run(LBACK_DATABASES="{}")

    assert 1 == done.returncode
    assert 'DATABASES = {"default": "sqlite:///db.sqlite3"}' in done.stderr


def test_a_file_that_is_not_there_is_not_made(run: Run, shop: Path) -> None:
    """Before the first migration there is nothing to open."""
    done = run()

    assert 1 == done.returncode
    assert "db.sqlite3. Run: lback migrate" in done.stderr
    assert not (shop / "db.sqlite3").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "in the memory of each process"),
        ("mysql://127.0.0.1/shop", "'default' is mysql; dbshell opens SQLite and"),
        ("postgresql+psycopg://127.0.0.1/shop", "psql is not installed. Install"),
    ],
)
@pytest.mark.usefixtures("programs")
def test_what_cannot_be_opened_is_one_sentence(url: str, said: str) -> None:
    """No database to open, an unknown kind, and a missing client: each says so."""
    with pytest.raises(click.ClickException) as failed:
        client_of(make_url(url), "default")

    assert said in failed.value.message


def test_words_of_psql_are_quoted() -> None:
    """Blanks, quotes and backslashes in a name reach PostgreSQL as they are."""
    words = _dbshell._connection_words({"dbname": r"it's \ a name", "user": "a b"})

    assert {"dbname": r"it's \ a name", "user": "a b"} == conninfo_to_dict(words)


def test_psql_gets_what_it_knows(programs: Path) -> None:
    """Hosts in the query count; options of the driver and secrets do not."""
    put(programs, "psql")
    query = "host=/run/a&host=/run/b&prepare_threshold=0&password=canary&sslpassword=x"
    client = client_of(make_url(f"postgresql+psycopg:///shop?{query}"), "default")

    assert ["psql", "dbname='shop' host='/run/a,/run/b'"] == client.words
    assert {"PGPASSWORD": "canary"} == client.environ


@pytest.mark.usefixtures("programs")
def test_without_a_client_python_has_its_own(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where sqlite3 is missing Python's own client is used, and that is said."""
    package = shop / "sqlite3"
    package.mkdir()
    (package / "__main__.py").touch()
    monkeypatch.setattr(sqlite3, "__path__", [str(package)])
    file = make_file(shop)
    client = client_of(make_url(f"sqlite:///{file}"), "default")

    assert [sys.executable, "-m", "sqlite3", str(file)] == client.words
    assert "this is Python's own" in client.remark


@pytest.mark.usefixtures("programs")
def test_without_any_client_there_is_a_sentence(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python before 3.12 has no client; the sentence says what to install."""
    monkeypatch.setattr(sqlite3, "__path__", [])
    file = make_file(shop)
    with pytest.raises(click.ClickException) as failed:
        client_of(make_url(f"sqlite:///{file}"), "default")

    assert "apt install sqlite3" in failed.value.message
