"""Syncing config.json while everything goes wrong."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lback.core._config_file import locked
from lback.core._settings_judge import judge
from lback.core.config_manager import sync_settings_to_config
from lback.core.config_manager import update_config
from lback.core.exceptions import ConfigurationError
from lback.core.exceptions import SettingsBroken
from lback.devserver._sync import ConfigSync

DEADLINE = 30.0
SYNC = (
    "from lback.core.config_manager import *; import sys; "
    "sync_settings_to_config(sys.argv[1])"
)
UPDATES = (
    "from lback.core.config_manager import *; import sys\n"
    "for n in range(int(sys.argv[3])):\n"
    "    update_config({f'{sys.argv[2]}_{n}': n}, sys.argv[1])"
)
READER = """
import json, pathlib, sys
config, stop = map(pathlib.Path, sys.argv[1:])
reads = errors = 0
print("ready", flush=True)
while not stop.exists():
    reads += 1
    try:
        errors += "N" not in json.loads(config.read_bytes())
    except (OSError, ValueError):
        errors += 1
print(reads > 100, errors)
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts Python code; what still runs is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *words: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # our own interpreter and code
            [sys.executable, "-c", code, *map(str, words)],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(path: Path) -> None:
    """Wait until a file exists."""
    end = time.monotonic() + DEADLINE
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.01)


