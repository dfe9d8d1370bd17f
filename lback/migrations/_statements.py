"""What the functions of a migration call, found in its syntax tree."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from lback.migrations.history import Migration

_BATCH = "batch_alter_table"

# Where the table stands among the arguments, and what it is called there.
_TABLE_NAMES = ("table_name", "old_table_name", "source_table")


class Step(NamedTuple):
    """One operation, such as ``op.drop_column("shop_order", "total")``.

    Attributes:
        name: What is called, without what it is called on.
        table: The table it is about; None if that is no plain text.
        call: The call, without its table: the column comes first, if there is one.
        args: The positional arguments behind the table.
    """

    name: str
    table: str | None
    call: ast.Call
    args: list[ast.expr]

    def value(self, name: str, position: int | None = None) -> ast.expr | None:
        """Return an argument by its name, or by its position behind the table."""
        for keyword in self.call.keywords:
            if keyword.arg == name:
                return keyword.value
        if position is not None and position < len(self.args):
            return self.args[position]
        return None

    def text(self, name: str, position: int | None = None) -> str | None:
        """Return an argument that is a plain text."""
        return text_of(self.value(name, position))


def steps_of(migration: Migration, function: str = "upgrade") -> Iterator[Step]:
    """Yield the calls that ``upgrade`` or ``downgrade`` makes, in order.

    Functions of the same file that it calls are looked into as well.
    """
    by_name = {n.name: n for n in migration.tree.body if isinstance(n, ast.FunctionDef)}
    if function in by_name:
        yield from _in_function(by_name[function], by_name, {function})


def steps_in(body: list[ast.stmt]) -> Iterator[Step]:
    """Yield the calls in statements, in order."""
    batches: dict[str, ast.expr | None] = {}
    for statement in body:
        for node in _ordered(statement):
            if isinstance(node, ast.With | ast.AsyncWith):
                batches.update(_opened(node))
            elif isinstance(node, ast.Call):
                yield _step(node, batches)


def text_of(node: ast.expr | None) -> str | None:
    """Return the value of a node that is a plain text, else None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    # NOTE: op.f("...") says that a name is complete.
    if isinstance(node, ast.Call) and called(node) == "f" and node.args:
        return text_of(node.args[0])
    return None


def called(call: ast.Call) -> str:
    """Return the last name of what is called, such as ``drop_table``."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _in_function(
    function: ast.FunctionDef, by_name: dict[str, ast.FunctionDef], seen: set[str]
) -> Iterator[Step]:
    for step in steps_in(function.body):
        yield step
        inner = by_name.get(step.name)
        is_plain = isinstance(step.call.func, ast.Name)
        if is_plain and inner is not None and inner.name not in seen:
            yield from _in_function(inner, by_name, {*seen, inner.name})


def _ordered(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree from the top down, in the order of the source."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _ordered(child)


def _opened(node: ast.With | ast.AsyncWith) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names under which a ``with`` alters a table, each with the table."""
    for item in node.items:
        call, name = item.context_expr, item.optional_vars
        if (
            isinstance(call, ast.Call)
            and called(call) == _BATCH
            and isinstance(name, ast.Name)
        ):
            by_name = [k.value for k in call.keywords if k.arg == "table_name"]
            first = next(iter([*call.args, *by_name]), None)
            yield name.id, _with_schema(first, call)


def _step(call: ast.Call, batches: dict[str, ast.expr | None]) -> Step:
    function = call.func
    owner = function.value if isinstance(function, ast.Attribute) else None
    if isinstance(owner, ast.Name) and owner.id in batches:
        return Step(called(call), text_of(batches[owner.id]), call, call.args)
    named = [k.value for k in call.keywords if k.arg in _TABLE_NAMES]
    table: ast.expr | None
    if named:
        table, args = named[0], call.args
    else:
        table, args = next(iter(call.args), None), call.args[1:]
    return Step(called(call), text_of(_with_schema(table, call)), call, args)


def _with_schema(table: ast.expr | None, call: ast.Call) -> ast.expr | None:
    name = text_of(table)
    schemas = [text_of(k.value) for k in call.keywords if k.arg == "schema"]
    if name is not None and schemas and schemas[0]:
        return ast.Constant(f"{schemas[0]}.{name}")
    return table
