"""What the commands about migrations share: the project and its databases."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from lback_cli import _project

if TYPE_CHECKING:
    from pathlib import Path

    from lback.apps import AppConfig
    from lback.migrations.planning import Router
    from lback.migrations.running import Options
    from lback.migrations.target import Target

database_option = click.option(
    "--database", metavar="NAME", help="Only this one of DATABASES."
)


def load(database: str | None) -> "tuple[list[Target], Iterable[AppConfig]]":
    """Load the project up to its listeners, and return its databases and apps.

    Raises:
        ConfigurationError: The project has a mistake, or no such database.
        MigrationError: A model is in a database that is not there.
    """
    from lback.core._startup import Phase
    from lback.db.engines import databases
    from lback.db.models import Model
    from lback.migrations.target import folder_of
    from lback.migrations.target import Target
    from lback.migrations.target import targets

    project = _project.load(Phase.LISTENERS)
    # NOTE: the commands say it in words of their own.
    logger = logging.getLogger("alembic")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)
    databases.url(database or "default")  # says what is wrong with it
    found = targets(project.root, databases, Model.metadata)
    if database is not None:
        found = [Target(database, folder_of(project.root, database), databases)]
    return found, project.apps


def run(found: "Iterable[Target]", router: "Router", options: "Options") -> None:
    """Migrate databases, one after another.

    Raises:
        MigrationError: One of them could not be migrated; those before it were.
    """
    from lback.migrations.running import run as run_on
    from lback_cli import _console

    for target in found:
        run_on(target, router, options, _console.say)


def with_history(found: "Iterable[Target]") -> "list[Target]":
    """Return the databases that have any migration."""
    return [target for target in found if any(target.folder.glob("*.py"))]


def one_with(found: "list[Target]", words: str) -> "Target":
    """Return the database that has a migration of this name, else the first one.

    Raises:
        MigrationError: The files of one are no history.
    """
    from lback.migrations.planning import knows
    from lback.migrations.state import history_of

    having = [t for t in found if knows(history_of(t), words)]
    return (having or found)[0]


def short_path(path: "Path") -> str:
    """Write a path relative to the current folder, if it is below."""
    from pathlib import Path

    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
