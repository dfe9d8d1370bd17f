"""How the supervisor gets a worker."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lback.devserver._channel import Channel


class WorkerProcess(Protocol):
    """What the supervisor needs from a process."""

    @property
    def pid(self) -> int:
        """The process id."""

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal), or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code."""

    def kill(self) -> None:
        """End it at once."""


class StartWorker(Protocol):
    """Make a worker that talks through *channel*.

    This is the seam at which a warm process that forks can replace the new
    interpreter that :class:`SpawnWorker` starts.
    """

    def __call__(self, channel: Channel, /) -> WorkerProcess:
        """Start it and return; the worker reports through the channel."""


@dataclass(frozen=True)
class SpawnWorker:
    """Start each worker as a new Python interpreter, with this process's environment.

    Attributes:
        root: The project's folder.
        host: The address as the user wrote it.
        listener: The descriptor of the listening socket.
        factory: What the worker calls with the root to get the application.
    """

    root: Path
    host: str
    listener: int
    factory: str = "lback.core._startup:build_application"

    def __call__(self, channel: Channel, /) -> WorkerProcess:
        """Start ``python -m lback.devserver.worker``."""
        return subprocess.Popen(  # noqa: S603  # our own module
            [
                sys.executable,
                "-P",  # a logging.py in the current folder is not Python's
                *(f"-W{option}" for option in sys.warnoptions),
                "-m",
                "lback.devserver.worker",
                f"--root={self.root}",
                f"--host={self.host}",
                f"--listener={self.listener}",
                f"--channel={channel.fileno()}",
                f"--factory={self.factory}",
            ],
            pass_fds=(self.listener, channel.fileno()),
        )
