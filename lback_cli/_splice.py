"""Insert text into Python source at positions of its syntax tree.

Nothing is run. What was inserted is parsed again: the result must be the old tree
plus exactly what was added, else the change is refused.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

from lback_cli._fold import fold_line

_BOM = b"\xef\xbb\xbf"
_CODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")

Literal = ast.List | ast.Tuple


class UnusualShape(Exception):
    """A file that cannot be changed with certainty; the text says why."""


class Insertion(NamedTuple):
    """Text to be put in at a byte of the source."""

    place: int
    text: str


def parse(source: bytes) -> ast.Module:
    """Parse *source* without repeating the warnings that running it would give.

    Raises:
        UnusualShape: It does not parse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError) as error:
            raise UnusualShape(f"it does not parse: {error}") from error


class Source:
    """A parsed file and where its lines begin."""

    def __init__(self, source: bytes) -> None:
        self.bom = _BOM if source.startswith(_BOM) else b""
        self.body = source.removeprefix(_BOM)
        # NOTE: only these ends of line count in Python; str.splitlines knows more.
        lines = self.body.splitlines(keepends=True)
        _refuse_other_encodings(lines)
        self.tree = parse(self.body)
        self.starts = [0]
        for line in lines:
            self.starts.append(self.starts[-1] + len(line))

    def place(self, line: int, column: int) -> int:
        """Return the byte that the tree calls *line* and *column*."""
        return self.starts[line - 1] + column

    def start(self, node: ast.expr | ast.stmt | ast.alias) -> int:
        return self.place(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.alias) -> int:
        return self.place(node.end_lineno or 0, node.end_col_offset or 0)

    def line_start(self, place: int) -> int:
        return max(start for start in self.starts if start <= place)

    def line_end(self, place: int) -> int:
        """Return where the line of *place* ends, before its end-of-line."""
        return place + len(re.match(rb"[^\r\n]*", self.body[place:])[0])  # type: ignore[index]  # always matches

    def newline(self) -> str:
        """Return the file's own end-of-line."""
        found = re.search(rb"\r\n|\r|\n", self.body)
        return found[0].decode() if found else "\n"

    def indent(self, place: int) -> str:
        """Return the white space that the line of *place* begins with."""
        line = self.body[self.line_start(place) :]
        return re.match(rb"[ \t\f]*", line)[0].decode()  # type: ignore[index]  # always matches

    def literals(self, name: str) -> list[Literal]:
        """Return the list or tuple that is the value of *name*, then what is added.

        ``name += [...]`` after it, under an ``if`` or not, does no harm.

        Raises:
            UnusualShape: There is none, or something else may change it.
        """
        values = [
            node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and name in targets(node)
        ]
        added = list(_additions(self.tree, name))
        if len(values) != 1 or len(list(_uses(self.tree, name))) != 1 + len(added):
            raise UnusualShape(f"{name} is not set in exactly one place")
        value = values[0]
        if not isinstance(value, Literal):
            raise UnusualShape(f"{name} is not a plain list")
        if any(isinstance(entry, ast.Starred) for entry in value.elts):
            raise UnusualShape(f"{name} is put together from other lists")
        return [value, *added]

    def append(self, literal: Literal, entry: str) -> list[Insertion]:
        """Say what to insert so that *entry* becomes the last one of *literal*."""
        opening, closing = self.start(literal), self.end(literal) - 1
        quoted = re.search(rb"[\"']", self.body[opening:closing])
        if quoted and quoted[0] == b"'":
            entry = entry.replace('"', "'")
        if not literal.elts:
            return [self._first(opening, closing, entry)]
        last, comma = self._tail(self.end(literal.elts[-1]), closing)
        return self._next(literal, max(last, comma), entry, comma=comma > 0)

    def spliced(self, insertions: Sequence[Insertion]) -> bytes:
        """Return the source with *insertions*, if that yields the expected tree.

        The tree must have been changed in the same way already.

        Raises:
            UnusualShape: The text does not mean what was expected.
        """
        body, done = b"", 0
        for place, text in sorted(insertions, key=lambda insertion: insertion.place):
            body += self.body[done:place] + text.encode()
            done = place
        body += self.body[done:]
        if ast.dump(parse(body)) != ast.dump(self.tree):
            raise UnusualShape("an entry cannot be added with certainty")
        return self.bom + body

    def _first(self, opening: int, closing: int, entry: str) -> Insertion:
        """Say how *entry* becomes the only one."""
        end = self.line_end(opening)
        is_tuple = self.body[opening : opening + 1] == b"("
        if end >= closing:
            return Insertion(opening + 1, entry + "," * is_tuple)
        indent = self.indent(closing) + "    "
        return Insertion(end, self._line(f"{indent}{entry},"))

    def _next(
        self, literal: Literal, after: int, entry: str, *, comma: bool
    ) -> list[Insertion]:
        """Say how *entry* follows the byte *after*, the last entry's or its comma's."""
        last, closing = literal.elts[-1], self.end(literal) - 1
        separator = "" if comma else ","
        if self.line_start(self.start(last)) <= self.start(literal):
            return [Insertion(after, f"{separator} {entry}")]
        line = self._line(f"{self.indent(self.start(last))}{entry}" + "," * comma)
        end = self.line_end(after)
        if end >= closing:
            return [Insertion(after, separator + line)]
        # NOTE: what stands between the entry and the end of its line is a comment.
        return [Insertion(after, separator), Insertion(end, line)]

    def _line(self, line: str) -> str:
        """Return *line* with an end-of-line before it, folded if it is too long."""
        return f"\n{fold_line(line)}".replace("\n", self.newline())

    def _tail(self, place: int, closing: int) -> tuple[int, int]:
        """Find the end of the last entry with its brackets, and that of its comma."""
        last, comma = place, 0
        for found in re.finditer(rb"#[^\r\n]*|\)|,", self.body[place:closing]):
            if found[0] == b")":
                last = place + found.end()
            elif found[0] == b",":
                comma = place + found.end()
        return last, comma


def _refuse_other_encodings(lines: Sequence[bytes]) -> None:
    for line in lines[:2]:
        found = _CODING.match(line)
        if found and found[1].lower().replace(b"_", b"-") not in {b"utf-8", b"utf8"}:
            raise UnusualShape(f"it is written in {found[1].decode()}, not in UTF-8")


def targets(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    """Name the variable that *node* sets, unless it sets more than that."""
    names = node.targets if isinstance(node, ast.Assign) else [node.target]
    if len(names) == 1 and isinstance(names[0], ast.Name):
        yield names[0].id


def texts(entries: Sequence[ast.expr]) -> Iterator[str]:
    """Pick the texts among *entries*."""
    for entry in entries:
        if isinstance(entry, ast.Constant) and isinstance(entry.value, str):
            yield entry.value


def _additions(tree: ast.Module, name: str) -> Iterator[Literal]:
    """Find the literals that ``name += ...`` adds."""
    for node in ast.walk(tree):
        match node:
            case ast.AugAssign(ast.Name(found), ast.Add(), value) if found == name:
                if isinstance(value, Literal):
                    yield value


def _uses(tree: ast.Module, name: str) -> Iterator[ast.AST]:
    """Find everything that might set or change *name*."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(found)
                | ast.alias(name=found, asname=None)
                | ast.alias(asname=found)
            ) if found == name:
                yield node
            case ast.Global(names) if name in names:
                yield node
