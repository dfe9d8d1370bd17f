"""What SQLite does not tell about a table, and so loses where it is made anew.

A table is changed by copying it into a new one, which is built from what SQLAlchemy can
read of the old one. Indexes and triggers that are lost are made again; what belongs
to the table itself cannot be, so losing it is an error.
"""

import ast
import re
from typing import NamedTuple
from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError

from lback.core.exceptions import MigrationError
from lback.migrations._statements import Step
from lback.migrations._statements import steps_of
from lback.migrations.history import Migration

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]"""
    r"""|[(),]|\w+|[^\s\w]""",
    re.DOTALL,
)

_DROPPED = re.compile(
    r"drop\s+(?:index|table|trigger)\s+(?:if\s+exists\s+)?"
    r"(\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|\w+)",
    re.IGNORECASE,
)

# What a whole table can be: how SQL says it, and how a batch does.
_OPTIONS = {
    "AUTOINCREMENT": "'sqlite_autoincrement': True",
    "WITHOUT ROWID": "'sqlite_with_rowid': False",
    "STRICT": "'sqlite_strict': True",
}

# What an index can be that a copy of it may lack.
_FINER = {"COLLATE", "DESC", "WHERE"}


class _Thing(NamedTuple):
    """A table, an index or a trigger."""

    row: int
    kind: str
    name: str
    table: str
    sql: str


class Kept:
    """What is in an SQLite database, of which no migration may lose any by chance.

    Args:
        connection: A connection outside any transaction.
    """

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._before: dict[tuple[str, str], _Thing] = {}

    def note(self) -> None:
        """Look at everything before a migration, outside any transaction."""
        self._before = self._things()
        self._connection.rollback()

    def check(self, migration: Migration, function: str) -> None:
        """Make again what a migration has lost, inside its transaction.

        Args:
            migration: What was run. What it names by itself is left to it.
            function: Which of its functions was run.

        Raises:
            MigrationError: Something is lost that cannot be made again.
        """
        after = self._things()
        steps = list(steps_of(migration, function))
        said = _said(migration)
        dropped = {step.table for step in steps if step.name == "drop_table"}
        dropped |= _said_in_sql(migration)
        for thing in self._before.values():
            key = ("table", thing.table)
            before, table = self._before.get(key), after.get(key)
            # NOTE: each new table comes into a later row than those that are there,
            # so a table in the same row has lost nothing but by somebody's own word.
            if before is None or table is None or before.row == table.row:
                continue
            if thing.table in dropped:
                continue
            if thing.kind == "table":
                self._check_table(thing, table, steps)
            elif thing.name not in said:
                self._restore(thing, after.get((thing.kind, thing.name)))

    def _check_table(self, before: _Thing, after: _Thing, steps: list[Step]) -> None:
        mine = [step for step in steps if step.table == before.name]
        batches = [step.value("table_kwargs") for step in mine]
        given = " ".join(ast.unparse(value) for value in batches if value is not None)
        for option, words in _OPTIONS.items():
            is_lost = option in _options(before.sql) - _options(after.sql)
            if is_lost and words.split("'")[1] not in given:
                raise MigrationError(
                    f"It loses {option} of {before.name}, which SQLAlchemy does not "
                    f"see. Add to batch_alter_table: table_kwargs={{{words}}}"
                )
        names = {
            step.text("column_name", 0): step.text("new_column_name")
            for step in mine
            if step.text("new_column_name")
        }
        there = self._columns(after.name)
        kept = _collations(after.sql)
        for old, collation in _collations(before.sql).items():
            column = names.get(old) or old
            if column in there and column not in kept:
                raise MigrationError(
                    f"It loses COLLATE {collation} of {before.name}.{column}, which "
                    "SQLAlchemy does not see. Add inside batch_alter_table: "
                    f"batch_op.alter_column({old!r}, "
                    f"type_={self._type(after.name, column, collation)})"
                )

    def _restore(self, thing: _Thing, now: _Thing | None) -> None:
        if now is not None and _fineness(now.sql) >= _fineness(thing.sql):
            return
        try:
            if now is not None:
                name = _quoted(thing.name)
                self._connection.exec_driver_sql(f"DROP INDEX {name}")
            self._connection.exec_driver_sql(thing.sql)
        except DatabaseError as error:
            raise MigrationError(
                f"It loses the {thing.kind} {thing.name} of {thing.table}, which "
                f"cannot be made as it was: {error.orig}. Drop it in the migration "
                "before that, and make it there as it has to be"
            ) from error

    def _things(self) -> dict[tuple[str, str], _Thing]:
        rows = self._connection.exec_driver_sql(
            "SELECT rowid, type, name, tbl_name, sql FROM sqlite_master "
            "WHERE sql IS NOT NULL AND type IN ('table', 'index', 'trigger')"
        )
        return {(row[1], row[2]): _Thing(*row) for row in rows}

    def _columns(self, table: str) -> set[str]:
        rows = self._connection.exec_driver_sql(f"PRAGMA table_xinfo({_quoted(table)})")
        return {row[1] for row in rows}

    def _type(self, table: str, column: str, collation: str) -> str:
        """Return a type of a column as a migration writes it."""
        (kind,) = (
            each["type"]
            for each in inspect(self._connection).get_columns(table)
            if each["name"] == column
        )
        length = getattr(kind, "length", None)
        size = f"{length}, " if length else ""
        return f"sa.{type(kind).__name__}({size}collation={collation!r})"


def _said(migration: Migration) -> set[str]:
    """Return the names that a file gives by themselves, or in SQL that drops them."""
    return {*_texts(migration), *_said_in_sql(migration)}


def _said_in_sql(migration: Migration) -> set[str]:
    """Return the names of what is dropped in SQL."""
    found = (_DROPPED.findall(text) for text in _texts(migration))
    return {_unquoted(name) for names in found for name in names}


def _texts(migration: Migration) -> list[str]:
    return [
        node.value
        for node in ast.walk(migration.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _tokens(sql: str) -> list[str]:
    return [t for t in _TOKEN.findall(sql) if not t.startswith(("--", "/*"))]


def _fineness(sql: str) -> int:
    return sum(token.upper() in _FINER for token in _tokens(sql))


def _options(sql: str) -> set[str]:
    """Return what a whole table is."""
    tokens = [token.upper() for token in _tokens(sql)]
    behind = tokens[len(tokens) - tokens[::-1].index(")") :] if ")" in tokens else []
    found = {option for option in _OPTIONS if option.split()[-1] in behind}
    return found | ({"AUTOINCREMENT"} & set(tokens))


def _collations(sql: str) -> dict[str, str]:
    """Return the collation of each column that has one."""
    depth, name = 0, ""
    found: dict[str, str] = {}
    tokens = _tokens(sql)
    for number, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 1 and token in {"(", ","}:
            name = _unquoted(tokens[number + 1])
        elif depth == 1 and token.upper() == "COLLATE":
            found[name] = _unquoted(tokens[number + 1])
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unquoted(name: str) -> str:
    return name[1:-1].replace(name[0] * 2, name[0]) if name[0] in "\"'`[" else name
