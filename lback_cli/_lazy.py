"""Click groups that know their commands from a table and suggest the nearest name."""

import importlib
from collections.abc import Iterable
from collections.abc import Mapping

import click

from lback_cli._commands import Entry


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that *name* is not known, and which one was probably meant."""
    # PERF: difflib costs more than the rest of a failing start-up together.
    # bench: benchmarks/startup.py::help
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"No such {kind}: {name!r}.{hint}"


class HelpfulGroup(click.Group):
    """A group that answers a misspelt command with the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that *args* start with, or name the nearest one."""
        if args and self.get_command(ctx, args[0]) is None:
            names = self.list_commands(ctx)
            raise click.UsageError(unknown("command", args[0], names), ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(HelpfulGroup):
    """A group that imports a command when it is run, not when help is printed.

    Args:
        entries: The commands by name, in the order in which help lists them.
    """

    def __init__(
        self, name: str, entries: Mapping[str, Entry], **settings: object
    ) -> None:
        super().__init__(name, **settings)  # type: ignore[arg-type]  # click's own
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command *cmd_name*, or answer None if there is none."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, e.summary) for name, e in self.entries.items()])
