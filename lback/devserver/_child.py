"""A worker as the supervisor sees it."""

import enum
import signal
import subprocess
import time
from pathlib import Path

from lback.devserver._channel import Channel
from lback.devserver.launch import WorkerProcess

_LAST_WORDS = 1.0


class State(enum.Enum):
    """What a worker is doing, in the order in which it happens."""

    STARTING = "importing the project"
    TAKING_OVER = "about to accept connections"
    SERVING = "accepting connections"
    RETIRING = "finishing what is in flight"


class Child:
    """A worker process with the channel to it.

    Attributes:
        changed: The files whose change it was started for.
        noticed: When they were noticed, by the monotonic clock.
        deadline: When to end it by force, or None.
        failure: Why it could not start, as it said itself.
        is_final: Whether there is no use in waiting for a change.
    """

    def __init__(
        self, process: WorkerProcess, channel: Channel, *, changed: list[Path]
    ) -> None:
        self.process = process
        self.channel = channel
        self.changed = changed
        self.noticed = time.monotonic()
        self.state = State.STARTING
        self.deadline: float | None = None
        self.failure: str | None = None
        self.is_final = False

    def give(self, seconds: float) -> None:
        """Set the deadline to *seconds* from now."""
        self.deadline = time.monotonic() + seconds

    def fail(self, why: str, *, is_final: bool = False) -> None:
        """Note why it did not start; what it said first counts."""
        if self.failure is None:
            self.failure, self.is_final = why, is_final

    def retire(self, seconds: float) -> None:
        """Tell it to stop, and give it some seconds for that."""
        self.state = State.RETIRING
        self.channel.send("stop")
        self.give(seconds)

    def kill(self) -> None:
        """End it by force and wait for the end."""
        self.process.kill()
        self.process.wait()
        self.channel.close()

    def bury(self) -> str:
        """Wait for a process that has hung up; say how it ended."""
        try:
            code = self.process.wait(_LAST_WORDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.channel.close()
        if code >= 0:
            return f"it exited with code {code}"
        return f"it was ended by {signal.Signals(-code).name}"
