"""Which models a project has, by app, and why nothing came of them."""

import importlib.util
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import FromClause

    from lback.apps import AppConfig


class Seen(NamedTuple):
    """The models of one app.

    Attributes:
        app: The app's package.
        models: Their names.
        has_module: Whether the app has a models module at all.
        checked: Those whose tables have CHECK constraints of their own.
    """

    app: str
    models: list[str]
    has_module: bool
    checked: tuple[str, ...] = ()


def models_seen(apps: "Iterable[AppConfig]", database: str) -> list[Seen]:
    """Return the models that each app has in a database; the rest comes last."""
    from lback.db.models import app_of
    from lback.db.models import database_of
    from lback.db.models import Model

    names: dict[str, list[str]] = {}
    checked: dict[str, list[str]] = {}
    for mapper in sorted(Model.registry.mappers, key=lambda m: m.class_.__qualname__):
        model = mapper.class_
        table = model.__table__
        if database_of(table) == database:
            names.setdefault(app_of(model), []).append(model.__name__)
            if _has_checks(table):
                checked.setdefault(app_of(model), []).append(model.__name__)
    seen = [
        Seen(app.name, names.pop(app.name, []), _has_models(app.name)) for app in apps
    ]
    seen += [Seen(app, found, has_module=True) for app, found in names.items()]
    return [each._replace(checked=tuple(checked.get(each.app, ()))) for each in seen]


def _has_checks(table: "FromClause") -> bool:
    """Tell whether a table has a CHECK constraint that no type has brought along."""
    from sqlalchemy import CheckConstraint
    from sqlalchemy import Table

    return isinstance(table, Table) and any(
        isinstance(each, CheckConstraint) and not getattr(each, "_type_bound", False)
        for each in table.constraints
    )


def _has_models(app: str) -> bool:
    return importlib.util.find_spec(f"{app}.models") is not None


def lines_of(seen: Sequence[Seen]) -> list[str]:
    """Return a line for each app."""
    return [
        f"  {each.app}: {', '.join(each.models) or _why_none(each)}" for each in seen
    ]


def _why_none(seen: Seen) -> str:
    if seen.has_module:
        return "no model of this database in its models module"
    return "no models module"


def why_nothing(seen: Sequence[Seen], unmanaged: Sequence[str], place: str) -> str:
    """Say why there is nothing to migrate, and what to do if that is a surprise."""
    if unmanaged:
        return about_unmanaged(unmanaged)
    if not any(each.models for each in seen):
        return (
            "No installed app has a model. A model is a class that inherits from "
            "lback.db.Model, in the models.py of an app that INSTALLED_APPS names."
        )
    said = f"The database ({place}) has all tables and columns of these models."
    checked = [name for each in seen for name in each.checked]
    if checked:
        said += (
            f" CHECK constraints ({', '.join(checked)}) are not compared: if one has "
            "changed, write that down with lback makemigrations --empty"
        )
    return said


def about_unmanaged(tables: Sequence[str]) -> str:
    """Say which tables are there without a migration, and what can be done."""
    are = "is" if len(tables) == 1 else "are"
    them = "it" if len(tables) == 1 else "them"
    return (
        f"{', '.join(tables)} {are} in this database although no migration makes "
        f"{them}; create_all() does that, for instance. Drop {them} here and run "
        "lback makemigrations again. Or, to keep what is in "
        f"{them}: lback makemigrations --adopt, and where the tables are already: "
        "lback migrate --fake"
    )
