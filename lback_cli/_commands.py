"""The table of commands: help is printed from here, without importing any of them."""

from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command lives and what it does.

    Attributes:
        target: ``module:attribute`` of the click command.
        summary: The first line of the command's own help.
    """

    target: str
    summary: str


ENTRIES = {
    "startproject": Entry(
        "lback_cli.commands.startproject:command", "Create a project."
    ),
    "startapp": Entry(
        "lback_cli.commands.startapp:command", "Create an app that is already wired."
    ),
    "runserver": Entry(
        "lback_cli.commands.runserver:command",
        "Serve the project and reload it on every save.",
    ),
    "signals": Entry(
        "lback_cli.commands.signals:group", "Look at signals and their receivers."
    ),
    "routes": Entry("lback_cli.commands.routes:command", "List the routes."),
    "settings": Entry("lback_cli.commands.settings:group", "Work with the settings."),
    "check": Entry(
        "lback_cli.commands.check:command", "Look for mistakes in the project."
    ),
}
