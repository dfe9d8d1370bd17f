"""config_manager: finding, loading and mirroring a project's settings."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from lback.core import config_manager
from lback.core.config import load_config
from lback.core.config_manager import get_project_root
from lback.core.config_manager import load_settings
from lback.core.config_manager import load_settings_module
from lback.core.config_manager import sync_settings_to_config
from lback.core.config_manager import update_config
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotFound

CANARY = "canary-5f0e1c7d-never-show-this-text"

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = {n: m for n, m in sys.modules.items() if n.startswith("settings")}
    yield
    for name in [name for name in sys.modules if name.startswith("settings")]:
        del sys.modules[name]
    sys.modules.update(before)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes settings.py."""

    def write(text: str) -> Path:
        path = tmp_path / "settings.py"
        path.write_text(text)
        return path

    return write


# get_project_root


def test_the_root_is_found_upward(write: Write, tmp_path: Path) -> None:
    """The folder with settings.py is found from any folder below it."""
    write("")
    (tmp_path / "a" / "b").mkdir(parents=True)

    assert tmp_path == get_project_root(tmp_path / "a" / "b")


def test_the_root_is_found_from_the_current_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an argument the search starts in the current folder."""
    write("")
    monkeypatch.chdir(tmp_path)

    assert tmp_path == get_project_root()


def test_no_root_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """Outside a project the error has the folder and what to do."""
    with pytest.raises(SettingsNotFound, match=f"{tmp_path} or in .*startproject"):
        get_project_root(tmp_path)


# load_settings_module


def test_the_module_is_importable_as_settings(write: Write) -> None:
    """After loading, `import settings` gives the very module."""
    module = load_settings_module(write("A = 1"))

    assert sys.modules["settings"] is module


def test_a_second_load_sees_the_change(write: Write) -> None:
    """A save of the same length within the same moment is seen."""
    load_settings_module(write("A = 1"))

    assert 2 == load_settings_module(write("A = 2")).A


def test_a_split_is_found_beside_the_settings(write: Write, tmp_path: Path) -> None:
    """`from .base import *` imports the base.py beside settings.py."""
    (tmp_path / "base.py").write_text("A = 1")

    assert 1 == load_settings_module(write("from .base import *")).A


def test_a_split_is_loaded_anew(write: Write, tmp_path: Path) -> None:
    """A changed base.py is seen by the next load."""
    (tmp_path / "base.py").write_text("A = 1")
    load_settings_module(write("from .base import *"))
    (tmp_path / "base.py").write_text("A = 1 + 1")

    assert 2 == load_settings_module(write("from .base import *")).A


def test_the_project_is_importable_in_settings(write: Write, tmp_path: Path) -> None:
    """settings.py may import other modules of the project."""
    (tmp_path / "h2_constants.py").write_text("SIZE = 3")

    assert 3 == load_settings_module(write("from h2_constants import SIZE")).SIZE


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A = 1\nB = (", "settings.py:2: SyntaxError: '\\(' was never closed"),
        ("\nimport h2_nowhere", "settings.py:2: ModuleNotFoundError: No module named"),
        ("A = 1\n\n1 / 0", "settings.py:3: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)", "settings.py:2: SystemExit: it ends the program"),
        ("import json\njson.loads('x')", "settings.py:2: JSONDecodeError: Expecting"),
        ("raise ValueError", "settings.py:1: ValueError: no message"),
        ("def f(): f()\nf()", "settings.py:1: RecursionError"),
    ],
)
def test_a_broken_file_is_an_error_with_its_line(
    write: Write, text: str, place: str
) -> None:
    """Whatever goes wrong is SettingsBroken with the last line of the project."""
    with pytest.raises(SettingsBroken, match=place):
        load_settings_module(write(text))


def test_an_error_in_a_split_names_the_split(write: Write, tmp_path: Path) -> None:
    """An error inside base.py has the line of base.py."""
    (tmp_path / "base.py").write_text("\nA = 1 / 0")

    with pytest.raises(SettingsBroken, match=r"base\.py:2: ZeroDivisionError"):
        load_settings_module(write("from .base import *"))


def test_an_interrupt_is_not_swallowed(write: Write) -> None:
    """Ctrl-C while settings.py runs stops the program."""
    with pytest.raises(KeyboardInterrupt):
        load_settings_module(write("raise KeyboardInterrupt"))


def test_a_failed_load_keeps_the_last_good_module(write: Write) -> None:
    """After a broken save `import settings` still gives what ran last."""
    module = load_settings_module(write("A = 1"))

    with pytest.raises(SettingsBroken):
        load_settings_module(write("A ="))

    assert sys.modules["settings"] is module


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A settings.py that is not there is SettingsNotFound."""
    with pytest.raises(SettingsNotFound, match=r"no settings file .*settings\.py"):
        load_settings_module(tmp_path / "settings.py")


