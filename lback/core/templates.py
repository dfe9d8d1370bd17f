"""Templates: Jinja2, from the project's folder, those of its apps, and the database."""

import datetime as dt
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING
from urllib.parse import quote

from lback.core import catalogue
from lback.core._template_rows import TemplateRows
from lback.core.config import Config
from lback.core.exceptions import NoReverseMatch

if TYPE_CHECKING:
    import jinja2
    from jinja2.runtime import Context

    from lback.core.router import Router

_HTML = "text/html; charset=utf-8"

# The router of the last renderer that was given one: a process serves one project.
_router: "Router | None" = None


def custom_uppercase(value: Any) -> Any:
    """Return a text in capitals, and anything else as it is."""
    return value.upper() if isinstance(value, str) else value


def custom_url_tag(name: str, /, **params: Any) -> str:
    """Return the url of the route *name*; extra values become the query string.

    Templates have it, and ``url_for``, as seen from the route of their request.

    Raises:
        NoReverseMatch: There is no such route, or a value is missing or wrong.
    """
    if _router is None:
        raise NoReverseMatch(f"There is no application to find {name!r} in.")
    return _router.url_for(name, **params)


def default_global_context() -> dict[str, Any]:
    """Return what every template can use: ``version`` of Lback, ``now()`` in UTC."""
    from lback import __version__

    return {"now": _now, "version": __version__}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class TemplateRenderer:
    """Render templates to text.

    Everything but ``.txt`` is escaped. Jinja2 is imported for the first template.

    Args:
        config: The settings; ``DEBUG`` reloads changed templates.
        db_session: The session that reads templates from the database. Default: that of
            the current unit of work.
        template_model: The model of their rows, with the attributes ``name`` and
            ``content``.
        db_loader_func: What returns the content of a template in place of the model,
            given its name and the session; None if there is none.
    """

    def __init__(
        self,
        config: Config,
        db_session: Any | None = None,
        template_model: Any | None = None,
        db_loader_func: Callable[[str, Any | None], str | None] | None = None,
    ) -> None:
        self._config = config
        self._rows = TemplateRows(db_session, template_model, db_loader_func)
        self._folders: list[Path] = []
        self._globals: dict[str, Any] = {}
        self._router: Router | None = None
        self._made: jinja2.Environment | None = None
        self._made_for_rows: jinja2.Environment | None = None

    def add_folder(self, folder: Path) -> None:
        """Look for templates in *folder*, after those added before."""
        self._folders.append(folder)
        self._made = self._made_for_rows = None

    def use_router(self, router: "Router") -> None:
        """Let templates make urls from the names of routes, with ``url_for``."""
        global _router  # noqa: PLW0603  # custom_url_tag has no other way to find it
        _router = self._router = router
        self._made = self._made_for_rows = None

    def add_global(self, name: str, value: Any) -> None:
        """Let every template use *value* as *name*."""
        self._globals[name] = value
        self._made = self._made_for_rows = None

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
        return self._render(
            template_name,
            "file",
            lambda: self.environment.get_template(template_name).render(context),
        )

    def load_template_from_db(self, template_name: str) -> str | None:
        """Return the content of a template of the database; None if it has none.

        Raises:
            TypeError: The renderer has neither a model nor a function for it.
        """
        return self._rows.load(self, template_name)

    def render_from_db_to_string(self, template_name: str, /, **context: Any) -> str:
        """Render a template of the database with *context*.

        What it extends and includes comes from the database, or from the folders.

        Raises:
            jinja2.TemplateNotFound: The database does not have it.
        """
        return self._render(
            template_name, "db", lambda: self._render_row(template_name, context)
        )

    def render_template_from_db(
        self, template_name: str, /, **context: Any
    ) -> dict[str, Any]:
        """Return a rendered template of the database as the parts of a response.

        Raises:
            jinja2.TemplateNotFound: The database does not have it.
        """
        text = self.render_from_db_to_string(template_name, **context)
        return {
            "body": text,
            "status_code": 200,
            "headers": {"Content-Type": _HTML},
        }

    def _render(
        self, template_name: str, source: str, render: Callable[[], str]
    ) -> str:
        """Render a template and announce it."""
        if catalogue.template_rendering_started.is_heard:
            catalogue.template_rendering_started.send(
                self, template_name=template_name, source=source
            )
        try:
            text = render()
        except Exception as error:
            catalogue.template_rendering_failed.send(
                self,
                template_name=template_name,
                source=source,
                error_type=type(error).__name__,
                exception=error,
            )
            raise
        if catalogue.template_rendered.is_heard:
            catalogue.template_rendered.send(
                self, template_name=template_name, source=source
            )
        return text

    def _render_row(self, template_name: str, context: Mapping[str, Any]) -> str:
        import jinja2

        content = self.load_template_from_db(template_name)
        if content is None:
            raise jinja2.TemplateNotFound(template_name)
        if self._made_for_rows is None:
            files = self.environment
            rows = jinja2.FunctionLoader(self._load_uncached)
            loaders = [rows, files.loader] if files.loader is not None else [rows]
            self._made_for_rows = files.overlay(
                loader=jinja2.ChoiceLoader(loaders), auto_reload=True
            )
        # NOTE: compiled by name, so that its ending says whether it is escaped.
        environment = self._made_for_rows
        code = environment.compile(content, template_name, template_name)
        template = jinja2.Template.from_code(
            environment, code, environment.make_globals(None)
        )
        return template.render(context)

    def _load_uncached(
        self, template_name: str
    ) -> tuple[str, str | None, Callable[[], bool]] | None:
        content = self.load_template_from_db(template_name)
        return None if content is None else (content, None, lambda: False)

    def _make(self) -> "jinja2.Environment":
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            autoescape=_is_escaped,  # noqa: S701  # on, but for .txt
            auto_reload=bool(getattr(self._config, "DEBUG", False)),
        )
        environment.filters["custom_uppercase"] = custom_uppercase
        environment.globals.update(default_global_context())
        environment.globals["static"] = self._static
        if self._router is not None:
            url_for = _url_maker(self._router)
            environment.globals.update(url_for=url_for, custom_url_tag=url_for)
        environment.globals.update(self._globals)
        return environment

    def _static(self, path: str) -> str:
        """Return the url of a static file."""
        base = getattr(self._config, "STATIC_URL", "/static/")
        return f"{base.rstrip('/')}/{quote(path.lstrip('/'))}"


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
