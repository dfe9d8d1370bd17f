"""A worker on its own: what it reports, and when it gives up."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lback.devserver._channel import Channel
from lback.devserver.address import Address
from lback.devserver.address import open_listener

FACTORY = """\
import time

SECRET = "canary-0123456789"


def hang(root):
    time.sleep(1000)


def leak(root):
    from lback.core.config import Config
    from lback.core.config import use_config

    config = Config()
    config.__dict__["SECRET_KEY"] = SECRET
    use_config(config)
    raise ValueError(f"cannot use {SECRET}")
"""
START = """\
from lback.devserver import worker
worker.START_LIMIT = 1.0
worker.main()
"""
Start = Callable[[str], tuple[Channel, "subprocess.Popen[bytes]"]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a worker whose application comes from FACTORY."""
    (tmp_path / "factories.py").write_text(FACTORY)
    started: list[tuple[Channel, subprocess.Popen[bytes]]] = []
    listener = open_listener(Address(port=0))

    def begin(factory: str) -> tuple[Channel, "subprocess.Popen[bytes]"]:
        mine, theirs = Channel.pair()
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                START,
                f"--root={tmp_path}",
                "--host=127.0.0.1",
                f"--listener={listener.fileno()}",
                f"--channel={theirs.fileno()}",
                f"--factory=factories:{factory}",
            ],
            cwd=tmp_path,
            pass_fds=(listener.fileno(), theirs.fileno()),
        )
        theirs.close()
        started.append((mine, process))
        return mine, process

    yield begin
    listener.close()
    for channel, process in started:
        channel.close()
        process.kill()
        process.wait()


def test_a_start_that_hangs_is_given_up(start: Start) -> None:
    """After the limit the worker says which line it hangs on, and ends."""
    channel, process = start("hang")

    message: dict[str, Any] = next(channel.receive())

    assert "failed" == message["word"]
    assert "time.sleep(1000)" in message["text"]
    assert 1 == process.wait(20)


def test_secrets_are_masked_in_errors(start: Start) -> None:
    """A secret setting in the message of an error is not passed on."""
    channel, _ = start("leak")

    message = next(channel.receive())

    assert "cannot use ***" in message["text"]
    assert "canary" not in message["text"]


def test_a_hung_import_ends_with_the_supervisor(start: Start) -> None:
    """A worker that hangs in an import ends when the channel breaks."""
    channel, process = start("hang")
    channel.close()

    assert 1 == process.wait(20)


def test_connections_travel_through_a_channel() -> None:
    """A descriptor sent with a message arrives open, beside messages without one."""
    one, other = Channel.pair()
    reader, writer = os.pipe()
    one.send("first")
    one.send("connection", descriptor=writer)
    one.send("last")
    os.close(writer)

    first = next(other.receive())
    passed, last = other.receive()
    os.write(passed["descriptor"], b"through")

    assert ["first", "connection", "last"] == [
        message["word"] for message in (first, passed, last)
    ]
    assert b"through" == os.read(reader, 7)
    assert not os.get_inheritable(passed["descriptor"])
    os.close(passed["descriptor"])
    os.close(reader)
    one.close()
    other.close()


def test_the_end_of_the_other_side_is_noticed() -> None:
    """A closed end is seen as such, not as silence."""
    one, other = Channel.pair()
    one.close()
    messages = list(other.receive())

    assert [] == messages
    assert other.is_closed
    assert not other.send("anything")
    other.close()


def test_sigterm_during_a_start_ends_it(start: Start) -> None:
    """A worker that is told to end while it starts does so at once."""
    _, process = start("hang")
    process.send_signal(signal.SIGTERM)

    assert 0 != process.wait(20)
