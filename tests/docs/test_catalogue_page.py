"""The page of the framework's signals says what the catalogue declares."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import lback.signals
from lback.core import catalogue
from lback.core._payload import PayloadShape
from lback.core.signals import Signal

_PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
_NAME = re.compile(r"`(\w+)`")


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
        signals: The signals that are sent, by name.
        aliases: The other names, each with the signal it stands for.
        awaited: The names that nothing sends, each with what it belongs to.
    """

    signals: dict[str, Entry]
    aliases: dict[str, str]
    awaited: dict[str, str]


def names_in(cell: str) -> list[str]:
    """Return the names between backticks in *cell*."""
    return _NAME.findall(cell)


def rows_in(text: str) -> list[list[str]]:
    """Return the cells of every row of *text* that has a name in it."""
    rows = [found[1].split(" | ") for found in _ROW.finditer(text)]
    return [row for row in rows if any(names_in(cell) for cell in row)]


def declared_fields(signal: Signal[..., object]) -> frozenset[str]:
    """Return the fields of *signal*; none if it is declared without a payload."""
    if signal.payload is None:
        return frozenset()
    return PayloadShape(signal.payload).names


@pytest.fixture(scope="module")
def page() -> Page:
    """Return the page's tables."""
    sent, rest = _PAGE.read_text(encoding="utf-8").split("\n## Other names\n")
    other, unsent = rest.split("\n## Names that nothing sends\n")
    signals = {
        name: Entry(doc, frozenset(names_in(fields)))
        for first, doc, _, fields in rows_in(sent)
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
    return Page(signals, aliases, awaited)


def test_page_lists_every_signal_with_its_fields(page: Page) -> None:
    """Every signal of the catalogue is there with its doc and fields, nothing else."""
    declared = {
        str(signal.name): Entry(str(signal.doc), declared_fields(signal))
        for signal in vars(catalogue).values()
        if isinstance(signal, Signal)
    }

    assert declared == page.signals


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
