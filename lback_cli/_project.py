"""Find the project that a command is about."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lback.core._startup import Phase
    from lback.core._startup import Project


def find_root() -> Path:
    """Return the project's folder.

    Raises:
        SettingsNotFound: There is no settings.py here or in a folder above.
    """
    from lback.core.config_manager import get_project_root

    given = click.get_current_context().find_root().obj
    return given if isinstance(given, Path) else get_project_root()


def load(until: "Phase") -> "Project":
    """Load the project up to and including the phase *until*.

    Raises:
        ConfigurationError: The project has a mistake; the message says where.
    """
    from lback.core._startup import load_project

    return load_project(find_root(), until=until)
