"""What many models have: moments of their making and change, and a soft delete."""

from datetime import datetime
from datetime import UTC
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.orm import with_loader_criteria

from lback.db.types import UTCDateTime

# The execution option with which a select finds soft-deleted rows, too.
INCLUDE_DELETED = "include_deleted"

# Behind the columns of the model itself.
_LAST = 1000


def utc_now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)


def _same_as_created(context: DefaultExecutionContext) -> datetime:
    """Return what ``created_at`` gets in the same insert, so that the two are equal."""
    values = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy's
    moment: datetime = values.get("created_at") or utc_now()
    return moment


class TimestampMixin:
    """Know when a row was made and when it was changed last.

    Both are set when the row is written, also by ``insert()`` and ``update()``
    statements; a value that was given stays. As long as a row was never changed the two
    are equal.

    Attributes:
        created_at: When the row was inserted.
        updated_at: When it was inserted or updated last.
    """

    created_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=utc_now, sort_order=_LAST
    )
    updated_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=_same_as_created, onupdate=utc_now, sort_order=_LAST + 1
    )


class SoftDeleteMixin:
    """Mark rows as deleted and keep them.

    Selects of the session do not find them any more, neither directly nor in relations,
    joins and subqueries. With ``execution_options(include_deleted=True)`` a statement
    does. A row that is in the session already stays there, as does what it refers to.

    ``session.delete(row)`` and ``delete()`` statements delete for good; ``update()``
    statements change deleted rows, too. To let the value of a unique column be used
    again after a soft delete, make it unique among the others only::

        Index("uq_user_email", "email", unique=True,
              sqlite_where=text("deleted_at IS NULL"),
              postgresql_where=text("deleted_at IS NULL"))

    Attributes:
        deleted_at: When the row was deleted, or None.
    """

    deleted_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime, default=None, sort_order=_LAST + 2
    )

    def __init_subclass__(cls, **options: Any) -> None:
        """Hide deleted rows from the first model on that keeps them."""
        super().__init_subclass__(**options)
        from lback.db._session import Session

        if not event.contains(Session, "do_orm_execute", _hide_deleted):
            event.listen(Session, "do_orm_execute", _hide_deleted)

    @property
    def is_deleted(self) -> bool:
        """Whether the row is marked as deleted."""
        return self.deleted_at is not None

    def soft_delete(self) -> None:
        """Mark the row as deleted; the next flush writes it.

        A row that is deleted already keeps its moment.
        """
        if self.deleted_at is None:
            self.deleted_at = utc_now()

    def restore(self) -> None:
        """Take the mark away again."""
        self.deleted_at = None


def is_hidden(row: object) -> bool:
    """Tell whether *row* is one that selects would not find."""
    return isinstance(row, SoftDeleteMixin) and row.is_deleted


# One option for all statements, so that SQLAlchemy's cache knows them again.
_NOT_DELETED = with_loader_criteria(
    SoftDeleteMixin, lambda model: model.deleted_at.is_(None), include_aliases=True
)


def _hide_deleted(state: ORMExecuteState) -> None:
    """Add the condition to a select; rows that are only loaded again stay found."""
    if (
        not state.is_select
        or state.is_column_load
        or state.execution_options.get(INCLUDE_DELETED, False)
    ):
        return
    statement: Any = state.statement
    # NOTE: what rows refer to is loaded with the options that loaded the rows.
    if _NOT_DELETED not in statement._with_options:  # noqa: SLF001  # nothing public
        state.statement = statement.options(_NOT_DELETED)
