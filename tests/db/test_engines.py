"""Engines: made on first use, one for each database, and their secrets kept."""

import logging
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from lback.core._unit_of_work import current_unit
from lback.core.config import Secret
from lback.core.exceptions import DatabaseRefused
from lback.core.exceptions import NoUnitOfWork
from lback.core.exceptions import SettingsBroken
from lback.db import atomic
from lback.db import databases
from lback.db import separate_unit
from lback.db import session
from lback.db.engines import Databases
from lback.db.engines import Mode

CANARY = "cn4ry-s3cret"


@pytest.fixture
def own() -> Databases:
    """Return databases of this test alone."""
    return Databases()


def test_nothing_is_made_before_its_use(own: Databases, tmp_path: Path) -> None:
    """Configuring opens and creates nothing."""
    own.configure({"default": "sqlite:///db.sqlite3"}, tmp_path)

    assert not (tmp_path / "db.sqlite3").exists()


@pytest.mark.parametrize(
    "setting",
    [
        "sqlite:///db.sqlite3",
        {"URL": "sqlite:///db.sqlite3"},
        {"ENGINE": "sqlite", "NAME": "db.sqlite3"},
        {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("db.sqlite3")},
    ],
)
def test_relative_files_belong_to_the_project(
    own: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: Any
) -> None:
    """A relative file is in the project's folder, whatever the current one is."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    own.configure({"default": setting}, tmp_path)
    own.engine().connect().close()
    own.dispose()

    assert (tmp_path / "db.sqlite3").exists()
    assert [] == list(elsewhere.iterdir())


def test_an_absolute_file_stays(own: Databases, tmp_path: Path) -> None:
    """Four slashes are an absolute path."""
    own.configure({"default": f"sqlite:///{tmp_path}/a b.db"}, Path("/nowhere"))
    own.engine().connect().close()
    own.dispose()

    assert (tmp_path / "a b.db").exists()


def test_modes_share_their_connections(own: Databases, tmp_path: Path) -> None:
    """The engines of one database are one pool, made once."""
    own.configure({"default": "sqlite:///db.sqlite3"}, tmp_path)
    pools = {id(own.engine(mode=mode).pool) for mode in Mode for _ in range(2)}

    assert 1 == len(pools)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "sqlite://"])
def test_modes_share_their_connections_after_a_disposal(
    own: Databases, tmp_path: Path, url: str, mode: Mode
) -> None:
    """Whoever disposes one engine has disposed the database, as with any engine."""
    own.configure({"default": url}, tmp_path)
    before = own.engine().pool
    own.engine(mode=mode).dispose()
    pools = {own.engine(mode=mode).pool for mode in Mode}
    with own.engine().begin() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    with own.engine(mode=Mode.READ).connect() as connection:
        rows = connection.execute(text("SELECT * FROM t")).all()

    assert (1, False, []) == (len(pools), before in pools, rows)


def test_a_transaction_in_memory_survives_another_one(own: Databases) -> None:
    """In memory a thread has one connection; what cannot begin undoes nothing."""
    own.configure({"default": "sqlite://"}, Path())
    with own.engine().begin() as outer:
        outer.execute(text("CREATE TABLE t (x)"))
        outer.execute(text("INSERT INTO t VALUES (1)"))
        with (
            own.engine().connect() as inner,
            pytest.raises(OperationalError, match="within a transaction"),
        ):
            inner.execute(text("SELECT 1"))
    with own.engine(mode=Mode.READ).connect() as connection:
        rows = connection.execute(text("SELECT x FROM t")).all()

    assert [(1,)] == rows


def test_one_listener_hears_every_statement(own: Databases, tmp_path: Path) -> None:
    """Who counts statements need not know of modes."""
    own.configure({"default": "sqlite:///db.sqlite3"}, tmp_path)
    heard: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        heard.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for mode in Mode:
            with own.engine(mode=mode).connect() as connection:
                connection.execute(text(f"SELECT '{mode}'"))
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert [f"SELECT '{mode}'" for mode in Mode] == heard


SECRETS: list[Any] = [
    f"postgresql://lback:{CANARY}@127.0.0.1:1/nothing",
    {"URL": Secret(f"postgresql://lback:{CANARY}@127.0.0.1:1/nothing")},
    {
        "ENGINE": "postgresql",
        "USER": "lback",
        "PASSWORD": Secret(CANARY),
        "HOST": "127.0.0.1",
        "PORT": 1,
        "NAME": "nothing",
    },
]


@pytest.mark.parametrize("setting", SECRETS)
def test_the_password_is_nowhere(
    tmp_path: Path, setting: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """No repr, text, error or log line has the password, wherever it fails."""
    caplog.set_level(logging.DEBUG)
    databases.configure({"default": setting}, tmp_path)
    engine = databases.engine()
    said = [repr(databases), str(databases), str(databases.url()), repr(engine)]
    said += [repr(databases.url()), repr(engine.url), repr(engine.pool)]
    for use in (_connect, _use_session, _ask_unknown):
        with pytest.raises((OperationalError, SettingsBroken)) as error:
            use()
        said += [str(error.value), repr(error.value), repr(error.value.args)]
        said += [str(error.value.__cause__)]
    databases.configure({}, tmp_path)

    assert [] == [line for line in [*said, caplog.text] if CANARY in line]


def _connect() -> None:
    databases.engine().connect()


def _use_session() -> None:
    with separate_unit() as session:
        session.execute(text("SELECT 1"))


def _ask_unknown() -> None:
    databases.engine("defualt")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"URL": "sqlite://", "POOLSIZE": 5}, "mean 'POOL_SIZE'"),
        ({"URL": "sqlite://", "POOL_SIZE": "5"}, "must be int, not '5'"),
        ({"URL": "sqlite://", "POOL_SIZE": True}, "must be int, not True"),
        ({"URL": "sqlite://", "ECHO": 1}, "must be bool, not 1"),
        ({"ENGINE": "postgresql", "PASSWORD": {"$env": "X"}}, "must be a text"),
        ({"ENGINE": "postgresql", "NAME": "x", "OPTIONS": "a=b"}, "OPTIONS"),
        (None, "must be a dictionary"),
        (f"postgresql//x:{CANARY}@h/x", "URL"),
        (f"postgresql://x:{CANARY}@h:port/x", "URL"),
        (CANARY, "URL"),
        (5, "default"),
        ({"ENGINE": "postgresql", "PASSWORD": CANARY, "PORT": "x"}, "PORT|URL"),
    ],
)
def test_a_broken_setting_is_an_error_of_the_setting(
    own: Databases, tmp_path: Path, setting: Any, words: str
) -> None:
    """What no engine can be made of is said to be so, without secrets.

    A URL is read by SQLAlchemy, so not before the first use.
    """

    def use() -> None:
        own.configure({"default": setting}, tmp_path)
        own.engine()

    with pytest.raises(SettingsBroken, match=words) as error:
        use()

    assert CANARY not in str(error.value)


@pytest.mark.parametrize("engine", ["mysqll", "postgresql+psycopgg"])
def test_an_unknown_engine_is_an_error_of_the_setting(
    own: Databases, tmp_path: Path, engine: str
) -> None:
    """A misspelt engine is said to be one, at the latest when it is made."""

    def use() -> None:
        own.configure({"default": {"ENGINE": engine, "NAME": "x"}}, tmp_path)
        own.engine()

    with pytest.raises(SettingsBroken, match=engine.replace("+", r"\+")):
        use()


def test_options_of_sqlite_are_used(own: Databases, tmp_path: Path) -> None:
    """OPTIONS reach the driver of SQLite like that of a server, or are refused."""
    setting = {"ENGINE": "sqlite", "NAME": "db", "OPTIONS": {"timeout": 1}}
    own.configure({"default": setting}, tmp_path)
    with own.engine().connect() as connection:
        timeout = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    own.dispose()

    assert 1000 == timeout


@pytest.mark.parametrize("name", ["", "a b", "../x", 5, None])
def test_a_name_is_a_word(own: Databases, tmp_path: Path, name: Any) -> None:
    """Names of databases are plain words."""
    with pytest.raises(SettingsBroken, match="plain word"):
        own.configure({"default": "sqlite://", name: "sqlite://"}, tmp_path)


def test_there_must_be_a_default(own: Databases, tmp_path: Path) -> None:
    """Databases without the one that models use are refused."""
    with pytest.raises(SettingsBroken, match="has no 'default'"):
        own.configure({"reports": "sqlite://"}, tmp_path)


def test_an_unknown_name_is_an_error(own: Databases, tmp_path: Path) -> None:
    """Asking for another database says which there are."""
    own.configure({"default": "sqlite://", "reports": "sqlite://"}, tmp_path)

    with pytest.raises(SettingsBroken, match=r"default, reports.*'reports'\?"):
        own.engine("report")


def test_no_database_says_what_to_write(tmp_path: Path) -> None:
    """Without DATABASES the first use names the line to add."""
    databases.configure({}, tmp_path)
    with pytest.raises(SettingsBroken, match="DATABASES = ") as error:
        session()

    assert "settings.py" in str(error.value)


def test_outside_a_unit_there_is_no_session(store: Any) -> None:
    """The proxy says what to use where no unit of work is."""
    with pytest.raises(NoUnitOfWork, match="separate_unit"):
        session.execute(text("SELECT 1"))


@pytest.mark.parametrize("begin", [atomic, separate_unit])
def test_a_failed_beginning_leaves_nothing(store: Any, begin: Any) -> None:
    """If the session cannot be opened, there is no unit of work afterwards."""
    databases.refusal = "Not here."
    with pytest.raises(DatabaseRefused, match="Not here"), begin():
        """Not come here."""

    assert current_unit() is None


def test_a_missing_driver_names_the_extra(tmp_path: Path) -> None:
    """Without psycopg the error says what to install."""
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path\n"
        "from lback.db import databases\n"
        "databases.configure({'default': 'postgresql://h/x'}, Path())\n"
        "try: databases.engine()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("MissingExtra")
    assert "lback[postgresql]" in done.stdout


def test_reconfiguring_disposes(own: Databases, tmp_path: Path) -> None:
    """Engines of an earlier setting are closed and not used any more."""
    own.configure({"default": "sqlite:///a.db"}, tmp_path)
    own.engine().connect().close()
    own.configure({"default": "sqlite:///b.db"}, tmp_path)

    assert "b.db" in str(own.engine().url)


def test_the_end_of_the_process_closes_all(postgresql: Any, tmp_path: Path) -> None:
    """A process that ends says goodbye: its connections are closed in order."""
    code = (
        "import gc, sys; gc.disable()\n"
        "from pathlib import Path\n"
        "from lback.db import databases\n"
        f"databases.configure({{'default': {postgresql.setting!r}}}, Path())\n"
        "engine = databases.engine()\n"
        "from sqlalchemy import event\n"
        "event.listen(engine, 'close', lambda *_: print('closed', flush=True))\n"
        "engine.connect().close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "closed\n" == done.stdout
    assert "" == done.stderr


def in_child(work: Any) -> str:
    """Fork, do *work* in the child, and return what it says."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "nothing"
        try:
            said = str(work())
        except BaseException as error:  # noqa: BLE001  # told to the parent
            said = repr(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


def _write(models: SimpleNamespace, name: str) -> str:
    with separate_unit() as own:
        own.add(models.Basket(name=name))
    return "done"


def test_parent_and_child_both_work(store: Any, models: SimpleNamespace) -> None:
    """After a fork each has connections of its own."""
    _write(models, "before")
    said = [in_child(partial(_write, models, f"child {n}")) for n in range(3)]
    _write(models, "parent")

    assert ["done"] * 3 == said
    assert ["before", "child 0", "child 1", "child 2", "parent"] == store.names()


def test_a_fork_shares_no_connection(postgresql: Any) -> None:
    """The server sees another process behind the child's connection."""

    def backend() -> str:
        with separate_unit() as own:
            return str(own.scalar(text("SELECT pg_backend_pid()")))

    mine = backend()

    assert mine != in_child(backend)
    assert mine == backend()


def test_a_child_has_no_unit(store: Any, models: SimpleNamespace) -> None:
    """The unit of work stays the parent's, and what it wrote can be committed."""
    with separate_unit() as own:
        own.add(models.Basket(name="parent"))
        own.flush()
        said = in_child(lambda: type(current_unit()).__name__)

    assert "NoneType" == said
    assert ["parent"] == store.names()


def test_a_child_that_unwinds_leaves_the_parent_alone(
    store: Any, models: SimpleNamespace
) -> None:
    """A child that leaves the block by an exception does not end the parent's work."""
    reading, writing = os.pipe()
    try:
        with separate_unit() as own:
            own.add(models.Basket(name="parent"))
            own.flush()
            pid = os.fork()
            if pid == 0:
                raise SystemExit  # noqa: TRY301  # through the block of the parent
            os.waitpid(pid, 0)
    except SystemExit:
        os.close(writing)
        os._exit(0)
    os.close(reading)
    os.close(writing)

    assert ["parent"] == store.names()


def test_the_store_can_be_asked_past_lback(sqlite: Any) -> None:
    """A plain engine of SQLAlchemy opens what Lback has made."""
    engine = create_engine(f"sqlite:///{sqlite.place}")
    with engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    engine.dispose()

    assert "wal" == mode
