"""The services of FastKit's document run over Lback's sessions and signals."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

# What the document takes for granted: a project's models, schemas and fixtures.
PROJECT = {
    "models.py": """
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship, validates
        from lback.db import Model
        from lback.db.mixins import TimestampMixin

        PRICES = {"WIDGET-1": 1000, "GADGET-2": 250}

        class User(Model):
            id: Mapped[int] = mapped_column(primary_key=True)
            email: Mapped[str] = mapped_column(unique=True)
            name: Mapped[str]
            password: Mapped[str]

            @property
            def full_name(self):
                return self.name

        class Order(TimestampMixin, Model):
            id: Mapped[int] = mapped_column(primary_key=True)
            customer_email: Mapped[str]
            status: Mapped[str] = mapped_column(default="placed")
            tracking_number: Mapped[str | None]
            payment_id: Mapped[str | None]
            items: Mapped[list["OrderItem"]] = relationship(
                cascade="all, delete-orphan", order_by="OrderItem.id"
            )

            @validates("items")
            def _item(self, name, item):
                return OrderItem(**item) if isinstance(item, dict) else item

            @property
            def total(self):
                return sum(PRICES[item.sku] * item.quantity for item in self.items)

        class OrderItem(Model):
            id: Mapped[int] = mapped_column(primary_key=True)
            order_id: Mapped[int] = mapped_column(ForeignKey("models_order.id"))
            sku: Mapped[str]
            quantity: Mapped[int]
        """,
    "schemas.py": """
        from pydantic import BaseModel

        class UserCreate(BaseModel):
            email: str
            name: str
            password: str

        class UserUpdate(BaseModel):
            name: str | None = None

        class UserResponse(BaseModel):
            id: int
            email: str
            name: str

        class Item(BaseModel):
            sku: str
            quantity: int

        class OrderCreate(BaseModel):
            customer_email: str
            items: list[Item]

        class OrderUpdate(BaseModel):
            status: str | None = None
            tracking_number: str | None = None

        class OrderResponse(OrderCreate):
            id: int
            status: str
            tracking_number: str | None
            payment_id: str | None
            total: int
        """,
    "passwords.py": """
        async def hash_password(password):
            return f"hash of {len(password)} characters"
        """,
    "conftest.py": """
        import pytest
        from lback.db import Model, databases, separate_unit
        from lback.db.repository import Repository
        from models import Order, User

        @pytest.fixture
        def database(tmp_path):
            databases.configure({"default": "sqlite:///shop.db"}, tmp_path)
            Model.metadata.create_all(databases.engine())
            yield
            databases.configure({}, tmp_path)

        @pytest.fixture
        def session(database):
            with separate_unit() as session:
                yield session

        @pytest.fixture
        def user_service(session):
            from users.service import UserService
            return UserService(Repository(User))

        @pytest.fixture
        def order_service(session):
            from orders.service import OrderService
            return OrderService(Repository(Order))

        @pytest.fixture
        def existing_order(session):
            items = [{"sku": "WIDGET-1", "quantity": 1}]
            items += [{"sku": "GADGET-2", "quantity": 4}]
            order = {"customer_email": "bob@example.com", "payment_id": "p1"}
            return Repository(Order).create({**order, "items": items})
        """,
}


@pytest.fixture
def project(tmp_path: Path) -> None:
    """Write what the document takes for granted."""
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(dedent(text), encoding="utf-8")


@pytest.mark.samples("fastkit/order-signals", "fastkit/order-service")
@pytest.mark.samples("fastkit/order-tests")
def test_orders(desk: Any, project: None) -> None:
    """The two tests of the complete example pass."""
    desk.write("fastkit/order-signals", "fastkit/order-service", "fastkit/order-tests")

    assert "2 passed" in desk.test("tests/test_order_service.py")


@pytest.mark.samples("fastkit/order-signals", "fastkit/order-listeners")
@pytest.mark.samples("fastkit/order-service", "fastkit/order-tests")
def test_orders_with_listeners(desk: Any, project: None) -> None:
    """With its listeners an order is placed, shipped and canceled, and stored so."""
    more = """
import orders.listeners
from adapter import email_service, inventory_service, payment_service
from lback.core.exceptions import NotFound
from models import Order


