"""From settings.py to a Config, and to the snapshot config.json.

settings.py is the source of truth. config.json is written from it for everything that
is not this Python process, and never read back over it.
"""

import os
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

from lback.core._settings_load import dotenv_path
from lback.core._settings_load import load_file
from lback.core._settings_source import find_up
from lback.core._settings_source import lent_to_environment
from lback.core._settings_source import read_dotenv
from lback.core._settings_source import run_settings
from lback.core.config import Config
from lback.core.config import load_config
from lback.core.exceptions import SettingsNotFound

if TYPE_CHECKING:
    from lback.core._settings_sync import SyncResult
    from lback.core._settings_watcher import Report
    from lback.core._settings_watcher import SettingsFileHandler
    from lback.core._settings_watcher import SettingsObserver

__all__ = [
    "SettingsFileHandler",
    "SyncResult",
    "get_project_root",
    "load_config",
    "load_settings",
    "load_settings_module",
    "start_settings_watcher",
    "sync_settings_to_config",
    "update_config",
]


def __getattr__(name: str) -> Any:
    # NOTE: the handler is a real FileSystemEventHandler, and watchdog is heavy; it is
    # imported when somebody asks for the handler, not with this module.
    if name == "SettingsFileHandler":
        from lback.core._settings_watcher import SettingsFileHandler

        return SettingsFileHandler
    if name == "SyncResult":
        from lback.core._settings_sync import SyncResult

        return SyncResult
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_project_root(start: Path | None = None) -> Path:
    """Find the folder that holds settings.py.

    Args:
        start: Where to look first, then in every folder above; the current folder if
            not given.

    Raises:
        SettingsNotFound: There is none.
    """
    here = (start or Path.cwd()).absolute()
    root = find_up(here)
    if root is None:
        raise SettingsNotFound(
            f"There is no settings.py in {here} or in a folder above it. Run the "
            "command from the project's folder, or make a project with: "
            "lback startproject NAME"
        )
    return root


def load_settings_module(settings_path: str | Path) -> types.ModuleType:
    """Run a settings file as the module ``settings``, anew every time.

    ``import settings`` gives the same module from then on, and ``from .base import *``
    finds the files beside it. While it runs, ``os.environ`` has the variables of the
    ``.env`` beside it. If it fails, the module of the last good run stays.

    Raises:
        SettingsNotFound: There is no such file.
        SettingsBroken: It does not run; the message has the last line of the project.
    """
    path = Path(settings_path)
    dotenv = read_dotenv(dotenv_path(path))
    with lent_to_environment(os.environ, dotenv):
        return run_settings(path, {**dotenv, **os.environ})


def load_settings(project_root: str | Path) -> Config:
    """Load the settings of a project: environment, ``.env``, settings.py, defaults.

    ``os.environ`` has the variables of ``.env`` only while settings.py runs: nothing
    else inherits them, and a changed ``.env`` wins the next time. The environment that
    the process was started with wins over ``.env``.

    Raises:
        SettingsNotFound: There is no settings.py in the folder.
        SettingsBroken: It does not run, or values do not fit.
    """
    return load_file(Path(project_root) / "settings.py").config


def sync_settings_to_config(
    settings_path: str | Path,
    config_file: str | Path = "config.json",
    *,
    limit: float = 5.0,
    accept_cut: bool = False,
) -> "SyncResult":
    """Write the snapshot of a settings file, if anything in it changed.

    The settings file is run in a child process. Keys of the snapshot that it does not
    define stay. A folder that cannot be written to is a warning in the result.

    Args:
        settings_path: The settings file.
        config_file: The snapshot; relative to the settings file's folder.
        limit: How many seconds the settings file may take.
        accept_cut: Take a file that is only a beginning of the one synced before,
            which otherwise counts as a save that is still under way.

    Raises:
        SettingsNotFound: There is no such settings file.
        SettingsBroken: It does not run, does not end, is cut off, or values do not
            fit; the snapshot is as it was.
        ConfigurationError: The snapshot's place is taken by something else.
    """
    from lback.core import _settings_sync

    return _settings_sync.sync(
        Path(settings_path), Path(config_file), limit, accept_cut=accept_cut
    )


def update_config(
    new_config: Mapping[str, Any], config_file: str | Path = "config.json"
) -> "SyncResult":
    """Add keys to config.json, or change keys that were added this way.

    They survive every sync as long as settings.py does not define them.

    Args:
        new_config: Upper-case names and values that JSON can hold.
        config_file: The file; a relative path belongs to the folder of settings.py.

    Raises:
        SettingsBroken: A name or value that cannot be stored, a secret, a name that
            settings.py defines, or a file that is damaged. Nothing was changed.
        ConfigurationError: The file cannot be written.
    """
    from lback.core import _settings_sync

    path = Path(config_file)
    return _settings_sync.update(new_config, path, get_project_root)


def start_settings_watcher(
    project_root: str | Path, *, report: "Report | None" = None
) -> "SettingsObserver":
    """Sync config.json now and on every change of settings.py and ``.env``.

    Args:
        project_root: The folder of settings.py.
        report: Called, in a thread of the watcher, with the result of each sync or
            with the error that prevented it. Without one they are logged.

    Returns:
        A running watchdog observer; ``stop()`` and ``join()`` end it.
    """
    from lback.core._settings_watcher import start

    return start(Path(project_root), report)
