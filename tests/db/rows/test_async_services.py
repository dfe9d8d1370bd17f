"""Services whose methods are coroutines: the same, with hooks that are awaited."""

import asyncio
import inspect
from typing import Any

import pydantic
import pytest
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import Session

from lback.core.exceptions import NotFound
from lback.core.exceptions import ValidationError
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher
from lback.db import Model
from lback.db.async_services import AsyncBaseCrudService
from lback.db.repository import Repository
from lback.db.services import CrudService


class Train(Model):
    """What the services of this module are about."""

    __tablename__ = "async_train"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    cars: Mapped[int] = mapped_column(default=1)


class TrainCreate(pydantic.BaseModel):
    """What a client sends for a new train."""

    name: str
    cars: int = 3


class TrainUpdate(pydantic.BaseModel):
    """What a client sends for a change."""

    name: str = ""
    cars: int = 0


class TrainResponse(pydantic.BaseModel):
    """What a client gets."""

    id: int
    name: str
    cars: int


class Trains(AsyncBaseCrudService[Train, TrainCreate, TrainUpdate, TrainResponse]):
    """A service that writes down its hooks, and fails where it is told to."""

    def __init__(self, repository: Repository[Train] | None = None) -> None:
        super().__init__(repository or Repository(Train), TrainResponse)
        self.calls: list[str] = []
        self.fails_in = ""

    async def _note(self, hook: str) -> None:
        await asyncio.sleep(0)
        self.calls.append(hook)
        if hook == self.fails_in:
            raise LookupError(hook)

    async def validate_create(self, data: TrainCreate) -> None:
        """Refuse a name that is taken."""
        await self._note("validate_create")
        if await self.exists(name=data.name):
            raise ValueError("This name is taken.")

    async def validate_update(self, key: Any, data: TrainUpdate) -> None:
        """Refuse a number."""
        await self._note("validate_update")
        if data.cars > 100:
            raise ValueError("Too long.")

    async def before_create(self, data: dict[str, Any]) -> dict[str, Any]:
        """Change what is written."""
        await self._note("before_create")
        return {**data, "name": data["name"].title()}

    async def after_create(self, instance: Train) -> None:
        """Look at the row."""
        await self._note("after_create")

    async def before_update(self, key: Any, data: dict[str, Any]) -> dict[str, Any]:
        """Look at what is written."""
        await self._note("before_update")
        return data

    async def after_update(self, instance: Train) -> None:
        """Look at the row."""
        await self._note("after_update")

    async def before_delete(self, key: Any) -> None:
        """Look at the key."""
        await self._note("before_delete")

    async def after_delete(self, key: Any) -> None:
        """Look at the key."""
        await self._note("after_delete")


@pytest.fixture
def tables(make_tables: Any) -> None:
    """Create the tables of this module."""
    make_tables(Train)


@pytest.fixture
def trains(unit: Session) -> Trains:
    """Return the service, in a unit of work."""
    return Trains()


def stored(session: Session) -> list[tuple[str, int]]:
    """Return the trains that are there."""
    session.expire_all()
    return [(row.name, row.cars) for row in Repository(Train, session).get_all()]


def public(service: type) -> dict[str, list[str]]:
    """Return the methods of a service with their parameters."""
    return {
        name: list(inspect.signature(method).parameters)
        for name, method in inspect.getmembers(service, inspect.isfunction)
        if name[0] != "_"
    }


def test_methods_are_those_of_the_plain_service() -> None:
    """Both kinds have the same methods with the same parameters, here coroutines."""
    assert public(CrudService) == public(AsyncBaseCrudService)
    assert all(
        inspect.iscoroutinefunction(getattr(AsyncBaseCrudService, name))
        for name in public(AsyncBaseCrudService)
    )


def test_hooks(trains: Trains) -> None:
    """Each hook is awaited once, in order."""

    async def work() -> None:
        made = await trains.create(TrainCreate(name="night"))
        await trains.update(made.id, TrainUpdate(cars=9))
        await trains.delete(made.id)

    asyncio.run(work())

    expected = ["validate_create", "before_create", "after_create"]
    expected += ["validate_update", "before_update", "after_update"]
    expected += ["before_delete", "after_delete"]
    assert expected == trains.calls


