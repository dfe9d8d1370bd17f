"""The settings of a project: read once, checked as a whole, known by origin."""

import json
import os
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from typing import cast
from typing import NoReturn
from typing import TYPE_CHECKING

from lback.core._secrets import Secret
from lback.core._settings_known import did_you_mean
from lback.core._settings_layers import Layers
from lback.core._settings_source import annotations_of
from lback.core._settings_source import find_up
from lback.core._settings_source import line_of
from lback.core._settings_source import settings_in
from lback.core.exceptions import MissingExtra
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotLoaded

__all__ = ["Config", "Secret", "load_config", "settings", "use_config"]


class Config:
    """Hold the settings of a project as attributes.

    Made from a file, the environment wins over the file and the file over defaults.
    The project's own settings come from :meth:`from_settings`. Every upper-case name
    is a plain attribute; one that does not exist is an AttributeError that names the
    nearest.

    Args:
        config_file: A JSON file, or with the extra ``lback[yaml]`` a YAML file. One
            that does not exist counts as empty. A relative path belongs to the folder
            of settings.py, or without one to the current folder.

    Raises:
        SettingsBroken: The file cannot be read, or values do not fit; the message
            lists every problem.
    """

    if TYPE_CHECKING:
        ALLOWED_HOSTS: list[str]
        APPEND_SLASH: bool
        BASE_DIR: Path
        DATABASES: dict[str, Any]
        DEBUG: bool
        INSTALLED_APPS: list[str]
        LOGGING: dict[str, Any]
        MIDDLEWARES: list[Any]
        ROOT_URLCONF: str
        SECRET_KEY: Secret
        STATIC_URL: str
        TEMPLATE_DIRS: list[str | Path]
        TRUSTED_PROXIES: list[str]

    #: Names that look like slips, each with the name that was probably meant.
    warnings: tuple[str, ...]

    def __init__(self, config_file: str | os.PathLike[str] = "config.json") -> None:
        path = _beside_settings(config_file)
        values = load_config(path)
        self._fill(Layers(path.parent, values, lambda _: path.name, environ=os.environ))

    @classmethod
    def from_settings(
        cls,
        module: ModuleType,
        *,
        environ: Mapping[str, str] | None = None,
        dotenv: Mapping[str, str] | None = None,
    ) -> "Config":
        """Make the settings of a loaded settings.py.

        The environment wins over ``.env``, that over settings.py, that over defaults.
        ``LBACK_<NAME>`` overrides any name; a bare ``NAME`` only a name of Lback or one
        that settings.py annotates.

        Args:
            module: The settings, see ``config_manager.load_settings_module``.
            environ: The environment; ``os.environ`` if not given.
            dotenv: The variables of ``.env``.

        Raises:
            SettingsBroken: Values do not fit; the message lists every problem.
        """
        config = cls.__new__(cls)
        config._fill(  # noqa: SLF001  # its own class
            Layers(
                Path(module.__file__ or "settings.py").absolute().parent,
                settings_in(module),
                lambda name: line_of(module, name),
                annotations=annotations_of(module),
                dotenv=dotenv or {},
                environ=os.environ if environ is None else environ,
            )
        )
        return config

    def _fill(self, layers: Layers) -> None:
        resolved = layers.resolve()
        state = self.__dict__
        state.update(resolved.values)
        state["warnings"] = tuple(resolved.warnings)
        state["_origins"] = resolved.origins
        state["_variables"] = resolved.variables
        state["_missing"] = resolved.missing
        state["_where"] = layers.where

    def __getattr__(self, name: str) -> Any:
        """Say which name was probably meant; found names never get here."""
        state = self.__dict__
        if name.startswith("_") or "_missing" not in state:
            raise AttributeError(name)
        if name in state["_missing"]:
            raise AttributeError(state["_missing"][name])
        hint = did_you_mean(name, self.names())
        raise AttributeError(f"There is no setting {name!r}.{hint}")

    def get(self, name: str, default: Any = None) -> Any:
        """Return the setting *name*, or *default* if there is none."""
        return self.__dict__.get(name, default) if name.isupper() else default

    def names(self) -> list[str]:
        """List the names of all settings in alphabetical order."""
        return sorted(name for name in self.__dict__ if name.isupper())

    def origin(self, name: str) -> str:
        """Say where a value came from.

        Returns:
            ``settings.py:12``, ``.env``, ``environment LBACK_DEBUG`` or ``default``.

        Raises:
            AttributeError: There is no such setting.
        """
        if name not in self.__dict__ or not name.isupper():
            self.__getattr__(name)
        origins = cast("dict[str, str]", self.__dict__["_origins"])
        where = cast("Callable[[str], str]", self.__dict__["_where"])
        return origins.get(name) or where(name)

    def is_default(self, name: str) -> bool:
        """Tell whether nobody has set *name*."""
        origins = cast("dict[str, str]", self.__dict__["_origins"])
        return origins.get(name) == "default"

    def variable(self, name: str) -> str | None:
        """Return the environment variable that gave *name* its value, if one did."""
        variables = cast("dict[str, str]", self.__dict__["_variables"])
        return variables.get(name)

    def __repr__(self) -> str:
        # NOTE: names only; any value may be a secret.
        return f"<{type(self).__name__}: {', '.join(self.names())}>"

    @property
    def DATABASE_URI(self) -> str:  # noqa: N802  # the documented name
        """The URI of ``DATABASES["default"]``, its credentials quoted.

        Without any database set it is the file db.sqlite3 in the project's folder.

        Raises:
            SettingsBroken: The setting is not one that a URI can be made from.
        """
        from lback.core._database_uri import database_uri

        return database_uri(self.get("DATABASES"), Path(self.get("BASE_DIR", ".")))

    @staticmethod
    def validate(config_instance: "Config", *, bind: str | None = None) -> None:
        """Refuse settings that a server must not start with.

        Args:
            config_instance: The settings.
            bind: The address that the server is going to listen on, if that is known;
                debug on one that others can reach is refused.

        Raises:
            SettingsBroken: The message lists every problem.
        """
        from lback.core._settings_checks import problems

        found = list(problems(config_instance, bind))
        if len(found) == 1:
            raise SettingsBroken(found[0])
        if found:
            lines = "\n".join(f"  {problem}" for problem in found)
            raise SettingsBroken(f"{len(found)} settings are wrong:\n{lines}")


