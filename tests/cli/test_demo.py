"""``make demo``."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


@pytest.fixture
def unused_port() -> int:
    """A port below the ephemeral ones that nobody listens on."""
    for port in range(21_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    pytest.fail("No port is free.")


def test_the_demo_shows_a_receiver_behind_a_commit(unused_port: int) -> None:
    """It makes project and database, adds a row, and names what has run."""
    done = subprocess.run(
        [sys.executable, DEMO, "--check", "--port", str(unused_port)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "GET / ran: orders.listeners.note_home_page" in done.stdout
    assert "POST /orders/entries/ stored a row: True" in done.stdout
    assert "Its receiver ran after the commit: True" in done.stdout


def test_a_port_in_use_ends_the_demo(unused_port: int) -> None:
    """What the server says is passed on, and the exit code is that of a failure."""
    with socket.create_server(("127.0.0.1", unused_port)):
        done = subprocess.run(
            [sys.executable, DEMO, "--check", "--port", str(unused_port)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert 1 == done.returncode
    assert "the port is in use" in done.stdout


def test_the_end_of_the_demo_is_the_end_of_its_server(
    unused_port: int, tmp_path: Path
) -> None:
    """SIGTERM, as a process manager sends it, leaves neither server nor folder."""
    demo = subprocess.Popen(
        [sys.executable, DEMO, "--port", str(unused_port)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with demo:
        assert demo.stdout is not None
        while demo.stdout.readline() != "The demo works.\n":
            assert demo.poll() is None
        demo.terminate()

        assert 0 == demo.wait(timeout=60)
    with socket.socket() as probe:
        assert 0 != probe.connect_ex(("127.0.0.1", unused_port))
    assert [] == list(tmp_path.iterdir())
