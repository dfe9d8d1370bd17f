"""Find the project that a command is about."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import redirect_stdout
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
    if isinstance(given, Path):
        return given
    try:
        return get_project_root()
    except FileNotFoundError:
        raise click.ClickException(
            "The current folder was removed. Go to one that exists and try again."
        ) from None


def load(until: "Phase") -> "Project":
    """Load the project up to and including the phase *until*.

    Raises:
        ConfigurationError: The project has a mistake; the message says where.
    """
    from lback.core._startup import load_project

    with quiet_output():
        return load_project(find_root(), until=until)


@contextmanager
def quiet_output() -> Iterator[None]:
    """Send what the project prints while it loads to standard error.

    Standard output is for what the command was asked for, which may be JSON.
    """
    with redirect_stdout(sys.stderr):
        yield
