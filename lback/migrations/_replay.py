"""What the migrations so far have made, read from their syntax trees.

A database tells less than its migrations do: SQLite knows no enums and no time zones,
and neither knows which tables are whose. What is not written out plainly in a file,
such as a table whose name is computed, is not seen here.
"""

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

from lback.migrations._statements import called
from lback.migrations._statements import Step
from lback.migrations._statements import steps_of
from lback.migrations._statements import text_of
from lback.migrations.history import Migration

_WORD = re.compile(r"\w+")
_ENUMS = {"ENUM", "Enum"}
_ADDED_VALUE = re.compile(
    r"ALTER\s+TYPE\s+\"?(\w+)\"?\s+ADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?'((?:[^']|'')*)'",
    re.IGNORECASE,
)
_DROPPED_TYPE = re.compile(
    r"DROP\s+TYPE\s+(?:IF\s+EXISTS\s+)?\"?(\w+)\"?", re.IGNORECASE
)


class Replay(NamedTuple):
    """What stands after all migrations.

    Attributes:
        tables: The columns by table, each as ``sa.Column(...)`` was written.
        indexes: The calls that made the indexes, by name.
        enums: The values by name of each enum type.
        words: Every word in any text of any file: whoever is not among them is
            touched by no migration.
    """

    tables: dict[str, dict[str, ast.Call]]
    indexes: dict[str, ast.Call]
    enums: dict[str, list[str]]
    words: set[str]

    def rename_table(self, old: str, new: str) -> None:
        """Note that a table has another name."""
        if old in self.tables:
            self.tables[new] = self.tables.pop(old)

    def rename_column(self, table: str, old: str, new: str) -> None:
        """Note that a column has another name; it keeps its place."""
        columns = self.tables.get(table, {})
        if old in columns:
            call = columns[old]
            renamed = ast.Call(
                call.func, [ast.Constant(new), *call.args[1:]], call.keywords
            )
            items = [
                (new, renamed) if name == old else (name, column)
                for name, column in columns.items()
            ]
            columns.clear()
            columns.update(items)


def replay(migrations: Iterable[Migration]) -> Replay:
    """Go through migrations in order and note what they make."""
    known = Replay({}, {}, {}, set())
    for migration in migrations:
        _Reader(known, migration).read()
    return known


class _Reader:
    """Somebody who reads one file."""

    def __init__(self, known: Replay, migration: Migration) -> None:
        self._known = known
        self._migration = migration
        self._constants = {
            target.id: node.value
            for node in ast.walk(migration.tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def read(self) -> None:
        for node in ast.walk(self._migration.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._known.words.update(_WORD.findall(node.value))
        for step in steps_of(self._migration):
            self._note(step)
            self._note_enums(step)

    def _note(self, step: Step) -> None:
        tables = self._known.tables
        match step.name:
            case "create_table" if step.table:
                tables[step.table] = dict(
                    pair for node in step.args for pair in self._column(node)
                )
            case "drop_table" if step.table:
                tables.pop(step.table, None)
            case "rename_table":
                new = step.text("new_table_name", 0)
                if step.table and new:
                    self._known.rename_table(step.table, new)
            case "add_column" if step.table in tables:
                column = step.value("column", 0)
                if column is not None:
                    tables[step.table].update(self._column(column))
            case "drop_column" if step.table in tables:
                tables[step.table].pop(step.text("column_name", 0) or "", None)
            case "create_index":
                self._known.indexes[text_of(step.call.args[0]) or ""] = step.call
            case "alter_column" if step.table in tables:
                self._alter(step.table, step)

    def _alter(self, table: str, step: Step) -> None:
        name = step.text("column_name", 0)
        column = self._known.tables[table].get(name or "")
        if name is None or column is None:
            return
        args, keywords = list(column.args), {k.arg: k for k in column.keywords}
        new_type = step.value("type_")
        if new_type is not None:
            args[1:2] = [self._resolved(new_type)]
        for key in ("nullable", "server_default"):
            value = step.value(key)
            if value is not None:
                keywords[key] = ast.keyword(key, value)
                if isinstance(value, ast.Constant) and value.value is None:
                    del keywords[key]
        self._known.tables[table][name] = ast.Call(
            column.func, args, list(keywords.values())
        )
        new_name = step.text("new_column_name")
        if new_name is not None:
            self._known.rename_column(table, name, new_name)

    def _column(self, node: ast.expr) -> Iterable[tuple[str, ast.Call]]:
        """Yield a column with its name, if the node is one that is written out."""
        is_column = isinstance(node, ast.Call) and called(node) == "Column"
        if isinstance(node, ast.Call) and is_column and node.args:
            name = text_of(node.args[0])
            if name is not None:
                resolved = self._resolved(node)
                if isinstance(resolved, ast.Call):
                    yield name, resolved

    def _resolved(self, node: ast.expr) -> ast.expr:
        """Return a node with the constants of its file written out."""
        copy = ast.parse(ast.unparse(node), mode="eval").body
        resolved: ast.expr = _WriteOut(self._constants).visit(copy)
        return resolved

    def _note_enums(self, step: Step) -> None:
        if step.name in _ENUMS:  # part of another call, which says what for
            return
        for found in ast.walk(self._resolved(step.call)):
            if isinstance(found, ast.Call) and called(found) in _ENUMS:
                name, values = enum_of(found)
                if name and values:
                    known = self._known.enums.setdefault(name, [])
                    known += [value for value in values if value not in known]
            text = text_of(found) if isinstance(found, ast.expr) else None
            for name, value in _ADDED_VALUE.findall(text or ""):
                known = self._known.enums.setdefault(name, [])
                # NOTE: a backslash keeps a colon from being a parameter.
                known.append(value.replace("''", "'").replace("\\:", ":"))
            for name in _DROPPED_TYPE.findall(text or ""):
                self._known.enums.pop(name, None)
        if step.name == "drop" and isinstance(step.call.func, ast.Attribute):
            owner = self._resolved(step.call.func.value)
            if isinstance(owner, ast.Call) and called(owner) in _ENUMS:
                self._known.enums.pop(enum_of(owner)[0] or "", None)


class _WriteOut(ast.NodeTransformer):
    """Put what a name stands for in the place of the name."""

    def __init__(self, constants: dict[str, ast.expr]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._constants.get(node.id, node)


def enum_of(call: ast.Call) -> tuple[str | None, list[str]]:
    """Return the name and the values of an enum type that is written out.

    One that is a text everywhere has no name here.
    """
    given = {k.arg: k.value for k in call.keywords}
    is_text = ast.unparse(given.get("native_enum", call)) == "False"
    name = None if is_text else text_of(given.get("name"))
    return name, [value for node in call.args if (value := text_of(node)) is not None]


def enum_name(column: ast.Call) -> str | None:
    """Return the name of the enum type of a column that is written out."""
    found = [
        enum_of(node)[0]
        for node in ast.walk(column)
        if isinstance(node, ast.Call) and called(node) in _ENUMS
    ]
    return next(filter(None, found), None)
