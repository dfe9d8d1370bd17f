"""``lback runserver``: the supervisor with everything it needs around it."""

import signal
from pathlib import Path

from lback.devserver._sync import ConfigSync
from lback.devserver.address import Address
from lback.devserver.address import open_listener
from lback.devserver.launch import SpawnWorker
from lback.devserver.supervisor import Supervisor
from lback.devserver.terminal import Terminal
from lback.devserver.watcher import Watcher

_STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(
    root: Path,
    address: Address,
    terminal: Terminal,
    *,
    reload: bool = True,
) -> int:
    """Serve the project in *root* until Ctrl-C, SIGTERM or SIGHUP.

    Call it in the main thread. Being stopped is success: the exit code is 0 then, and
    1 only if the project may not be served at all.

    Args:
        root: The project's folder.
        address: Where to listen.
        terminal: Where to say what happens.
        reload: Replace the worker whenever a file is saved.

    Raises:
        CannotListen: The address or the port cannot be had.
    """
    listener = open_listener(address)
    bound = Address(address.host, listener.getsockname()[1])

    def tell(is_served: bool) -> None:  # noqa: FBT001  # the supervisor's word
        what = f"Serving {root.name}" if is_served else "Showing this error"
        terminal.say(f"{what} on {bound.url} (Ctrl-C stops it).")
        # NOTE: not before, or settings that are refused would be written.
        sync.start()

    supervisor = Supervisor(
        listener,
        SpawnWorker(root, address.host, listener.fileno()),
        terminal,
        can_change=reload,
        on_answering=tell,
    )
    handlers = {
        number: signal.signal(number, lambda *_: supervisor.stop())
        for number in _STOPPING_SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup, say
    }
    sync = ConfigSync(
        root,
        warn=supervisor.warned,
        fail=supervisor.broken,
        reload=supervisor.changed,
    )
    watcher = (
        Watcher(root, on_change=sync.changed, say=terminal.say) if reload else None
    )
    try:
        if watcher is not None:
            watcher.start()
        return supervisor.run()
    finally:
        if watcher is not None:
            watcher.stop()
        sync.stop()
        for number, handler in handlers.items():
            signal.signal(number, handler)
