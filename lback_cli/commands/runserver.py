"""``lback runserver``."""

from typing import TYPE_CHECKING

import click

from lback_cli._console import complain
from lback_cli._console import say
from lback_cli._console import warn
from lback_cli._project import find_root

if TYPE_CHECKING:
    from lback.devserver.address import Address


class _AddressType(click.ParamType["Address"]):
    """A port, or an address and a port."""

    name = "[ADDR:]PORT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Address":
        """Read the words, or fail with what they should look like."""
        from lback.core.exceptions import InvalidAddress
        from lback.devserver.address import parse_address

        try:
            return parse_address(str(value))
        except InvalidAddress as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument(
    "address", metavar="[[ADDR:]PORT]", type=_AddressType(), default="127.0.0.1:8000"
)
@click.option("--no-reload", is_flag=True, help="Ignore changed files.")
@click.pass_context
def command(ctx: click.Context, address: "Address", *, no_reload: bool) -> None:
    """Serve the project and reload it on every save.

    ADDR:PORT is 127.0.0.1:8000 unless given; an IPv6 address needs brackets, as in
    [::1]:8000. For development only: real traffic needs a production server.
    """
    from lback.devserver.runserver import run
    from lback.devserver.terminal import Terminal

    root = find_root()
    terminal = Terminal(say=say, warn=warn, complain=complain)
    ctx.exit(run(root, address, terminal, reload=not no_reload))
