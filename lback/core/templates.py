"""Templates: Jinja2, from the project's folder and those of its apps."""

from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING

from lback.core import catalogue
from lback.core.config import Config

if TYPE_CHECKING:
    import jinja2
    from jinja2.runtime import Context

    from lback.core.router import Router


def custom_uppercase(value: Any) -> Any:
    """Return a text in capitals, and anything else as it is."""
    return value.upper() if isinstance(value, str) else value


class TemplateRenderer:
    """Render templates to text.

    Everything but ``.txt`` is escaped. Jinja2 is imported for the first template.

    Args:
        config: The settings; ``DEBUG`` reloads changed templates.
        db_session: Not used before templates can come from a database.
        template_model: Not used before templates can come from a database.
        db_loader_func: Not used before templates can come from a database.
    """

    def __init__(
        self,
        config: Config,
        db_session: Any | None = None,
        template_model: Any | None = None,
        db_loader_func: Callable[[str, Any | None], str | None] | None = None,
    ) -> None:
        self._config = config
        self._db = (db_session, template_model, db_loader_func)
        self._folders: list[Path] = []
        self._globals: dict[str, Any] = {}
        self._router: Router | None = None
        self._made: jinja2.Environment | None = None

    def add_folder(self, folder: Path) -> None:
        """Look for templates in *folder*, after those added before."""
        self._folders.append(folder)
        self._made = None

    def use_router(self, router: "Router") -> None:
        """Let templates make urls from the names of routes, with ``url_for``."""
        self._router = router
        self._made = None

    def add_global(self, name: str, value: Any) -> None:
        """Let every template use *value* as *name*."""
        self._globals[name] = value
        self._made = None

    @property
    def environment(self) -> "jinja2.Environment":
        """The Jinja2 environment, made on first use."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def render_to_string(self, template_name: str, /, **context: Any) -> str:
        """Render the template *template_name* with *context*.

        Raises:
            jinja2.TemplateNotFound: No folder has it.
        """
        return self.render(template_name, context)

    def render(self, template_name: str, context: Mapping[str, Any]) -> str:
        """Render a template with a context that may have any names.

        Raises:
            jinja2.TemplateNotFound: No folder has it.
        """
        if catalogue.template_rendering_started.is_heard:
            catalogue.template_rendering_started.send(
                self, template_name=template_name, source="file"
            )
        try:
            text = self.environment.get_template(template_name).render(context)
        except Exception as error:
            catalogue.template_rendering_failed.send(
                self,
                template_name=template_name,
                source="file",
                error_type=type(error).__name__,
                exception=error,
            )
            raise
        if catalogue.template_rendered.is_heard:
            catalogue.template_rendered.send(
                self, template_name=template_name, source="file"
            )
        return text

    def _make(self) -> "jinja2.Environment":
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            autoescape=_is_escaped,  # noqa: S701  # on, but for .txt
            auto_reload=bool(getattr(self._config, "DEBUG", False)),
        )
        environment.filters["custom_uppercase"] = custom_uppercase
        if self._router is not None:
            environment.globals["url_for"] = _url_maker(self._router)
        environment.globals.update(self._globals)
        return environment


def _url_maker(router: "Router") -> Any:
    """Return what makes urls in templates, as seen from the route of the request."""
    import jinja2

    @jinja2.pass_context
    def url_for(context: "Context", name: str, /, **params: Any) -> str:
        here = getattr(context.get("request"), "route", None)
        return router.url_beside(here, name, params)

    return url_for


def _is_escaped(name: str | None) -> bool:
    return name is None or not name.removesuffix(".j2").endswith(".txt")
