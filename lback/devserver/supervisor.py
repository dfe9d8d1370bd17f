"""The process that owns the port and outlives every mistake in the project.

It imports nothing of the project. It holds the listening socket open all the time, so
that no connection is ever refused, has workers do the serving, and replaces them when
a file was saved.
"""

import contextlib
import os
import queue
import selectors
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lback.devserver._bytecode import compile_files
from lback.devserver._channel import Channel
from lback.devserver._child import Child
from lback.devserver._child import State
from lback.devserver.error_page import Responder
from lback.devserver.launch import StartWorker
from lback.devserver.terminal import Terminal

START_LIMIT = 32.0
"""Seconds until a start is ended by force; the worker itself gives up earlier."""

RETIRE_LIMIT = 4.0
"""Seconds until a worker that was told to stop is ended by force."""

RESTART_INTERVAL = 1.0
"""Seconds between the restarts of workers that die by themselves."""

_TICK = 1.0


class Supervisor:
    """Keep one worker serving.

    Args:
        listener: The listening socket; it is closed at the end.
        start_worker: Makes a worker.
        terminal: Where to say what happens.
        can_change: Whether :meth:`changed` will be called. If not, a project that
            does not start ends the supervisor with exit code 1.
        on_answering: Called when clients get answers for the first time: from a
            worker (True), or the error page (False) and later from a worker.
    """

    def __init__(
        self,
        listener: socket.socket,
        start_worker: StartWorker,
        terminal: Terminal,
        *,
        can_change: bool = True,
        on_answering: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._terminal = terminal
        self._can_change = can_change
        self._listener = listener
        self._start_worker = start_worker
        self._responder = Responder()
        self._selector = selectors.DefaultSelector()
        self._mail: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_up, self._bell = socket.socketpair()
        self._children: list[Child] = []
        self._serving: Child | None = None
        self._starting: Child | None = None
        self._unserved: list[Path] = []
        self._failure: str | None = None
        self._difference = ""
        self._restart_at: float | None = None
        self._last_restart = 0.0
        self._is_answering = False
        self._on_answering = on_answering
        self._has_answered: set[bool] = set()
        self._stops = 0
        self._exit_code = 0

    # -- from other threads and signal handlers --------------------------------

    def post(self, task: Callable[[], None]) -> None:
        """Have *task* run in the supervisor's own thread."""
        self._mail.put(task)
        with contextlib.suppress(OSError):  # it ended meanwhile
            self._bell.send(b"!")

    def changed(self, paths: list[Path]) -> None:
        """Take note of saved files."""
        self.post(lambda: self._reload(paths))

    def broken(self, text: str) -> None:
        """Take note of an error that does not concern the workers."""
        self.post(lambda: self._terminal.complain_once(text))

    def warned(self, text: str) -> None:
        """Pass on a warning, unless it was given before."""
        self.post(lambda: self._terminal.warn_once(text))

    def stop(self) -> None:
        """End in an orderly way; asked a second time, at once."""
        self._stops += 1
        self.post(self._stop_all)

    # -- the loop ---------------------------------------------------------------

    def run(self) -> int:
        """Serve until stopped and return the exit code."""
        self._wake_up.settimeout(0)
        self._selector.register(self._wake_up, selectors.EVENT_READ, self._read_mail)
        self._start([])
        while self._children or not self._stops:
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._meet_deadlines()
        with contextlib.suppress(OSError):
            # NOTE: a program that the project left behind may hold a copy.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._selector.close()
        self._wake_up.close()
        self._bell.close()
        return self._exit_code

    def _patience(self) -> float:
        """Tell how long the loop may sleep."""
        times = [child.deadline for child in self._children if child.deadline]
        if self._restart_at is not None:
            times.append(self._restart_at)
        return max(0.0, min([_TICK, *(t - time.monotonic() for t in times)]))

    def _read_mail(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_up.recv(4096):
                pass
        with contextlib.suppress(queue.Empty):
            while True:
                self._mail.get_nowait()()

    def _meet_deadlines(self) -> None:
        now = time.monotonic()
        for child in list(self._children):
            if child.process.poll() is not None:
                self._listen_to(child)
            elif child.deadline is not None and child.deadline <= now:
                child.fail(f"The project did not start within {START_LIMIT:.0f} s.")
                child.process.kill()
        if self._restart_at is not None and self._restart_at <= now:
            self._restart_at = None
            self._last_restart = now
            if self._starting is None and not self._stops:
                self._start([])

    # -- starting and replacing ---------------------------------------------------

    def _reload(self, paths: list[Path]) -> None:
        """Replace the worker, if what was saved compiles."""
        if self._stops:
            return
        self._terminal.forget_errors()
        error = compile_files(paths)
        if error is not None:
            self._fail(error)
            return
        self._unserved += [path for path in paths if path not in self._unserved]
        starting = self._starting
        if starting is not None and starting.state is State.TAKING_OVER:
            return  # it must not be killed any more; the next one follows it
        if starting is not None:
            self._forget(starting)
            starting.kill()
            self._unserved = [*starting.changed, *self._unserved]
        self._start(self._unserved)

    def _start(self, changed: list[Path]) -> None:
        self._restart_at = None
        self._unserved = []
        mine, theirs = Channel.pair()
        try:
            process = self._start_worker(theirs)
        except OSError as error:
            mine.close()
            self._fail(f"Cannot start a worker: {error}.")
            return
        finally:
            theirs.close()
        child = Child(process, mine, changed=changed)
        child.give(START_LIMIT)
        self._starting = child
        self._children.append(child)
        self._selector.register(
            mine, selectors.EVENT_READ, lambda: self._listen_to(child)
        )
        self._answer_clients(wanted=False)

    def _listen_to(self, child: Child) -> None:
        if child not in self._children:
            return  # it was given up in the same round of the loop
        for message in child.channel.receive(wait=False):
            self._heed(child, message)
        if child.channel.is_closed or child.process.poll() is not None:
            self._has_ended(child)

    def _heed(self, child: Child, message: dict[str, Any]) -> None:
        match message["word"]:
            case "ready":
                child.state = State.TAKING_OVER
                child.channel.send("go")
            case "serving" if child.state is State.TAKING_OVER:
                self._take_over(child)
            case "compared" if child is self._serving:
                self._note_difference(message["text"])
            case "failed":
                child.fail(message["text"], is_final=message["is_final"])
            case "connection":
                self._pass_on(message["descriptor"], without=child)

    def _take_over(self, child: Child) -> None:
        """Make *child* the one that serves and retire the one before it."""
        child.state = State.SERVING
        child.deadline = None
        before, self._serving, self._starting = self._serving, child, None
        self._failure = None
        self._terminal.forget_errors()
        if before is not None:
            before.retire(RETIRE_LIMIT)
        self._note_answering(by_worker=True)
        if child.changed:
            spent = (time.monotonic() - child.noticed) * 1000
            self._terminal.say(
                f"Reloaded in {spent:.0f} ms ({_names(child.changed)} changed)."
            )
        if self._unserved:
            self._start(self._unserved)

    def _note_difference(self, text: str) -> None:
        """Say how the databases differ from the project, once for each change of it."""
        if text and text != self._difference:
            self._terminal.warn(text)
        self._difference = text

    def _pass_on(self, descriptor: int, *, without: Child) -> None:
        """Give a connection that one worker kept open to the one that serves now."""
        if self._serving is not None and self._serving is not without:
            self._serving.channel.send("connection", descriptor=descriptor)
        os.close(descriptor)

    # -- failures -----------------------------------------------------------------

    def _has_ended(self, child: Child) -> None:
        was_starting = child is self._starting
        was_serving = child is self._serving
        self._forget(child)
        how = child.bury()
        if self._stops:
            return
        if was_starting:
            failure = child.failure or f"The project did not start: {how}."
            is_first = not self._has_answered
            is_hopeless = (child.is_final and is_first) or not self._can_change
            if is_hopeless and self._serving is None:
                self._terminal.complain_once(failure)
                self._exit_code = 1
                self.stop()
                return
            self._fail(failure)
            if self._unserved:
                self._start(self._unserved)
        elif was_serving:
            self._terminal.complain_once(
                f"The worker is gone: {how}. Starting another one."
            )
            earliest = self._last_restart + RESTART_INTERVAL
            self._restart_at = max(time.monotonic(), earliest)

    def _forget(self, child: Child) -> None:
        self._selector.unregister(child.channel)
        self._children.remove(child)
        if child is self._starting:
            self._starting = None
        if child is self._serving:
            self._serving = None

    def _fail(self, text: str) -> None:
        """Show *text* in the terminal, and to clients if nobody else answers them."""
        self._terminal.complain_once(text)
        self._failure = text
        if self._serving is None and self._starting is None:
            self._answer_clients(wanted=True)

    def _answer_clients(self, *, wanted: bool) -> None:
        if wanted and not self._is_answering:
            self._selector.register(
                self._listener, selectors.EVENT_READ, self._answer_one
            )
            self._note_answering(by_worker=False)
        elif not wanted and self._is_answering:
            self._selector.unregister(self._listener)
        self._is_answering = wanted

    def _note_answering(self, *, by_worker: bool) -> None:
        """Tell whoever asked who answers, the first time that somebody does."""
        if not self._has_answered & {by_worker, True}:
            self._has_answered.add(by_worker)
            self._on_answering(by_worker)

    def _answer_one(self) -> None:
        if not self._is_answering:
            return  # a worker was started in the same round of the loop
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        self._responder.answer(connection, self._failure or "")

    # -- the end --------------------------------------------------------------------

    def _stop_all(self) -> None:
        self._answer_clients(wanted=False)
        for child in list(self._children):
            if self._stops > 1 or child.state is State.STARTING:
                self._forget(child)
                child.kill()
            elif child.state is not State.RETIRING:
                child.retire(RETIRE_LIMIT)


def _names(paths: list[Path]) -> str:
    first = paths[0]
    shown = f"{first.parent.name}/{first.name}"
    return shown if len(paths) == 1 else f"{shown} and {len(paths) - 1} more"
