"""Services: hooks around writes, schemas before and after them."""

from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import ClassVar
from typing import Literal
from typing import NotRequired
from typing import TypedDict

import pydantic
import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from sqlalchemy.orm import Session

from lback.core.exceptions import BadRequest
from lback.core.exceptions import NotFound
from lback.core.exceptions import ValidationError
from lback.db import Model
from lback.db.mixins import SoftDeleteMixin
from lback.db.repository import Repository
from lback.db.services import CrudService


class Shop(Model):
    """What cakes belong to."""

    __tablename__ = "services_shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    cakes: Mapped[list["Cake"]] = relationship(
        back_populates="shop", order_by="Cake.id"
    )


class Cake(SoftDeleteMixin, Model):
    """What the services of this module are about."""

    __tablename__ = "services_cake"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int] = mapped_column(default=1)
    note: Mapped[str | None]
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("services_shop.id"))
    shop: Mapped[Shop | None] = relationship(back_populates="cakes")


class CakeCreate(pydantic.BaseModel):
    """What a client sends for a new cake."""

    name: str
    price: int = pydantic.Field(default=5, ge=0)
    note: str | None = None


class CakeUpdate(pydantic.BaseModel):
    """What a client sends for a change."""

    name: str = ""
    price: int = 0
    note: str | None = None


class CakeResponse(pydantic.BaseModel):
    """What a client gets."""

    id: int
    name: str
    price: int


class Cakes(CrudService[Cake, CakeCreate, CakeUpdate, CakeResponse]):
    """A service that writes down its hooks, and fails where it is told to."""

    def __init__(self) -> None:
        super().__init__(Repository(Cake), response_schema=CakeResponse)
        self.calls: list[Any] = []
        self.fails_in = ""

    def _note(self, hook: str, *seen: Any) -> None:
        self.calls.append((hook, *seen))
        if hook == self.fails_in:
            raise LookupError(hook)

    def validate_create(self, data: CakeCreate) -> None:
        """Refuse a name that is taken."""
        self._note("validate_create", data.name)
        if self.exists(name=data.name):
            raise ValueError("This name is taken.")

    def validate_update(self, key: Any, data: CakeUpdate) -> None:
        """Refuse a price."""
        self._note("validate_update", key, data.price)
        if data.price > 100:
            raise ValidationError({"price": ["Too dear."]})

    def before_create(self, data: dict[str, Any]) -> dict[str, Any]:
        """Change what is written."""
        self._note("before_create", dict(data))
        return {**data, "name": data["name"].title()}

    def after_create(self, instance: Cake) -> None:
        """Look at the row."""
        self._note("after_create", instance.name, instance.id is not None)

    def before_update(self, key: Any, data: dict[str, Any]) -> dict[str, Any]:
        """Look at what is written."""
        self._note("before_update", key, dict(data))
        return data

    def after_update(self, instance: Cake) -> None:
        """Look at the row."""
        self._note("after_update", instance.price)

    def before_delete(self, key: Any) -> None:
        """Look at the key."""
        self._note("before_delete", key)

    def after_delete(self, key: Any) -> None:
        """Look at the key."""
        self._note("after_delete", key)


@pytest.fixture
def tables(make_tables: Any) -> None:
    """Create the tables of this module."""
    make_tables(Shop, Cake)


@pytest.fixture
def cakes(unit: Session) -> Cakes:
    """Return the service, in a unit of work."""
    return Cakes()


def stored(session: Session) -> list[tuple[str, int]]:
    """Return the cakes that are there."""
    session.expire_all()
    return [(row.name, row.price) for row in Repository(Cake, session).get_all()]


# --- Hooks ----------------------------------------------------------------------------


def test_hooks_of_create(cakes: Cakes) -> None:
    """Each hook of a new row is called once, in order, with what it needs."""
    made = cakes.create(CakeCreate(name="plum"))

    assert [
        ("validate_create", "plum"),
        ("before_create", {"name": "plum", "price": 5, "note": None}),
        ("after_create", "Plum", True),
    ] == cakes.calls
    assert CakeResponse(id=made.id, name="Plum", price=5) == made


