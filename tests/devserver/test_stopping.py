"""However the server ends, no process and no port stay behind."""

import http.client
import os
import signal
import socket
from typing import Any

import pytest

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def is_listening(port: int) -> bool:
    """Tell whether somebody accepts connections on *port*."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_without_error(project: Any, number: int) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end all processes, with exit code 0."""
    project.start()
    project.answers(200, "one")
    project.process.send_signal(number)

    assert 0 == project.process.wait(30)
    assert set() == project.processes()
    assert not is_listening(project.port)
    assert "Traceback" not in project.log()


def test_ctrl_c_in_a_terminal_reaches_everybody_and_is_quiet(project: Any) -> None:
    """SIGINT to the whole process group ends it as quietly."""
    project.start()
    project.answers(200, "one")
    os.killpg(project.process.pid, signal.SIGINT)

    assert 0 == project.process.wait(30)
    assert set() == project.processes()
    assert "Traceback" not in project.log()


def test_a_start_that_hangs_can_be_stopped(project: Any) -> None:
    """Ctrl-C while the project is being imported ends the worker, too."""
    project.write(
        "shop/__init__.py",
        "import pathlib, time\npathlib.Path('hangs').touch()\n"
        "while True: time.sleep(1)\n",
    )
    project.launch(str(project.port))
    project.exists("hangs")
    project.process.send_signal(signal.SIGINT)

    assert 0 == project.process.wait(30)
    assert set() == project.processes()


def test_the_503_page_can_be_stopped(project: Any) -> None:
    """Ctrl-C while there is only an error to show ends the server."""
    project.write("shop/views.py", "1 / 0\n")
    project.start()
    project.answers(503, "ZeroDivisionError")
    project.process.send_signal(signal.SIGINT)

    assert 0 == project.process.wait(30)
    assert not is_listening(project.port)


@pytest.mark.parametrize("state", ["serving", "hanging"])
def test_a_killed_supervisor_leaves_nobody_behind(project: Any, state: str) -> None:
    """Workers end by themselves when the supervisor is killed with SIGKILL."""
    hang = "import pathlib, time\npathlib.Path('began').touch()\ntime.sleep(1000)\n"
    serve = "import pathlib\npathlib.Path('began').touch()\n"
    project.write("shop/models.py", {"serving": serve, "hanging": hang}[state])
    project.launch(str(project.port))
    project.exists("began")
    project.process.kill()
    project.process.wait(30)
    project.empty()

    assert not is_listening(project.port)


def test_threads_of_the_project_do_not_keep_it_alive(project: Any) -> None:
    """A thread that never ends does not keep a worker from ending."""
    project.write(
        "shop/models.py",
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=[1000]).start()\n",
    )
    project.start()
    project.answers(200, "one")
    project.process.terminate()

    assert 0 == project.process.wait(30)
    assert set() == project.processes()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_child_of_the_project_does_not_keep_the_port(
    project: Any, number: int
) -> None:
    """A process forked by a view does not hold the listening socket open."""
    project.replace(
        "shop/views.py",
        'return "one"',
        "pid = os.fork() or time.sleep(1000)\n    return str(pid)",
    )
    project.start()
    _, child = project.get()
    project.process.send_signal(number)
    project.process.wait(30)
    project.gone(project.workers()[0])
    listening = is_listening(project.port)
    os.kill(int(child), signal.SIGKILL)

    assert not listening


def test_the_port_can_be_had_again_at_once(project: Any) -> None:
    """A server can be started on the port of one that has just ended."""
    project.start()
    project.answers(200, "one")
    project.process.terminate()
    project.process.wait(30)
    project.start()

    project.answers(200, "one")


def test_server_signals_fire_once_per_worker(project: Any) -> None:
    """Starting, started and shutting down are sent in order by each worker only."""
    project.write("shop/listeners.py", LISTENERS)
    project.start()
    project.answers(200, "one")
    project.replace("shop/views.py", '"one"', '"two"')
    project.says("Reloaded")
    project.gone(project.workers()[0])
    project.process.terminate()
    project.process.wait(30)

    moments = ["server_starting", "server_started", "server_shutting_down"]
    heard = [line.split() for line in project.read("heard").splitlines()]
    expected = [[str(pid), moment] for pid in project.workers() for moment in moments]
    assert sorted(expected) == sorted(line[:2] for line in heard)
    assert {f"127.0.0.1:{project.port}"} == {line[2] for line in heard}


LISTENERS = """\
import http.client
import os
from pathlib import Path

from lback import receiver
from lback.core import catalogue


def note(name, host, port):
    with Path("heard").open("a") as heard:
        heard.write(f"{os.getpid()} {name} {host}:{port}\\n")


@receiver(catalogue.server_starting)
def starting(sender, host, port):
    note("server_starting", host, port)


@receiver(catalogue.server_started)
def started(sender, host, port):
    note("server_started", host, port)


@receiver(catalogue.server_shutting_down)
def stopping(sender, host, port):
    note("server_shutting_down", host, port)
"""


def test_a_port_in_use_is_one_sentence(project: Any) -> None:
    """A taken port ends the command with code 1 and a sentence that helps."""
    with socket.create_server(("127.0.0.1", project.port)):
        project.launch(str(project.port))
        code = project.process.wait(30)

    assert 1 == code
    assert 1 == len(project.log().splitlines())
    assert f"127.0.0.1:{project.port}: the port is in use" in project.log()


def test_stdin_is_left_to_the_project(project: Any) -> None:
    """A worker stays in the terminal's process group, so that pdb can read from it."""
    project.start()
    project.answers(200, "one")

    assert project.process.pid == os.getpgid(project.workers()[0])


def test_ipv6_is_served(project: Any) -> None:
    """A server on ::1 answers there, and says so in a way a browser understands."""
    project.start(address=f"[::1]:{project.port}")
    connection = http.client.HTTPConnection("::1", project.port, timeout=30)
    connection.request("GET", "/")
    body = connection.getresponse().read()
    connection.close()

    assert b"one" == body
    assert f"http://[::1]:{project.port}/" in project.log()


def test_without_reload_a_project_that_does_not_start_is_an_error(project: Any) -> None:
    """With --no-reload no save can mend it, so the command fails with the reason."""
    project.write("shop/views.py", "import nothing_like_it\n")
    project.launch(str(project.port), "--no-reload")

    assert 1 == project.process.wait(30)
    assert "nothing_like_it" in project.log()


def test_an_ignored_hangup_stays_ignored(project: Any) -> None:
    """Started with nohup, the server survives the end of its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        project.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    project.answers(200, "one")
    project.process.send_signal(signal.SIGHUP)
    project.replace("shop/views.py", '"one"', '"two"')

    project.answers(200, "two")
