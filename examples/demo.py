"""Make a project of two apps in a scratch folder, list its signals and serve it.

With ``--check`` the page is fetched once and the server stopped again.
"""

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from html import unescape
from pathlib import Path
from typing import IO

LBACK = [sys.executable, "-m", "lback_cli"]


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lback-demo-") as scratch:
        root = make_project(Path(scratch))
        run("signals", "list", folder=root)
        server = subprocess.Popen(
            [*LBACK, "runserver", given.port],
            cwd=root,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            if not is_serving(server):
                return server.wait()
            if given.check:
                return check(f"http://127.0.0.1:{given.port}")
            return server.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            stop(server)


def is_serving(server: subprocess.Popen[str]) -> bool:
    """Wait until the server says that it serves; what it says is passed on."""
    output = server.stdout
    if output is None:
        raise RuntimeError("The server was started without a pipe.")
    for line in output:
        print(line, end="", flush=True)
        if line.startswith("Serving"):
            threading.Thread(target=pass_on, args=[output], daemon=True).start()
            return True
    return False


def pass_on(output: IO[str]) -> None:
    """Print what the server says from now on."""
    for line in output:
        print(line, end="", flush=True)


def make_project(scratch: Path) -> Path:
    """Make the project with its two apps and return its folder."""
    run("startproject", "shop", folder=scratch)
    run("startapp", "orders", folder=scratch / "shop")
    run("startapp", "mail", folder=scratch / "shop")
    return scratch / "shop"


def run(*words: str, folder: Path) -> None:
    """Run one command of Lback, shown as a person would type it."""
    print(f"\n$ lback {' '.join(words)}", flush=True)
    subprocess.run([*LBACK, *words], cwd=folder, check=True)


def check(site: str) -> int:
    """Fetch two pages and print which receivers they ran."""
    for path in ("/", "/orders/"):
        with urllib.request.urlopen(site + path, timeout=60) as response:  # noqa: S310  # our own server
            page = response.read().decode()
        receivers = re.findall(r"<li><code>(.*?\.listeners\..*?)</code>", page)
        print(f"\nGET {path} ran: {', '.join(map(unescape, receivers)) or 'nobody'}")
        if not receivers:
            return 1
    print("\nThe demo works.")
    return 0


def stop(server: subprocess.Popen[str]) -> None:
    """End the server in its own orderly way."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    server.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
