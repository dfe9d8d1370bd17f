"""From steps to the text of a migration."""

import ast
import keyword
import re
import textwrap
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple
from typing import TYPE_CHECKING

from alembic.operations.ops import AlterColumnOp
from alembic.operations.ops import CreateTableOp
from alembic.operations.ops import MigrateOperation
from alembic.operations.ops import ModifyTableOps

from lback.migrations._compare import alike
from lback.migrations._layout import flat
from lback.migrations._layout import layout
from lback.migrations._layout import quoted
from lback.migrations._replay import enum_of
from lback.migrations._replay import Replay
from lback.migrations._statements import called
from lback.migrations._statements import text_of
from lback.migrations._types import PORTABLE
from lback.migrations._types import Renderer
from lback.migrations._written import Written
from lback.migrations.losses import Loss
from lback.migrations.losses import losses_in
from lback.migrations.losses import MARK

if TYPE_CHECKING:
    from sqlalchemy import Table

_DIALECTS = {"mssql", "mysql", "oracle", "postgresql", "sqlite"}
_TAKEN = {"op", "sa", "revision", "down_revision", "upgrade", "downgrade", *_DIALECTS}


class Writer:
    """Whoever writes steps as statements.

    Args:
        tables: The tables of the models.
        replay: What the migrations have made.
    """

    def __init__(
        self,
        tables: Sequence["Table"],
        replay: Replay,
    ) -> None:
        self._tables = tables
        self._replay = replay
        self.imports: set[str] = set()

    def upgrade(self, steps: Sequence[MigrateOperation]) -> list[ast.stmt]:
        """Return the statements that take the steps."""
        return self._statements(steps, going_back=False)

    def downgrade(self, steps: Sequence[MigrateOperation]) -> list[ast.stmt]:
        """Return the statements that undo the steps, the last one first."""
        back = [step.reverse() for step in reversed(steps)]
        return self._statements(back, going_back=True)

    def _statements(
        self, steps: Sequence[MigrateOperation], *, going_back: bool
    ) -> list[ast.stmt]:
        known = self._known_types(steps)
        render = Renderer(self._tables, self._replay, known, going_back=going_back)
        indexes = self._replay.indexes if going_back else {}
        statements: list[ast.stmt] = []
        for step in steps:
            if isinstance(step, CreateTableOp):
                step.info = {}  # notes of the models, for nobody here
            written = (
                ast.parse(step.source).body
                if isinstance(step, Written)
                else render.statements(step)
            )
            casts = _casts(step) if isinstance(step, ModifyTableOps) else {}
            for node in written:
                tidied = _Tidy(casts, indexes).visit(node)
                if not isinstance(tidied, ast.Pass):
                    statements.append(tidied)
        self.imports |= render.imports
        return statements

    def _known_types(self, steps: Iterable[MigrateOperation]) -> dict[int, str]:
        """Return what the types of changed columns were written as so far."""
        known: dict[int, str] = {}
        for step in steps:
            if not isinstance(step, ModifyTableOps):
                continue
            key = f"{step.schema}.{step.table_name}" if step.schema else step.table_name
            for op in step.ops:
                if isinstance(op, AlterColumnOp):
                    column = self._replay.tables.get(key, {}).get(op.column_name)
                    if column is not None and len(column.args) > 1:
                        source = ast.unparse(column.args[1])
                        of_models = {id(c.type) for t in self._tables for c in t.c}
                        for kind in (op.existing_type, op.modify_type):
                            if kind is not None and id(kind) not in of_models:
                                known[id(kind)] = source
        return known


def _casts(step: ModifyTableOps) -> dict[str, str]:
    """Return how PostgreSQL gets each column to a type that it does not become itself.

    Other databases take no notice.
    """
    dialect = PORTABLE
    casts: dict[str, str] = {}
    for op in step.ops:
        if not isinstance(op, AlterColumnOp):
            continue
        old, new = op.existing_type, op.modify_type
        if old is not None and new is not None:
            is_enum = any(hasattr(kind, "enums") for kind in (old, new))
            if is_enum or not alike(old, new, dialect):
                name = dialect.identifier_preparer.quote(op.column_name)
                kind = str(new.compile(dialect=dialect))
                via = f"{name}::text" if is_enum else name
                casts[op.column_name] = f"{via}::{kind}"
    return casts


