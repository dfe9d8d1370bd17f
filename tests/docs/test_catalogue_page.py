"""The page of the framework's signals says what the catalogue declares."""

import inspect
import re
import runpy
from pathlib import Path
from typing import Any
from typing import NamedTuple

import pytest

import lback.signals
from lback.core import catalogue
from lback.core.signals import Signal

_DOCS = Path(__file__).parents[2] / "docs"
_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
_NAME = re.compile(r"`(\w+)[:`]")


class Entry(NamedTuple):
    """What page and catalogue say about one signal.

    Attributes:
        doc: What happened when it is sent.
        fields: The names of its payload's fields.
    """

    doc: str
    fields: frozenset[str]


class Page(NamedTuple):
    """The three kinds of tables of the page.

    Attributes:
        text: The whole page.
        signals: The signals that are sent, by name.
        aliases: The other names, each with the signal it stands for.
        awaited: The names that nothing sends, each with what it belongs to.
    """

    text: str
    signals: dict[str, Entry]
    aliases: dict[str, str]
    awaited: dict[str, str]


def names_in(cell: str) -> list[str]:
    """Return the names at the start of the code in *cell*."""
    return _NAME.findall(cell)


def rows_in(text: str) -> list[list[str]]:
    """Return the cells of every row of *text* that has a name in it."""
    rows = [found[1].split(" | ") for found in _ROW.finditer(text)]
    return [row for row in rows if any(names_in(cell) for cell in row)]


def declared_fields(signal: Signal[..., object]) -> frozenset[str]:
    """Return the fields of *signal*; none if it is declared without a payload."""
    if signal.payload is None:
        return frozenset()
    return frozenset(inspect.signature(signal.payload).parameters)


@pytest.fixture(scope="module")
def page() -> Page:
    """Return the page's tables."""
    text = (_DOCS / "catalogue.md").read_text(encoding="utf-8")
    sent, rest = text.split("\n## Other names\n")
    other, unsent = rest.split("\n## Names that nothing sends\n")
    signals = {
        name: Entry(doc, frozenset(names_in(fields)))
        for first, doc, fields in rows_in(sent)
        for name in names_in(first)
    }
    aliases = {
        alias: name
        for first, second in rows_in(other)
        for alias, name in zip(names_in(first), names_in(second), strict=True)
    }
    awaited = {
        name: part for part, names in rows_in(unsent) for name in names_in(names)
    }
    return Page(text, signals, aliases, awaited)


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    """Return the functions of the script that makes the tables."""
    return runpy.run_path(str(_DOCS / "_tables.py"))


def test_page_is_what_the_script_makes(page: Page, script: dict[str, Any]) -> None:
    """The committed tables are those of the catalogue; else run ``make docs``."""
    assert script["filled"](page.text, script["tables"]()) == page.text


def test_only_the_tables_are_written(script: dict[str, Any]) -> None:
    """What stands around the places of a page is kept."""
    before = "Mine.\n<!-- generated: A -->\nold\n<!-- end -->\nMine, too.\n"
    after = "Mine.\n<!-- generated: A -->\n\nnew\n<!-- end -->\nMine, too.\n"

    assert after == script["filled"](before, {"A": "new"})


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<!-- generated: B -->\n<!-- end -->",
        "<!-- generated: A -->",
        "<!-- generated: A -->\n<!-- end -->" * 2,
    ],
)
def test_a_table_without_its_place_is_refused(
    page: str, script: dict[str, Any]
) -> None:
    """A page has one place for each table and no other."""
    with pytest.raises(ValueError, match="Put <!-- generated: NAME -->"):
        script["filled"](page, {"A": "new"})


def test_page_lists_every_signal_with_its_fields(page: Page) -> None:
    """Every signal of the catalogue is there with its doc and fields, nothing else."""
    declared = {
        str(signal.name): Entry(str(signal.doc), declared_fields(signal))
        for signal in vars(catalogue).values()
        if isinstance(signal, Signal)
    }

    assert declared == page.signals


@pytest.mark.parametrize(
    "field",
    [
        "duration: float",
        "host: str | None",
        "removed_instances: Sequence[Any]",
        "allowed_methods: Sequence[str] | None = None",
    ],
)
def test_page_shows_types_and_defaults(page: Page, field: str) -> None:
    """A field is written as it is declared, with its type and default."""
    assert f"`{field}`" in page.text.replace(r"\|", "|")


def test_page_lists_every_alias(page: Page) -> None:
    """Every other name of a signal is there, with the signal that it stands for."""
    declared = {alias: str(signal.name) for alias, signal in catalogue.ALIASES.items()}

    assert declared == page.aliases


def test_page_lists_every_awaited_name(page: Page) -> None:
    """Every documented name that nothing sends is there, with what it belongs to."""
    assert catalogue.AWAITED == page.awaited


def test_page_lists_what_can_be_imported(page: Page) -> None:
    """The page's signals are the ones that can be imported from ``lback.signals``."""
    offered = {
        str(value.name)
        for value in vars(lback.signals).values()
        if isinstance(value, Signal)
    }

    assert offered == set(page.signals)
