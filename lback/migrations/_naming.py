"""What a migration is called, from what it does."""

import re
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta

from alembic.operations.ops import AddColumnOp
from alembic.operations.ops import AlterColumnOp
from alembic.operations.ops import CreateForeignKeyOp
from alembic.operations.ops import CreateIndexOp
from alembic.operations.ops import CreateTableOp
from alembic.operations.ops import CreateUniqueConstraintOp
from alembic.operations.ops import DropColumnOp
from alembic.operations.ops import DropConstraintOp
from alembic.operations.ops import DropIndexOp
from alembic.operations.ops import DropTableOp
from alembic.operations.ops import MigrateOperation
from alembic.operations.ops import ModifyTableOps

from lback.migrations._written import Written
from lback.migrations.history import History

_DATED = "%Y%m%d_%H%M%S"
_LONGEST_SLUG = 60

# In what is said about steps that only prepare others.
_ASIDES = (" the type ", " the index ", " the constraint ")


def describe(steps: Sequence[MigrateOperation]) -> list[str]:
    """Say what each step does, those first that matter most."""
    made = (CreateTableOp, DropTableOp)
    whole = {step.table_name for step in steps if isinstance(step, made)}
    said: list[str] = []
    for step in steps:
        match step:
            case Written(says=""):
                continue
            case Written():
                said.append(step.says)
            case CreateTableOp():
                said.append(f"create {step.table_name}")
            case DropTableOp():
                said.append(f"drop {step.table_name}")
            case ModifyTableOps() if step.table_name not in whole:
                said.extend(_changes(step))
    return sorted(said, key=lambda line: any(aside in line for aside in _ASIDES))


def _changes(step: ModifyTableOps) -> Iterator[str]:
    table = step.table_name
    for op in step.ops:
        match op:
            case AddColumnOp():
                yield f"add {op.column.name} to {table}"
            case DropColumnOp():
                yield f"drop {op.column_name} from {table}"
            case AlterColumnOp():
                yield f"alter {op.column_name} of {table}"
            case CreateIndexOp():
                yield f"add the index {op.index_name}"
            case DropIndexOp():
                yield f"drop the index {op.index_name}"
            case CreateForeignKeyOp() | CreateUniqueConstraintOp():
                yield f"add the constraint {op.constraint_name}"
            case DropConstraintOp():
                yield f"drop the constraint {op.constraint_name}"
            case _:
                yield f"alter {table}"


def _main(said: Sequence[str]) -> list[str]:
    """Return what a migration is about: asides only if it is about nothing else."""
    return [
        line for line in said if not any(aside in line for aside in _ASIDES)
    ] or list(said)


def title_of(said: Sequence[str], message: str | None) -> str:
    """Return the sentence that a migration begins with."""
    if message:
        text = " ".join(message.split())
        return text if text.endswith((".", "!", "?")) else f"{text}."
    said = _main(said)
    if not said:
        return "Do what is written here."
    first = said[0][:1].upper() + said[0][1:]
    more = len(said) - 1
    return f"{first}." if not more else f"{first}, and {more} more."


def slug_of(said: Sequence[str], message: str | None) -> str:
    """Return the words of a file name."""
    said = _main(said)
    words = message or (said[0] if said else "empty")
    slug = "_".join(re.findall(r"\w+", words.lower()))[:_LONGEST_SLUG].strip("_")
    if not message and len(said) > 1:
        slug = f"{slug}_and_more"
    return slug or "migration"


def revision_of(now: datetime, history: History) -> str:
    """Return an id of the moment, later than every other one."""
    moment = now.replace(tzinfo=None)
    for migration in history:
        dated = _moment_of(migration.revision)
        if dated is not None:
            moment = max(moment, dated + timedelta(seconds=1))
    return moment.strftime(_DATED)


def _moment_of(revision: str) -> datetime | None:
    """Return the moment that an id is of; those of other tools are of none."""
    try:
        return datetime.strptime(revision, _DATED)  # noqa: DTZ007  # all are in UTC
    except ValueError:
        return None
