"""Put steps in an order in which a database takes them."""

from collections.abc import Sequence

from alembic.operations.ops import AlterColumnOp
from alembic.operations.ops import CreateForeignKeyOp
from alembic.operations.ops import CreateTableCommentOp
from alembic.operations.ops import CreateTableOp
from alembic.operations.ops import DropTableCommentOp
from alembic.operations.ops import DropTableOp
from alembic.operations.ops import MigrateOperation
from alembic.operations.ops import ModifyTableOps
from sqlalchemy import ForeignKeyConstraint

_RANKS = ["DropConstraint", "DropIndex", "Add", "DropColumn", "Alter", "Create"]


def in_order(steps: Sequence[MigrateOperation]) -> list[MigrateOperation]:
    """Return steps so that nothing refers to what is not there yet, or any more.

    Tables are made first, then changed, then dropped, each behind those that refer to
    it. References that go in a circle are added when all their tables are there.
    """
    created = [step for step in steps if isinstance(step, CreateTableOp)]
    dropped = [step for step in steps if isinstance(step, DropTableOp)]
    changed = _without_comments(steps)
    going = {(step.schema, step.table_name) for step in dropped}
    stripped = [s for s in changed if (s.schema, s.table_name) in going]
    staying = [s for s in changed if (s.schema, s.table_name) not in going]
    _sort(staying)
    return [
        *created,
        *_later_references(created),
        *staying,
        *stripped,
        *_children_first(dropped),
    ]


def _sort(changed: list[ModifyTableOps]) -> None:
    """Give the steps of each table an order that does not depend on chance.

    NOTE: Alembic collects names in sets, so what it finds comes in another order each
    time. What drops references, indexes and constraints has to come before columns go.
    """
    for step in changed:
        step.ops = sorted(step.ops, key=_rank)


def _without_comments(steps: Sequence[MigrateOperation]) -> list[ModifyTableOps]:
    """Return what changes tables, but for their comments.

    NOTE: SQLite keeps none. Found on one database and not on the other, a changed one
    would be missed where a migration is made, and called missing where it is checked.
    """
    changed = [step for step in steps if isinstance(step, ModifyTableOps)]
    for step in changed:
        for op in step.ops:
            if isinstance(op, AlterColumnOp):
                op.modify_comment, op.existing_comment = False, None
        step.ops = [
            op
            for op in step.ops
            if not isinstance(op, CreateTableCommentOp | DropTableCommentOp)
            and not (isinstance(op, AlterColumnOp) and not op.has_changes())
        ]
    return [step for step in changed if step.ops]


def _rank(step: MigrateOperation) -> tuple[int, str]:
    kind = type(step).__name__
    rank = next((n for n, start in enumerate(_RANKS) if kind.startswith(start)), 9)
    if kind.startswith(("Add", "Alter")):
        return rank, ""  # as the model has them
    names = ("column_name", "index_name", "constraint_name")
    return rank, str(next((getattr(step, n) for n in names if hasattr(step, n)), ""))


def _later_references(created: list[CreateTableOp]) -> list[ModifyTableOps]:
    """Take references to tables that come later out of their tables."""
    there: set[str] = set()
    later: list[ModifyTableOps] = []
    for step in created:
        there.add(_key(step.schema, step.table_name))
        early = [
            part
            for part in step.columns
            if isinstance(part, ForeignKeyConstraint)
            and (part.use_alter or _target(part) not in there)
            and _target(part) in {_key(s.schema, s.table_name) for s in created}
        ]
        if not early:
            continue
        # NOTE: two columns compared with == are SQL, not true or false.
        taken = set(map(id, early))
        step.columns = [part for part in step.columns if id(part) not in taken]
        references: list[MigrateOperation] = []
        for constraint in early:
            reference = CreateForeignKeyOp.from_constraint(constraint)
            if isinstance(reference, CreateForeignKeyOp):
                reference.kw.pop("use_alter", None)
            references.append(reference)
        later.append(ModifyTableOps(step.table_name, references, schema=step.schema))
    return later


def _children_first(dropped: list[DropTableOp]) -> list[DropTableOp]:
    """Return the steps so that a table goes after those that refer to it."""
    by_key = {_key(step.schema, step.table_name): step for step in dropped}
    order: list[str] = []

    def visit(key: str, above: tuple[str, ...]) -> None:
        if key in order or key in above:
            return
        for child in sorted(by_key):
            constraints = by_key[child].to_table().foreign_key_constraints
            if child != key and key in map(_target, constraints):
                visit(child, (*above, key))
        order.append(key)

    for key in sorted(by_key):
        visit(key, ())
    return [by_key[key] for key in order]


def _target(constraint: ForeignKeyConstraint) -> str:
    """Return the table that a constraint refers to."""
    return str(constraint.elements[0].target_fullname).rpartition(".")[0]


def _key(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name
