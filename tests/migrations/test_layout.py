"""Statements are written as a formatter would leave them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.migrations._layout import layout
from lback.migrations._layout import quoted

LONG = "a_name_that_is_rather_long_so_that_a_line_is_full_soon"


@pytest.mark.parametrize(
    "source",
    [
        "op.drop_table('x')",
        f"op.create_index('{LONG}', '{LONG}', ['{LONG}'], unique=False, a='it\\'s')",
        f"x = sa.Enum('{LONG}', '{LONG}', name='n')",
        f"f(g(h('{LONG}', '{LONG}', '{LONG}', k=1), '{LONG}'), *z, **y)",
        f"f(['{LONG}', '{LONG}', '{LONG}'], ('a',), ('a', 'b'), {{'a': 1}})",
        "with a('t') as b:\n    b.c('d')\n    b.e('f')",
        f"if a.b == 'c':\n    f('{LONG}', '{LONG}', '{LONG}')",
        "f(-1, None, True, 1.5, 'say \"hi\"', 'line\\n', 'a\\\\b', 'ü')",
        "for a in b:\n    c(a)",
    ],
)
def test_a_statement_means_the_same_and_is_formatted(
    source: str, tmp_path: Path
) -> None:
    """What is written parses to the same tree, and a formatter changes nothing."""
    (statement,) = ast.parse(source).body
    written = layout(statement)
    path = tmp_path / "written.py"
    path.write_text(f"{written}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(path)],
        check=False,
        capture_output=True,
    )

    assert (ast.dump(statement), 0) == (
        ast.dump(ast.parse(written).body[0]),
        done.returncode,
    )


@given(st.text())
def test_any_text_survives_its_quotes(text: str) -> None:
    """A text reads as what it was."""
    assert text == ast.literal_eval(quoted(text))
