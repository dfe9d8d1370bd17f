"""Make a project of two apps with a database in a scratch folder, and serve it.

Its pages are visited once, and a row is added; then it goes on serving. With
``--check`` the server is stopped instead.
"""

import argparse
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from html import unescape
from pathlib import Path
from typing import IO

LBACK = [sys.executable, "-m", "lback_cli"]
ENTRY = "the first one <3"
PATIENCE = 60.0


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    # NOTE: as Ctrl-C, so that the server is ended and the folder removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="lback-demo-") as scratch:
        root = make_project(Path(scratch))
        run("signals", "list", folder=root)
        server = subprocess.Popen(
            [*LBACK, "runserver", given.port],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            code = visit(f"http://127.0.0.1:{given.port}", Output(server))
            return code if given.check or code else server.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            stop(server)


class Output:
    """What the server says: printed line by line, and waited for.

    Args:
        server: The server; its output is a pipe.
    """

    def __init__(self, server: subprocess.Popen[str]) -> None:
        if server.stdout is None:
            raise RuntimeError("The server was started without a pipe.")
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        reading = threading.Thread(target=self._read, args=[server.stdout], daemon=True)
        reading.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            print(line, end="", flush=True)
            self._lines.put(line)
        self._lines.put(None)

    def has(self, text: str) -> bool:
        """Wait for a line with *text*; False if the server ends without one."""
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            if text in line:
                return True
        return False


def make_project(scratch: Path) -> Path:
    """Make the project with its two apps and its database; return its folder."""
    root = scratch / "shop"
    run("startproject", "shop", folder=scratch)
    run("startapp", "orders", folder=root)
    run("startapp", "mail", folder=root)
    run("makemigrations", folder=root)
    run("migrate", folder=root)
    return root


def run(*words: str, folder: Path) -> None:
    """Run one command of Lback, shown as a person would type it."""
    print(f"\n$ lback {' '.join(words)}", flush=True)
    subprocess.run([*LBACK, *words], cwd=folder, check=True)


def visit(site: str, output: Output) -> int:
    """Visit the pages, print which receivers they ran, and return the exit code."""
    if not output.has("Serving"):
        return 1
    for path in ("/", "/orders/"):
        page = fetch(site + path)
        receivers = re.findall(r"<li><code>(.*?\.listeners\..*?)</code>", page)
        print(f"\nGET {path} ran: {', '.join(map(unescape, receivers)) or 'nobody'}")
        if not receivers:
            return 1
    page = unescape(fetch(f"{site}/orders/entries/", text=ENTRY))
    is_stored = ENTRY in page
    print(f"\nPOST /orders/entries/ stored a row: {is_stored}", flush=True)
    is_heard = output.has("orders.listeners: Entry 1:")
    print(f"\nIts receiver ran after the commit: {is_heard}")
    if not (is_stored and is_heard):
        return 1
    print("\nThe demo works.", flush=True)
    return 0


def fetch(url: str, **fields: str) -> str:
    """Return a page; with *fields* that of a form that is sent to it."""
    data = urllib.parse.urlencode(fields).encode() if fields else None
    with urllib.request.urlopen(url, data, timeout=PATIENCE) as response:  # noqa: S310  # our own server
        page: bytes = response.read()
    return page.decode()


def stop(server: subprocess.Popen[str]) -> None:
    """End the server in its own orderly way."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    server.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
