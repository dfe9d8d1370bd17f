"""The database session of whatever unit of work the calling code is in."""

from typing import Any
from typing import NoReturn

from sqlalchemy.orm import scoped_session
from sqlalchemy.orm import Session
from sqlalchemy.orm import sessionmaker

from lback.db.transactions import get_session


class CurrentSession(scoped_session[Session]):
    """Pass everything on to the session of the current unit of work.

    It has the methods of SQLAlchemy's ``Session``; called, it returns that session
    itself.

    Raises:
        NoUnitOfWork: There is no unit of work where it is used.
    """

    def __init__(self) -> None:
        super().__init__(sessionmaker())
        self.registry = _Units()  # type: ignore[assignment]  # a registry in all it does

    def remove(self) -> NoReturn:
        """Refuse: a unit of work closes its session itself.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            "The session ends with its unit of work. To give its connection back "
            "earlier, call session.commit() or session.rollback()."
        )


class _Units:
    """What a scoped session looks its session up in."""

    def __call__(self) -> Session:
        return get_session()

    def has(self) -> bool:
        """Tell that there is one; the call says if that is not so."""
        return True

    def set(self, obj: Any) -> NoReturn:
        """Refuse: nobody else's session takes its place."""
        raise RuntimeError("The session belongs to its unit of work.")


session = CurrentSession()
