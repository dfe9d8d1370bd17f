"""The program ``lback``: from words on a command line to an exit code."""

import errno
import sys
from collections.abc import Sequence
from typing import NoReturn
from typing import TYPE_CHECKING

import click

from lback_cli._commands import ENTRIES
from lback_cli._console import complain
from lback_cli._console import say
from lback_cli._lazy import LazyGroup

if TYPE_CHECKING:
    from pathlib import Path


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's signature
    if wanted:
        from lback import __version__

        click.echo(f"lback {__version__}")
        ctx.exit()


cli = LazyGroup(
    "lback",
    ENTRIES,
    help="Make, run and look into Lback projects.",
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Show the version and exit.",
        )
    ],
)

# Raised where help is printed for want of words; older versions of click print it.
_NO_WORDS: type[click.UsageError] | tuple[()] = getattr(
    click.exceptions, "NoArgsIsHelpError", ()
)


# A reader that has left, as in `lback routes | head`, or a full disk.
_OUTPUT_IS_GONE = (errno.EPIPE, errno.ENOSPC)


def run(words: Sequence[str], root: "Path | None" = None) -> int:
    """Run one command line and return its exit code.

    Args:
        words: The command line without the program's name.
        root: The project's folder, if the caller knows it; else it is looked for
            from the current folder upward.
    """
    try:
        result = cli.main(list(words), "lback", standalone_mode=False, obj=root)
    except _NO_WORDS as asked:
        say(asked.format_message())
        return 0
    except click.Abort:
        complain("Stopped.")
        return 130
    except click.ClickException as error:
        complain(error.format_message())
        return error.exit_code
    except Exception as error:
        sentence = _for_the_user(error)
        if sentence is None:
            raise
        complain(sentence)
        return 1
    return result if isinstance(result, int) else 0


def _for_the_user(error: Exception) -> str | None:
    """Return what to say of an error that is no mistake in Lback, else None."""
    # NOTE: if the tree of errors was never imported, none of them can be raised.
    tree = sys.modules.get("lback.core.exceptions")
    if tree is not None and isinstance(error, tree.FrameworkException):
        return str(error)
    if isinstance(error, OSError) and error.errno in _OUTPUT_IS_GONE:
        return f"The output could not be written: {error.strerror}."
    return None


def main(root: "Path | None" = None) -> NoReturn:
    """Run the command line of this process and exit.

    Args:
        root: The project's folder; ``manage.py`` passes its own.
    """
    sys.exit(run(sys.argv[1:], root))
