"""``lback startproject``: a whole project, or nothing."""

import os
import re
import stat
import subprocess
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Spawn = Callable[..., subprocess.Popen[str]]
Snapshot = Callable[[Path], dict[str, tuple[int, bytes]]]

FILES = {
    ".env",
    ".env.example",
    ".gitignore",
    "README.md",
    "manage.py",
    "pyproject.toml",
    "settings.py",
    "shop/__init__.py",
    "shop/signals.py",
    "shop/urls.py",
    "shop/views.py",
    "shop/wsgi.py",
    "static/.gitkeep",
    "templates/.gitkeep",
    "tests/test_home.py",
}
HEAVY = {"alembic", "jinja2", "lback", "sqlalchemy", "watchdog", "werkzeug"}


@pytest.fixture
def any_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the test under the umask that it is parametrized with."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def files_under(folder: Path) -> set[str]:
    """Name the files under *folder*."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


def names_in(folder: Path) -> set[str]:
    """Name what lies in *folder*."""
    return {entry.name for entry in folder.iterdir()}


def secret_of(project: Path) -> str:
    """Return the key in the project's .env."""
    found = re.search(
        r"^SECRET_KEY=(.*)$", (project / ".env").read_text(), re.MULTILINE
    )
    return found[1] if found else ""


def test_project_has_every_file(here: Path, lback: Lback) -> None:
    """A new project is a folder of its name with everything that it needs."""
    outcome = lback("startproject", "shop")

    assert 0 == outcome.returncode
    assert FILES == files_under(here / "shop")
    assert {"shop"} == names_in(here)


def test_next_commands_are_named(here: Path, lback: Lback) -> None:
    """Whoever made a project is told what to type next."""
    outcome = lback("startproject", "shop")

    assert f"Created shop in {here}/shop (15 files). Next:" in outcome.stdout
    assert ["cd shop", "lback startapp orders", "lback runserver"] == [
        line.strip() for line in outcome.stdout.splitlines()[2:]
    ]
    assert "" == outcome.stderr


def test_name_is_put_in_everywhere(shop: Path) -> None:
    """The project's name replaces every placeholder, in the settings too."""
    texts = [(shop / path).read_text() for path in sorted(FILES)]

    assert 'ROOT_URLCONF = "shop.urls"' in (shop / "settings.py").read_text()
    assert [] == [text for text in texts if "@@" in text]


def test_secret_is_long_and_every_projects_own(here: Path, lback: Lback) -> None:
    """Each project gets a random key of its own of at least 50 characters."""
    lback("startproject", "one")
    lback("startproject", "two")

    assert 50 <= len(secret_of(here / "one"))
    assert secret_of(here / "one") != secret_of(here / "two")


def test_secret_stands_in_env_alone(shop: Path) -> None:
    """The key is in .env and in no file that would be committed."""
    secret = secret_of(shop)

    assert [".env"] == [
        path for path in sorted(FILES) if secret in (shop / path).read_text()
    ]


def test_git_ignores_the_secret(shop: Path) -> None:
    """Git is told to leave out .env and what is made from it."""
    lines = (shop / ".gitignore").read_text().splitlines()

    assert {".env", "config.json"} <= set(lines)


@pytest.mark.parametrize("any_umask", [0, 0o022, 0o077], indirect=True)
@pytest.mark.usefixtures("any_umask")
def test_modes_do_not_depend_on_the_umask(
    here: Path, lback: Lback, snapshot: Snapshot
) -> None:
    """Only the owner reads .env, manage.py is executable, the rest is ordinary."""
    lback("startproject", "shop")

    modes = {path: mode for path, (mode, _) in snapshot(here).items()}
    assert stat.S_IFREG | 0o600 == modes.pop("shop/.env")
    assert stat.S_IFREG | 0o755 == modes.pop("shop/manage.py")
    assert {stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755} == set(modes.values())


def test_empty_folder_is_filled(here: Path, lback: Lback) -> None:
    """An empty folder stays the same folder and gets the project's files."""
    before = here.stat().st_ino

    outcome = lback("startproject", "shop", ".")

    assert 0 == outcome.returncode
    assert FILES == files_under(here)
    assert before == here.stat().st_ino
    assert "cd " not in outcome.stdout


def test_missing_folders_are_made(here: Path, lback: Lback) -> None:
    """DIR may lie in folders that are not there yet."""
    outcome = lback("startproject", "shop", "work/new")

    assert 0 == outcome.returncode
    assert FILES == files_under(here / "work" / "new")


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "/abs", "a/b", ".", "", "class", "json", "test", "1x", "sh\u043ep"),
        *("shop.", "shop ", "CON", "a" * 200, "a\nb", "{{7*7}}", "a;rm", "settings"),
    ],
)
def test_bad_name_writes_nothing(
    here: Path, lback: Lback, snapshot: Snapshot, name: str
) -> None:
    """A name that cannot work ends with 2, one line and no file."""
    outcome = lback("startproject", "--", name)

    assert 2 == outcome.returncode
    assert 1 == len(outcome.stderr.splitlines())
    assert "" == outcome.stdout
    assert {} == snapshot(here.parent / "here")


