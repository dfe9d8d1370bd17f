"""The process that imports the project and answers its requests.

The supervisor starts it as ``python -m lback.devserver.worker`` with a listening
socket and one end of a channel, and tells it when to begin and when to stop. When the
supervisor ends, however it ends, the channel breaks and the worker ends as well.
"""

import argparse
import faulthandler
import importlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from typing import TYPE_CHECKING

from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotLoaded
from lback.devserver._channel import Channel
from lback.devserver._failure import describe
from lback.devserver._failure import where_is

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from lback.devserver.serving import DevelopmentServer

START_LIMIT = 30.0
"""Seconds that the project may take to start."""

STOP_LIMIT = 3.0
"""Seconds after which a worker that was told to stop ends without ceremony."""

LAST_WORDS = 1.0
"""Seconds that Python may take to end once the serving is over."""

FAILED = 1


class Worker:
    """One serving process, led by what the supervisor says.

    Args:
        channel: The end of the channel to the supervisor.
        listener: The listening socket, shared with the supervisor.
        host: The address as the user wrote it.
        root: The project's folder.
    """

    def __init__(
        self, channel: Channel, listener: socket.socket, *, host: str, root: Path
    ) -> None:
        self._channel = channel
        self._listener = listener
        self._host = host
        self._root = root
        self._may_serve = threading.Event()
        self._is_built = threading.Event()
        self._stop = threading.Event()
        self._server: DevelopmentServer | None = None
        self._main_thread = threading.get_ident()

    def run(self, build: Callable[[], "WSGIApplication"]) -> int:
        """Build the application, report, serve until told to stop.

        Returns:
            The exit code.
        """
        for work in (self._obey, self._watch_the_clock):
            threading.Thread(target=work, daemon=True).start()
        try:
            application = build()
        except BaseException as error:  # noqa: BLE001  # reported; SystemExit included
            refusal = self._refusal() if isinstance(error, SettingsBroken) else ""
            text = refusal or _masked(describe(error))
            self._channel.send("failed", text=text, is_final=bool(refusal))
            return FAILED
        refusal = self._refusal()
        if refusal:
            self._channel.send("failed", text=refusal, is_final=True)
            return FAILED
        self._is_built.set()
        self._channel.send("ready")
        self._may_serve.wait()
        if not self._stop.is_set():
            self._serve(application)
        return 0

    def stop(self) -> None:
        """Stop in an orderly way, or at once if the project is still starting."""
        if not self._is_built.is_set():
            os._exit(FAILED)
        _exit_soon(FAILED, STOP_LIMIT)
        self._stop.set()
        self._may_serve.set()

    def _serve(self, application: "WSGIApplication") -> None:
        from lback.devserver.serving import serve

        def begin(server: "DevelopmentServer") -> None:
            _close_in_forks(server.socket)
            self._server = server
            self._channel.send("serving")
            # NOTE: only now, and beside the requests: asking a database takes a while,
            # and one that does not answer takes longer.
            threading.Thread(target=self._compare_databases, daemon=True).start()
            self._announce("server_started", application)

        self._announce("server_starting", application)
        serve(
            application,
            self._listener,
            on_ready=begin,
            on_stopping=lambda: self._announce("server_shutting_down", application),
            stop=self._stop,
            hand_over=self._hand_over,
        )

    def _announce(self, name: str, application: "WSGIApplication") -> None:
        """Send one of the server's signals, if anybody listens."""
        from lback.core import catalogue

        announced = getattr(catalogue, name)
        if announced:
            port = self._listener.getsockname()[1]
            announced.send(application, host=self._host, port=port)

    def _compare_databases(self) -> None:
        """Tell how the databases differ from the project's migrations, if they do."""
        from lback.db.engines import databases
        from lback.migrations.state import behind

        text = behind(self._root, databases)
        self._channel.send("compared", text=_masked(text) if text else "")

    def _refusal(self) -> str:
        """Say why the settings must not be served on this address, or "".

        Settings that could not be loaded are no reason: the error says what is wrong
        with them, and the next save may mend it.
        """
        from lback.core.config import Config
        from lback.core.config import settings

        try:
            Config.validate(settings, bind=self._listener.getsockname()[0])
        except SettingsNotLoaded:
            return ""
        except SettingsBroken as error:
            return str(error)
        return ""

    def _obey(self) -> None:
        """Do what the supervisor says; stop when it is gone."""
        try:
            while not self._channel.is_closed:
                for message in self._channel.receive():
                    match message["word"]:
                        case "go":
                            self._may_serve.set()
                        case "stop":
                            self.stop()
                        case "connection":
                            self._adopt(message["descriptor"])
        finally:
            self.stop()

    def _hand_over(self, descriptor: int) -> None:
        self._channel.send("connection", descriptor=descriptor)

    def _adopt(self, descriptor: int) -> None:
        """Serve a connection that the worker before this one has kept open."""
        connection = socket.socket(fileno=descriptor)
        try:
            address = connection.getpeername()
        except OSError:  # the client has left meanwhile
            connection.close()
            return
        if self._server is None:
            connection.close()
        else:
            self._server.take(connection, address)

    def _watch_the_clock(self) -> None:
        """Give up a start that hangs, and show where."""
        if self._is_built.wait(START_LIMIT):
            return
        self._channel.send(
            "failed",
            text=f"The project did not start within {START_LIMIT:.0f} seconds. "
            f"It is still here:\n{where_is(self._main_thread)}",
            is_final=False,
        )
        os._exit(FAILED)


def _masked(text: str) -> str:
    """Hide the secrets of the settings in *text*, and passwords inside URLs."""
    from lback.core._secrets import mask
    from lback.core._secrets import secret_texts
    from lback.core.config import settings

    values = {name: settings.get(name) for name in settings.names()}
    return mask(text, secret_texts(values))


def main(words: list[str] | None = None) -> NoReturn:
    """Be a worker: parse what the supervisor passed on, serve, exit."""
    parser = argparse.ArgumentParser(prog="python -m lback.devserver.worker")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--factory", required=True)
    given = parser.parse_args(words)
    listener = socket.socket(fileno=given.listener)
    listener.set_inheritable(False)
    channel = Channel.adopt(given.channel)
    _close_in_forks(listener, channel)
    worker = Worker(channel, listener, host=given.host, root=given.root)
    faulthandler.enable()
    # NOTE: Ctrl-C in a terminal reaches every process in it; the supervisor decides.
    # A function, not SIG_IGN, which programs started by the project would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())

    def build() -> "WSGIApplication":
        module, _, name = given.factory.partition(":")
        application: WSGIApplication = getattr(importlib.import_module(module), name)(
            given.root
        )
        return application

    code = worker.run(build)
    _exit_soon(code)
    sys.exit(code)


def _exit_soon(code: int, seconds: float = LAST_WORDS) -> None:
    """Exit after some seconds, whatever hangs: a thread, say, or an atexit function."""
    limit = threading.Timer(seconds, os._exit, [code])
    limit.daemon = True
    limit.start()


def _close_in_forks(*inherited: socket.socket | Channel) -> None:
    """Keep forks of the worker from holding the port or the channel open."""

    def close() -> None:
        for each in inherited:
            each.close()

    os.register_at_fork(after_in_child=close)


if __name__ == "__main__":
    main()