def test_hooks_of_update(cakes: Cakes) -> None:
    """Likewise of a change, which writes what was set."""
    made = cakes.create(CakeCreate(name="plum"))
    cakes.calls.clear()
    changed = cakes.update(made.id, CakeUpdate(price=7))

    assert [
        ("validate_update", made.id, 7),
        ("before_update", made.id, {"price": 7}),
        ("after_update", 7),
    ] == cakes.calls
    assert CakeResponse(id=made.id, name="Plum", price=7) == changed


def test_hooks_of_delete(cakes: Cakes, unit: Session) -> None:
    """Likewise of a delete, which tells whether the row was there."""
    made = cakes.create(CakeCreate(name="plum"))
    cakes.calls.clear()

    assert cakes.delete(made.id)
    assert not cakes.delete(made.id)
    assert [
        ("before_delete", made.id),
        ("after_delete", made.id),
        ("before_delete", made.id),
    ] == cakes.calls
    assert [] == stored(unit)


def test_delete_for_good(cakes: Cakes) -> None:
    """By force the row is gone, and not only marked."""
    made = cakes.create(CakeCreate(name="plum"))
    cakes.delete(made.id)
    everything = cakes.repository.query().execution_options(include_deleted=True)

    assert 1 == len(cakes.repository.session.scalars(everything).all())
    assert cakes.delete(made.id, force=True)
    assert [] == cakes.repository.session.scalars(everything).all()


@pytest.mark.parametrize("hook", ["validate_create", "before_create", "after_create"])
def test_failing_hook_undoes_create(cakes: Cakes, unit: Session, hook: str) -> None:
    """What a hook raises comes through, and nothing was created."""
    cakes.fails_in = hook
    with pytest.raises(LookupError, match=hook):
        cakes.create(CakeCreate(name="plum"))

    assert [] == stored(unit)


@pytest.mark.parametrize("hook", ["validate_update", "before_update", "after_update"])
def test_failing_hook_undoes_update(cakes: Cakes, unit: Session, hook: str) -> None:
    """What a hook raises comes through, and nothing was changed."""
    made = cakes.create(CakeCreate(name="plum"))
    cakes.fails_in = hook
    with pytest.raises(LookupError, match=hook):
        cakes.update(made.id, CakeUpdate(price=7))

    assert [("Plum", 5)] == stored(unit)


@pytest.mark.parametrize("hook", ["before_delete", "after_delete"])
def test_failing_hook_undoes_delete(cakes: Cakes, unit: Session, hook: str) -> None:
    """What a hook raises comes through, and nothing was deleted."""
    made = cakes.create(CakeCreate(name="plum"))
    cakes.fails_in = hook
    with pytest.raises(LookupError, match=hook):
        cakes.delete(made.id)

    assert [("Plum", 5)] == stored(unit)


def test_create_many(cakes: Cakes, unit: Session) -> None:
    """Several rows go through the hooks, and are created together or not at all."""
    made = cakes.create_many([CakeCreate(name="plum"), CakeCreate(name="nut")])
    with pytest.raises(ValidationError):
        cakes.create_many([CakeCreate(name="lime"), CakeCreate(name="Nut")])

    assert ["Plum", "Nut"] == [cake.name for cake in made]
    assert [("Plum", 5), ("Nut", 5)] == stored(unit)


def test_hook_that_returns_nothing(unit: Session) -> None:
    """A hook that forgets its return is named."""

    class Forgetful(CrudService[Cake]):
        def before_create(self, data: dict[str, Any]) -> dict[str, Any]:
            data["price"] = 2
            return None  # type: ignore[return-value]  # the mistake

    with pytest.raises(TypeError, match=r"Forgetful\.before_create returned NoneType"):
        Forgetful(Repository(Cake)).create({"name": "plum"})


def test_async_hook_is_refused() -> None:
    """A hook that nobody would await is an error when the class is made."""
    with pytest.raises(TypeError, match=r"Late\.after_create is async"):

        class Late(CrudService[Cake]):
            async def after_create(self, instance: Cake) -> None:  # type: ignore[override]  # the mistake
                pass


