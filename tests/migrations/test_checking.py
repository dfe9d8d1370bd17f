"""Files, models and databases are checked against each other."""

from typing import Any

import sqlalchemy as sa

from lback.migrations.checking import check


def put(site: Any, **columns: Any) -> None:
    """Put a table into the models."""
    sa.Table(
        "shop_order",
        site.models(),
        *(sa.Column(name, kind) for name, kind in columns.items()),
    )


def ids(site: Any) -> list[str]:
    """Return the kinds of what is found."""
    return [finding.id for finding in check(site.target(), site.metadata)]


def test_what_fits_is_fine(site: Any) -> None:
    """Nothing is found where nothing is wrong."""
    put(site, total=sa.Integer)
    site.make()
    site.migrate()

    assert [] == ids(site)


def test_a_database_behind_is_found(site: Any) -> None:
    """Migrations that are not applied are found before anything is compared."""
    put(site, total=sa.Integer)
    site.make()

    assert ["behind"] == ids(site)


def test_changed_models_are_found(site: Any) -> None:
    """A change that nobody has made a migration of is told step by step."""
    put(site, total=sa.Integer)
    site.make()
    site.migrate()
    put(site, total=sa.Integer, note=sa.String(10))
    (finding,) = check(site.target(), site.metadata)

    assert (
        "The models of 'default' have changed since the last migration: add note to "
        "shop_order. Run: lback makemigrations"
    ) == finding.text


def test_what_would_be_asked_is_found(site: Any) -> None:
    """A check asks nothing, neither about names nor about values."""
    put(site, total=sa.Integer)
    site.make()
    site.migrate()
    sa.Table("shop_order", site.models(), sa.Column("sum", sa.Integer, nullable=False))

    assert ["changed"] == ids(site)


def test_several_heads_are_found(sqlite_site: Any) -> None:
    """Files that form no line are found, whatever the database has."""
    for name in ("20250101_000000", "20250102_000000"):
        sqlite_site.hand_write(name, None, "pass")

    assert ["broken"] == ids(sqlite_site)


def test_tables_without_migrations_are_found(site: Any) -> None:
    """What create_all() has made would be missing elsewhere."""
    put(site, total=sa.Integer)
    with site.connect() as connection:
        site.metadata.create_all(connection)

    assert ["unmanaged"] == ids(site)
