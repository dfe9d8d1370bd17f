"""``lback check``: look for mistakes in the project."""

import click

from lback_cli import _console
from lback_cli import _project


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001  # click passes options by name
    """Look for mistakes in the project."""
    from lback.core._checks import check_project

    with _project.quiet_output():
        findings = check_project(_project.find_root())
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        _console.say_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            _console.say(f"{finding.level}: {finding.text}")
        counts = _count(errors, "error"), _count(len(findings) - errors, "warning")
        _console.say(f"{', '.join(counts)}." if findings else "No mistakes found.")
    ctx.exit(1 if errors else 0)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