def test_an_error_does_not_repeat_a_secret(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret of the environment is masked in the message of an error."""
    monkeypatch.setenv("API_TOKEN", CANARY)

    with pytest.raises(SettingsBroken, match=r"invalid literal .* '\*\*\*'"):
        load_settings_module(write("import os\nA = int(os.environ['API_TOKEN'])"))


# load_settings


def test_settings_may_read_dotenv_from_the_environment(
    write: Write, tmp_path: Path
) -> None:
    """While settings.py runs, os.environ has the variables of .env."""
    (tmp_path / ".env").write_text("H2_COLOUR=red\n")
    write("import os\nCOLOUR = os.environ['H2_COLOUR']")

    assert "red" == load_settings(tmp_path).COLOUR


def test_dotenv_leaves_the_environment_as_it_was(write: Write, tmp_path: Path) -> None:
    """Afterwards os.environ has nothing of .env."""
    (tmp_path / ".env").write_text("H2_COLOUR=red\n")
    write("")
    before = dict(os.environ)

    load_settings(tmp_path)

    assert before == dict(os.environ)


def test_a_changed_dotenv_wins_the_next_time(write: Write, tmp_path: Path) -> None:
    """A second load has the new value of .env, not the first."""
    write("COLOUR: str = ''")
    (tmp_path / ".env").write_text("COLOUR=red\n")
    load_settings(tmp_path)
    (tmp_path / ".env").write_text("COLOUR=blue\n")

    assert "blue" == load_settings(tmp_path).COLOUR


def test_a_dotenv_that_is_not_text_is_an_error(write: Write, tmp_path: Path) -> None:
    """An .env in another encoding is named."""
    write("")
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")

    with pytest.raises(SettingsBroken, match=r"\.env cannot be read: it is not UTF-8"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SECRET_KEY canary\n", 1),
        ("A=1\n\n\n  SECRET_KEY canary\nB=2\n", 4),
        ("A=1\nB='canary\n", 2),
    ],
)
def test_a_broken_line_of_dotenv_is_an_error(
    write: Write, tmp_path: Path, text: str, line: int
) -> None:
    """A line that would be left out is named, and not quoted."""
    write("")
    (tmp_path / ".env").write_text(text)
    with pytest.raises(SettingsBroken) as caught:
        load_settings(tmp_path)

    expected = (
        f"{tmp_path}/.env:{line}: the line is not NAME=value. Mend it, or put a # "
        "before it."
    )
    assert expected == str(caught.value)


def test_dotenv_itself_stays_silent(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is wrong with .env is said by the error, not by python-dotenv's logger."""
    write("")
    (tmp_path / ".env").write_text("SECRET_KEY canary\n")
    with pytest.raises(SettingsBroken):
        load_settings(tmp_path)

    assert [] == caplog.messages


def test_a_null_byte_has_its_line(write: Write) -> None:
    """Python does not say where a null byte is; the error does."""
    path = write("A = 1\n\nB = '\0'\n")

    with pytest.raises(SettingsBroken, match=rf"^{path}:3: "):
        load_settings_module(path)


def test_a_dotenv_that_is_a_folder_is_an_error(write: Write, tmp_path: Path) -> None:
    """A folder in the place of .env is named instead of being skipped."""
    write("")
    (tmp_path / ".env").mkdir()

    with pytest.raises(SettingsBroken, match=r"\.env cannot be read"):
        load_settings(tmp_path)


def test_loading_imports_nothing_heavy(write: Write, tmp_path: Path) -> None:
    """Loading settings without .env imports neither dotenv nor what syncing needs."""
    write("A = 1")
    code = (
        "import sys; from lback.core.config_manager import load_settings; "
        f"load_settings({str(tmp_path)!r}); "
        "print([m for m in ('dotenv', 'watchdog', 'subprocess', 'yaml', 'hashlib', "
        "'difflib', 'click', 'jinja2', 'werkzeug') if m in sys.modules])"
    )

    # NOTE: the measuring of coverage imports modules of its own, and a variable of
    # Lback's that is no setting is looked up among those there are.
    noise = ("COVERAGE", "LBACK_")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(noise)}
    done = subprocess.run(  # our own interpreter and code
        [sys.executable, "-c", code],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "[]" == done.stdout.strip()


# sync_settings_to_config


def test_sync_writes_the_settings(write: Write) -> None:
    """The snapshot has the names of settings.py and no defaults."""
    result = sync_settings_to_config(write("A = 1\nB = ['x']"))

    assert {"A": 1, "B": ["x"]} == json.loads(result.path.read_text())


def test_sync_writes_beside_the_settings(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative file belongs beside settings.py, wherever we are."""
    monkeypatch.chdir("/")
    sync_settings_to_config(write("A = 1"))

    assert (tmp_path / "config.json").is_file()


def test_sync_says_what_changed(write: Write) -> None:
    """The result has the names that were added, changed and removed."""
    sync_settings_to_config(write("A = 1\nB = 1\nC = 1"))

    result = sync_settings_to_config(write("B = 2\nC = 1\nD = 1"))

    expected = (True, ("D",), ("B",), ("A",))
    assert expected == (result.written, result.added, result.changed, result.removed)


def test_sync_without_a_change_writes_nothing(write: Write) -> None:
    """The file is the very same one afterwards."""
    first = sync_settings_to_config(write("A = 1"))
    before = first.path.stat()

    second = sync_settings_to_config(write("A = 1  # a comment"))

    after = second.path.stat()
    expected = (False, before.st_ino, before.st_mtime_ns)
    assert expected == (second.written, after.st_ino, after.st_mtime_ns)


def test_the_snapshot_is_for_its_owner_alone(write: Write) -> None:
    """config.json has the mode 0600 whatever the umask."""
    previous = os.umask(0)
    result = sync_settings_to_config(write("A = 1"))
    os.umask(previous)

    assert "-rw-------" == stat.filemode(result.path.stat().st_mode)


def test_the_snapshot_has_what_the_environment_says(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An overridden setting is written as it is in force."""
    monkeypatch.setenv("LBACK_A", "2")

    assert {"A": 2} == sync_settings_to_config(write("A = 1")).values


def test_warnings_of_the_settings_are_in_the_result(write: Write) -> None:
    """A slip in a name is reported by the sync."""
    result = sync_settings_to_config(write("INSTALED_APPS = []"))

    assert "mean INSTALLED_APPS?" in result.warnings[0]


def test_the_result_lists_the_files_of_the_settings(
    write: Write, tmp_path: Path
) -> None:
    """Whoever watches learns which files the settings are made of."""
    (tmp_path / "base.py").write_text("A = 1")
    (tmp_path / ".env").write_text("B=1")

    result = sync_settings_to_config(write("from .base import *"))

    names = [path.name for path in result.files]
    assert ["settings.py", "base.py", ".env"] == names


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Return a project folder that may not be written to."""
    (tmp_path / "settings.py").write_text("A = 1")
    (tmp_path / "config.json").write_text('{"A": 0}')
    tmp_path.chmod(0o555)
    yield tmp_path
    tmp_path.chmod(0o755)


def bound_by_modes(code: str) -> str:
    """Run *code* in a process that modes of files bind, and return what it prints."""
    # NOTE: modes do not bind root, unless it gives that right away.
    words = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    head = "from lback.core import config_manager\n"
    done = subprocess.run(  # our own words
        [*words, sys.executable, "-B", "-c", head + code],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()


def test_a_read_only_folder_is_a_warning(read_only: Path) -> None:
    """A folder that cannot be written to stops nothing and is said in the result."""
    printed = bound_by_modes(
        f"r = config_manager.sync_settings_to_config({f'{read_only}/settings.py'!r})\n"
        "print(r.written, *r.warnings)"
    )

    expected = f"False {read_only}/config.json cannot be written: Permission denied."
    assert expected == printed


def test_a_read_only_folder_keeps_its_snapshot(read_only: Path) -> None:
    """The old snapshot stays, and no temporary file is left."""
    bound_by_modes(
        f"config_manager.sync_settings_to_config({f'{read_only}/settings.py'!r})"
    )

    names = {path.name: path.read_text() for path in read_only.glob("*.*")}
    assert {"settings.py": "A = 1", "config.json": '{"A": 0}'} == names


def test_a_read_only_folder_that_is_up_to_date_is_no_warning(read_only: Path) -> None:
    """Where nothing has to be written, nothing is said."""
    (read_only / "settings.py").write_text("A = 0")
    printed = bound_by_modes(
        f"r = config_manager.sync_settings_to_config({f'{read_only}/settings.py'!r})\n"
        "print(r.written, *r.warnings)"
    )

    assert "False" == printed


def test_update_in_a_read_only_folder_is_an_error(read_only: Path) -> None:
    """update_config() does not pretend that it has written."""
    printed = bound_by_modes(
        f"config_manager.update_config({{'B': 1}}, {f'{read_only}/config.json'!r})"
    )

    expected = f"{read_only}/config.json cannot be written: Permission denied."
    assert printed.endswith(f"ConfigurationError: {expected}")


# update_config


def test_update_adds_keys(tmp_path: Path) -> None:
    """update_config() adds to what the file holds."""
    update_config({"A": 1}, tmp_path / "config.json")
    update_config({"B": 2}, tmp_path / "config.json")

    assert {"A": 1, "B": 2} == load_config(tmp_path / "config.json")


def test_updated_keys_survive_a_sync(write: Write, tmp_path: Path) -> None:
    """Keys that settings.py does not define are kept."""
    sync_settings_to_config(write("A = 1"))
    update_config({"B": 2}, tmp_path / "config.json")

    assert {"A": 3, "B": 2} == sync_settings_to_config(write("A = 3")).values


def test_update_belongs_to_the_project(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative file belongs to the folder of settings.py, also from below."""
    write("")
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")

    assert tmp_path / "config.json" == update_config({"B": 2}).path


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("A", 2, "A is defined by settings.py; change it there"),
        ("API_TOKEN", CANARY, "API_TOKEN looks like a secret.*Put it into .env"),
        ("B", {"url": f"redis://:{CANARY}@h/0"}, "B looks like a secret"),
        ("B", float("nan"), "B is nan"),
        ("b", 1, "'b' is not a name of a setting: use capitals"),
    ],
)
def test_what_update_refuses(
    write: Write, tmp_path: Path, name: str, value: object, reason: str
) -> None:
    """A name of settings.py, a secret, and what JSON cannot hold are refused."""
    sync_settings_to_config(write("A = 1"))

    with pytest.raises(SettingsBroken, match=reason):
        update_config({name: value}, tmp_path / "config.json")


def test_update_does_not_touch_a_damaged_file(tmp_path: Path) -> None:
    """A file that is not JSON is left as it is, with the remedy."""
    (tmp_path / "config.json").write_text("{")

    with pytest.raises(SettingsBroken, match="Run: lback settings sync"):
        update_config({"B": 1}, tmp_path / "config.json")


# What the module offers


def test_load_config_is_passed_through() -> None:
    """config_manager.load_config is the one of core.config."""
    assert load_config is config_manager.load_config


def test_an_unknown_name_of_the_module_is_an_error() -> None:
    """The lazy names do not swallow a slip."""
    with pytest.raises(AttributeError, match="no attribute 'sync_settings'"):
        _ = config_manager.sync_settings
