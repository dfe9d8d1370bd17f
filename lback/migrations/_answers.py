"""What is asked while a migration is made, and what was answered beforehand."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence

from lback.core._near import did_you_mean
from lback.core.exceptions import MigrationError
from lback.migrations._compare import Rename

Ask = Callable[[str], str]


class Answers:
    """Whoever says what a comparison cannot tell.

    Args:
        renames: New names by old ones: a column's by ``table.column``.
        fills: What old rows get in a new column, by ``table.column``.
        refuses_renames: Whether nothing was renamed that is not in *renames*.
        ask: Put a question and return what was typed; None if nobody can be asked.
    """

    def __init__(
        self,
        renames: Mapping[str, str] | None = None,
        fills: Mapping[str, str] | None = None,
        *,
        refuses_renames: bool = False,
        ask: Ask | None = None,
    ) -> None:
        self._renames = dict(renames or {})
        self._fills = dict(fills or {})
        self._refuses = refuses_renames
        self._ask = ask
        self._unused = {*self._renames, *self._fills}
        self._seen: list[str] = []

    def choose(self, candidates: Sequence[Rename]) -> list[Rename]:
        """Return those of *candidates* that are renames, each name at most once.

        Raises:
            MigrationError: Nobody can be asked.
        """
        chosen: list[Rename] = []
        for rename in candidates:
            self._seen.append(_said(rename))
            taken = {(r.table, r.old) for r in chosen} | {
                (r.table, r.new) for r in chosen
            }
            if {(rename.table, rename.old), (rename.table, rename.new)} & taken:
                continue
            if self._is_rename(rename, candidates):
                chosen.append(rename)
        return chosen

    def check_renames(
        self, possible: Sequence[Rename], tables: Collection[str] | None = None
    ) -> None:
        """Refuse a rename that was said beforehand and fits none that can be meant.

        Args:
            possible: Those that can be meant.
            tables: The tables of this database, if there are others, to which what is
                said of other tables is left; None if there is no other.

        Raises:
            MigrationError: One of them has a wrong name on either side.
        """
        known = list(dict.fromkeys(map(_said, possible)))
        for path in sorted(self._unused & self._renames.keys()):
            is_here = tables is None or {path, path.rpartition(".")[0]} & {*tables}
            if is_here and not any(
                self._names(each) for each in possible if each.old_path == path
            ):
                raise MigrationError(self._misfit(path, known))

    def fill(self, path: str, kind: str) -> str:
        """Return what old rows get in the new column *path*.

        Args:
            path: ``table.column``.
            kind: The type, for the question.

        Raises:
            MigrationError: Nobody can be asked.
        """
        self._seen.append(f"{path}=...")
        if path in self._fills:
            self._unused.discard(path)
            return self._fills[path]
        if self._ask is None:
            raise MigrationError(
                f"{path} cannot be empty and has no default, so rows that exist "
                f"already need a value. Say which: --fill {path}=VALUE. Or give the "
                "column a default in the model, or let it be None."
            )
        return self._ask(f"{path} ({kind}) is new and cannot be empty. Old rows get")

    def check_used(self) -> None:
        """Refuse answers to questions that were never put.

        Raises:
            MigrationError: One of them names nothing that changes.
        """
        for path in sorted(self._unused):
            raise MigrationError(self._misfit(path, self._seen))

    def _misfit(self, path: str, known: Sequence[str]) -> str:
        is_rename = path in self._renames
        flag = "--rename" if is_rename else "--fill"
        given = f"{path}={(self._renames if is_rename else self._fills)[path]}"
        return (
            f"{flag} {given} fits no change.{did_you_mean(given, known)} "
            f"What could be said is: {', '.join(known) or 'nothing'}."
        )

    def _names(self, rename: Rename) -> bool:
        """Tell whether *rename* was said beforehand."""
        new = self._renames.get(rename.old_path)
        return new in (rename.new, f"{rename.table}.{rename.new}")

    def _is_rename(self, rename: Rename, candidates: Sequence[Rename]) -> bool:
        path = rename.old_path
        if self._names(rename):
            self._unused.discard(path)
            return True
        is_claimed = path in self._renames or any(
            self._names(other)
            for other in candidates
            if (other.table, other.new) == (rename.table, rename.new)
        )
        if is_claimed or self._refuses:
            return False
        if self._ask is None:
            flags = " or ".join(
                f"--rename {each.old_path}={each.new}" for each in candidates
            )
            raise MigrationError(
                f"Was {path} renamed to {rename.new}? If not, it is dropped with what "
                f"is in it, so this has to be said: {flags}, or --no-rename."
            )
        answer = self._ask(f"Was {path} renamed to {rename.new}? [y/N]")
        return answer.strip().lower() in {"y", "yes"}


def _said(rename: Rename) -> str:
    return f"{rename.old_path}={rename.new}"