def test_responses(trains: Trains, unit: Session) -> None:
    """Writes return responses, and write what was set."""

    async def work() -> list[TrainResponse]:
        made = await trains.create({"name": "night"})
        changed = await trains.update(made.id, {"cars": 9})
        return [made, changed]

    made, changed = asyncio.run(work())

    assert TrainResponse(id=made.id, name="Night", cars=3) == made
    assert TrainResponse(id=made.id, name="Night", cars=9) == changed
    assert [("Night", 9)] == stored(unit)


@pytest.mark.parametrize("hook", ["validate_create", "before_create", "after_create"])
def test_failing_hook_undoes_create(trains: Trains, unit: Session, hook: str) -> None:
    """What a hook raises comes through, and nothing was created."""
    trains.fails_in = hook
    with pytest.raises(LookupError, match=hook):
        asyncio.run(trains.create({"name": "night"}))

    assert [] == stored(unit)


@pytest.mark.parametrize("hook", ["validate_update", "before_update", "after_update"])
def test_failing_hook_undoes_update(trains: Trains, unit: Session, hook: str) -> None:
    """What a hook raises comes through, and nothing was changed."""
    made = asyncio.run(trains.create({"name": "night"}))
    trains.fails_in = hook
    with pytest.raises(LookupError, match=hook):
        asyncio.run(trains.update(made.id, {"cars": 9}))

    assert [("Night", 3)] == stored(unit)


@pytest.mark.parametrize("hook", ["before_delete", "after_delete"])
def test_failing_hook_undoes_delete(trains: Trains, unit: Session, hook: str) -> None:
    """What a hook raises comes through, and nothing was deleted."""
    made = asyncio.run(trains.create({"name": "night"}))
    trains.fails_in = hook
    with pytest.raises(LookupError, match=hook):
        asyncio.run(trains.delete(made.id))

    assert [("Night", 3)] == stored(unit)


def test_validating_hooks(trains: Trains) -> None:
    """A ValueError of an awaited hook is a 400, too."""

    async def work() -> None:
        made = await trains.create({"name": "Night"})
        with pytest.raises(ValidationError) as caught:
            await trains.create({"name": "Night"})
        assert {"__all__": ["This name is taken."]} == caught.value.errors
        with pytest.raises(ValidationError, match="Validation Error"):
            await trains.update(made.id, {"cars": 101})

    asyncio.run(work())


def test_plain_hooks(unit: Session) -> None:
    """Hooks may be plain functions."""
    seen: list[Any] = []

    class Plain(AsyncBaseCrudService[Train]):
        def before_create(self, data: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]  # allowed, if not to type checkers
            return {**data, "cars": 5}

        def after_create(self, instance: Train) -> None:  # type: ignore[override]  # likewise
            seen.append(instance.cars)

    row = asyncio.run(Plain(Repository(Train)).create({"name": "night"}))

    assert ([5], 5) == (seen, row.cars)


def test_hook_that_returns_nothing(unit: Session) -> None:
    """A hook that forgets its return is named."""

    class Forgetful(AsyncBaseCrudService[Train]):
        async def before_update(self, key: Any, data: dict[str, Any]) -> dict[str, Any]:
            return None  # type: ignore[return-value]  # the mistake

    with pytest.raises(TypeError, match=r"Forgetful\.before_update returned NoneType"):
        asyncio.run(Forgetful(Repository(Train)).update(1, {"cars": 2}))


def test_reading(trains: Trains) -> None:
    """What reads, reads as in the plain service."""

    async def work() -> None:
        await trains.create_many([{"name": name} for name in ("a", "b", "c")])
        first, *_ = await trains.get_all(limit=2)
        assert first == await trains.find(first.id)
        assert first == await trains.find_or_fail(first.id)
        assert None is await trains.find(0)
        found = await trains.filter(name__ne="A", _order_by="-name")
        assert ["C", "B"] == [train.name for train in found]
        assert first == await trains.filter_one(name="A")
        page = await trains.paginate(2, 2)
        assert (["C"], 3) == ([train.name for train in page], page.total)
        assert (3, True) == (await trains.count(), await trains.exists(name="A"))
        with pytest.raises(NotFound):
            await trains.find_or_fail(0)

    asyncio.run(work())


