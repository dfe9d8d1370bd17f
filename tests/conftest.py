"""Fixtures that every test may use."""

import importlib
import itertools
import logging
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from types import ModuleType
from typing import Any
from weakref import WeakSet

import pytest

from lback.core import _startup
from lback.core import catalogue
from lback.core._plan import UNPREPARED
from lback.core.config import use_config
from lback.core.dispatcher_instance import dispatcher as process_wide
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]

_numbers = itertools.count()

# Where a PostgreSQL server may be already, if the environment names none.
_POSTGRESQL = "postgresql://root@127.0.0.1:5432/postgres"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure in CI, where every service and tool has to be."""
    report = yield
    if (
        report.skipped
        and os.environ.get("LBACK_CI")
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture
def dispatcher() -> SignalDispatcher:
    """Return a dispatcher that nobody else has."""
    return SignalDispatcher()


@pytest.fixture
def make_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeModule]:
    """Return a function that writes a module and imports it.

    Called again with the same name it rewrites the file and reloads the module.
    """
    folder = tmp_path / f"modules{next(_numbers)}"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made: list[str] = []

    def make(name: str, text: str) -> ModuleType:
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        if name in sys.modules:
            return importlib.reload(sys.modules[name])
        made.append(name)
        return importlib.import_module(name)

    yield make
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def own_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """Let a test load a project as if it were the first in this process."""
    monkeypatch.setattr(_startup, "_loaded", {})
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    own = {
        name: signal
        for name, signal in process_wide._signals.items()
        if signal.declaration and signal.declaration.module == catalogue.__name__
    }
    monkeypatch.setattr(process_wide, "_signals", own)
    monkeypatch.setattr(process_wide, "_unregistered", WeakSet())
    monkeypatch.setattr(process_wide, "_clashes", [])
    monkeypatch.setattr(process_wide, "apps", process_wide.apps)
    monkeypatch.setattr(process_wide, "is_settled", False)
    monkeypatch.setattr(process_wide, "checks_types", False)
    for signal in process_wide:
        monkeypatch.setattr(signal, "_by_key", dict(signal._by_key))
        monkeypatch.setattr(signal, "_plan", None)
        monkeypatch.setattr(signal, "is_heard", signal.is_heard)
        monkeypatch.setattr(signal, "_ready", UNPREPARED)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    monkeypatch.setattr(root, "level", root.level)
    used, modules = use_config(None), set(sys.modules)
    yield monkeypatch
    use_config(used)
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or str(tmp_path)
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Return the url of a database of a PostgreSQL server that tests may use.

    It is the server that LBACK_TEST_POSTGRESQL names, the one of this machine, or one
    that is started for the tests and ended with them; LBACK_TEST_POSTGRESQL=private
    asks for the last.
    """
    given = os.environ.get("LBACK_TEST_POSTGRESQL")
    url = given or _POSTGRESQL
    if given != "private" and _is_reachable(url):
        yield url
        return
    if given not in {None, "private"}:
        pytest.fail(f"No server answers at LBACK_TEST_POSTGRESQL={given!r}.")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip(
            f"No PostgreSQL server answers at {url}, and none can be started: there "
            "is no initdb. Install postgresql, or set LBACK_TEST_POSTGRESQL."
        )
    with _private_server(programs[-1].parent) as private:
        yield private


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """Return the url of a new, empty database, which is dropped after the test."""
    import psycopg
    from sqlalchemy import make_url

    name = f"lback_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    url = make_url(postgresql_server).set(database=name)
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _is_reachable(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def _private_server(programs: Path) -> Iterator[str]:
    """Run a server of our own, as another user than root: PostgreSQL refuses that."""
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        group = pwd.getpwnam(user).pw_gid
        options = {"user": user, "group": group, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="lback_postgresql_") as name:
        folder, port = Path(name), _free_port()
        shutil.chown(folder, user)
        data = folder / "data"
        words: list[Any] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "lback",
            "-A",
            "trust",
            "-N",
        ]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True, cwd="/", **options)
        words = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder]
        words += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(words, stdout=log, stderr=log, cwd="/", **options)
        url = f"postgresql://lback@127.0.0.1:{port}/postgres"
        try:
            until = time.monotonic() + 30
            while not _is_reachable(url):
                if server.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"PostgreSQL ended: {(folder / 'log').read_text()}")
                time.sleep(0.05)
            yield url
        finally:
            server.send_signal(SIGINT)  # ends sessions at once, in good order
            server.wait(30)


def _free_port() -> int:
    """Return a port that nobody uses, below those that clients are given."""
    while True:
        port = random.randint(20_000, 32_767)  # noqa: S311  # no secret
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
