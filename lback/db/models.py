"""The base of all models: one metadata, names for every constraint."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import declared_attr

from lback.core.exceptions import ModelsBroken
from lback.db.engines import databases
from lback.db.engines import DEFAULT
from lback.db.types import UTCDateTime

# NOTE: without names a constraint can neither be dropped on SQLite nor found again on
# PostgreSQL; so each has one from the first migration on.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Where SQLAlchemy keeps what others want to know of a table.
_DATABASE = "database"

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Model(DeclarativeBase):
    """The base of a project's models.

    A model without ``__tablename__`` gets the name of its app and its own, such as
    ``shop_order`` for ``shop.models.Order``. Its columns are SQLAlchemy's typed ones;
    ``Mapped[datetime]`` is a moment in UTC.

    Attributes:
        __database__: The name in DATABASES of the database its table is in; that of
            its app if not given. To be set by the model.
        __sender_key__: ``"app.Model"``, which model signals can be filtered by.
    """

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: UTCDateTime}  # noqa: RUF012  # SQLAlchemy's name

    __database__: str
    __sender_key__: str

    def __init_subclass__(cls, **options: Any) -> None:
        """Name the model, and its database in what SQLAlchemy knows of its table."""
        cls.__sender_key__ = label_of(cls)
        super().__init_subclass__(**options)
        table = cls.__dict__.get("__table__")
        name = getattr(cls, "__database__", None)
        if table is not None and name is not None:
            table.info[_DATABASE] = name

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # a class, says SQLAlchemy
        return table_name(cls.__sender_key__)

    def __repr__(self) -> str:
        from sqlalchemy import inspect

        identity = inspect(self).identity
        key = "not stored" if identity is None else ", ".join(map(repr, identity))
        return f"<{type(self).__name__}: {key}>"


def database_of(table: Table) -> str:
    """Return the name in DATABASES of the database that *table* is in."""
    name: str = table.info.get(_DATABASE, DEFAULT)
    return name


def bind_apps(databases_by_app: Mapping[str, str]) -> None:
    """Put the tables of whole apps into other databases than the default one.

    Args:
        databases_by_app: The name in DATABASES for each package that has one.

    Raises:
        SettingsBroken: An app or a model names a database that is not there.
    """
    for mapper in Model.registry.mappers:
        name = _database_of_app(mapper.class_, databases_by_app)
        if name is not None and isinstance(mapper.local_table, Table):
            mapper.local_table.info.setdefault(_DATABASE, name)
    for table in Model.metadata.tables.values():
        _follow(table)
        databases.check_known(database_of(table))
    databases.forget_binds()


def check_models() -> None:
    """Refuse models whose relations lead nowhere, before the first query does.

    Raises:
        ModelsBroken: A relation or a foreign key names what is not there, or what is
            in another database.
    """
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import configure_mappers

    try:
        configure_mappers()
        for table in Model.metadata.tables.values():
            for key in table.foreign_keys:
                _check_reference(table, key.column.table, str(key.parent))
    except SQLAlchemyError as error:
        said = " ".join(str(error).split())
        raise ModelsBroken(f"The models do not fit together: {said}") from error


def _check_reference(table: Table, target: Any, column: str) -> None:
    if database_of(table) != database_of(target):
        raise ModelsBroken(
            f"{column} refers to {target.name!r} in the database "
            f"{database_of(target)!r}, but is itself in {database_of(table)!r}. No "
            "foreign key leads from one to the other: keep the bare key."
        )


def _database_of_app(model: type, databases_by_app: Mapping[str, str]) -> str | None:
    """Return the database of the app whose package *model* stands in."""
    packages = model.__module__.split(".")
    for length in range(len(packages), 0, -1):
        name = databases_by_app.get(".".join(packages[:length]))
        if name is not None:
            return name
    return None


def _follow(table: Table) -> None:
    """Put a table without a model, such as a many-to-many one, where it points to."""
    if _DATABASE in table.info or any(
        mapper.local_table is table for mapper in Model.registry.mappers
    ):
        return
    homes = {database_of(key.column.table) for key in table.foreign_keys}
    if len(homes) == 1:
        table.info[_DATABASE] = homes.pop()


def app_of(model: type) -> str:
    """Return the app that a model belongs to: the package of its models module."""
    parts = model.__module__.split(".")
    if "models" in parts[1:]:
        parts = parts[: parts.index("models", 1)]
    return ".".join(parts)


def label_of(model: type) -> str:
    """Return ``"app.Model"``, the app without the packages it stands in."""
    return f"{app_of(model).rpartition('.')[2]}.{model.__name__}"


def table_name(label: str) -> str:
    """Return the name of a table: ``"shop_order_line"`` for "shop.OrderLine"."""
    app, _, name = label.partition(".")
    return f"{app}_{_WORD_START.sub('_', name)}".lower()
