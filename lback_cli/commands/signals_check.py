"""``lback signals check``: look for mistakes in the use of signals."""

import click

from lback_cli import _console
from lback_cli import _project


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001  # click passes options by name
    """Look for mistakes in the use of signals."""
    from lback_cli._signal_check import check_signals
    from lback_cli._signal_survey import BLIND_SPOTS
    from lback_cli._signal_survey import tell_unread

    with _project.quiet_output():
        findings, unread = check_signals(_project.find_root())
    errors = sum(finding.level == "error" for finding in findings)
    tell_unread(unread)
    if as_json:
        _console.say_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            _console.say(f"{finding.level}: {finding.text} ({finding.id})")
        warnings = len(findings) - errors
        counts = f"Errors: {errors}. Warnings: {warnings}."
        _console.say(counts if findings else "No mistakes found.")
        _console.say(BLIND_SPOTS)
    ctx.exit(1 if errors else 0)
