"""Column types that behave alike on every database."""

from datetime import datetime
from datetime import UTC
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC and returned with its time zone.

    ``Mapped[datetime]`` of a :class:`~lback.db.Model` is one. SQLite itself keeps no
    time zones.

    Raises:
        ValueError: A datetime without a time zone is to be stored.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Convert to UTC what is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                f"{value!r} has no time zone, so it may mean different moments. "
                "Use datetime.now(UTC)."
            )
        return value.astimezone(UTC)

    def process_result_value(
        self, value: Any | None, dialect: Dialect
    ) -> datetime | None:
        """Add the time zone to what is read."""
        if value is None:
            return None
        moment: datetime = value
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
