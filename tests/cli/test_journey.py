"""From an empty folder to a page that stores rows, by what the commands say."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Run = Callable[..., subprocess.CompletedProcess[str]]

CLIENT = """
from werkzeug.test import Client
from shop.wsgi import application

client = Client(application)
"""
LOOK = """
response = client.get("/orders/entries/", environ_base={"REMOTE_ADDR": "127.0.0.1"})
print(response.status_code, response.text)
"""
ADD = """
response = client.post("/orders/entries/", data={"text": "<i>First</i>"})
print(response.status_code, response.location)
print(client.get(response.location).text)
"""
ADD_WRONGLY = """
for text in ("", " ", "x" * 201, '"' * 201):
    response = client.post("/orders/entries/", data={"text": text})
    kept = text.strip().replace('"', "&#34;")
    is_kept = f'value="{kept}"' in response.text
    print(response.status_code, "Write 1 to 200 characters." in response.text, is_kept)
"""
SHOW_KIND = "print(session.connection().dialect.name)"
ADD_MANY = """
for number in range(21):
    client.post("/orders/entries/", data={"text": f"number {number:02}"})
for page in ("1", "2", "3", "x"):
    response = client.get(f"/orders/entries/?page={page}")
    words = ("number 20", "number 00", "Newer", "Older")
    shown = [word in response.text for word in words]
    print(response.status_code, *shown)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def run(
    request: pytest.FixtureRequest,
    shop: Path,
    lback: Lback,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """A function that runs Python in a new project with an app, on each database."""
    lback("startapp", "orders")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")
        monkeypatch.setenv("LBACK_DATABASES", json.dumps({"default": url}))

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=shop,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@pytest.fixture
def migrated(run: Run) -> Run:
    """The same, after the two commands that startapp names."""
    for command in ("makemigrations", "migrate"):
        done = run("manage.py", command)

        assert 0 == done.returncode, done.stdout + done.stderr
    return run


def test_before_the_migration_the_page_says_what_to_do(run: Run) -> None:
    """In debug the error names the two commands, in the page and in the terminal."""
    done = run("-c", CLIENT + LOOK)
    remedy = "run: lback migrate (and before that"

    assert done.stdout.startswith("500 ")
    assert remedy in done.stdout
    assert remedy in done.stderr


def test_a_new_page_is_empty(migrated: Run) -> None:
    """After the two commands the page is there, without rows."""
    done = migrated("-c", CLIENT + LOOK)

    assert done.stdout.startswith("200 ")
    assert "none yet" in done.stdout


def test_an_entry_is_stored_and_announced(migrated: Run) -> None:
    """The form leads back to the list; its row is there, and the receiver has run."""
    done = migrated("-c", CLIENT + ADD)

    assert done.stdout.startswith("303 /orders/entries/\n")
    assert "&lt;i&gt;First&lt;/i&gt;" in done.stdout
    assert "INFO orders.listeners: Entry 1: '<i>First</i>'" in done.stderr


def test_a_wrong_entry_is_shown_what_is_wanted(migrated: Run) -> None:
    """Empty and long texts are a 422 with the filled form; nothing is stored."""
    done = migrated("-c", CLIENT + ADD_WRONGLY + LOOK)

    assert done.stdout.startswith("422 True True\n" * 4 + "200 ")
    assert "none yet" in done.stdout
    assert "Entry" not in done.stderr


def test_entries_have_pages(migrated: Run) -> None:
    """The newest are on the first page; a page that is not there is an error."""
    done = migrated("-c", CLIENT + ADD_MANY)

    assert [
        "200 True False False True",
        "200 False True True False",
        "404 False False False False",
        "400 False False False False",
    ] == done.stdout.splitlines()


@pytest.mark.parametrize("run", ["sqlite"], indirect=True)
def test_the_first_migration_is_good_code(migrated: Run) -> None:
    """What makemigrations writes passes the tools that the project has."""
    format_ = migrated("-m", "ruff", "format", "--no-cache", "--check", ".")
    check = migrated("-m", "ruff", "check", "--no-cache", ".")
    types = migrated("-m", "mypy", "--no-incremental", ".")

    assert [0, 0, 0] == [format_.returncode, check.returncode, types.returncode]


@pytest.mark.parametrize("run", ["sqlite"], indirect=True)
def test_the_example_for_postgresql_is_one(
    run: Run, shop: Path, postgresql: str
) -> None:
    """The line in .env.example, with a real address, is where the project writes."""
    example = (shop / ".env.example").read_text()
    (line,) = [line for line in example.splitlines() if "postgresql://" in line]
    with (shop / ".env").open("a") as file:
        url = "postgresql://user:password@127.0.0.1/shop"
        file.write(line.removeprefix("# ").replace(url, postgresql))
    done = run("manage.py", "shell", "-c", SHOW_KIND)

    assert (0, "postgresql\n") == (done.returncode, done.stdout)
