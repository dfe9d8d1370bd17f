"""One signal tells what a unit of work has changed in the end."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import update

from lback.core.catalogue import BulkChange
from lback.db import atomic
from lback.db import on_commit
from lback.db import Ref
from lback.db import separate_unit
from lback.db import session
from lback.signals import changes_committed


@pytest.fixture
def heard(hear: Any) -> list[Any]:
    """Return what the signal has told, and listen to it."""
    return hear(changes_committed)  # type: ignore[no-any-return]  # a list


def groups(heard: list[Any]) -> list[list[list[int]]]:
    """Return the keys that were created, changed and deleted, for each send."""
    return [
        [
            [ref.key for ref in fields[name]]
            for name in ("created", "changed", "deleted")
        ]
        for *_, fields in heard
    ]


def store_baskets(models: SimpleNamespace, *keys: int) -> None:
    """Store baskets that nobody hears of."""
    with changes_committed.muted(), separate_unit() as own:
        own.add_all([models.Basket(id=key, name=f"{key}") for key in keys])


def test_everything_is_told_once(
    store: Any, models: SimpleNamespace, heard: list[Any]
) -> None:
    """Each row is in one group, whatever was flushed in between."""
    store_baskets(models, 1, 2)
    with separate_unit() as own:
        rows = {row.id: row for row in own.scalars(select(models.Basket))}
        own.add(models.Basket(id=3))
        own.flush()
        rows[1].total = 1
        own.flush()
        rows[1].total = 2
        own.delete(rows[2])
        before = list(heard)

    assert [] == before
    assert [[[3], [1], [2]]] == groups(heard)
    assert Ref(models.Basket, 3) == heard[0][2]["created"][0]


def test_only_the_net_effect_counts(
    store: Any, models: SimpleNamespace, heard: list[Any]
) -> None:
    """Made and deleted is nothing; changed and deleted is deleted; made stays made."""
    store_baskets(models, 1, 2)
    with separate_unit() as own:
        rows = {row.id: row for row in own.scalars(select(models.Basket))}
        fleeting, made = models.Basket(id=3), models.Basket(id=4)
        own.add_all([fleeting, made])
        rows[1].total = 1
        own.flush()
        own.delete(fleeting)
        own.delete(rows[1])
        own.delete(rows[2])
        made.total = 4
        own.flush()
        own.add(models.Basket(id=2))

    assert [[[4], [2], [1]]] == [[sorted(g) for g in groups(heard)[0]]]


def test_nothing_is_told_of_nothing(
    store: Any, models: SimpleNamespace, heard: list[Any]
) -> None:
    """A unit that read, or undid what it did, is silent."""
    store_baskets(models, 1)
    with separate_unit() as own:
        own.scalars(select(models.Basket)).all()
    with separate_unit() as own:
        fleeting = models.Basket(id=3)
        own.add(fleeting)
        own.flush()
        own.delete(fleeting)

    assert [] == heard


@pytest.mark.parametrize("end", ["raise", "rollback", "close"])
def test_a_rollback_is_silent(
    store: Any, models: SimpleNamespace, heard: list[Any], end: str
) -> None:
    """What was written and undone is not told of, however it was undone."""
    with suppress(KeyError), separate_unit() as own:
        own.add(models.Basket(id=1))
        own.flush()
        own.execute(insert(models.Basket).values(id=2, total=0))
        if end == "raise":
            raise KeyError
        getattr(own, end)()

    assert [] == heard


def test_a_savepoint_takes_its_rows_along(
    store: Any, models: SimpleNamespace, heard: list[Any]
) -> None:
    """Rows of a rolled-back savepoint are not told of, those around it are."""
    with separate_unit() as own:
        own.add(models.Basket(id=1))
        with suppress(KeyError), atomic():
            own.add(models.Basket(id=2))
            own.execute(insert(models.Basket).values(id=3, total=0))
            with atomic():
                own.add(models.Basket(id=4))
            raise KeyError
        with atomic():
            own.add(models.Basket(id=5))

    assert [[[1, 5], [], []]] == groups(heard)
    assert () == heard[0][2]["bulk"]


def test_each_commit_tells_of_its_own(
    store: Any, models: SimpleNamespace, heard: list[Any]
) -> None:
    """Several commits in one unit are several sends."""
    with separate_unit() as own:
        for key in (1, 2):
            own.add(models.Basket(id=key))
            own.commit()

    assert [[[1], [], []], [[2], [], []]] == groups(heard)


def test_it_comes_before_what_waits(
    store: Any, models: SimpleNamespace, heard: list[Any]
) -> None:
    """Functions after the commit find it told already."""
    seen: list[int] = []
    with separate_unit() as own:
        on_commit(lambda: seen.append(len(heard)))
        own.add(models.Basket(id=1))

    assert [1] == seen


def _insert_many(models: SimpleNamespace) -> Any:
    return insert(models.Basket), [{"name": n, "total": 0} for n in "abc"]


def _insert_values(models: SimpleNamespace) -> Any:
    rows = [{"name": n, "total": 0} for n in "abc"]
    return (insert(models.Basket).values(rows),)


def _insert_core(models: SimpleNamespace) -> Any:
    return insert(models.Basket.__table__), [{"name": n, "total": 0} for n in "abc"]


def _update(models: SimpleNamespace) -> Any:
    return (update(models.Basket).values(total=1),)


def _update_returning(models: SimpleNamespace) -> Any:
    return (update(models.Basket).values(total=1).returning(models.Basket.id),)


def _update_many(models: SimpleNamespace) -> Any:
    return update(models.Basket), [{"id": n, "total": n} for n in (1, 2, 3)]


def _delete(models: SimpleNamespace) -> Any:
    return (delete(models.Basket),)


@pytest.mark.parametrize(
    ("make", "kind", "known"),
    [
        (_insert_many, "insert", {3}),
        (_insert_values, "insert", {3}),
        (_insert_core, "insert", {3}),
        (_update, "update", {3}),
        (_update_returning, "update", {3, None}),
        (_update_many, "update", {3}),
        (_delete, "delete", {3}),
    ],
)
@pytest.mark.parametrize("is_amid", [False, True])
def test_bulk_statements_are_counted(  # noqa: PLR0913, PLR0917  # what it depends on
    store: Any,
    models: SimpleNamespace,
    hear: Any,
    make: Any,
    kind: str,
    known: set[int | None],
    *,
    is_amid: bool,
) -> None:
    """A statement over many rows is told of with table and number, also amid a unit.

    Where the driver does not say how many, a wrong number is worse than none.
    """
    if kind != "insert":
        store_baskets(models, 1, 2, 3)
    heard = [] if is_amid else hear(changes_committed)
    with separate_unit() as own:
        own.scalar(select(1))
        if is_amid:
            heard = hear(changes_committed)
        own.execute(*make(models))

    (told,) = heard[0][2]["bulk"]

    assert BulkChange(kind, "dbtests_basket", told.rows) == told
    assert told.rows in known


def test_a_receiver_has_a_unit(
    store: Any, models: SimpleNamespace, heard: list[Any]
) -> None:
    """A receiver writes in a unit of its own, which is told of in its turn."""

    def write(sender: Any, created: Any) -> None:
        if created[0].key < 3:
            session.add(models.Basket(id=created[0].key + 1, name="next"))

    with changes_committed.connected_to(write), separate_unit() as own:
        own.add(models.Basket(id=1, name="first"))

    assert [[[1], [], []], [[2], [], []], [[3], [], []]] == groups(heard)
    assert ["first", "next", "next"] == store.names()


def test_receivers_share_a_unit(
    models: SimpleNamespace, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A receiver that fails amid its writes undoes the others' too, which is logged."""
    with (
        changes_committed.connected_to(_keeping(models)),
        changes_committed.connected_to(_breaking(models)),
        separate_unit() as own,
    ):
        own.add(models.Basket(id=1, name="first"))

    assert ["first"] == store.names()
    assert "What receivers of changes_committed wrote is not stored" in caplog.text