@pytest.mark.asyncio
async def test_life_of_an_order(order_service, existing_order, session):
    for mock in (email_service, inventory_service, payment_service):
        mock.reset_mock()  # the tests above placed orders, too
    items = [{"sku": "GADGET-2", "quantity": 2}]
    placed = await order_service.create(
        {"customer_email": "alice@example.com", "items": items}
    )
    shipped = await order_service.ship(placed.id, "T1")
    canceled = await order_service.cancel(existing_order.id)
    mails = [call.kwargs["template"] for call in email_service.send.mock_calls]

    assert ("placed", 500) == (placed.status, placed.total)
    assert ("shipped", "T1") == (shipped.status, shipped.tracking_number)
    assert 500 == shipped.total
    assert "canceled" == canceled.status
    assert ["order_confirmation", "order_shipped"] == mails
    inventory_service.reserve.assert_awaited_once_with("GADGET-2", 2)
    inventory_service.release.assert_awaited_with("GADGET-2", 4)
    payment_service.refund.assert_awaited_once_with("p1", 2000)
    session.expunge_all()
    assert ["canceled", "shipped"] == [session.get(Order, key).status for key in (1, 2)]


@pytest.mark.asyncio
async def test_order_that_is_not_there(order_service):
    with pytest.raises(NotFound):
        await order_service.ship(7, "T1")
    with pytest.raises(NotFound):
        await order_service.cancel(7)
"""
    desk.write("fastkit/order-signals", "fastkit/order-listeners")
    desk.write("fastkit/order-service")
    desk.write("fastkit/order-tests", more=more)

    assert "4 passed" in desk.test("tests/test_order_service.py")


@pytest.mark.samples("fastkit/layer-signals", "fastkit/layer-listeners")
@pytest.mark.samples("fastkit/layer-service", "fastkit/test-sent")
def test_users(desk: Any, project: None) -> None:
    """The service of the users hashes, stores and tells, as does its own test."""
    more = """

from lback.db import session
from models import User
from users.listeners import user_deleted, user_updated


@pytest.mark.asyncio
async def test_life_of_a_user(user_service):
    received = []
    made = await user_service.create(
        UserCreate(email="alice@example.com", name="Alice", password="Secret123!")
    )
    user_updated.connect(received.append)
    with user_deleted.connected_to(received.append):
        changed = await user_service.update(made.id, {"name": "Alicia"})
        row = session.get(User, made.id)
        assert ("Alicia", "hash of 10 characters") == (row.full_name, row.password)
        assert await user_service.delete(made.id)

    assert ("Alice", "Alicia") == (made.name, changed.name)
    assert [{"id": made.id}, {"id": made.id}] == received
    assert 0 == await user_service.count()
"""
    desk.write("fastkit/layer-signals", "fastkit/layer-listeners")
    desk.write("fastkit/layer-service")
    desk.write("fastkit/test-sent", to="test_users.py", more=more)

    assert "2 passed" in desk.test("test_users.py")


@pytest.mark.samples("fastkit/quick-signals", "fastkit/quick-listeners")
@pytest.mark.samples("fastkit/quick-services")
def test_quick_example(desk: Any, project: None, tmp_path: Path) -> None:
    """The service of the quick example runs, its types left out as they stand there."""
    tests = """
        import pytest
        import users.listeners
        from adapter import cache, email_service, storage
        from lback.db.repository import Repository
        from models import User
        from users.services import UserService


        @pytest.mark.asyncio
        async def test_quick(session):
            service = UserService(Repository(User))
            values = {"email": "alice@example.com", "name": "A", "password": "x"}
            user = await service.create(values)
            assert await service.delete(user.id)
            email_service.send_welcome.assert_awaited_once_with("alice@example.com")
            cache.invalidate.assert_awaited_once_with("users:*")
            storage.delete_user_files.assert_awaited_once_with(user.id)
        """
    desk.write("fastkit/quick-signals", "fastkit/quick-listeners")
    desk.write("fastkit/quick-services")
    (tmp_path / "test_quick.py").write_text(dedent(tests), encoding="utf-8")

    assert "1 passed" in desk.test("test_quick.py")
