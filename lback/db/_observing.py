"""Send the signals of models around a flush, and collect what a unit has changed.

Nothing of this runs, and nothing is attached to SQLAlchemy, while nobody listens.
"""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy import inspect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import InstanceState
from sqlalchemy.orm import ORMExecuteState

from lback.core import catalogue
from lback.core._ref import Ref
from lback.core._ref import ref_of

if TYPE_CHECKING:
    from lback.db._session import Session

Flush = Callable[[Any], None]


class Write(NamedTuple):
    """A row that a flush has written.

    Attributes:
        instance: The row.
        kind: ``"created"``, ``"changed"`` or ``"deleted"``.
        changed: The attributes with new values.
        ref: What stands for it after the commit.
    """

    instance: Any
    kind: str
    changed: tuple[str, ...]
    ref: Ref


def is_observed() -> bool:
    """Tell whether anybody wants to know what is written."""
    return (
        catalogue.pre_save.is_heard
        or catalogue.post_save.is_heard
        or catalogue.pre_delete.is_heard
        or catalogue.post_delete.is_heard
        or catalogue.changes_committed.is_heard
    )


def observed_flush(session: "Session", objects: Any, flush: Flush) -> None:
    """Flush, and send the signals of models before and after it.

    Receivers run outside SQLAlchemy's own flush, so those after it may do anything;
    those before it may change rows and add others, but not flush.

    Raises:
        InvalidRequestError: A receiver before the flush wants to flush.
    """
    if session.is_observing:
        raise InvalidRequestError(
            "A receiver of pre_save or pre_delete cannot flush: what it was told of "
            "is not written yet. Do it in a receiver of post_save or post_delete."
        )
    session.is_observing = True
    try:
        with session.no_autoflush:
            _send_before(session)
    finally:
        session.is_observing = False
    writes: list[Write] = []

    def note(session: "Session", context: Any) -> None:
        writes.extend(_writes_in(session, context))

    event.listen(session, "after_flush", note)
    try:
        flush(objects)
    finally:
        event.remove(session, "after_flush", note)
    if catalogue.changes_committed.is_heard:
        session.unit.note_writes(writes)
    _send_after(writes)


def observe_bulk(session: "Session") -> None:
    """Take note of statements that change many rows at once."""

    def note(state: ORMExecuteState) -> Any:
        kind = _kind_of(state)
        if kind is None:
            return None
        result: Any = state.invoke_statement(
            execution_options={"preserve_rowcount": True}
        )
        rows: int | None = getattr(result, "rowcount", -1)
        many = state.parameters
        if isinstance(many, list | tuple):
            rows = len(many)
        elif rows is None or rows < 0 or (not rows and result.returns_rows):
            rows = None
        table = getattr(state.statement, "table", None)
        change = catalogue.BulkChange(kind, str(getattr(table, "name", "?")), rows)
        session.unit.note_bulk(change)
        return result

    event.listen(session, "do_orm_execute", note)


def net_changes(
    writes: list[Write], bulk: list[catalogue.BulkChange]
) -> catalogue.ChangesCommitted | None:
    """Say what a unit of work has changed in the end, each row once.

    A row that was created and deleted again is not in it.
    """
    kinds: dict[Ref, str] = {}
    for write in writes:
        before = kinds.get(write.ref)
        if write.kind == "deleted" and before == "created":
            del kinds[write.ref]
        elif write.kind == "created" and before == "deleted":
            kinds[write.ref] = "changed"
        elif write.kind == "deleted" or before is None:
            kinds[write.ref] = write.kind
    if not kinds and not bulk:
        return None
    groups = {
        name: tuple(ref for ref, kind in kinds.items() if kind == name)
        for name in ("created", "changed", "deleted")
    }
    return catalogue.ChangesCommitted(**groups, bulk=tuple(bulk))


def _send_before(session: "Session") -> None:
    """Send the signals of everything that is about to be written.

    Receivers may add more; so it is looked again until there is nothing new.
    """
    told: dict[int, Any] = {}
    while True:
        found = [row for row in _pending(session) if id(row) not in told]
        if not found:
            return
        for row in found:
            told[id(row)] = row
            _send_before_row(session, row)


def _pending(session: "Session") -> Iterator[Any]:
    yield from session.new
    yield from (row for row in session.dirty if session.is_modified(row))
    yield from session.deleted


def _send_before_row(session: "Session", row: Any) -> None:
    if row in session.deleted or _is_orphan(row):
        if catalogue.pre_delete.is_heard:
            catalogue.pre_delete.send(type(row), instance=row)
    elif catalogue.pre_save.is_heard:
        state = inspect(row)
        catalogue.pre_save.send(
            type(row),
            instance=row,
            created=state.key is None,
            changed=_changed(state),
        )


def _is_orphan(row: Any) -> bool:
    """Tell whether the flush will delete a row because it has lost its parent."""
    state = inspect(row)
    return bool(state.has_identity and state.mapper._is_orphan(state))  # noqa: SLF001  # as the flush


def _send_after(writes: list[Write]) -> None:
    for write in writes:
        if write.kind == "deleted":
            if catalogue.post_delete.is_heard:
                catalogue.post_delete.send(
                    type(write.instance), instance=write.instance
                )
        elif catalogue.post_save.is_heard:
            catalogue.post_save.send(
                type(write.instance),
                instance=write.instance,
                created=write.kind == "created",
                changed=write.changed,
            )


def _writes_in(session: "Session", context: Any) -> Iterator[Write]:
    """Yield what a flush has written, while its history is still there."""
    for state, (is_deleted, is_listed) in list(context.states.items()):
        row = state.obj()
        if is_listed or row is None:
            continue
        kind = (
            "deleted" if is_deleted else "created" if state.key is None else "changed"
        )
        changed = () if is_deleted else _changed(state)
        if kind == "changed" and not changed:
            continue
        ref = ref_of(row)
        if ref is not None:
            yield Write(row, kind, changed, ref)


def _changed(state: InstanceState[Any]) -> tuple[str, ...]:
    """Name the attributes that have new values."""
    return tuple(
        name
        for name in state.mapper.attrs.keys()  # noqa: SIM118  # no mapping
        if name in state.dict and state.attrs[name].history.has_changes()
    )


def _kind_of(state: ORMExecuteState) -> str | None:
    if state.is_update:
        return "update"
    if state.is_delete:
        return "delete"
    return "insert" if state.is_insert else None
