"""Installed apps: what they are, and how their modules are loaded."""

import importlib
import os
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from lback.core._blame import last_project_line
from lback.core.exceptions import AppBroken
from lback.core.exceptions import AppNotFound
from lback.core.exceptions import ConfigurationError


class AppConfig:
    """An installed app.

    Subclass it in the app's ``apps.py`` to do something when the project is loaded.

    Attributes:
        name: The dotted path of the app's package.
        label: A short name, unique in the project. Default: the last part of *name*.
        path: The folder of the package.
        database: The name in DATABASES of the database its models are in. Default:
            the default one.
    """

    name: str = ""
    label: str = ""
    database: str = ""
    path: Path

    def __init__(self, package: ModuleType) -> None:
        self.name = self.name or package.__name__
        self.label = self.label or self.name.rpartition(".")[2]
        self.path = Path(next(iter(package.__path__)))

    def ready(self) -> None:
        """Do what the app has to do once, when the whole project is loaded."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


class Apps:
    """The installed apps of a project, in the order of ``INSTALLED_APPS``.

    Args:
        entries: Dotted paths of packages, or of subclasses of :class:`AppConfig`.

    Raises:
        AppNotFound: An entry cannot be found.
        AppBroken: A package or its ``apps.py`` fails while it is imported.
        ConfigurationError: Two apps have one label.
    """

    def __init__(self, entries: Sequence[str]) -> None:
        self._apps: dict[str, AppConfig] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: str) -> None:
        """Add the app that an entry names; see the class for what can go wrong."""
        app = _find(entry)
        known = self._apps.setdefault(app.label, app)
        if known is not app:
            raise ConfigurationError(
                f"INSTALLED_APPS has {known.name!r} and {app.name!r}, which share "
                f"the label {app.label!r}. Give one an AppConfig with another "
                "label."
            )

    @property
    def labels(self) -> dict[str, str]:
        """The labels by package, in order."""
        return {app.name: app.label for app in self}

    def __iter__(self) -> Iterator[AppConfig]:
        return iter(self._apps.values())

    def __len__(self) -> int:
        return len(self._apps)

    def __getitem__(self, label: str) -> AppConfig:
        if label not in self._apps:
            raise AppNotFound(f"No installed app has the label {label!r}.")
        return self._apps[label]


def load_module(app: AppConfig, module: str) -> ModuleType | None:
    """Import *module* of *app*, such as ``"listeners"``; None if it has no such file.

    Raises:
        AppBroken: The module is there and fails; the message shows where.
    """
    name = f"{app.name}.{module}"
    if not _may_have(sys.modules[app.name], module):
        return None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        raise _failed(app.name, f"{module}.py", error) from error
    except (Exception, SystemExit) as error:
        raise _failed(app.name, f"{module}.py", error) from error


def get_ready(app: AppConfig) -> None:
    """Run the app's ``ready()``.

    Raises:
        AppBroken: It fails; the message shows where.
    """
    try:
        app.ready()
    except (Exception, SystemExit) as error:
        raise _failed(app.name, "ready()", error) from error


def _find(entry: str) -> AppConfig:
    """Return the app that an entry of ``INSTALLED_APPS`` names."""
    package_name, config_class = entry, AppConfig
    parent, _, last = entry.rpartition(".")
    if parent and last[:1].isupper():
        module = _import(parent, entry)
        config_class = getattr(module, last, AppConfig)
        if not _is_config(config_class) or config_class is AppConfig:
            raise AppNotFound(
                f"INSTALLED_APPS names {entry!r}, but {parent} has no AppConfig "
                f"{last!r}."
            )
        package_name = config_class.name or parent.rpartition(".")[0]
    package = _import(package_name, entry)
    if not hasattr(package, "__path__"):
        raise AppNotFound(
            f"INSTALLED_APPS names {entry!r}, which is a module. An app is a folder."
        )
    if config_class is AppConfig:
        config_class = _own_config(package)
    return config_class(package)


def _own_config(package: ModuleType) -> type[AppConfig]:
    """Return the one AppConfig in the package's ``apps.py``, or the plain one."""
    name = f"{package.__name__}.apps"
    if not _may_have(package, "apps"):
        return AppConfig
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return AppConfig
        raise _failed(package.__name__, "apps.py", error) from error
    except (Exception, SystemExit) as error:
        raise _failed(package.__name__, "apps.py", error) from error
    found = [
        value
        for value in vars(module).values()
        if _is_config(value) and value.__module__ == name
    ]
    return found[0] if len(found) == 1 else AppConfig


def _may_have(package: ModuleType, module: str) -> bool:
    """Tell whether *package* may have a module of this name.

    PERF: asking a folder is five times as fast as an import that fails, of which a
    project without models would have one for each app.
    bench: benchmarks/startup.py::signals_list
    """
    folders = list(package.__path__)
    if len(folders) != 1:
        return True
    try:
        names = os.listdir(folders[0])  # noqa: PTH208  # names, not paths
    except OSError:  # a zip file, for instance
        return True
    return any(name.partition(".")[0] == module for name in names)


def _is_config(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, AppConfig)


def _import(name: str, entry: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise AppNotFound(
                f"INSTALLED_APPS names {entry!r}, but there is no package "
                f"{error.name!r}. Correct the entry, or run: lback startapp {entry}"
            ) from error
        raise _failed(entry, "its package", error) from error
    except (Exception, SystemExit) as error:
        raise _failed(entry, "its package", error) from error


def _failed(app: str, part: str, error: BaseException) -> AppBroken:
    return AppBroken(f"The app {app!r} fails in {part}: {last_project_line(error)}")
