"""Text files are read and written as UTF-8, whatever the machine's locale is."""

import ast
from collections.abc import Iterator
from typing import Any

_TEXT = {"open", "fdopen", "read_text", "write_text"}


def guessed(tree: ast.Module) -> Iterator[int]:
    """Yield the lines at which text is read or written in the locale's encoding."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = {keyword.arg for keyword in node.keywords}
        values = [a.value for a in node.args if isinstance(a, ast.Constant)]
        is_binary = any(isinstance(v, str) and "b" in v for v in values[-1:])
        is_low_level = ast.unparse(node.func) == "os.open"
        names_one = any(value in {"utf-8", "ascii"} for value in values)
        is_named = names_one or "encoding" in given
        if called in _TEXT and not (is_binary or is_low_level or is_named):
            yield node.lineno


def test_no_file_is_opened_in_the_locales_encoding(modules: list[Any]) -> None:
    """Every text file is opened with an encoding, every other one in binary mode."""
    lines = [
        f"{module.name}:{line}" for module in modules for line in guessed(module.tree)
    ]

    assert [] == lines
