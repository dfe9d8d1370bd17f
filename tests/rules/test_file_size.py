"""Small files: one noun each."""

from typing import Any

LIMIT = 400

# Files that may be longer, each with its reason.
LONGER = {
    "lback.core.catalogue": "a table: one declaration after another, and nothing else",
    "lback.core.exceptions": "the one tree of errors, readable as a whole",
}


def test_no_file_is_longer_than_the_limit(modules: list[Any]) -> None:
    """A file over 400 lines has a second idea in it."""
    lengths = {
        module.name: len(module.path.read_text(encoding="utf-8").splitlines())
        for module in modules
    }
    longer = {name for name, length in lengths.items() if length > LIMIT}

    assert set(LONGER) == longer