def test_a_failing_receiver_leaves_the_others_their_work(
    models: SimpleNamespace, store: Any
) -> None:
    """With ``when="after_commit"`` each has a unit of its own to fail in."""
    keeping, breaking = _keeping(models), _breaking(models)
    with (
        changes_committed.connected_to(keeping, when="after_commit"),
        changes_committed.connected_to(breaking, when="after_commit"),
        separate_unit() as own,
    ):
        own.add(models.Basket(id=1, name="first"))

    assert ["first", "kept"] == store.names()


def _keeping(models: SimpleNamespace) -> Any:
    def write(sender: Any, created: Any) -> None:
        if created[0].key == 1:
            session.add(models.Basket(id=2, name="kept"))

    return write


def _breaking(models: SimpleNamespace) -> Any:
    def broken(sender: Any, created: Any) -> None:
        session.add(models.Basket(id=3, name="half"))
        raise ValueError

    return broken


def test_it_can_be_heard_later_too(store: Any, models: SimpleNamespace) -> None:
    """Its payload has no live rows, so ``when="after_commit"`` works as well."""
    seen: list[Any] = []

    def later(sender: Any, created: Any, bulk: Any) -> None:
        seen.append((created, bulk))

    later_too = changes_committed.connected_to(later, when="after_commit")
    with later_too, separate_unit() as own:
        own.add(models.Basket(id=1))

    assert [((Ref(models.Basket, 1),), ())] == seen
