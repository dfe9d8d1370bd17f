"""Look for every mistake of a project at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from typing import NamedTuple

from lback.core._near import did_you_mean
from lback.core._startup import load_project
from lback.core._startup import Phase
from lback.core._startup import Project
from lback.core.catalogue import AWAITED
from lback.core.config import Config
from lback.core.dispatcher_instance import dispatcher
from lback.core.exceptions import ConfigurationError
from lback.core.exceptions import FrameworkException
from lback.core.exceptions import SettingsBroken
from lback.db.engines import databases


class Finding(NamedTuple):
    """A mistake, or something that looks like one.

    Attributes:
        level: ``"error"`` where the project cannot work, else ``"warning"``.
        text: What is wrong, where, and what to do about it.
    """

    level: Literal["error", "warning"]
    text: str


def check_project(root: Path) -> list[Finding]:
    """Load the project in *root* as far as it goes and return what is wrong with it.

    Nothing is served and no ``ready()`` runs.
    """
    problems: list[FrameworkException] = []
    try:
        project = load_project(root, until=Phase.URLS, on_problem=problems.append)
    except SettingsBroken as error:
        return [Finding("error", str(error))]
    return [
        *(Finding("error", str(problem)) for problem in problems),
        *_settings(project),
        *_databases(),
        *_receivers(),
    ]


def _settings(project: Project) -> Iterator[Finding]:
    """Yield what is wrong with the values of the settings."""
    for warning in project.config.warnings:
        yield Finding("warning", warning)
    try:
        Config.validate(project.config)
    except SettingsBroken as error:
        yield Finding("error", str(error))


def _databases() -> Iterator[Finding]:
    """Yield the databases that no engine can be made for; none is connected to."""
    for name in databases:
        try:
            databases.engine(name)
        except ConfigurationError as error:
            yield Finding("error", str(error))


def _receivers() -> Iterator[Finding]:
    """Yield the receivers of signals that nobody declares."""
    declared = [str(s.name) for s in dispatcher if s.declaration is not None]
    for signal in dispatcher:
        name = str(signal.name)
        if signal.declaration is not None or not signal:
            continue
        who = ", ".join(receiver.describe() for receiver in signal.receivers)
        if name in AWAITED:
            yield Finding(
                "warning",
                f"Nothing sends {name!r} yet; it comes with {AWAITED[name]}. "
                f"Received by {who}.",
            )
            continue
        hint = did_you_mean(name, [*declared, *AWAITED])
        yield Finding(
            "error", f"No signal is called {name!r}, but it is received by {who}.{hint}"
        )
