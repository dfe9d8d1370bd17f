"""``lback sqlmigrate``: the SQL of one migration."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy import create_engine
from sqlalchemy import event
from sqlalchemy import MetaData

from lback.core._blame import last_project_line
from lback.core.exceptions import MigrationError
from lback.db.models import NAMING_CONVENTION
from lback.migrations._found import expressions_unseen
from lback.migrations._kept import Kept
from lback.migrations.history import History
from lback.migrations.history import Migration
from lback.migrations.state import history_of
from lback.migrations.state import VERSION_TABLE
from lback.migrations.target import Target


def sql_of(target: Target, words: str, *, backwards: bool = False) -> str:
    """Return the SQL that a migration runs on its database, which is not touched.

    SQLite changes a table by making it anew, for which its columns must be known: so
    the migrations before are run in memory first, and this one is listened to.

    Raises:
        MigrationError: The migration cannot be run away from its data.
    """
    history = history_of(target)
    migration = history.find(words)
    scripts = ScriptDirectory(target.folder, version_locations=[target.folder])
    try:
        if target.kind == "sqlite":
            return _listened(history, migration, scripts, backwards=backwards)
        return _written(target, migration, scripts, backwards=backwards)
    except Exception as error:
        raise MigrationError(
            f"The SQL of {migration.name} cannot be told, because it or one before "
            f"it needs what is in the database: {last_project_line(error)}"
        ) from error


def _step(
    scripts: ScriptDirectory, migration: Migration, *, backwards: bool
) -> MigrationStep:
    script = scripts.get_revision(migration.revision)
    if backwards:
        return MigrationStep.downgrade_from_script(scripts.revision_map, script)
    return MigrationStep.upgrade_from_script(scripts.revision_map, script)


def _written(
    target: Target, migration: Migration, scripts: ScriptDirectory, *, backwards: bool
) -> str:
    """Let Alembic write the SQL instead of running it."""
    buffer = io.StringIO()
    before = migration.revision if backwards else migration.parent or "base"

    def steps(heads: Any, context: Any) -> list[MigrationStep]:
        return [_step(scripts, migration, backwards=backwards)]

    with EnvironmentContext(
        Config(), scripts, fn=steps, as_sql=True, starting_rev=before
    ) as environment:
        environment.configure(
            dialect_name=target.databases.url(target.name).get_dialect().name,
            literal_binds=True,
            output_buffer=buffer,
            target_metadata=MetaData(naming_convention=NAMING_CONVENTION),
            transaction_per_migration=True,
            version_table=VERSION_TABLE,
        )
        with environment.begin_transaction():
            environment.run_migrations()
    return buffer.getvalue().strip() + "\n"


def _listened(
    history: History, migration: Migration, scripts: ScriptDirectory, *, backwards: bool
) -> str:
    """Run the migrations in memory, and note what this one runs."""
    heard: list[str] = []
    engine = create_engine("sqlite://")
    path = history.until(migration.revision if backwards else migration.parent)

    under_way = migration, "upgrade"

    def steps(heads: Any, context: Any) -> Iterator[MigrationStep]:
        nonlocal under_way
        for each in path:
            under_way = each, "upgrade"
            context.connection.commit()
            kept.note()
            yield _step(scripts, each, backwards=False)
        under_way = migration, "downgrade" if backwards else "upgrade"
        context.connection.commit()
        kept.note()
        with _listening(context.connection, heard):
            yield _step(scripts, migration, backwards=backwards)

    def keep(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        kept.check(*under_way)

    with (
        engine.connect() as connection,
        EnvironmentContext(Config(), scripts, fn=steps) as environment,
        expressions_unseen(),
    ):
        kept = Kept(connection)
        environment.configure(
            connection=connection,
            on_version_apply=keep,
            target_metadata=MetaData(naming_convention=NAMING_CONVENTION),
            transaction_per_migration=True,
            version_table=VERSION_TABLE,
        )
        with environment.begin_transaction():
            environment.run_migrations()
    engine.dispose()
    return "".join(f"{statement};\n\n" for statement in heard).strip() + "\n"


@contextmanager
def _listening(connection: Connection, heard: list[str]) -> Iterator[None]:
    """Note the statements that a connection runs, but for those that only look."""

    def note(
        connection: Any, cursor: Any, statement: str, values: Any, *_: Any
    ) -> None:
        text = statement.strip()
        if not text.lower().startswith(("pragma", "select")):
            heard.append(f"{text}  -- {values!r}" if values else text)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", note)
