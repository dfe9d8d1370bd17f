"""Which migrations a command is about."""

from collections.abc import Callable
from typing import NamedTuple

from lback.core.exceptions import MigrationError
from lback.core.exceptions import UnknownRevision
from lback.migrations.history import HEAD
from lback.migrations.history import History
from lback.migrations.history import Migration
from lback.migrations.history import ZERO
from lback.migrations.state import State

UP = "up"
DOWN = "down"


class Route(NamedTuple):
    """The way from where a database is to where it should be.

    Attributes:
        direction: ``"up"`` or ``"down"``.
        steps: The migrations to apply or to undo, in that order.
    """

    direction: str
    steps: tuple[Migration, ...]

    @property
    def function(self) -> str:
        """The function of a migration that is run."""
        return "upgrade" if self.direction == UP else "downgrade"


Router = Callable[[State], Route]


def route_to(state: State, words: str = HEAD) -> Route:
    """Return the way to a revision, up or down.

    Args:
        state: Where the database is.
        words: An id, a name, a part of one, ``head`` or ``zero``.

    Raises:
        UnknownRevision: No migration, or more than one, is called so.
    """
    if words == HEAD:
        return Route(UP, state.pending)
    if words in (ZERO, "base"):
        wanted = 0
    else:
        wanted = state.history.count(state.history.find(words).revision)
    return _route(state, wanted)


def route_back(state: State, steps: int) -> Route:
    """Return the way *steps* migrations back.

    Raises:
        MigrationError: The database does not have as many.
    """
    here = state.history.count(state.current)
    if steps > here:
        raise MigrationError(
            f"The database {state.target.name!r} has {here} migrations, so "
            f"{steps} cannot be undone. To undo all: lback migrate {ZERO}"
        )
    return _route(state, here - steps)


def knows(history: History, words: str) -> bool:
    """Tell whether *words* mean one migration of a history."""
    try:
        history.find(words)
    except UnknownRevision:
        return False
    return True


def _route(state: State, wanted: int) -> Route:
    every = tuple(state.history)
    here = state.history.count(state.current)
    if wanted >= here:
        return Route(UP, every[here:wanted])
    return Route(DOWN, every[wanted:here][::-1])
