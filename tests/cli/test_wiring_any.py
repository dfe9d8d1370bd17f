"""Wiring holds for files in any formatting, not only for those we thought of."""

import ast
import io
import tokenize

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from lback_cli._splice import UnusualShape
from lback_cli._wiring import add_include
from lback_cli._wiring import add_installed_app

WORDS = st.text("ab\u00e9\U0001f600 ,#()[]'", max_size=6)
COMMENTS = st.one_of(st.just(""), WORDS.map(lambda text: f"  # {text}"))
GAPS = st.sampled_from(["", " ", "\n", "\n    ", "\n\t", "\n\n  "])
ENTRIES = st.one_of(
    WORDS.map(repr),
    WORDS.map(lambda text: '"' + text + '"'),
    st.sampled_from(['("a")', '"a" "b"', "u'a'", '"""x\ny"""', "NAME", "f(1, 2)"]),
    st.sampled_from(["*BASE", 'f"{x}"', '["a", ("b",)]', 'include("x.urls")']),
)
IMPORTS = st.sampled_from(
    [
        "",
        "from lback import path\n",
        "from lback import (path)\n",
        "from lback import (\n    path  # c\n)\n",
        "from lback import Request as R, path as p\n",
        "from lback import path, \\\n    render\n",
        "from lback import Request\nfrom lback import path\n",
        "import os; from lback import path; import sys\n",
        "from lback.core.urls_utils import path\n",
        "from lback import include\n",
        "from other import include\n",
        "if x:\n    from lback import path\n",
        "from __future__ import annotations\n",
        '"""Doc."""\n',
        '"""Doc."""; x = 1\n',
    ]
)


@st.composite
def sources(draw: st.DrawFn, name: str) -> bytes:
    """Make a file that gives *name* a list, in any formatting."""
    opening, closing = draw(st.sampled_from([("[", "]"), ("(", ")"), ("([", "])")]))
    entries = draw(st.lists(ENTRIES, max_size=4))
    parts = [opening]
    for entry in entries:
        comment = draw(COMMENTS)
        parts += [draw(GAPS), entry, comment, "\n" if comment else draw(GAPS), ","]
    if draw(st.booleans()) and (len(entries) > 1 or (entries and opening != "(")):
        parts.pop()  # the last comma, which makes a tuple of one entry
    comment = draw(COMMENTS)
    parts += [comment, "\n" if comment else draw(GAPS), closing]
    head = draw(st.sampled_from(["", "# \u00e9\n", "\n\n", "#!/bin/x\n"]))
    target = draw(st.sampled_from([name, f"{name}: list[str]", f"X = 1; {name}"]))
    tail = draw(st.sampled_from(["", "\n", "  # end", "; Y = 2\n", "\nZ = 1\n"]))
    text = f"{head}{draw(IMPORTS)}{target} = {''.join(parts)}{tail}"
    ends = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    bom = draw(st.sampled_from(["", "\ufeff"]))
    return (bom + text.replace("\n", ends)).encode()


def comments_of(source: bytes) -> list[str]:
    """Return the comments of *source* in order."""
    text = source.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def is_subsequence(short: bytes, long: bytes) -> bool:
    """Tell whether *long* is *short* with bytes put in."""
    rest = iter(long)
    return all(byte in rest for byte in short)


def value_of(source: bytes, name: str) -> list[str]:
    """Return the entries that *source* gives to *name*, as text."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert isinstance(node.value, ast.List | ast.Tuple)
            return [ast.dump(entry) for entry in node.value.elts]
    return []


def rest_of(source: bytes, name: str) -> list[str]:
    """Return all statements of *source* but that of *name* and imports from Lback."""
    return [
        ast.dump(node)
        for node in ast.parse(source).body
        if f"id='{name}'" not in ast.dump(node)
        and not (isinstance(node, ast.ImportFrom) and "lback" in str(node.module))
    ]


def imported(source: bytes) -> set[str]:
    """Return what *source* imports from Lback."""
    return {
        name.asname or name.name
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and "lback" in str(node.module)
        for name in node.names
    }


def added(source: bytes, change: str) -> bytes | None:
    """Return *source* with ``orders`` added, or None if it is of unusual shape."""
    function = {"apps": add_installed_app, "urls": add_include}[change]
    try:
        return function(source, "orders")
    except UnusualShape:
        return None


@settings(max_examples=600, deadline=None)
@given(sources("INSTALLED_APPS"))
def test_any_settings_gain_one_entry_or_nothing(source: bytes) -> None:
    """Whatever the formatting: one more entry, every byte and comment kept; or none."""
    result = added(source, "apps") or source
    gained = ["Constant(value='orders')"] if result != source else []

    assert value_of(source, "INSTALLED_APPS") + gained == value_of(
        result, "INSTALLED_APPS"
    )
    assert rest_of(source, "INSTALLED_APPS") == rest_of(result, "INSTALLED_APPS")
    assert comments_of(source) == comments_of(result)
    assert is_subsequence(source, result)


@settings(max_examples=600, deadline=None)
@given(sources("urlpatterns"))
def test_any_urls_gain_one_entry_and_its_import_or_nothing(source: bytes) -> None:
    """Whatever the formatting: one entry and its import more, or nothing at all."""
    result = added(source, "urls") or source
    gained: set[str] = {"include"} if result != source else set()
    entries = value_of(result, "urlpatterns")

    assert value_of(source, "urlpatterns") == entries[: len(entries) - len(gained)]
    assert imported(source) | gained == imported(result)
    assert rest_of(source, "urlpatterns") == rest_of(result, "urlpatterns")
    assert comments_of(source) == comments_of(result)
    assert is_subsequence(source, result)


@settings(max_examples=200, deadline=None)
@given(sources("INSTALLED_APPS").filter(lambda s: b"*BASE" not in s))
def test_plain_lists_are_always_extended(source: bytes) -> None:
    """No formatting of a plain list is an excuse for leaving the work to the user."""
    assert added(source, "apps") is not None
