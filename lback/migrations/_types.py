"""Write types and defaults so that they mean the same on every database."""

import ast
import re
from collections.abc import Iterable
from typing import Any
from typing import TYPE_CHECKING

from alembic.autogenerate import render_python_code
from alembic.operations.ops import AddColumnOp
from alembic.operations.ops import CreateIndexOp
from alembic.operations.ops import DropIndexOp
from alembic.operations.ops import MigrateOperation
from alembic.operations.ops import ModifyTableOps
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import ColumnElement
from sqlalchemy import Enum
from sqlalchemy import make_url
from sqlalchemy import TextClause
from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql.elements import False_
from sqlalchemy.sql.elements import True_
from sqlalchemy.sql.functions import current_timestamp
from sqlalchemy.sql.functions import now
from sqlalchemy.types import NullType
from sqlalchemy.types import TypeDecorator

from lback.migrations._defaults import bare
from lback.migrations._defaults import NOW
from lback.migrations._enums import is_named_enum
from lback.migrations._layout import parsed
from lback.migrations._layout import quoted
from lback.migrations._replay import enum_of
from lback.migrations._replay import Replay
from lback.migrations._statements import called
from lback.migrations._written import enum_source

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.types import TypeEngine

# The database that everything is written for; what it takes, the others take, too.
PORTABLE = make_url("postgresql://").get_dialect()()

_SQLITE = make_url("sqlite://").get_dialect()()

_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_KINDS: tuple[tuple[Any, str], ...] = (
    (now | current_timestamp, "sa.func.now()"),
    (True_, "sa.true()"),
    (False_, "sa.false()"),
)
_SPELLED = {"true": "sa.true()", "false": "sa.false()", NOW: "sa.func.now()"}


class Renderer:
    """Whoever writes the parts of steps that Alembic would write for one database.

    Args:
        tables: The tables of the models.
        replay: What the migrations have made.
        going_back: Whether columns are written as the migrations have made them.
        known: What certain types are written as, by ``id()``.
    """

    def __init__(
        self,
        tables: Iterable["Table"],
        replay: Replay,
        known: dict[int, str],
        *,
        going_back: bool,
    ) -> None:
        # NOTE: the types themselves, since an id is free when its owner is gone.
        self._of_models: dict[int, Any] = {}
        for table in tables:
            for column in table.columns:
                self._keep(column.type)
        self._replay = replay
        self._known = known
        self._goes_back = going_back
        self.imports: set[str] = set()

    def __call__(self, kind: str, thing: Any, context: Any) -> Any:
        """Return the source of a thing, or False to let Alembic write it."""
        if kind == "type":
            return self._type(thing)
        if kind == "server_default":
            return _default(thing)
        if kind == "column":
            return self._column(thing)
        if kind == "check" and self._goes_back and self._is_of_enum(thing):
            return None
        return False

    def statements(self, step: MigrateOperation) -> list[ast.stmt]:
        """Return the statements of a step, the same wherever they are written."""
        if isinstance(step, ModifyTableOps):
            # NOTE: where SQLite makes a table anew, Alembic takes an expression for
            # the name of a column, and fails.
            first = [op for op in step.ops if _on_expression(op, DropIndexOp)]
            last = [op for op in step.ops if _on_expression(op, CreateIndexOp)]
            if first or last:
                others = [op for op in step.ops if op not in first and op not in last]
                batch = ModifyTableOps(step.table_name, others, schema=step.schema)
                steps = [*first, *([batch] if others else []), *last]
                return [node for each in steps for node in self._rendered(each)]
        return self._rendered(step)

    def _rendered(self, step: MigrateOperation) -> list[ast.stmt]:
        text = render_python_code(
            UpgradeOps([step]),
            render_as_batch=True,
            render_item=self,
            migration_context=MigrationContext.configure(dialect=PORTABLE),
        )
        return parsed(text)

    def source(self, kind: "TypeEngine[Any]") -> str:
        """Return the source of a type."""
        step = AddColumnOp("t", Column("c", kind))
        (call,) = (
            node
            for statement in self.statements(step)
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and called(node) == "Column"
        )
        return ast.unparse(call.args[1])

    def _column(self, column: "Column[Any]") -> Any:
        if not self._goes_back or column.table is None:
            return False
        columns = self._replay.tables.get(str(column.table.key), {})
        call = columns.get(column.name)
        return False if call is None else _without_keys(call)

    def _is_of_enum(self, constraint: CheckConstraint) -> bool:
        """Tell whether a constraint that a database has comes with an enum's column."""
        columns = self._replay.tables.get(str(constraint.table.key), {})
        return any(
            f"ck_{constraint.table.name}_{enum_of(node)[0]}" == str(constraint.name)
            for column in columns.values()
            for node in ast.walk(column)
            if isinstance(node, ast.Call)
            and any(k.arg == "create_constraint" for k in node.keywords)
        )

    def _type(self, kind: "TypeEngine[Any]") -> Any:
        if id(kind) in self._known:
            return self._known[id(kind)]
        module = type(kind).__module__
        is_foreign = not module.startswith("sqlalchemy.")
        if is_foreign and isinstance(kind, TypeDecorator):
            plain = _plain(kind)
            self._keep(plain)
            return self.source(plain)
        if isinstance(kind, Enum) and is_named_enum(kind):
            return self._enum(kind)
        if is_foreign:
            self.imports.add(f"import {module}")
            return f"{module}.{kind!r}"
        if id(kind) not in self._of_models:
            generic = kind.as_generic(allow_nulltype=True)
            if not isinstance(generic, type(kind) | NullType):
                self._keep(generic)
                return self.source(generic)
        return False

    def _keep(self, kind: "TypeEngine[Any]") -> None:
        """Note a type, and those inside it, as one to be written as it is."""
        inner = getattr(kind, "item_type", None)
        for each in (kind, inner, *kind._variant_mapping.values()):  # noqa: SLF001  # there is no other way to them
            if each is not None:
                self._of_models[id(each)] = each

    def _enum(self, kind: Enum) -> str:
        source = enum_source(str(kind.name), kind.enums, kind.schema)
        if not kind.create_constraint:
            return source
        # NOTE: where the type is a text, a constraint holds it to the values.
        values = ", ".join(map(quoted, kind.enums))
        name = quoted(str(kind.name))
        plain = f"sa.Enum({values}, name={name}, create_constraint=True)"
        return f'{plain}.with_variant({source}, "postgresql")'


