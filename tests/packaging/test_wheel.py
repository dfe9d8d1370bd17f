"""What is published works away from the checkout."""

import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0

# What pip says when there is no network.
_UNREACHABLE = ("No matching distribution found", "Connection", "Read timed out")


def run(*words: object, folder: Path) -> str:
    """Run a program in *folder*, without the checkout on its path."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode and any(sign in said for sign in _UNREACHABLE):
        pytest.skip(f"the package index cannot be reached: {said[-200:]}")

    assert done.returncode == 0, said
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from the sdist, as a publisher would."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="module")
def lback(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in a clean environment and return its ``lback``."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    python = folder / "venv" / "bin" / "python"
    wheel = next(dist.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, "--constraint", ROOT / "constraints.txt", wheel, folder=folder)
    return folder / "venv" / "bin" / "lback"


def test_every_template_is_in_sdist_and_wheel(dist: Path) -> None:
    """No file that startproject and startapp write is left behind."""
    templates = {
        path.relative_to(ROOT / "project_template").as_posix()
        for path in (ROOT / "project_template").rglob("*-tpl")
    }
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        names = sdist.getnames()
    in_sdist = {n.split("/project_template/")[1] for n in names if n.endswith("-tpl")}
    wheel = zipfile.ZipFile(next(dist.glob("*.whl"))).namelist()
    in_wheel = {n.split("/_project_template/")[1] for n in wheel if n.endswith("-tpl")}

    assert templates == in_sdist
    assert templates == in_wheel


def test_data_files_of_the_packages_are_in_the_wheel(dist: Path) -> None:
    """Pages and type markers are published with the code."""
    wheel = set(zipfile.ZipFile(next(dist.glob("*.whl"))).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("lback", "lback_cli")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".pyi"}
    }

    assert set() == wanted - wheel


def test_journey_from_the_wheel(lback: Path, tmp_path: Path) -> None:
    """With nothing but the wheel a person gets from an empty folder to a stored row."""
    project = tmp_path / "shop"
    run(lback, "startproject", "shop", folder=tmp_path)
    run(lback, "startapp", "orders", folder=project)
    run(lback, "makemigrations", folder=project)
    run(lback, "migrate", folder=project)
    listed = run(lback, "signals", "list", folder=project)
    port = free_port()
    server = subprocess.Popen([lback, "runserver", str(port)], cwd=project)
    try:
        page = fetch(f"http://127.0.0.1:{port}/")
        entries = fetch(f"http://127.0.0.1:{port}/orders/entries/", b"text=First")
    finally:
        server.send_signal(signal.SIGINT)
        code = server.wait(timeout=PATIENCE)

    assert re.search(r"shop\.page_opened +orders +orders\.listeners", listed)
    assert "orders.listeners.note_home_page" in page
    assert "<li>First " in entries
    assert code == 0


def free_port() -> int:
    """Return a port below the ephemeral range that nobody listens on."""
    for port in range(20000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("No port is free.")


def fetch(url: str, form: bytes | None = None) -> str:
    """Return the page at *url*, waiting for the server to start.

    Args:
        url: Where the page is.
        form: What to send to it, if it is to be sent a form.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, form, timeout=10) as response:  # noqa: S310  # our own server
                return str(response.read().decode())
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
