"""``lback makemigrations``: from what the models say to a file that makes it so."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback.core.exceptions import MigrationError
from lback.migrations._answers import Answers
from lback.migrations._compare import Comparer
from lback.migrations._compare import Rename
from lback.migrations._enums import check_enums
from lback.migrations._fills import fill_in
from lback.migrations._naming import describe
from lback.migrations._naming import revision_of
from lback.migrations._naming import slug_of
from lback.migrations._naming import title_of
from lback.migrations._renamed import possible_renames
from lback.migrations._replay import replay
from lback.migrations._writing import Text
from lback.migrations._writing import write_file
from lback.migrations._writing import Writer
from lback.migrations._written import rename
from lback.migrations.history import History
from lback.migrations.state import history_of
from lback.migrations.state import State
from lback.migrations.state import state_on
from lback.migrations.target import reached
from lback.migrations.target import tables_of
from lback.migrations.target import Target

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation
    from sqlalchemy import MetaData


class Plan(NamedTuple):
    """A migration that is not written yet.

    Attributes:
        target: The database it is for.
        path: The file it will be.
        text: What will stand in it.
        says: What it does, a line for each step.
        unmanaged: Tables of models that are in the database without any migration.
    """

    target: Target
    path: Path
    text: str
    says: list[str]
    unmanaged: list[str]


class NoChanges(NamedTuple):
    """There is nothing to write for a database.

    Attributes:
        target: The database.
        unmanaged: Tables of models that are in the database without any migration.
    """

    target: Target
    unmanaged: list[str]


class Wish(NamedTuple):
    """What kind of migration is wanted.

    Attributes:
        message: What to call it; None to name it by what it does.
        is_empty: Whether the steps are written by hand.
        adopts: Whether it makes the tables that are there without any migration.
    """

    message: str | None = None
    is_empty: bool = False
    adopts: bool = False


def plan_migration(
    target: Target,
    metadata: "MetaData",
    answers: Answers,
    wish: Wish,
    now: datetime,
) -> Plan | NoChanges:
    """Compare the models with a database, and write down what is missing in it.

    Args:
        target: The database. It must have all of its migrations.
        metadata: Of the models.
        answers: Whoever says what a comparison cannot tell.
        wish: What kind of migration is wanted.
        now: The moment that the file is named by, in UTC.

    Raises:
        MigrationError: The database lacks migrations or cannot be reached, or a
            question has no answer. Nothing is written.
    """
    history = history_of(target)
    if wish.is_empty:
        path, text = _file(history, now, [], wish)
        return Plan(target, path, text, [], [])
    tables = tables_of(target, metadata)
    with reached(target) as connection:
        check_complete(state_on(connection, target, history))
        connection.rollback()
        known = replay(history)
        check_enums(tables, known)
        comparer = Comparer(connection, metadata, tables, known)
        unmanaged = comparer.unmanaged
        if wish.adopts:
            unmanaged, steps = [], comparer.adopt(unmanaged)
        else:
            here = {*known.tables, *(str(table.key) for table in tables)}
            is_alone = len(list(target.databases)) == 1
            ours = None if is_alone else here
            steps = _compare(comparer, answers, unmanaged, ours)
        if not steps:
            return NoChanges(target, unmanaged)
        writer = Writer(tables, known)
        path, text = _file(history, now, steps, wish, writer)
    return Plan(target, path, text, describe(steps), unmanaged)


def check_complete(state: State) -> None:
    """Refuse to compare the models with a database that lacks migrations.

    Raises:
        MigrationError: It does.
    """
    state.check_known()
    if state.pending:
        raise MigrationError(
            f"The database {state.target.name!r} lacks {len(state.pending)} of its "
            "migrations, so there is nothing to compare the models with. "
            "Run: lback migrate"
        )


def write(plan: Plan) -> None:
    """Write the file of a plan, which must not be there yet."""
    plan.path.parent.mkdir(parents=True, exist_ok=True)
    with plan.path.open("x", encoding="utf-8") as file:
        file.write(plan.text)


def _compare(
    comparer: Comparer,
    answers: Answers,
    unmanaged: Sequence[str],
    ours: set[str] | None,
) -> list["MigrateOperation"]:
    """Compare until nobody has to be asked for names any more."""
    names: list[Rename] = []
    declined: set[Rename] = set()
    comparison = comparer.compare(names, without=unmanaged)
    answers.check_renames(possible_renames(comparison), ours)
    while True:
        open_ones = [each for each in comparison.renames if each not in declined]
        chosen = answers.choose(open_ones) if open_ones else []
        if not chosen:
            break
        names += chosen
        declined.update(each for each in open_ones if each not in chosen)
        comparison = comparer.compare(names, without=unmanaged)
    comparer.settle(names)
    return [*map(rename, names), *fill_in(comparison.steps, answers)]


def _file(
    history: History,
    now: datetime,
    steps: Sequence["MigrateOperation"],
    wish: Wish,
    writer: Writer | None = None,
) -> tuple[Path, str]:
    """Return the file of steps, and what stands in it."""
    said = describe(steps)
    revision = revision_of(now, history)
    parent = history.head.revision if history.head else None
    text = Text(title_of(said, wish.message), revision, parent)
    path = history.folder / f"{revision}_{slug_of(said, wish.message)}.py"
    if writer is None:
        return path, write_file(text, [], [])
    up, down = writer.upgrade(steps), writer.downgrade(steps)
    return path, write_file(text, up, down, writer.imports)
