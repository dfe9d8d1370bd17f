"""Why there is nothing to migrate, and what nobody has looked at."""

from sqlalchemy import CheckConstraint
from sqlalchemy import Enum
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from lback.db.models import Model
from lback.migrations.models_seen import models_seen
from lback.migrations.models_seen import why_nothing


class Checked(Model):
    """A model with a constraint that is not compared."""

    __tablename__ = "seen_checked"
    __table_args__ = (CheckConstraint("total > 0", name="positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]


class Unchecked(Model):
    """A model whose only constraint is that of a type."""

    __tablename__ = "seen_unchecked"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[str] = mapped_column(Enum("s", name="size", create_constraint=True))


def test_constraints_that_are_not_compared_are_said() -> None:
    """Whoever has a CHECK constraint hears that a change of it is not seen."""
    seen = [each for each in models_seen([], "default") if "Checked" in each.models]
    said = why_nothing(seen, [], "here")

    assert (
        "The database (here) has all tables and columns of these models. CHECK "
        "constraints (Checked) are not compared: if one has changed, write that down "
        "with lback makemigrations --empty"
    ) == said