def test_name_with_a_dash_is_an_unknown_option(here: Path, lback: Lback) -> None:
    """A name that looks like an option ends with 2 and writes nothing."""
    outcome = lback("startproject", "-rf")

    assert 2 == outcome.returncode
    assert set() == names_in(here)


def test_missing_name_is_one_line(lback: Lback) -> None:
    """Without a name the command ends with 2 and says what is missing."""
    outcome = lback("startproject")

    assert 2 == outcome.returncode
    assert "lback: Missing argument 'NAME'.\n" == outcome.stderr


def test_second_run_changes_nothing(
    here: Path, lback: Lback, snapshot: Snapshot
) -> None:
    """A project that is there is never written over."""
    lback("startproject", "shop")
    before = snapshot(here)

    outcome = lback("startproject", "shop")

    assert 1 == outcome.returncode
    assert "shop already exists and is not empty" in outcome.stderr
    assert "" == outcome.stdout
    assert before == snapshot(here)


def test_folder_with_a_hidden_file_is_not_empty(here: Path, lback: Lback) -> None:
    """A hidden file is somebody's too."""
    (here / ".git").mkdir()

    outcome = lback("startproject", "shop", ".")

    assert 1 == outcome.returncode
    assert {".git"} == names_in(here)


def test_file_is_not_replaced(here: Path, lback: Lback) -> None:
    """A file in the place of the project stays."""
    (here / "shop").write_text("mine")

    outcome = lback("startproject", "shop")

    assert 1 == outcome.returncode
    assert "lback: shop is a file. Name another folder.\n" == outcome.stderr
    assert "mine" == (here / "shop").read_text()


def test_folder_inside_a_file_is_refused(here: Path, lback: Lback) -> None:
    """A DIR below a file ends with 1 and one line."""
    (here / "file").write_text("mine")

    outcome = lback("startproject", "shop", "file/shop")

    assert 1 == outcome.returncode
    assert 1 == len(outcome.stderr.splitlines())
    assert {"file"} == names_in(here)


@pytest.mark.parametrize("aim", ["empty", "nowhere"])
def test_symbolic_link_is_not_followed(here: Path, lback: Lback, aim: str) -> None:
    """A link in the place of the project is refused, wherever it leads."""
    (here / "empty").mkdir()
    (here / "shop").symlink_to(aim)

    outcome = lback("startproject", "shop")

    assert 1 == outcome.returncode
    assert "shop is a symbolic link" in outcome.stderr
    assert {"empty", "shop"} == names_in(here)
    assert set() == names_in(here / "empty")


@pytest.mark.parametrize("target", ["shop", "deep/er/shop", "."])
def test_full_disk_leaves_nothing(
    here: Path, spawn: Spawn, snapshot: Snapshot, target: str
) -> None:
    """When a file cannot be written half way, none is there afterwards."""
    limit = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh"]
    words = ["-m", "lback_cli", "startproject", "shop", target]

    run = spawn(here, *words, before=limit)
    _, err = run.communicate(timeout=60)

    assert 1 == run.returncode
    assert "File too large. Nothing was changed" in err
    assert {} == snapshot(here)


@pytest.mark.parametrize("target", ["shop", "deep/shop", "."])
def test_of_many_runs_at_once_one_wins(here: Path, spawn: Spawn, target: str) -> None:
    """Runs at the same moment on one target: one project, whole, and no debris."""
    words = ["-m", "lback_cli", "startproject", "shop", target]
    runs = [spawn(here, *words) for _ in range(6)]

    errors = [run.communicate(timeout=60)[1] for run in runs]

    assert [0, 1, 1, 1, 1, 1] == sorted(run.returncode for run in runs)
    assert [0, 1, 1, 1, 1, 1] == sorted(len(err.splitlines()) for err in errors)
    assert FILES == files_under(here / target)
    assert [] == list(here.rglob("*lback-new*"))


def test_interrupted_run_is_explained(here: Path, lback: Lback) -> None:
    """What a killed run left is named, with what to do about it."""
    (here / ".lback-new").mkdir()

    outcome = lback("startproject", "shop", ".")

    assert 1 == outcome.returncode
    assert "Another run is writing" in outcome.stderr
    assert "remove .lback-new and try again" in outcome.stderr


def test_removed_current_folder_is_one_sentence(here: Path, spawn: Spawn) -> None:
    """In a folder that somebody removed the command says so."""
    lost = ["sh", "-c", 'mkdir lost; cd lost; rmdir ../lost; exec "$@"', "sh"]
    program = "from lback_cli.main import main; main()"

    run = spawn(here, "-c", program, "startproject", "shop", before=lost)
    _, err = run.communicate(timeout=60)

    assert 1 == run.returncode
    assert "lback: The current folder was removed." in err
    assert 1 == len(err.splitlines())


def test_nothing_heavy_is_imported(here: Path, spawn: Spawn) -> None:
    """Making a project needs neither the framework nor the big libraries."""
    program = (
        "import sys; from lback_cli.main import run; run(['startproject', 'shop']);"
        "print(*sys.modules)"
    )

    out, _ = spawn(here, "-c", program).communicate(timeout=60)

    assert FILES == files_under(here / "shop")
    assert set() == HEAVY & set(out.splitlines()[-1].split())
