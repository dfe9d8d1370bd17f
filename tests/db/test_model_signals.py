"""Signals of models: what is about to be written, and what was."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from lback.core._unit_of_work import current_unit
from lback.core.exceptions import HalfWritten
from lback.core.exceptions import InvalidPayload
from lback.db import Ref
from lback.db import separate_unit
from lback.db import session
from lback.signals import changes_committed
from lback.signals import post_delete
from lback.signals import post_save
from lback.signals import pre_delete
from lback.signals import pre_save

ALL = (pre_save, post_save, pre_delete, post_delete)


def told(heard: list[Any]) -> list[tuple[Any, ...]]:
    """Return signal, model, created and changed of what was heard."""
    return [
        (name, sender.__name__, *(fields[k] for k in ("created", "changed")))
        if "created" in fields
        else (name, sender.__name__)
        for name, sender, fields in heard
    ]


def fill(models: SimpleNamespace) -> None:
    """Store a basket with two items."""
    items = [models.BasketItem(label="one"), models.BasketItem(label="two")]
    with separate_unit() as own:
        own.add(models.Basket(name="a", items=items))


def test_a_new_row_is_told_of_twice(
    store: Any, models: SimpleNamespace, hear: Any
) -> None:
    """Before it is written and when it has its key, each with what it is."""
    heard = hear(*ALL)
    keys = []
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        own.flush()
        keys = [fields["instance"].id for _, _, fields in heard]

    assert [
        ("pre_save", "Basket", True, ("name",)),
        ("post_save", "Basket", True, ("name",)),
    ] == [(*t[:3], tuple(sorted(n for n in t[3] if n != "id"))) for t in told(heard)]
    assert keys[1] is not None


def test_a_changed_row_names_what_changed(
    store: Any, models: SimpleNamespace, hear: Any
) -> None:
    """Only attributes with other values than before are named."""
    fill(models)
    heard = hear(*ALL)
    with separate_unit() as own:
        row = own.scalars(select(models.Basket)).one()
        row.name, row.total = "a", 5

    assert [
        ("pre_save", "Basket", False, ("total",)),
        ("post_save", "Basket", False, ("total",)),
    ] == told(heard)


def test_an_unchanged_row_is_not_told_of(
    store: Any, models: SimpleNamespace, hear: Any
) -> None:
    """A row that was read, or set to what it was, is not written."""
    fill(models)
    heard = hear(*ALL)
    with separate_unit() as own:
        row = own.scalars(select(models.Basket)).one()
        row.name = "a"

    assert [] == heard


def test_each_flush_tells(store: Any, models: SimpleNamespace, hear: Any) -> None:
    """A row that is written several times is told of each time."""
    heard = hear(post_save)
    with separate_unit() as own:
        row = models.Basket(name="a")
        own.add(row)
        own.flush()
        row.name = "b"
        own.flush()
        row.name = "c"

    assert [True, False, False] == [fields["created"] for *_, fields in heard]


def test_a_cascade_tells_of_all(store: Any, models: SimpleNamespace, hear: Any) -> None:
    """Rows that go with another are told of before and after, like it."""
    fill(models)
    heard = hear(*ALL)
    with separate_unit() as own:
        own.delete(own.scalars(select(models.Basket)).one())

    assert [
        ("post_delete", "Basket"),
        ("post_delete", "BasketItem"),
        ("post_delete", "BasketItem"),
        ("pre_delete", "Basket"),
        ("pre_delete", "BasketItem"),
        ("pre_delete", "BasketItem"),
    ] == sorted(told(heard))


def test_an_orphan_is_deleted(store: Any, models: SimpleNamespace, hear: Any) -> None:
    """A row that loses its parent, and so is deleted, is told of as deleted."""
    fill(models)
    heard = hear(*ALL)
    with separate_unit() as own:
        basket = own.scalars(select(models.Basket)).one()
        basket.items.pop()
        own.flush()

    assert [("pre_delete", "BasketItem"), ("post_delete", "BasketItem")] == [
        t for t in told(heard) if t[1] == "BasketItem"
    ]


def test_a_relationship_is_named(
    store: Any, models: SimpleNamespace, hear: Any
) -> None:
    """A row that gets another parent is told of, with the attribute that was set."""
    fill(models)
    heard = hear(pre_save, post_save, sender=models.BasketItem)
    with separate_unit() as own:
        item = own.scalars(select(models.BasketItem).limit(1)).one()
        item.basket = models.Basket(name="b")

    assert ("basket",) == heard[0][2]["changed"]
    assert {"basket", "basket_id"} == set(heard[1][2]["changed"])


def test_a_receiver_may_still_change_the_row(
    store: Any, models: SimpleNamespace
) -> None:
    """What a receiver of pre_save sets is written with the row."""

    def rename(sender: Any, instance: Any) -> None:
        instance.name = f"{instance.name}!"

    with pre_save.connected_to(rename, sender=models.Basket), separate_unit() as own:
        own.add(models.Basket(name="a"))

    assert ["a!"] == store.names()


def test_a_receiver_may_add_rows_before(
    store: Any, models: SimpleNamespace, hear: Any
) -> None:
    """What a receiver of pre_save adds is told of itself, and written at once."""

    def add(sender: Any, instance: Any) -> None:
        if instance.name == "a":
            session.add(models.Basket(name="b"))

    heard = hear(pre_save, post_save)
    with pre_save.connected_to(add), separate_unit() as own:
        own.add(models.Basket(name="a"))
        own.flush()

    names = [(name, fields["instance"].name) for name, _, fields in heard]

    assert ["pre_save", "pre_save", "post_save", "post_save"] == [n for n, _ in names]
    assert ["a", "b"] == [n for _, n in names[:2]]
    assert ["a", "b"] == store.names()


@pytest.mark.parametrize("flushes", [False, True])
def test_a_receiver_may_write_behind(
    store: Any, models: SimpleNamespace, *, flushes: bool
) -> None:
    """A receiver of post_save may use the session in every way."""

    def add(sender: Any, instance: Any) -> None:
        if instance.name == "a":
            count = len(session.scalars(select(models.Basket)).all())
            session.add(models.Basket(name=f"{count}"))
            if flushes:
                session.flush()

    with post_save.connected_to(add), separate_unit() as own:
        own.add(models.Basket(name="a"))

    assert ["1", "a"] == store.names()


def test_a_flush_before_the_write_is_refused(
    store: Any, models: SimpleNamespace
) -> None:
    """A receiver of pre_save that flushes gets an error that says what to use."""
    errors: list[str] = []

    def flush(sender: Any, instance: Any) -> None:
        try:
            session.flush()
        except Exception as error:
            errors.append(str(error))
            raise

    with pre_save.connected_to(flush), pytest.raises(HalfWritten), separate_unit() as s:
        s.add(models.Basket(name="a"))

    assert "post_save" in errors[0]


def test_a_refusal_keeps_the_row_out(store: Any, models: SimpleNamespace) -> None:
    """``on_error="raise"`` before the write stops the flush, and the unit goes on."""

    def refuse(sender: Any, instance: Any) -> None:
        if instance.name == "bad":
            raise KeyError(instance.name)

    with separate_unit() as own, pre_save.connected_to(refuse, on_error="raise"):
        row = models.Basket(name="bad")
        own.add(row)
        with pytest.raises(KeyError):
            own.flush()
        row.name = "good"

    assert ["good"] == store.names()


@pytest.mark.parametrize("by", ["class", "name"])
def test_a_sender_filter_picks_the_model(
    store: Any, models: SimpleNamespace, hear: Any, by: str
) -> None:
    """A receiver can ask for one model, by its class or as ``"app.Model"``."""
    model = models.Basket
    heard = hear(*ALL, sender=model if by == "class" else model.__sender_key__)
    fill(models)

    assert {models.Basket} == {sender for _, sender, _ in heard}
    assert ["pre_save", "post_save"] == [name for name, *_ in heard]


@pytest.mark.parametrize("signal", ALL)
def test_connecting_amid_a_session_works(
    store: Any, models: SimpleNamespace, hear: Any, signal: Any
) -> None:
    """A receiver that is connected later hears what is written from then on."""
    fill(models)
    with separate_unit() as own:
        rows = own.scalars(select(models.BasketItem)).all()
        heard = hear(signal)
        rows[0].label = "new"
        own.delete(rows[1])

    assert 1 == len(heard)


def test_nothing_is_attached_while_nobody_listens(
    store: Any, models: SimpleNamespace
) -> None:
    """A session without listeners has none of our events, and none afterwards."""
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        own.flush()
        attached = observing(own)
        with post_save.connected_to(lambda sender: None):
            own.add(models.Basket(name="b"))
            own.flush()
        later = observing(own)

    assert [] == attached
    assert [] == later


def observing(own: Any) -> list[Any]:
    """Return what is attached to a session to observe it."""
    names = ("after_flush", "before_flush", "do_orm_execute", "after_flush_postexec")
    return [
        function
        for name in names
        for function in getattr(own.dispatch, name)
        if function.__module__ == "lback.db._observing"
    ]


def test_endless_writing_is_stopped(
    store: Any, models: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    """Receivers that write for each write are stopped, and the unit can be ended."""

    def again(sender: Any) -> None:
        session.add(models.Basket(name="x"))
        session.flush()

    with (
        post_save.connected_to(again),
        pytest.raises(HalfWritten),
        separate_unit() as s,
    ):
        s.add(models.Basket(name="a"))

    assert "SignalLoop" in caplog.text
    assert "RecursionError" not in caplog.text
    assert current_unit() is None
    assert 0 == store.taken()


def test_announcing_does_not_change_results(
    store: Any, models: SimpleNamespace, hear: Any
) -> None:
    """Statements return the same with listeners as without."""
    hear(*ALL, changes_committed)
    with separate_unit() as own:
        own.add_all([models.Basket(name="a"), models.Basket(name="b")])
        statement = models.Basket.__table__.update().values(total=7)
        result: Any = own.execute(statement)
        updated = result.rowcount
        statement = statement.returning(models.Basket.name)
        names = sorted(own.scalars(statement))

    assert 2 == updated
    assert ["a", "b"] == names


def test_a_later_receiver_gets_a_ref(store: Any, models: SimpleNamespace) -> None:
    """Behind the commit a receiver of ``post_save`` is told which row, not given it."""
    seen: list[Any] = []

    def later(sender: Any, instance: Any, created: bool) -> None:
        seen.append((sender, instance, created))

    with (
        post_save.connected_to(later, sender=models.Basket, when="after_commit"),
        separate_unit() as own,
    ):
        own.add(models.Basket(id=7))

    assert [(models.Basket, Ref(models.Basket, 7), True)] == seen


def test_a_later_receiver_before_the_save_is_refused(
    store: Any, models: SimpleNamespace
) -> None:
    """A new row has no key before it is written, so nothing could stand for it."""

    def later(sender: Any, instance: Any) -> None:
        raise AssertionError

    with (
        pre_save.connected_to(later, when="after_commit"),
        pytest.raises(InvalidPayload, match="has no key yet"),
        separate_unit() as own,
    ):
        own.add(models.Basket(name="new"))
