"""``lback migrate``: apply or undo migrations, one run at a time, each in one piece."""

import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData
from sqlalchemy.exc import SQLAlchemyError

from lback.core._blame import last_project_line
from lback.core.catalogue import post_migrate
from lback.core.catalogue import pre_migrate
from lback.core.exceptions import MigrationError
from lback.db.models import NAMING_CONVENTION
from lback.migrations import _note
from lback.migrations._allowing import refuse_losses
from lback.migrations._foreign_keys import ForeignKeys
from lback.migrations._foreign_keys import unenforced
from lback.migrations._found import expressions_unseen
from lback.migrations._kept import Kept
from lback.migrations._lock import alone
from lback.migrations._note import Note
from lback.migrations._statements import steps_of
from lback.migrations._unfit_rows import rows_hint
from lback.migrations._unfit_rows import without_copy
from lback.migrations.history import Migration
from lback.migrations.planning import Route
from lback.migrations.planning import Router
from lback.migrations.planning import UP
from lback.migrations.state import history_of
from lback.migrations.state import State
from lback.migrations.state import state_on
from lback.migrations.state import VERSION_TABLE
from lback.migrations.target import first_line
from lback.migrations.target import lock_hint
from lback.migrations.target import reached
from lback.migrations.target import Target

if TYPE_CHECKING:
    from sqlalchemy import Connection

Say = Callable[[str], None]

#: Seconds that a statement waits for a lock on PostgreSQL.
LOCK_TIMEOUT = 5.0


class Options(NamedTuple):
    """How to run.

    Attributes:
        allow_destructive: Whether data may be taken away for good.
        is_fake: Whether migrations are only recorded, not run.
        lock_timeout: Seconds that a statement waits for a lock on PostgreSQL, during
            which everybody behind it waits as well; 0 for ever.
    """

    allow_destructive: bool = False
    is_fake: bool = False
    lock_timeout: float = LOCK_TIMEOUT


def run(target: Target, router: Router, options: Options, say: Say) -> Route:
    """Take a database to where *router* says, and tell how it goes.

    Each migration is one transaction. If one fails, it leaves nothing behind and those
    before it stay; so it is if the process is killed, and the next run says so.

    Args:
        target: The database.
        router: Whoever says which migrations to apply or undo, once nobody else can
            change where the database is.
        options: How to run.
        say: Called with each line to print.

    Returns:
        What was done.

    Raises:
        MigrationError: It could not be done; the message says what was.
    """

    def waiting() -> None:
        say(f"{target.name}: another migrate is at work, waiting for it to end.")

    with reached(target) as connection, alone(target, connection, waiting):
        history = history_of(target)
        state = state_on(connection, target, history)
        connection.rollback()
        state.check_known()
        if state.note is not None:
            say(_interrupted(state, state.note))
        route = router(state)
        say(_where(state, route))
        if not options.is_fake:
            refuse_losses(connection, route, is_allowed=options.allow_destructive)
        if route.steps:
            _Run(target, connection, route, options, say).go()
        elif state.note is not None:
            with connection.begin():
                _note.remove(connection)
    return route


