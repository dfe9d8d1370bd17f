"""``lback migrations check``: whether files, models and databases fit together."""

from typing import NamedTuple
from typing import TYPE_CHECKING

from lback.core.exceptions import MigrationError
from lback.db.engines import Mode
from lback.migrations._compare import Comparer
from lback.migrations._naming import describe
from lback.migrations._replay import replay
from lback.migrations.history import read_history
from lback.migrations.models_seen import about_unmanaged
from lback.migrations.state import read_state
from lback.migrations.target import reached
from lback.migrations.target import tables_of
from lback.migrations.target import Target

if TYPE_CHECKING:
    from sqlalchemy import MetaData


class Finding(NamedTuple):
    """Something that does not fit.

    Attributes:
        database: The name of the database.
        id: What kind of thing it is.
        text: What is the matter, and what to do.
    """

    database: str
    id: str
    text: str


def check(target: Target, metadata: "MetaData") -> list[Finding]:
    """Return what is wrong with the migrations of one database.

    The files are checked first; then whether the database has them all; and only if
    it does, whether its tables are what the models say.
    """
    try:
        state = read_state(target)
        state.check_known()
    except MigrationError as error:
        return [Finding(target.name, "broken", str(error))]
    if state.pending:
        count = len(state.pending)
        text = (
            f"The database {target.name!r} lacks {count} of its migrations, so the "
            "models cannot be compared with it. Run: lback migrate"
        )
        return [Finding(target.name, "behind", text)]
    return _compared(target, metadata)


def _compared(target: Target, metadata: "MetaData") -> list[Finding]:
    """Return what the models have that the migrations have not made."""
    with reached(target, Mode.READ) as connection:
        known = replay(read_history(target.folder))
        comparer = Comparer(connection, metadata, tables_of(target, metadata), known)
        unmanaged = comparer.unmanaged
        said = describe(comparer.compare([], without=unmanaged).steps)
    found = []
    if unmanaged:
        found.append(Finding(target.name, "unmanaged", about_unmanaged(unmanaged)))
    if said:
        text = (
            f"The models of {target.name!r} have changed since the last migration: "
            f"{'; '.join(said)}. Run: lback makemigrations"
        )
        found.append(Finding(target.name, "changed", text))
    return found
