"""Load settings.py together with what stands above it: ``.env`` and environment."""

import os
import types
from pathlib import Path
from typing import NamedTuple

from lback.core._settings_source import lent_to_environment
from lback.core._settings_source import read_dotenv
from lback.core._settings_source import run_settings
from lback.core.config import Config


class Loaded(NamedTuple):
    """A settings file that ran and whose values fit.

    Attributes:
        config: The settings in force.
        module: The module ``settings``.
        dotenv: The variables of ``.env``.
        environ: The environment as it was before.
    """

    config: Config
    module: types.ModuleType
    dotenv: dict[str, str]
    environ: dict[str, str]


def dotenv_path(settings_path: Path) -> Path:
    """Return the ``.env`` that belongs to a settings file."""
    return settings_path.with_name(".env")


def load_file(settings_path: Path) -> Loaded:
    """Run a settings file and put the layers together.

    ``os.environ`` has the variables of ``.env`` only while settings.py runs, so that
    it may read them there; afterwards they are gone, and a changed ``.env`` wins the
    next time.

    Raises:
        SettingsNotFound: There is no such file.
        SettingsBroken: It does not run, or values do not fit.
    """
    dotenv = read_dotenv(dotenv_path(settings_path))
    environ = dict(os.environ)
    with lent_to_environment(os.environ, dotenv):
        module = run_settings(settings_path, {**dotenv, **environ})
    config = Config.from_settings(module, environ=environ, dotenv=dotenv)
    return Loaded(config, module, dotenv, environ)
