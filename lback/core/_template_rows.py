"""Templates that are rows of the database."""

from collections.abc import Callable
from typing import Any

from lback.core import catalogue
from lback.core._unit_of_work import current_unit

LoadFunction = Callable[[str, Any | None], str | None]


class TemplateRows:
    """Read templates from the database.

    Args:
        session: The session; None for that of the current unit of work.
        model: The model, with the attributes ``name`` and ``content``.
        function: What loads a template in place of the model.
    """

    def __init__(
        self, session: Any | None, model: Any | None, function: LoadFunction | None
    ) -> None:
        self._session = session
        self._model = model
        self._function = function

    def load(self, sender: object, name: str) -> str | None:
        """Return the content of a template, or None, and announce it.

        Raises:
            TypeError: There is neither a model nor a function.
        """
        if self._function is None and self._model is None:
            raise TypeError(
                "This TemplateRenderer reads no templates from the database. Give it a "
                "template_model or a db_loader_func."
            )
        try:
            content = self._read(name)
        except Exception as error:
            catalogue.db_template_load_failed.send(
                sender,
                template_name=name,
                error_type=type(error).__name__,
                exception=error,
            )
            raise
        if content is None:
            if catalogue.db_template_load_failed.is_heard:
                catalogue.db_template_load_failed.send(
                    sender, template_name=name, error_type="not found", exception=None
                )
        elif catalogue.db_template_loaded.is_heard:
            catalogue.db_template_loaded.send(sender, template_name=name)
        return content

    def _read(self, name: str) -> str | None:
        session = self._session
        if session is None:
            unit = current_unit()
            session = None if unit is None else unit.session
        if self._function is not None:
            return self._function(name, session)
        if session is None:
            raise TypeError(
                f"There is no database session to load the template {name!r} with: "
                "there is no unit of work here. Use: with separate_unit(): ..."
            )
        from sqlalchemy import select

        model: Any = self._model
        content: str | None = session.scalars(
            select(model.content).where(model.name == name)
        ).one_or_none()
        return content
