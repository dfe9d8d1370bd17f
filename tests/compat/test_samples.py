"""No sample of the documents is forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path


def marked() -> Iterator[str]:
    """Yield the names in the marks of the tests beside this one."""
    for file in Path(__file__).parent.glob("test_samples_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                "mark.samples"
            ):
                yield from (ast.literal_eval(name) for name in node.args)


def test_every_sample_is_run(samples: dict[str, str]) -> None:
    """Each sample belongs to a test."""
    assert set(samples) == set(marked())
