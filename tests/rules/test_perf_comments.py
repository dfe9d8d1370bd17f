"""A line made odd for speed names the benchmark that proves it."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

_BENCH = re.compile(r"bench: ([\w/.]+)::(\w+)")


def test_every_perf_comment_names_a_benchmark_that_exists(modules: list[Any]) -> None:
    """Behind ``PERF`` stands ``bench: file::case``, and the file has that case."""
    missing = []
    for module in modules:
        source = module.path.read_text(encoding="utf-8")
        # NOTE: what follows a PERF, up to the next one, names its benchmark first.
        found = [_BENCH.search(part) for part in source.split("PERF:")[1:]]
        named = [match.groups() for match in found if match is not None]
        if len(named) != len(found):
            missing.append(f"{module.name}: a PERF without its bench")
        for file, case in named:
            path = ROOT / file
            if not path.is_file() or case not in path.read_text(encoding="utf-8"):
                missing.append(f"{module.name}: {file}::{case}")

    assert [] == missing
