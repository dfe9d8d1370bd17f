"""``lback startproject``."""

from pathlib import Path

import click

from lback_cli._console import say
from lback_cli._scaffold import plan_project
from lback_cli._writing import write_project


@click.command()
@click.argument("name")
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path)
)
def command(name: str, folder: Path | None) -> None:
    """Create a project.

    NAME is the project and its package. It goes into DIR, which must be new or
    empty; without DIR into a new folder NAME.
    """
    target = folder or Path(name)
    files = plan_project(name, target.parent)
    write_project(files, target)
    say(f"Created {name} in {target.absolute()} ({len(files)} files). Next:")
    say()
    if target.resolve() != Path.cwd():
        say(f"  cd {target}")
    say("  lback startapp orders")
    say("  lback runserver")
