"""Fold generated lines that a long name has made too long, as ruff format would."""

import re

WIDTH = 88

_CALL = re.compile(r"(?P<head>[^()#]*\()(?P<inside>.*)(?P<tail>\)[:,]?)")
_IMPORT = re.compile(r"(?P<head>from \S+ import )(?P<inside>[\w, ]+)")
_TEXT = re.compile(r"(?P<head> *\w+ = )(?P<inside>\"[^\"]*\")")


def fold(source: str) -> str:
    """Fold every line of *source* that is too long and can be folded."""
    return "".join(f"{fold_line(line)}\n" for line in source.splitlines())


def fold_line(line: str) -> str:
    """Put the arguments or names of *line* on lines of their own if it is too long.

    The trailing comma makes that form the one a formatter keeps.
    """
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")))
    if found := _IMPORT.fullmatch(line):
        return _explode(f"{found['head']}(", found["inside"], ")", indent)
    if found := _CALL.fullmatch(line):
        return _explode(found["head"], found["inside"], found["tail"], indent)
    if found := _TEXT.fullmatch(line):
        return _wrap(line, found["head"], found["inside"], indent)
    return line


def _explode(head: str, inside: str, tail: str, indent: str) -> str:
    parts = "".join(f"{indent}    {part},\n" for part in _arguments(inside))
    return f"{head}\n{parts}{indent}{tail}"


def _wrap(line: str, head: str, text: str, indent: str) -> str:
    inner = f"{indent}    {text}"
    # NOTE: a formatter leaves the line alone where parentheses would not help.
    if len(inner) > WIDTH:
        return line
    return f"{head}(\n{inner}\n{indent})"


def _arguments(inside: str) -> list[str]:
    """Split at the commas that are in no bracket; no text in templates holds one."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(inside):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(inside[start:place].strip())
            start = place + 1
    return [*parts, inside[start:].strip()]
