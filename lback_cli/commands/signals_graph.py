"""``lback signals graph``: draw who sends to whom."""

import click

from lback_cli import _console
from lback_cli import _project


@click.command()
@click.option(
    "--format",
    "language",
    type=click.Choice(["mermaid", "dot"]),
    default="mermaid",
    help="The language of the drawing. Default: mermaid.",
)
@click.option("--app", help="Only signals that this app declares, sends or receives.")
@click.option("--signal", "pattern", help="Only signals like this, such as 'shop.*'.")
@click.option("--framework", is_flag=True, help="The framework's own signals, too.")
def command(
    language: str,
    app: str | None,
    pattern: str | None,
    framework: bool,  # noqa: FBT001  # click passes options by name
) -> None:
    """Draw who sends which signal, and who receives it."""
    from lback.core._startup import Phase
    from lback_cli import _signal_drawing
    from lback_cli._signal_graph import graph_of
    from lback_cli._signal_rows import chosen_signals
    from lback_cli._signal_survey import BLIND_SPOTS
    from lback_cli._signal_survey import survey
    from lback_cli._signal_survey import tell_unread

    looked = survey(_project.load(Phase.LISTENERS))
    tell_unread(looked.unread)
    graph = graph_of(chosen_signals(pattern, framework=framework), looked, app)
    if not graph.nodes:
        _console.warn("There are no such signals.")
    write = _signal_drawing.dot if language == "dot" else _signal_drawing.mermaid
    _console.say(write(graph, [BLIND_SPOTS]))