class _Tidy(ast.NodeTransformer):
    """Leave out what says nothing, and say what PostgreSQL has to know.

    Args:
        casts: How columns get to their new types.
        indexes: How indexes were made, as opposed to how a database tells it.
    """

    def __init__(self, casts: dict[str, str], indexes: dict[str, ast.Call]) -> None:
        self._casts = casts
        self._indexes = indexes

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        node.keywords = [k for k in node.keywords if not _is_unset(k)]
        tidy = {
            "alter_column": self._column,
            "batch_alter_table": self._batch,
            "create_index": self._index,
            "drop_index": self._dropped_index,
        }.get(called(node))
        if tidy is not None:
            tidy(node)
        return node

    def _batch(self, node: ast.Call) -> None:
        node.keywords = [k for k in node.keywords if ast.unparse(k.value) != "None"]

    def _column(self, node: ast.Call) -> None:
        node.keywords = [k for k in node.keywords if k.arg != "existing_server_default"]
        column = text_of(node.args[0]) if node.args else None
        if column in self._casts and any(k.arg == "type_" for k in node.keywords):
            using = ast.Constant(self._casts[column])
            node.keywords.append(ast.keyword("postgresql_using", using))

    def _index(self, node: ast.Call) -> None:
        made = self._indexes.get(text_of(node.args[0]) or "")
        if made is not None:
            node.keywords = made.keywords

    def _dropped_index(self, node: ast.Call) -> None:
        node.keywords = [k for k in node.keywords if "_" not in str(k.arg)]


def _is_unset(keyword: ast.keyword) -> bool:
    """Tell whether an option of one kind of database is what it is anyhow."""
    is_special = str(keyword.arg).startswith(("postgresql_", "sqlite_"))
    return is_special and ast.unparse(keyword.value) in {"[]", "False", "None"}


class Text(NamedTuple):
    """What stands in a migration besides its steps."""

    title: str
    revision: str
    parent: str | None


def write_file(
    text: Text,
    upgrade: Sequence[ast.stmt],
    downgrade: Sequence[ast.stmt],
    imports: Iterable[str] = (),
) -> str:
    """Return the whole text of a migration."""
    enums = _Enums()
    up = [enums.visit(node) for node in upgrade]
    down = [enums.visit(node) for node in downgrade]
    body = [*up, *down, *enums.definitions]
    names = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name)}
    is_empty = not upgrade and not downgrade
    parent = quoted(text.parent) if text.parent else None
    title = text.title.replace("\\", "\\\\").replace('"""', "'''")
    head = f'"""{title}\n\nRevision: {text.revision}\n"""'
    parts = [
        head,
        _imports(names, imports, is_empty=is_empty),
        f"revision = {quoted(text.revision)}\ndown_revision = {parent}",
    ]
    if enums.definitions:
        lines = [layout(node) for node in enums.definitions]
        why = "# Types of their own on PostgreSQL, texts on other databases."
        parts.append("\n".join([why, *lines]))
    functions = [
        _function("upgrade", "Take the steps to this revision.", up),
        _function("downgrade", "Take them back, the last one first.", down),
    ]
    return "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join(functions) + "\n"


def _imports(names: set[str], imports: Iterable[str], *, is_empty: bool) -> str:
    dialects = ", ".join(sorted(names & _DIALECTS))
    lines = sorted(imports)
    if "sa" in names or is_empty:
        lines.append("import sqlalchemy as sa")
    lines.append("from alembic import op")
    if dialects:
        lines.append(f"from sqlalchemy.dialects import {dialects}")
    if is_empty:
        lines = [f"{line}  # noqa: F401  # for the steps to come" for line in lines]
    return "\n".join(lines)


def _function(name: str, says: str, body: Sequence[ast.stmt]) -> str:
    lines = [f"def {name}() -> None:", f'    """{says}"""']
    for statement in body:
        lines += _marked(statement)
    return "\n".join(lines)


def _marked(statement: ast.stmt) -> list[str]:
    """Return a statement with a comment before each step that takes data away."""
    if not isinstance(statement, ast.With):
        lines = [_comment(loss, "    ") for loss in losses_in(statement)]
        return [*lines, layout(statement, "    ")]
    head = layout(ast.With(items=statement.items, body=[]), "    ")
    lines = [head]
    for each in statement.body:
        losses = losses_in(each, statement)
        lines += [_comment(loss, "        ") for loss in losses]
        lines.append(layout(each, "        "))
    return lines


def _comment(loss: Loss, indent: str) -> str:
    end = ", with what is in it." if loss.is_whole else "."
    start = f"{indent}# "
    return textwrap.fill(
        f"{MARK}: {loss.text}{end}",
        88,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


class _Enums(ast.NodeTransformer):
    """Give each enum type that is written out a name, and define it once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.definitions: list[ast.stmt] = []

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if called(node) != "ENUM":
            return node
        source = flat(node)
        if source not in self._names:
            name = self._free_name(enum_of(node)[0] or "enum")
            self._names[source] = name
            target = ast.Name(name, ast.Store())
            self.definitions.append(ast.Assign([target], node))
        return ast.Name(self._names[source], ast.Load())

    def _free_name(self, name: str) -> str:
        plain = re.sub(r"\W", "_", name)
        is_usable = plain.isidentifier() and not keyword.iskeyword(plain)
        plain = plain if is_usable and plain not in _TAKEN else f"{plain}_type"
        taken = set(self._names.values())
        number = 2
        free = plain
        while free in taken:
            free, number = f"{plain}_{number}", number + 1
        return free
