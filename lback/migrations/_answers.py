"""What is asked while a migration is made, and what was answered beforehand."""

from collections.abc import Callable
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
            self._seen.append(f"{rename.old_path}={rename.new}")
            taken = {(r.table, r.old) for r in chosen} | {
                (r.table, r.new) for r in chosen
            }
            if {(rename.table, rename.old), (rename.table, rename.new)} & taken:
                continue
            if self._is_rename(rename, candidates):
                chosen.append(rename)
        return chosen

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
            is_rename = path in self._renames
            flag = "--rename" if is_rename else "--fill"
            given = f"{path}={(self._renames if is_rename else self._fills)[path]}"
            known = ", ".join(self._seen) or "nothing"
            raise MigrationError(
                f"{flag} {given} fits no change.{did_you_mean(given, self._seen)} "
                f"What could be said is: {known}."
            )

    def _is_rename(self, rename: Rename, candidates: Sequence[Rename]) -> bool:
        path = rename.old_path
        if path in self._renames:
            self._unused.discard(path)
            return self._renames[path] in (rename.new, f"{rename.table}.{rename.new}")
        is_claimed = any(
            self._renames.get(other.old_path) == rename.new
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