def _on_expression(
    step: MigrateOperation, kind: type[CreateIndexOp] | type[DropIndexOp]
) -> bool:
    """Tell whether a step makes, or drops, an index on more than plain columns."""
    if not isinstance(step, kind):
        return False
    return any(not isinstance(each, Column) for each in step.to_index().expressions)


def _plain(kind: "TypeDecorator[Any]") -> "TypeEngine[Any]":
    """Return the types of SQLAlchemy that a type of a project stores itself as."""
    base = _undecorated(kind.impl_instance)
    for dialect in (_SQLITE, PORTABLE):
        own = _undecorated(kind.load_dialect_impl(dialect))
        if repr(own) != repr(base):
            base = base.with_variant(own, dialect.name)
    return base


def _undecorated(kind: "TypeEngine[Any]") -> "TypeEngine[Any]":
    return _plain(kind) if isinstance(kind, TypeDecorator) else kind


def _default(default: Any) -> Any:
    """Return the source of a server default that is written alike everywhere."""
    value = default.arg if isinstance(default, DefaultClause) else default
    for kind, source in _KINDS:
        if isinstance(value, kind):
            return source
    if isinstance(value, ColumnElement):
        source = str(
            value.compile(dialect=PORTABLE, compile_kwargs={"literal_binds": True})
        )
    elif isinstance(value, TextClause):
        source = value.text
    else:
        return False
    text, is_quoted = bare(source)
    if is_quoted:
        return quoted(text)
    if text.lower() in _SPELLED:
        return _SPELLED[text.lower()]
    # NOTE: SQLite takes an expression in brackets only.
    text = text if _NUMBER.fullmatch(text) else f"({text})"
    return f"sa.text({quoted(text)})"


def _without_keys(column: ast.Call) -> str:
    """Return the source of a column whose table names its keys itself."""
    keys = ("ForeignKey", "CheckConstraint")
    args = [
        node
        for node in column.args
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith(keys))
    ]
    dropped = {"primary_key", "unique", "index"}
    keywords = [k for k in column.keywords if k.arg not in dropped]
    return ast.unparse(ast.Call(column.func, args, keywords))
