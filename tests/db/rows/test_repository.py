"""The rows of one model: find, count, write and delete them."""

from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy import ForeignKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from sqlalchemy.orm import selectinload
from sqlalchemy.orm import Session

from lback.core.exceptions import NotFound
from lback.core.exceptions import NoUnitOfWork
from lback.db import Model
from lback.db import separate_unit
from lback.db.mixins import SoftDeleteMixin
from lback.db.repository import Repository


class Team(Model):
    """A row with others that belong to it."""

    __tablename__ = "repository_team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    town: Mapped[str | None]
    points: Mapped[int] = mapped_column(default=0)
    players: Mapped[list["Player"]] = relationship(
        back_populates="team", cascade="all, delete-orphan"
    )


class Player(SoftDeleteMixin, Model):
    """A row that is only marked as deleted."""

    __tablename__ = "repository_player"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("repository_team.id"))
    team: Mapped[Team] = relationship(back_populates="players")


@pytest.fixture
def tables(make_tables: Any) -> None:
    """Create the tables of this module."""
    make_tables(Team, Player)


@pytest.fixture
def teams(unit: Session) -> Repository[Team]:
    """Return the repository of three teams; the first has two players."""
    players = [Player(name="Ann"), Player(name="Bob")]
    unit.add_all(
        [
            Team(name="reds", town="Oslo", points=3, players=players),
            Team(name="blues", town=None, points=1),
            Team(name="50%_greens", town="Bern", points=3),
        ]
    )
    unit.flush()
    unit.expunge_all()
    return Repository(Team)


def names(rows: list[Team]) -> list[str]:
    """Return the names of teams."""
    return [row.name for row in rows]


def test_get(teams: Repository[Team]) -> None:
    """A row is found by its key, also by the text of it; else there is None."""
    row = teams.first()

    assert row is not None
    assert row is teams.get(row.id)
    assert row is teams.get(str(row.id))
    assert None is teams.get("x")
    assert None is teams.get(10**30)


def test_get_or_404(teams: Repository[Team]) -> None:
    """A key of no row becomes a 404."""
    with pytest.raises(NotFound, match="No Team was found"):
        teams.get_or_404(0)


def test_get_all_is_in_order_of_the_key(teams: Repository[Team]) -> None:
    """Without another order rows come in that of their key."""
    assert ["reds", "blues", "50%_greens"] == names(teams.get_all())
    assert ["reds", "blues"] == names(teams.get_all(limit=2))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["reds", "blues", "50%_greens"]),
        ({"name": "reds"}, ["reds"]),
        ({"name": "reds", "points": 1}, []),
        ({"town": None}, ["blues"]),
        ({"points": "3"}, ["reds", "50%_greens"]),
        ({"points": "three"}, []),
        ({"points__eq": 1}, ["blues"]),
        ({"town__ne": None}, ["reds", "50%_greens"]),
        ({"points__lt": 3}, ["blues"]),
        ({"points__lte": 1}, ["blues"]),
        ({"points__gt": 1}, ["reds", "50%_greens"]),
        ({"points__gte": 3}, ["reds", "50%_greens"]),
        ({"points__between": (1, 2)}, ["blues"]),
        ({"name__in": ["reds", "blues"]}, ["reds", "blues"]),
        ({"name__not_in": ["reds", "blues"]}, ["50%_greens"]),
        ({"name__like": "%s"}, ["reds", "blues", "50%_greens"]),
        ({"name__ilike": "RED%"}, ["reds"]),
        ({"name__contains": "%_"}, ["50%_greens"]),
        ({"name__startswith": "50%"}, ["50%_greens"]),
        ({"name__startswith": "_0"}, []),
        ({"name__endswith": "ues"}, ["blues"]),
        ({"town__is_null": True}, ["blues"]),
        ({"town__is_null": False}, ["reds", "50%_greens"]),
        ({"town__is_not_null": True}, ["reds", "50%_greens"]),
        ({"town__is_not_null": False}, ["blues"]),
    ],
)
def test_filters(
    teams: Repository[Team], filters: dict[str, Any], expected: list[str]
) -> None:
    """Each operator asks for what its name says; listing and counting agree."""
    assert expected == names(teams.filter(**filters))
    assert len(expected) == teams.count(**filters)
    assert bool(expected) is teams.exists(**filters)


def test_filter_by_a_row(teams: Repository[Team]) -> None:
    """A relation is equal to a row."""
    players = Repository(Player)
    reds = teams.first(name="reds")

    assert 2 == players.count(team=reds)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", ["50%_greens", "blues", "reds"]),
        ("-points", ["reds", "50%_greens", "blues"]),
        (["points", "-name"], ["blues", "reds", "50%_greens"]),
        (Team.name.desc(), ["reds", "blues", "50%_greens"]),
    ],
)
def test_order(teams: Repository[Team], order: Any, expected: list[str]) -> None:
    """Rows are ordered by names and expressions, and by their key where equal."""
    assert expected == names(teams.filter(_order_by=order))


def test_unknown_order_is_refused(teams: Repository[Team]) -> None:
    """A misspelt order gets a suggestion and is not passed over."""
    with pytest.raises(ValueError, match=r"'pionts' to order by\. Did you mean"):
        teams.get_all(_order_by="-pionts")


