"""Two enums of one name would be one type on PostgreSQL, so they are refused."""

import enum
from typing import Any

import pytest
import sqlalchemy as sa

from lback.core.exceptions import MigrationError


class Orders:
    """An app with a status."""

    class Status(enum.Enum):
        """Where an order is."""

        NEW = "new"
        PAID = "paid"


class Customers:
    """Another app with a status."""

    class Status(enum.Enum):
        """What a customer is."""

        ACTIVE = "active"
        BLOCKED = "blocked"


def put(metadata: sa.MetaData, table: str, kind: Any) -> None:
    """Put a table with a status into the models."""
    sa.Table(
        table,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("status", kind),
    )


BOTH = (
    f"customers_person.status ({__name__}.Customers.Status) and orders_order.status "
    f"({__name__}.Orders.Status) have different values, but both are the type "
    "'status', which PostgreSQL keeps once. Give orders_order.status a type of another "
    'name: mapped_column(Enum(Status, name="orders_order_status")).'
)


def test_two_classes_of_one_name_are_refused(site: Any) -> None:
    """Both columns and classes are named, and nothing is written."""
    put(site.metadata, "orders_order", sa.Enum(Orders.Status))
    put(site.metadata, "customers_person", sa.Enum(Customers.Status))

    with pytest.raises(MigrationError) as caught:
        site.plan()

    assert BOTH == str(caught.value)


def test_a_second_class_later_is_refused(site: Any) -> None:
    """It does not matter that the first class has its migration."""
    put(site.metadata, "orders_order", sa.Enum(Orders.Status))
    site.make()
    site.migrate()
    put(site.metadata, "customers_person", sa.Enum(Customers.Status))

    with pytest.raises(MigrationError) as caught:
        site.plan()

    assert BOTH == str(caught.value)


def test_the_remedy_works(site: Any) -> None:
    """With a name of its own each type takes its own values."""
    put(site.metadata, "orders_order", sa.Enum(Orders.Status, name="orders_status"))
    put(site.metadata, "customers_person", sa.Enum(Customers.Status))
    site.make()
    site.migrate()
    site.sql("INSERT INTO orders_order VALUES (1, 'PAID')")
    site.sql("INSERT INTO customers_person VALUES (1, 'BLOCKED')")

    assert [] == site.left()


def test_a_class_that_takes_the_name_of_one_that_goes_is_refused(site: Any) -> None:
    """A type that migrations made for something else does not get other values."""
    put(site.metadata, "orders_order", sa.Enum("new", "paid", name="status"))
    site.make()
    site.migrate()
    put(site.models(), "customers_person", sa.Enum("active", "gone", name="status"))

    with pytest.raises(MigrationError) as caught:
        site.plan(refuses_renames=True)

    assert (
        "The migrations have made the type 'status' of other values (new, paid) for "
        "orders_order.status, so customers_person.status cannot be of that type. Give "
        "customers_person.status a type of another name: mapped_column(Enum('active', "
        "'gone', name=\"customers_person_status\"))."
    ) == str(caught.value)


def test_one_class_may_have_many_columns(site: Any) -> None:
    """Columns of the same values share a type, as texts do that no type is made for."""
    put(site.metadata, "orders_order", sa.Enum(Orders.Status))
    put(site.metadata, "orders_old", sa.Enum(Orders.Status))
    put(
        site.metadata,
        "customers_person",
        sa.Enum(Customers.Status, native_enum=False, length=20),
    )
    site.make()
    site.migrate()

    assert [] == site.left()


def test_a_renamed_column_keeps_its_type(site: Any) -> None:
    """A column with another name and one more value is the same one."""
    put(site.metadata, "orders_order", sa.Enum("new", "paid", name="status"))
    site.make()
    site.migrate()
    put(site.models(), "orders_sale", sa.Enum("new", "paid", "sent", name="status"))
    site.make(renames={"orders_order": "orders_sale"})
    site.migrate()

    assert [] == site.left()