def test_update_of_no_row(cakes: Cakes) -> None:
    """To change what is not there is a 404."""
    with pytest.raises(NotFound, match="No Cake was found"):
        cakes.update(0, CakeUpdate(price=7))


# --- Outside a unit of work -----------------------------------------------------------


def test_write_outside_a_unit_is_one(tables: None) -> None:
    """Outside any unit of work a write is committed by itself."""
    made = Cakes().create(CakeCreate(name="plum"))
    again = Cakes().update(made.id, CakeUpdate(price=9))

    assert CakeResponse(id=made.id, name="Plum", price=9) == again


def test_session_that_was_given(cakes: Cakes, store: Any) -> None:
    """In a session of its own, a hook that fails undoes the write there."""

    class Failing(CrudService[Cake]):
        def after_create(self, instance: Cake) -> None:
            if instance.name == "bad":
                raise LookupError

    engine = cakes.repository.session.get_bind()
    with Session(engine, expire_on_commit=False) as session:
        service = Failing(Repository(Cake, session))
        with pytest.raises(LookupError):
            service.create({"name": "bad"})
        service.create({"name": "good"})

        assert [("good", 1)] == stored(session)


# --- Reading --------------------------------------------------------------------------


@pytest.fixture
def three(cakes: Cakes) -> Cakes:
    """Return the service with three cakes."""
    for name, price in ("plum", 3), ("nut", 1), ("lime", 2):
        cakes.create({"name": name, "price": price})
    return cakes


def names(found: Any) -> list[str]:
    """Return the names of responses, which all are."""
    assert {CakeResponse} >= {type(item) for item in found}
    return [item.name for item in found]


def test_find(three: Cakes) -> None:
    """A row is found by its key, and becomes a response."""
    lime = three.filter_one(name="Lime")

    assert lime is not None
    assert lime == three.find(lime.id) == three.find_or_fail(str(lime.id))
    assert None is three.find(0)
    assert None is three.filter_one(name="Pear")
    with pytest.raises(NotFound):
        three.find_or_fail(0)


def test_lists(three: Cakes) -> None:
    """Lists are of responses, in the order that was asked for."""
    assert ["Plum", "Nut", "Lime"] == names(three.get_all())
    assert ["Nut", "Lime"] == names(three.get_all(limit=2, _order_by="price"))
    assert ["Plum", "Lime"] == names(three.filter(price__gt=1, _order_by="-price"))
    assert ["Lime"] == names(three.filter(_limit=1, _offset=2))


def test_paginate(three: Cakes) -> None:
    """Pages are of responses, too."""
    page = three.paginate("2", "2", _order_by="price")

    assert (["Plum"], 3) == (names(page), page.total)
    with pytest.raises(BadRequest):
        three.paginate("x")


def test_exists_and_count(three: Cakes) -> None:
    """Whether there are rows, and how many."""
    assert three.exists(name="Nut")
    assert not three.exists(name="Pear")
    assert (3, 2) == (three.count(), three.count(price__lte=2))


# --- Schemas of what is sent ----------------------------------------------------------


def errors_of(service: CrudService[Any], data: Any) -> dict[str, list[str]]:
    """Return what is wrong with new data."""
    with pytest.raises(ValidationError) as caught:
        service.create(data)
    return caught.value.errors


def test_mapping_is_checked_by_pydantic(cakes: Cakes) -> None:
    """What pydantic refuses is a 400 with messages by field, without the values."""
    errors = errors_of(cakes, {"price": "s3cret"})

    assert {"name", "price"} == set(errors)
    assert ["Field required"] == errors["name"]
    assert "s3cret" not in str(errors)


def test_mapping_is_converted_by_pydantic(cakes: Cakes) -> None:
    """A text of a form becomes the number of the schema."""
    assert 8 == cakes.create({"name": "plum", "price": "8"}).price


