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
    "shell": Entry(
        "lback_cli.commands.shell:command",
        "Try things out with the project loaded.",
    ),
    "dbshell": Entry(
        "lback_cli.commands.dbshell:command",
        "Open a database with its own client.",
    ),
    "signals": Entry(
        "lback_cli.commands.signals:group", "Look at signals and their receivers."
    ),
    "routes": Entry("lback_cli.commands.routes:command", "List the routes."),
    "makemigrations": Entry(
        "lback_cli.commands.makemigrations:command",
        "Write down what the models have got since the last migration.",
    ),
    "migrate": Entry(
        "lback_cli.commands.migrate:command",
        "Bring the database to where the migrations are.",
    ),
    "rollback": Entry(
        "lback_cli.commands.rollback:command",
        "Undo the last migrations, 1 unless STEPS is given.",
    ),
    "showmigrations": Entry(
        "lback_cli.commands.showmigrations:command",
        "List the migrations, and say which the database has.",
    ),
    "sqlmigrate": Entry(
        "lback_cli.commands.sqlmigrate:command",
        "Print the SQL of a migration; the database is not touched.",
    ),
    "migrations": Entry(
        "lback_cli.commands.migrations:group",
        "Look for mistakes in the migrations.",
    ),
    "settings": Entry("lback_cli.commands.settings:group", "Work with the settings."),
    "check": Entry(
        "lback_cli.commands.check:command", "Look for mistakes in the project."
    ),
}