def test_brackets_may_be_elided() -> None:
    """The types of the brackets may be left out."""

    class Anything(AsyncBaseCrudService[...]):  # type: ignore[misc]  # as documents write it
        pass

    assert None is Anything.create_schema


# --- What waits for the commit --------------------------------------------------------


@pytest.fixture
def placed(dispatcher: SignalDispatcher) -> Signal[..., Any]:
    """Return a signal that nobody else has."""
    return dispatcher.signal("train.placed")


class Announcing(AsyncBaseCrudService[Train]):
    """A service that sends a signal with each new row."""

    def __init__(self, placed: Signal[..., Any]) -> None:
        super().__init__(Repository(Train))
        self._placed = placed

    async def after_create(self, instance: Train) -> None:
        """Send it."""
        await self._placed.asend("service", name=instance.name)


def test_async_receivers_after_the_commit(
    tables: None, placed: Signal[..., Any]
) -> None:
    """Outside any unit of work they have been awaited when the write is over."""
    seen: list[Any] = []

    async def receive(sender: Any, name: str) -> None:
        await asyncio.sleep(0)
        seen.append((name, Repository(Train).count()))

    placed.connect(receive, when="after_commit")

    async def work() -> list[Any]:
        await Announcing(placed).create({"name": "night"})
        return list(seen)

    assert [("night", 1)] == asyncio.run(work())


def test_receivers_do_not_run_after_a_rollback(
    unit: Session, placed: Signal[..., Any]
) -> None:
    """What a write that failed has sent is forgotten."""
    seen: list[Any] = []
    placed.connect(lambda sender, name: seen.append(name), when="after_commit")

    class Failing(Announcing):
        async def after_create(self, instance: Train) -> None:
            await super().after_create(instance)
            if instance.name == "bad":
                raise LookupError

    service = Failing(placed)

    async def work() -> None:
        with pytest.raises(LookupError):
            await service.create({"name": "bad"})
        await service.create({"name": "good"})

    asyncio.run(work())
    unit.commit()

    assert ["good"] == seen


def test_session_that_was_given(trains: Trains) -> None:
    """In a session of its own, a hook that fails undoes the write there."""
    engine = trains.repository.session.get_bind()
    with Session(engine, expire_on_commit=False) as session:
        service = Trains(Repository(Train, session))
        service.fails_in = "after_create"
        with pytest.raises(LookupError):
            asyncio.run(service.create({"name": "bad"}))
        service.fails_in = ""
        asyncio.run(service.create({"name": "good"}))

        assert [("Good", 3)] == stored(session)


# --- Several tasks --------------------------------------------------------------------


def test_tasks_do_not_write_at_once(trains: Trains, unit: Session) -> None:
    """Of two tasks in one unit the second is refused, and the first not disturbed."""

    async def work() -> list[Any]:
        many = [trains.create({"name": name}) for name in ("a", "b")]
        return await asyncio.gather(*many, return_exceptions=True)

    first, second = asyncio.run(work())

    assert "A" == first.name
    assert "Two tasks write in one unit of work" in str(second)
    assert [("A", 3)] == stored(unit)


def test_writes_inside_a_hook(unit: Session) -> None:
    """A hook may write by the service, or by another one; all of it is one write."""

    class Pairs(AsyncBaseCrudService[Train]):
        async def after_create(self, instance: Train) -> None:
            if instance.cars:
                await self.create({"name": "twin", "cars": 0})

    asyncio.run(Pairs(Repository(Train)).create({"name": "one"}))

    assert [("one", 1), ("twin", 0)] == stored(unit)


def test_writes_one_after_the_other(trains: Trains, unit: Session) -> None:
    """A later task may write when the earlier one is done, also where that failed."""
    trains.fails_in = "after_create"

    async def work() -> None:
        with pytest.raises(LookupError):
            await asyncio.create_task(trains.create({"name": "a"}))
        trains.fails_in = ""
        await asyncio.create_task(trains.create({"name": "b"}))

    asyncio.run(work())

    assert [("B", 3)] == stored(unit)