def _beside_settings(config_file: str | os.PathLike[str]) -> Path:
    path = Path(config_file)
    if path.is_absolute():
        return path
    here = Path.cwd()
    return (find_up(here) or here) / path


def load_config(config_file: str | os.PathLike[str] = "config.json") -> dict[str, Any]:
    """Read a JSON file, or a YAML file if its name ends in .yaml or .yml.

    One that does not exist counts as empty. A relative path belongs to the folder of
    settings.py, or without one to the current folder.

    Raises:
        SettingsBroken: It cannot be read or does not hold a mapping of names.
        MissingExtra: It is YAML, and the extra ``lback[yaml]`` is not installed.
    """
    path = _beside_settings(config_file)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsBroken(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsBroken(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    is_yaml = path.suffix.lower() in (".yaml", ".yml")
    values = _parse_yaml(text, path) if is_yaml else _parse_json(text, path)
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise SettingsBroken(
            f"{path}:1: the file must hold one mapping of names to values, "
            f"not {type(values).__name__}."
        )
    return values


def _parse_json(text: str, path: Path) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise SettingsBroken(f"{path}: {constant} is not JSON; write a number or null.")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise SettingsBroken(
            f"{path}:{error.lineno}: not valid JSON: {error.msg}. Mend the line, or "
            "delete the file and run: lback settings sync"
        ) from None
    except RecursionError:
        raise SettingsBroken(f"{path}: nested too deeply to be read.") from None


def _parse_yaml(text: str, path: Path) -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        if error.name != "yaml":  # a bug of ours must stay visible
            raise
        raise MissingExtra(package="pyyaml", extra="yaml") from error
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise SettingsBroken(
            f"{path}:{line}: not valid YAML: {reason}. Mend the line."
        ) from None
    return {} if values is None else values


class _Settings(Config):
    """The settings of this process, for application code to import.

    It shares its attributes with the Config in use, so reading one costs no more than
    any attribute.
    """

    def __init__(self) -> None:
        """Start without any settings."""

    def __getattr__(self, name: str) -> Any:
        if "_missing" not in self.__dict__ and not name.startswith("_"):
            _refuse(name)
        return super().__getattr__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the setting *name*, or *default* if there is none."""
        if "_missing" not in self.__dict__:
            _refuse(name)
        return super().get(name, default)

    def __repr__(self) -> str:
        used = self.__dict__.get("_used")
        return f"<settings: {used!r}>" if used else "<settings: not loaded>"


def _refuse(name: str) -> NoReturn:
    raise SettingsNotLoaded(
        f"The setting {name!r} was read before the settings were loaded. Read it "
        "inside a function, or call lback.core.wsgi_entry.create_wsgi_app() first."
    )


#: The settings in use: ``from lback import settings``.
settings: Config = _Settings()


def use_config(config: Config | None) -> Config | None:
    """Make *config* what ``settings`` gives from now on.

    Args:
        config: The settings; None takes them away again.

    Returns:
        What was in use before.
    """
    previous = settings.__dict__.get("_used")
    state = {} if config is None else config.__dict__
    if config is not None:
        state["_used"] = config
    object.__setattr__(settings, "__dict__", state)
    return cast("Config | None", previous)