def test_partial_update_by_mapping(cakes: Cakes) -> None:
    """Of a mapping only what it has is written, also None."""
    made = cakes.create({"name": "plum", "note": "ripe"})
    cakes.update(made.id, {"price": 4})
    cakes.update(made.id, {"note": None})
    row = cakes.repository.get_or_404(made.id)

    assert ("Plum", 4, None) == (row.name, row.price, row.note)


def test_hook_that_refuses(cakes: Cakes) -> None:
    """A ValueError of a validating hook is a 400 of the whole."""
    cakes.create({"name": "Plum"})

    assert {"__all__": ["This name is taken."]} == errors_of(cakes, {"name": "Plum"})


def test_hook_that_names_a_field(cakes: Cakes) -> None:
    """A ValidationError of a hook stays as it is."""
    made = cakes.create({"name": "plum"})
    with pytest.raises(ValidationError) as caught:
        cakes.update(made.id, {"price": 101})

    assert {"price": ["Too dear."]} == caught.value.errors


def test_instance_of_another_class(cakes: Cakes) -> None:
    """What is neither the schema nor a mapping is a mistake of the code."""
    with pytest.raises(TypeError, match="CakeUpdate is neither a CakeCreate nor"):
        cakes.create(CakeUpdate(name="plum"))


@dataclass
class CakeData:
    """A dataclass as a schema."""

    name: str
    price: int = 2
    note: str | None = None
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("A cake needs a name.")


class ByDataclass(CrudService[Cake, CakeData, CakeData]):
    """A service whose schemas are dataclasses."""

    def before_create(self, data: dict[str, Any]) -> dict[str, Any]:
        """Leave out what the model does not have."""
        data.pop("tags")
        return data


@pytest.fixture
def by_dataclass(unit: Session) -> ByDataclass:
    """Return the service with dataclasses."""
    return ByDataclass(Repository(Cake))


def test_dataclass_creates(by_dataclass: ByDataclass) -> None:
    """An instance is written as it is, with its defaults."""
    row = by_dataclass.create(CakeData("plum"))
    other = by_dataclass.create({"name": "nut", "note": "dry"})

    assert ("plum", 2, None) == (row.name, row.price, row.note)
    assert ("nut", 2, "dry") == (other.name, other.price, other.note)


def test_dataclass_updates(by_dataclass: ByDataclass) -> None:
    """Of an instance what differs from its defaults is written."""
    row = by_dataclass.create(CakeData("plum", 9, "ripe"))
    by_dataclass.update(row.id, CakeData("lime"))

    assert ("lime", 9, "ripe") == (row.name, row.price, row.note)


def test_mapping_updates_by_dataclass(by_dataclass: ByDataclass) -> None:
    """Of a mapping what it has is written, even if that is the default."""
    row = by_dataclass.create(CakeData("plum", 9, "ripe"))
    by_dataclass.update(row.id, {"name": "plum", "price": 2, "note": None})

    assert (2, None) == (row.price, row.note)


def test_mapping_is_checked_by_dataclass(by_dataclass: ByDataclass) -> None:
    """Missing and unknown fields and wrong types are told by field."""
    data = {"price": "8", "note": 1, "is_admin": True, "tags": [1]}

    assert {
        "name": ["This field is required."],
        "price": ["This must be int."],
        "note": ["This must be str | None."],
        "tags": ["This must be list[str]."],
        "is_admin": ["There is no such field."],
    } == errors_of(by_dataclass, data)


def test_dataclass_that_checks_itself(by_dataclass: ByDataclass) -> None:
    """A ValueError of ``__post_init__`` is a 400 of the whole."""
    expected = {"__all__": ["A cake needs a name."]}

    assert expected == errors_of(by_dataclass, {"name": ""})


class CakeDict(TypedDict):
    """A TypedDict as a schema."""

    name: str
    price: NotRequired[Literal[1, 2]]


def test_mapping_is_checked_by_typed_dict(unit: Session) -> None:
    """Likewise for a TypedDict, whose fields may be optional."""

    class ByDict(CrudService[Cake, CakeDict]):
        pass

    service = ByDict(Repository(Cake))
    row = service.create({"name": "plum"})

    assert ("plum", 1) == (row.name, row.price)
    assert {
        "name": ["This field is required."],
        "price": ["This must be Literal[1, 2]."],
    } == errors_of(service, {"price": 3})