def wait_until(happens: Callable[[], bool]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + DEADLINE
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def wait_for_text(path: Path) -> None:
    """Wait until a file has something in it."""
    wait_until(lambda: path.exists() and bool(path.read_text()))


def state(pid: int) -> str:
    """Return the state of a process, as ps shows it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][1]
    except OSError:
        return "gone"


def wait_for_end(pid: int) -> bool:
    """Wait until a process has ended; whether anybody reaps it does not matter."""
    end = time.monotonic() + DEADLINE
    while state(pid) not in ("gone", "Z") and time.monotonic() < end:
        time.sleep(0.01)
    return state(pid) in ("gone", "Z")


# C01: a half-written file; see also test_settings_cut


def test_the_next_good_save_is_synced(settings: Path, config: Path) -> None:
    """After a half-written file the whole one is synced."""
    settings.write_text("A = {")
    with suppress(SettingsBroken):
        sync_settings_to_config(settings)
    settings.write_text("A = {'x': 2}")

    sync_settings_to_config(settings)

    assert {"A": {"x": 2}} == json.loads(config.read_bytes())


# C03: a file that does harm


HARM = {
    "syntax": ("A = (", r"settings\.py:1: SyntaxError"),
    "import": ("\nimport nowhere_at_all", r"settings\.py:2: ModuleNotFoundError"),
    "exception": ("\n\n1 / 0", r"settings\.py:3: ZeroDivisionError"),
    "exit": ("import sys\nsys.exit()", r"settings\.py:2: SystemExit"),
    "hard exit": ("import os\nos._exit(3)", r"ended the process .*exit code 3"),
    "crash": (
        "import os\nos.kill(os.getpid(), 11)",
        r"ended the process .*signal SIGSEGV",
    ),
    "wrong value": ("DEBUG = 'yes'", r"settings\.py:1: DEBUG must be of type bool"),
}


HANGING = {
    "loop": ("x = 1\nwhile x:\n    pass", r"settings\.py:[23]: still running after 2"),
    "loop in a function": (
        "def f():\n    while True:\n        pass\nf()",
        r"settings\.py:[23]: still running after 2 s; it was stopped",
    ),
    "sleep": ("import time\ntime.sleep(60)", r"settings\.py:2: still running after 2"),
    "stuck in C": (
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
        r"settings\.py:2: still running after 2",
    ),
    "stopped": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        r"settings\.py: still running after 2 s",
    ),
}


@pytest.mark.parametrize(("text", "reason"), HARM.values(), ids=HARM)
def test_a_harmful_file_is_an_error_with_its_line(
    settings: Path, text: str, reason: str
) -> None:
    """Whatever settings.py does, the error says what and where."""
    settings.write_text(text)

    with pytest.raises(SettingsBroken, match=reason):
        sync_settings_to_config(settings)


@pytest.mark.parametrize(("text", "reason"), HANGING.values(), ids=HANGING)
def test_a_hanging_file_is_an_error_with_its_line(
    settings: Path, text: str, reason: str
) -> None:
    """A settings.py that does not end is stopped, and the error says where."""
    settings.write_text(text)

    with pytest.raises(SettingsBroken, match=reason):
        sync_settings_to_config(settings, limit=2)


@pytest.mark.parametrize(
    "text",
    [*(text for text, _ in HARM.values()), "while True: pass"],
    ids=[*HARM, "loop"],
)
def test_a_harmful_file_changes_nothing(
    settings: Path, config: Path, text: str
) -> None:
    """Whatever settings.py does, config.json stays as it was."""
    good = config.read_bytes()
    settings.write_text(text)

    with suppress(SettingsBroken):
        sync_settings_to_config(settings, limit=1)

    assert good == config.read_bytes()


def test_a_closed_report_is_an_error(settings: Path) -> None:
    """A settings.py that closes the pipe it is judged through is broken."""
    settings.write_text("import os\nos.closerange(3, 100)")

    with pytest.raises(SettingsBroken, match="ended the process that read it"):
        sync_settings_to_config(settings)


HARMLESS = {
    "prints": "print('{\"values\": {}}' * 10_000, flush=True)\n",
    "writes to the terminal": "import os\nos.write(1, b'{}\\n')\nos.write(2, b'x')\n",
    "reads from the terminal": "import sys\nsys.stdin.read()\n",
    "starts a thread": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
    ),
    "registers an exit": "import atexit, time\natexit.register(time.sleep, 60)\n",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_an_odd_file_is_synced_all_the_same(settings: Path, text: str) -> None:
    """Output, threads and exit functions of settings.py do not disturb the sync."""
    settings.write_text(f"{text}A = 5")

    assert {"A": 5} == sync_settings_to_config(settings).values


@pytest.mark.parametrize("ending", ["", "while True: pass\n"], ids=["good", "hanging"])
def test_nothing_that_a_file_started_is_left(
    settings: Path, tmp_path: Path, ending: str
) -> None:
    """A process that settings.py starts does not outlive the sync."""
    settings.write_text(
        "import subprocess, pathlib\n"
        "p = subprocess.Popen(['sleep', '600'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(p.pid))\n{ending}"
    )

    with suppress(SettingsBroken):
        sync_settings_to_config(settings, limit=1)

    assert wait_for_end(int((tmp_path / "pid").read_text()))


def test_a_greedy_file_costs_the_parent_nothing(settings: Path) -> None:
    """The memory that settings.py takes is the child's, and is given back."""
    settings.write_text("x = b'x' * 300_000_000\nA = len(x)")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    sync_settings_to_config(settings)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000


def test_a_huge_setting_is_refused(settings: Path) -> None:
    """Settings of many megabytes do not end up in the parent or the file."""
    settings.write_text("A = ['x' * 90_000] * 50")

    with pytest.raises(SettingsBroken, match=r"settings\.py: .* larger than 4 MiB"):
        sync_settings_to_config(settings)


STOPPED = (
    "import os, pathlib, signal\n"
    "pathlib.Path({!r}).write_text(str(os.getpid()))\n"
    "os.kill(os.getpid(), signal.SIGSTOP)\n"
)


@pytest.fixture
def stopped(settings: Path, tmp_path: Path) -> Iterator[Path]:
    """Return where a settings.py that no limit of its own ends writes its number."""
    pid = tmp_path / "pid"
    settings.write_text(STOPPED.format(str(pid)))
    yield pid
    with suppress(OSError, ValueError):
        os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.mark.usefixtures("settings")
def test_a_terminated_command_leaves_no_child(
    stopped: Path, tmp_path: Path, start: Start
) -> None:
    """SIGTERM to `lback settings sync` ends the process that judges, too."""
    root = f"__import__('pathlib').Path({str(tmp_path)!r})"
    command = start(
        "import sys; from lback_cli.main import run; "
        f"sys.exit(run(['settings', 'sync'], {root}))"
    )
    wait_for_text(stopped)
    command.terminate()

    assert 128 + signal.SIGTERM == command.wait(timeout=DEADLINE)
    assert wait_for_end(int(stopped.read_text()))


def test_a_cancelled_judge_leaves_no_child(settings: Path, stopped: Path) -> None:
    """Whoever waits for a hanging settings.py may give up at any time."""
    cancel = threading.Event()
    errors: list[str] = []

    def wait_in_vain() -> None:
        try:
            judge(settings, 600, cancel=cancel)
        except SettingsBroken as error:
            errors.append(str(error))

    waiting = threading.Thread(target=wait_in_vain)
    waiting.start()
    wait_for_text(stopped)
    cancel.set()
    waiting.join(DEADLINE)

    assert [f"{settings}: cancelled; it was not synced."] == errors
    assert wait_for_end(int(stopped.read_text()))


@pytest.fixture
def no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let settings take longer than any test waits."""
    monkeypatch.setattr("lback.core._settings_sync.TIME_LIMIT", 600.0)


@pytest.mark.usefixtures("no_limit")
def test_a_newer_save_does_not_wait_for_a_hanging_one(
    settings: Path, config: Path, stopped: Path
) -> None:
    """The server gives up what it judges when something else was saved."""
    told: list[str] = []
    sync = ConfigSync(
        settings.parent, warn=told.append, fail=told.append, reload=lambda _: None
    )
    sync.start()
    wait_for_text(stopped)
    settings.write_text("A = 'newer'")
    sync.changed([settings])
    wait_until(lambda: b"newer" in config.read_bytes())
    sync.stop()

    assert [] == told


@pytest.mark.usefixtures("no_limit")
def test_the_end_of_the_server_ends_the_judge(settings: Path, stopped: Path) -> None:
    """Stopping does not wait for a hanging settings.py."""
    told: list[str] = []
    sync = ConfigSync(
        settings.parent, warn=told.append, fail=told.append, reload=lambda _: None
    )
    sync.start()
    wait_for_text(stopped)
    sync.stop()

    assert [] == told
    assert wait_for_end(int(stopped.read_text()))


# C04: values that JSON cannot hold


def test_what_json_cannot_hold_is_left_out_with_a_warning(settings: Path) -> None:
    """The other settings are synced, and each one left out is named."""
    settings.write_text(
        "A = 1\nF = lambda: 1\nN = float('nan')\nL = []\nL.append(L)\nU = '\\ud800'\n"
    )

    result = sync_settings_to_config(settings)

    named = [warning.split()[0].split(".")[0] for warning in result.warnings]
    assert (["A"], ["F", "L", "N", "U"]) == (list(result.values), sorted(named))


# C06: a reader


def test_a_reader_never_sees_a_partial_file(
    config: Path, tmp_path: Path, start: Start
) -> None:
    """Read all the time while it is written, config.json is always whole."""
    update_config({"N": "x" * 100_000}, config)
    reader = start(READER, config, tmp_path / "stop")
    assert reader.stdout is not None
    reader.stdout.readline()
    for number in range(100):
        update_config({"N": str(number) * 30_000}, config)
    (tmp_path / "stop").touch()

    assert "True 0\n" == reader.communicate(timeout=DEADLINE)[0]


# C08: several writers


def test_no_writer_loses_the_others_keys(config: Path, start: Start) -> None:
    """Ten processes that write at once all find their keys in the file."""
    writers = [start(UPDATES, config, f"W{number}", 20) for number in range(10)]
    for writer in writers:
        writer.wait(timeout=DEADLINE)

    assert 1 + 10 * 20 == len(json.loads(config.read_bytes()))


def test_the_last_settings_win(
    settings: Path, config: Path, tmp_path: Path, start: Start
) -> None:
    """A sync that began with older settings does not overwrite newer ones."""
    settings.write_text(
        f"import pathlib, time\npathlib.Path({str(tmp_path / 'begun')!r}).touch()\n"
        "time.sleep(1)\nA = 'old'"
    )
    slow = start(SYNC, settings)
    wait_for(tmp_path / "begun")
    settings.write_text("A = 'new'")

    sync_settings_to_config(settings)
    slow.wait(timeout=DEADLINE)

    assert {"A": "new"} == json.loads(config.read_bytes())


def test_several_syncs_at_once_leave_the_settings(
    settings: Path, config: Path, start: Start
) -> None:
    """Ten processes that sync at once all succeed and leave what settings.py says."""
    settings.write_text("A = 'final'")
    syncs = [start(SYNC, settings) for _ in range(10)]

    codes = {sync.wait(timeout=DEADLINE) for sync in syncs}

    assert ({0}, {"A": "final"}) == (codes, json.loads(config.read_bytes()))


def test_a_killed_writer_leaves_no_lock(
    settings: Path, tmp_path: Path, start: Start
) -> None:
    """After kill -9 of a process that holds the lock the next one goes on."""
    settings.write_text(
        f"import pathlib, time\npathlib.Path({str(tmp_path / 'begun')!r}).touch()\n"
        "time.sleep(2)"
    )
    holder = start(SYNC, settings)
    wait_for(tmp_path / "begun")
    os.kill(holder.pid, signal.SIGKILL)
    settings.write_text("A = 2")

    assert {"A": 2} == sync_settings_to_config(settings).values


def test_a_temporary_file_of_a_killed_writer_is_removed(
    settings: Path, tmp_path: Path
) -> None:
    """The next writer cleans up what a killed one left."""
    left = tmp_path / ".config.json.0123456789abcdef.tmp"
    left.write_text("{")

    sync_settings_to_config(settings)

    assert not left.exists()


# C10: somebody else's hands


def test_a_deleted_file_is_written_again(settings: Path, config: Path) -> None:
    """A deleted config.json is back after the next sync."""
    config.unlink()

    sync_settings_to_config(settings)

    assert {"A": {"x": 1}} == json.loads(config.read_bytes())


def test_a_hand_edit_is_overwritten_and_said(settings: Path, config: Path) -> None:
    """A value changed by hand is reset, and the warning names it."""
    config.write_text('{"A": 7}')

    result = sync_settings_to_config(settings)

    expected = f"{config} was edited by hand; settings.py has overwritten: A."
    assert ((expected,), ("A",)) == (result.warnings, result.changed)


def test_a_change_of_ours_is_no_hand_edit(settings: Path) -> None:
    """A sync after a sync does not accuse anybody."""
    settings.write_text("A = 2")

    assert () == sync_settings_to_config(settings).warnings


def test_a_key_added_by_hand_is_kept(settings: Path, config: Path) -> None:
    """A key that settings.py does not define stays, whoever wrote it."""
    config.write_text('{"A": {"x": 1}, "B": 2}')

    assert {"A": {"x": 1}, "B": 2} == sync_settings_to_config(settings).values


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff", "[" * 100_000])
def test_a_damaged_file_is_written_anew_and_said(
    settings: Path, config: Path, text: str
) -> None:
    """What is not a JSON object is replaced, and the warning says so."""
    config.write_text(text, encoding="latin-1")

    result = sync_settings_to_config(settings)

    expected = f"{config} was not valid JSON; it was written anew."
    assert ({"A": {"x": 1}}, (expected,)) == (result.values, result.warnings)


def test_added_keys_survive_a_damaged_file(settings: Path, config: Path) -> None:
    """What update_config() stored is not lost with the file."""
    update_config({"B": 2}, config)
    config.write_text("{")

    assert {"A": {"x": 1}, "B": 2} == sync_settings_to_config(settings).values


def test_a_symbolic_link_is_not_followed(
    settings: Path, config: Path, tmp_path: Path
) -> None:
    """A link in config.json's place is replaced, and its target left alone."""
    target = tmp_path / "target"
    target.write_text("precious")
    config.unlink()
    config.symlink_to(target)

    result = sync_settings_to_config(settings)

    assert ("precious", False) == (target.read_text(), config.is_symlink())
    assert "was a symbolic link" in result.warnings[0]


def test_a_lock_that_is_a_link_is_not_followed(
    settings: Path, config: Path, tmp_path: Path
) -> None:
    """A link in the lock's place leads nowhere, and the result says why."""
    target = tmp_path / "target"
    target.write_text("precious")
    lock = tmp_path / ".config.json.lock"
    lock.unlink()
    lock.symlink_to(target)
    settings.write_text("A = 2")

    result = sync_settings_to_config(settings)

    assert "precious" == target.read_text()
    assert "cannot be written" in result.unwritten


def test_a_folder_in_its_place_is_an_error(settings: Path, config: Path) -> None:
    """A folder named config.json is named, with what to do."""
    config.unlink()
    config.mkdir()

    with pytest.raises(ConfigurationError, match=r"config\.json is a folder. Move it"):
        sync_settings_to_config(settings)


def test_a_pipe_in_its_place_is_an_error(settings: Path, config: Path) -> None:
    """A named pipe is an error, not a sync that waits for ever."""
    config.unlink()
    os.mkfifo(config)

    with pytest.raises(ConfigurationError, match="is not a regular file"):
        sync_settings_to_config(settings)


# The disk and the lock


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file of this process grow over some kilobytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def grown(settings: Path) -> Path:
    """Return settings whose snapshot is larger than it was."""
    settings.write_text("A = 'x' * 50_000")
    return settings


@pytest.mark.usefixtures("grown", "full_disk")
def test_a_full_disk_keeps_the_old_file(settings: Path, config: Path) -> None:
    """What could not be written leaves the old file and no temporary one."""
    good = config.read_bytes()

    result = sync_settings_to_config(settings)

    names = {path.name for path in settings.parent.glob("*config*")}
    assert ({"config.json", ".config.json.lock"}, good) == (names, config.read_bytes())
    assert f"{config} cannot be written: File too large." == result.unwritten


@pytest.mark.usefixtures("full_disk")
def test_an_update_on_a_full_disk_is_an_error(config: Path) -> None:
    """update_config() says that it could not write."""
    with pytest.raises(ConfigurationError, match="cannot be written: File too large"):
        update_config({"B": "x" * 50_000}, config)


def test_a_lock_that_is_never_freed_is_an_error(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer does not wait for ever for another one."""
    monkeypatch.setattr("lback.core._config_file._LOCK_WAIT", 0.05)

    with locked(config), pytest.raises(ConfigurationError, match="Another process has"):
        update_config({"B": 1}, config)


# S109: planted secrets

CANARIES = {
    "SECRET_KEY": "canary-key-57a1",
    "DATABASE": "canary-database-57a1",
    "BROKER": "canary-broker-57a1",
    "TOKEN": "canary-token-57a1",
    "COPY": "canary-copy-57a1",
}
PLANTED = """
import os
from lback.core.config import Secret
SECRET_KEY: Secret
DATABASES = {"default": {"ENGINE": "postgresql", "PASSWORD": "canary-database-57a1"}}
BROKER_URL = "amqp://shop:canary-broker-57a1@mq/"
STRIPE = Secret("canary-token-57a1")
HEADERS = {"Authorization": f"Bearer {STRIPE.reveal()}", "X-Copy": STRIPE.reveal()}
GREETING = "from " + os.environ["MY_TOKEN"]
"""


@pytest.fixture
def planted(settings: Path) -> Path:
    """Return settings full of secrets."""
    settings.write_text(PLANTED)
    settings.with_name(".env").write_text(
        "SECRET_KEY=canary-key-57a1\nMY_TOKEN=canary-copy-57a1\n"
    )
    return settings


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
def test_no_secret_is_written(planted: Path, canary: str) -> None:
    """No file that a sync writes, and nothing it returns, has a secret."""
    result = sync_settings_to_config(planted)

    written = planted.with_name("config.json").read_text() + repr(result)
    assert canary not in written + planted.with_name(".config.json.lock").read_text()


def test_secrets_are_referred_to(planted: Path) -> None:
    """The snapshot says where each secret is."""
    result = sync_settings_to_config(planted)

    expected = {
        "SECRET_KEY": {"$env": "SECRET_KEY"},
        "DATABASES": {
            "default": {
                "ENGINE": "postgresql",
                "PASSWORD": {"$settings": "DATABASES.default.PASSWORD"},
            }
        },
        "BROKER_URL": {"$settings": "BROKER_URL"},
        "STRIPE": {"$settings": "STRIPE"},
        "HEADERS": {
            "Authorization": {"$settings": "HEADERS.Authorization"},
            "X-Copy": {"$settings": "HEADERS.X-Copy"},
        },
        "GREETING": {"$settings": "GREETING"},
    }
    assert expected == result.values


@pytest.mark.parametrize(
    "line",
    [
        "int(os.environ['MY_TOKEN'])",
        "raise ValueError(STRIPE)",
        "'canary-copy-57a1' + 1",
        "SECRET_KEY = 'canary-copy-57a1",
        "open('amqp://me:canary-copy-57a1@mq/')",
        "DEBUG = 'canary-copy-57a1'",
    ],
)
def test_no_secret_is_in_an_error(planted: Path, line: str) -> None:
    """The error about a broken file does not repeat a secret."""
    planted.write_text(f"{PLANTED}{line}")

    with pytest.raises(SettingsBroken) as caught:
        sync_settings_to_config(planted)

    assert "canary" not in str(caught.value)
