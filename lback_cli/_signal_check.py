"""Load a project as far as it goes, and judge what it does with signals."""

from pathlib import Path
from typing import NamedTuple

from lback_cli._signal_files import Unread
from lback_cli._signal_findings import Finding
from lback_cli._signal_findings import finding
from lback_cli._signal_rules import find_mistakes
from lback_cli._signal_survey import survey


class Checked(NamedTuple):
    """The outcome of a check.

    Attributes:
        findings: What is wrong: what start-up says, then by place.
        unread: The files that could not be read.
    """

    findings: list[Finding]
    unread: list[Unread]


def check_signals(root: Path) -> Checked:
    """Load the project in *root* up to its urls and judge its use of signals.

    Nothing is served and no ``ready()`` runs.
    """
    from lback.core._startup import load_project
    from lback.core._startup import Phase
    from lback.core.exceptions import FrameworkException
    from lback.core.exceptions import SettingsBroken

    problems: list[FrameworkException] = []
    try:
        project = load_project(root, until=Phase.URLS, on_problem=problems.append)
    except SettingsBroken as error:
        return Checked([_start_up(error)], [])
    looked = survey(project)
    found = find_mistakes(looked, is_whole=not problems)
    return Checked([*map(_start_up, problems), *found], looked.unread)


def _start_up(problem: Exception) -> Finding:
    return finding("start-up", str(problem), None, None)