def test_limit_and_offset(teams: Repository[Team]) -> None:
    """Some of the rows can be taken."""
    assert ["blues"] == names(teams.filter(_limit=1, _offset=1))


@pytest.mark.parametrize("load", [joinedload, selectinload])
def test_loading_along(teams: Repository[Team], load: Any) -> None:
    """Relations are loaded with the rows, however it is done."""
    rows = teams.filter(_load_relations=[load(Team.players)])
    one = teams.get_or_404(rows[0].id, load_relations=[load(Team.players)])

    assert [2, 0, 0] == [len(row.__dict__["players"]) for row in rows]
    assert 2 == len(one.__dict__["players"])


def test_paginate(teams: Repository[Team]) -> None:
    """Pages are ordered by the key at last, and take texts."""
    page = teams.paginate("2", "2", _order_by="-points")

    assert ["blues"] == names(list(page))
    assert 2 == teams.paginate(points=3).total


def test_create(teams: Repository[Team], unit: Session) -> None:
    """A new row is written at once, so it has its key."""
    row = teams.create({"name": "blacks"})

    assert row is unit.get(Team, row.id)
    assert 0 == row.points


def test_create_says_what_the_database_refuses(teams: Repository[Team]) -> None:
    """An error of the database comes from the method that caused it."""
    with pytest.raises(IntegrityError), teams.atomic():
        teams.create({"name": "reds"})

    assert 3 == teams.count()


def test_create_with_an_unknown_attribute(teams: Repository[Team]) -> None:
    """What the model does not have is an error."""
    with pytest.raises(TypeError, match="'nmae'"):
        teams.create({"nmae": "blacks"})


def test_update(teams: Repository[Team], unit: Session) -> None:
    """Values are set by key or row, and written at once."""
    row = teams.get_or_404(teams.filter(name="reds")[0].id)
    teams.update(row.id, {"points": 6})
    teams.update(row, {"town": None})
    unit.expunge_all()
    row = teams.get_or_404(row.id)

    assert (6, None) == (row.points, row.town)


def test_update_of_no_row(teams: Repository[Team]) -> None:
    """To update what is not there is a 404."""
    with pytest.raises(NotFound):
        teams.update(0, {"points": 6})


def test_update_of_an_unknown_attribute(teams: Repository[Team]) -> None:
    """A misspelt attribute is not just set on the object; nothing is."""
    row = teams.first()
    with pytest.raises(TypeError, match=r"Team has no attribute to set .* 'pionts'"):
        teams.update(row, {"points": 9, "pionts": 9})

    assert row is not None
    assert 3 == row.points


def test_delete(teams: Repository[Team]) -> None:
    """A row is deleted by key or row; what is not there is told."""
    first, second = teams.filter(points=3)

    assert teams.delete(first)
    assert teams.delete(str(second.id))
    assert not teams.delete(second.id)
    assert 1 == teams.count()


def test_delete_keeps_what_has_a_soft_delete(
    teams: Repository[Team], unit: Session
) -> None:
    """Such a row is marked, and from then on not found."""
    players = Repository(Player)
    ann = players.filter(name="Ann")[0]

    assert players.delete(ann.id)
    assert ann.is_deleted
    assert None is players.get(ann.id)
    assert not players.delete(ann.id)
    unit.expunge_all()
    assert None is players.get(ann.id)
    assert 1 == players.count()


def test_delete_for_good(teams: Repository[Team], unit: Session) -> None:
    """By force a row with a soft delete is deleted, even if it was marked before."""
    players = Repository(Player)
    ann = players.filter(name="Ann")[0]
    players.delete(ann)
    unit.expunge_all()

    assert players.delete(ann.id, force=True)
    everything = players.query().execution_options(include_deleted=True)
    assert ["Bob"] == [row.name for row in unit.scalars(everything)]


def test_query_goes_on(teams: Repository[Team], unit: Session) -> None:
    """What a repository has no word for is written as a select."""
    statement = teams.query(points=3).join(Team.players).distinct()

    assert ["reds"] == names(list(unit.scalars(statement)))


def test_without_a_unit_of_work(tables: None) -> None:
    """The current session is looked for when it is used."""
    teams = Repository(Team)

    with pytest.raises(NoUnitOfWork):
        teams.count()
    with separate_unit():
        assert 0 == teams.count()


def test_session_that_was_given(teams: Repository[Team]) -> None:
    """A repository may work on a session of its own, also one of SQLAlchemy's."""
    engine = create_engine("sqlite://")
    Model.metadata.create_all(engine, tables=[Team.__table__])  # type: ignore[list-item]  # tables of models are
    with Session(engine) as session:
        elsewhere = Repository(Team, session)
        elsewhere.create({"name": "whites"})

        assert session is elsewhere.session
        assert (1, 3) == (elsewhere.count(), teams.count())
        assert 1 == elsewhere.paginate().total
        assert (False, True) == (elsewhere.is_current, teams.is_current)


def test_session_of_the_current_unit(unit: Session) -> None:
    """The session of the unit of work may be given as well."""
    assert Repository(Team, unit).is_current
