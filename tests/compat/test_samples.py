"""No sample of the documents is forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path

_SERVICES = "the service layer"

# Samples that are not run yet, and what they need. The table only shrinks.
WAITING = {
    "fastkit/layer-service": _SERVICES,
    "fastkit/order-service": _SERVICES,
    "fastkit/order-tests": _SERVICES,
    "fastkit/quick-services": _SERVICES,
    "fastkit/test-sent": _SERVICES,
}


def marked() -> Iterator[str]:
    """Yield the names in the marks of the tests beside this one."""
    for file in Path(__file__).parent.glob("test_samples_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                "mark.samples"
            ):
                yield from (ast.literal_eval(name) for name in node.args)


def test_every_sample_is_run_or_waits(samples: dict[str, str]) -> None:
    """Each sample belongs to a test, or to the table of those that wait."""
    assert set(samples) == {*marked(), *WAITING}


def test_what_waits_is_not_run() -> None:
    """A sample that a test runs leaves the table."""
    assert set() == set(marked()) & set(WAITING)