def test_without_schemas(unit: Session) -> None:
    """Without schemas every mapping and every instance with fields is taken."""
    service = CrudService(Repository(Cake))
    row = service.create({"name": "plum"})
    service.update(row.id, CakeUpdate(price=3))
    service.update(row.id, CakeData("lime"))

    assert ("lime", 3) == (row.name, row.price)
    with pytest.raises(TypeError, match="int has no fields to write"):
        service.create(7)


def test_schema_that_is_set(unit: Session) -> None:
    """A schema may stand in the class, which counts more than the brackets."""

    class Loose(CrudService[Cake, CakeCreate]):
        create_schema: ClassVar[Any] = None

    assert "plum" == Loose(Repository(Cake)).create({"name": "plum"}).name


def test_schemas_are_inherited() -> None:
    """A service below another one has its schemas."""

    class More(Cakes):
        pass

    assert (CakeCreate, CakeUpdate) == (More.create_schema, More.update_schema)


def test_schema_as_a_text_is_refused() -> None:
    """A forward reference would check nothing without a word."""
    with pytest.raises(TypeError, match="Early names 'CakeLater' as a text"):

        class Early(CrudService[Cake, "CakeLater"]):  # type: ignore[name-defined]
            pass


# --- Schemas of what is returned ------------------------------------------------------


@dataclass
class CakeLine:
    """A cake in a shop."""

    name: str


@dataclass
class ShopData:
    """A shop with its cakes."""

    name: str
    cakes: list[CakeLine]
    length: int = field(init=False, default=0)


@dataclass
class CakeInShop:
    """A cake and its shop, which may be none."""

    name: str
    shop: ShopData | None


class ShopDict(TypedDict):
    """A shop as a dictionary."""

    name: str
    cakes: tuple[CakeLine, ...]


@pytest.fixture
def shop(unit: Session) -> Shop:
    """Return a shop with two cakes."""
    row = Shop(name="Corner", cakes=[Cake(name="plum"), Cake(name="nut")])
    unit.add(row)
    unit.flush()
    unit.expunge_all()
    return row


SHOP = ShopData("Corner", [CakeLine("plum"), CakeLine("nut")])


def test_response_as_a_dataclass(shop: Shop) -> None:
    """A dataclass is filled from the attributes of the row, and of those below it."""
    service = CrudService(Repository(Shop), response_schema=ShopData)

    assert SHOP == service.find(shop.id)


def test_response_with_a_reference(shop: Shop) -> None:
    """A reference is shaped where there is one."""
    service = CrudService(Repository(Cake), response_schema=CakeInShop)
    service.create({"name": "alone"})
    found = service.get_all()

    assert CakeInShop("plum", SHOP) == found[0]
    assert CakeInShop("alone", None) == found[2]


def test_response_as_a_dictionary(shop: Shop) -> None:
    """A TypedDict is a dictionary of the attributes it names."""
    service = CrudService(Repository(Shop), response_schema=ShopDict)
    expected = {"name": "Corner", "cakes": (CakeLine("plum"), CakeLine("nut"))}

    assert expected == service.find(shop.id)


def test_response_that_does_not_fit(unit: Session) -> None:
    """A row that its response cannot show is an error of the server, and not kept."""

    class Strict(pydantic.BaseModel):
        note: str

    service = CrudService(Repository(Cake), response_schema=Strict)
    with pytest.raises(pydantic.ValidationError):
        service.create({"name": "plum"})

    assert [] == stored(unit)


def test_model_in_place_of_a_repository() -> None:
    """The nearest mistake is refused at once, with what to write."""
    with pytest.raises(TypeError, match=r"Use: CrudService\(Repository\(Model"):
        CrudService(Cake)  # type: ignore[arg-type]  # the mistake


def test_response_schema_that_is_none() -> None:
    """What no response can be made of is refused at once."""
    with pytest.raises(TypeError, match="is no pydantic model, dataclass or TypedDict"):
        CrudService(Repository(Cake), response_schema=int)