class _Run:
    """One run, which holds the lock."""

    def __init__(
        self,
        target: Target,
        connection: "Connection",
        route: Route,
        options: Options,
        say: Say,
    ) -> None:
        self._target = target
        self._connection = connection
        self._route = route
        self._options = options
        self._say = say
        self._at: Migration | None = None
        self._done = 0
        self._references: ForeignKeys | None = None
        self._kept: Kept | None = None
        self._scripts = ScriptDirectory(
            target.folder, version_locations=[target.folder]
        )

    def go(self) -> None:
        revisions = [migration.revision for migration in self._route.steps]
        direction = self._route.direction
        if pre_migrate:
            pre_migrate.send(
                database=self._target.name, revisions=revisions, direction=direction
            )
        begun = time.perf_counter()
        with self._prepared(), self._failures():
            if self._options.is_fake:
                self._record()
            else:
                self._take_steps()
            self._note_end()
        verb = "Applied" if direction == UP else "Undid"
        seconds = time.perf_counter() - begun
        self._say(f"{verb} {self._done} in {seconds:.2f} s.")
        if post_migrate:
            post_migrate.send(
                database=self._target.name, revisions=revisions, direction=direction
            )

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """Set the connection up, and back again."""
        with ExitStack() as stack:
            if self._target.kind == "sqlite":
                self._references = ForeignKeys(self._connection)
                self._kept = Kept(self._connection)
                stack.enter_context(expressions_unseen())
                stack.enter_context(unenforced(self._connection))
            elif self._target.kind == "postgresql":
                milliseconds = int(self._options.lock_timeout * 1000)
                with self._connection.begin():
                    self._connection.exec_driver_sql(
                        f"SET lock_timeout = {milliseconds}"
                    )
            yield

    def _take_steps(self) -> None:
        with EnvironmentContext(Config(), self._scripts, fn=self._steps) as environment:
            environment.configure(
                connection=self._connection,
                on_version_apply=self._before_commit,
                target_metadata=MetaData(naming_convention=NAMING_CONVENTION),
                transaction_per_migration=True,
                transactional_ddl=True if self._target.kind == "sqlite" else None,
                version_table=VERSION_TABLE,
            )
            with environment.begin_transaction():
                environment.run_migrations()

    def _steps(self, heads: Any, context: Any) -> Iterator[MigrationStep]:
        """Yield what Alembic runs; it comes back when a step is committed."""
        for number, migration in enumerate(self._route.steps, 1):
            self._note_start(migration)
            self._say(f"  {number}/{len(self._route.steps)} {migration.name} ...")
            script = self._scripts.get_revision(migration.revision)
            scripts = self._scripts.revision_map
            begun = time.perf_counter()
            if self._route.direction == UP:
                yield MigrationStep.upgrade_from_script(scripts, script)
            else:
                yield MigrationStep.downgrade_from_script(scripts, script)
            self._done, self._at = number, None
            self._say(f"      done in {time.perf_counter() - begun:.2f} s")

    def _record(self) -> None:
        """Write down that the migrations were run, without running them."""
        last = self._route.steps[-1]
        wanted = last.revision if self._route.direction == UP else last.parent
        with EnvironmentContext(Config(), self._scripts) as environment:
            environment.configure(
                connection=self._connection, version_table=VERSION_TABLE
            )
            context = environment.get_context()
            with self._connection.begin():
                context.stamp(self._scripts, wanted or "base")
        for migration in self._route.steps:
            self._say(f"  {migration.name} (recorded, not run)")
        self._done = len(self._route.steps)

    def _note_start(self, migration: Migration) -> None:
        self._at = migration
        self._connection.commit()
        self._write_note(migration.revision)
        if self._kept is not None:
            self._kept.note()

    def _before_commit(self, ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        """Finish a migration inside its own transaction."""
        if self._kept is not None and self._at is not None:
            self._kept.check(self._at, self._route.function)
        if self._references is not None:
            self._references.check()
        note = Note(self._route.direction, None, self._done + 1, len(self._route.steps))
        _note.write(self._connection, note)

    def _write_note(self, revision: str | None) -> None:
        total = len(self._route.steps)
        note = Note(self._route.direction, revision, self._done, total)
        with self._connection.begin():
            _note.write(self._connection, note)

    def _note_end(self) -> None:
        self._connection.rollback()
        with self._connection.begin():
            _note.remove(self._connection)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Say what failed, and what stays."""
        try:
            yield
        except Exception as error:
            said = self._reason(error)
            try:
                self._note_end()
            except SQLAlchemyError:
                # NOTE: the connection is lost, and the note stays; so the next run
                # says what this one says now.
                said += " The connection to the database was lost."
            raise MigrationError(said) from error

    def _reason(self, error: Exception) -> str:
        name = self._at.name if self._at is not None else "The run"
        kept = f" {self._done} before it stay." if self._done else ""
        undone = "It was undone."
        if self._at is not None and runs_outside(self._at, self._route.function):
            undone = "It runs parts outside a transaction, so it may be half done."
        if isinstance(error, MigrationError):
            return f"{name} failed. {error}. {undone}{kept}"
        what = without_copy(first_line(error, self._target))
        if isinstance(error, SQLAlchemyError):
            place = last_project_line(error).rpartition(" (")[2].rstrip(")")
            at = f" ({place})" if ":" in place else ""
            ours = self._at if self._route.direction == UP else None
            hint = rows_hint(error, ours)
            return f"{name} failed: {what}{at}.{lock_hint(what)} {undone}{kept}{hint}"
        return f"{name} failed: {last_project_line(error)}. {undone}{kept}"


def runs_outside(migration: Migration, function: str) -> bool:
    """Tell whether a migration has parts that no transaction can undo."""
    return any(
        step.name == "autocommit_block" for step in steps_of(migration, function)
    )


def _where(state: State, route: Route) -> str:
    """Say where a database is, and how far it has to go."""
    at = f"at {state.history[state.current].name}" if state.current else "empty"
    start = f"{state.target.name} ({state.target.place}): {at}"
    count = len(route.steps)
    if not count:
        return f"{start}, nothing to do."
    return f"{start}, {count} to {'apply' if route.direction == UP else 'undo'}."


def _interrupted(state: State, note: Note) -> str:
    """Say where the last run was cut off, and what that means."""
    verb = "applied" if note.direction == UP else "undid"
    count = f"{note.done} of {note.total} were done"
    if note.revision is None:
        return f"The last migrate was interrupted between two migrations: {count}."
    if note.revision not in state.history:
        return f"The last migrate was interrupted at {note.revision}: {count}."
    migration = state.history[note.revision]
    start = f"The last migrate was interrupted while it {verb} {migration.name}"
    function = "upgrade" if note.direction == UP else "downgrade"
    if runs_outside(migration, function):
        return (
            f"{start}, which runs parts outside a transaction: look whether they are "
            "done before you go on."
        )
    return f"{start}; that was undone, {count}. Going on."
