"""Templates of the database: rendered like files, never from memory, announced."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import Session

from lback.core.catalogue import db_template_load_failed
from lback.core.catalogue import db_template_loaded
from lback.core.catalogue import template_rendered
from lback.core.catalogue import template_rendering_failed
from lback.core.templates import TemplateRenderer

SCRIPT = "<script>"


class Base(DeclarativeBase):
    """The models of these tests."""


class Page(Base):
    """A template."""

    __tablename__ = "pages"

    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]


@pytest.fixture
def session() -> Iterator[Session]:
    """Return a session with some templates."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            [
                Page(name="page.html", content="Hello {{ name }}"),
                Page(name="plain.txt", content="Hello {{ name }}"),
                Page(name="child.html", content='{% extends "base.html" %}'),
                Page(name="file.html", content='{% include "of_a_file.html" %}'),
                Page(
                    name="base.html", content="{% block x %}of the base{% endblock %}"
                ),
                Page(name="broken.html", content="{% if %}"),
            ]
        )
        session.commit()
        yield session
    engine.dispose()


@pytest.fixture
def renderer(session: Session, make_config: Any, tmp_path: Path) -> TemplateRenderer:
    """Return a renderer of these templates, and of one in a folder."""
    (tmp_path / "of_a_file.html").write_text("of a file", encoding="utf-8")
    renderer = TemplateRenderer(make_config(), session, Page)
    renderer.add_folder(tmp_path)
    return renderer


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", "Hello &lt;script&gt;"),
        ("plain.txt", "Hello <script>"),
        ("child.html", "of the base"),
        ("file.html", "of a file"),
    ],
)
def test_a_row_is_rendered(renderer: TemplateRenderer, name: str, text: str) -> None:
    """Escaped by its name; what it needs comes from rows, or from folders."""
    assert text == renderer.render_from_db_to_string(name, name=SCRIPT)


def test_a_changed_row_is_rendered_as_it_is(
    renderer: TemplateRenderer, session: Session
) -> None:
    """Nothing is kept in memory, not even of what is extended."""
    before = renderer.render_from_db_to_string("child.html")
    session.get_one(Page, "base.html").content = "changed"
    session.commit()

    assert ("of the base", "changed") == (
        before,
        renderer.render_from_db_to_string("child.html"),
    )


def test_the_parts_of_a_response(renderer: TemplateRenderer) -> None:
    """The documented dictionary."""
    assert {
        "body": "Hello you",
        "status_code": 200,
        "headers": {"Content-Type": "text/html; charset=utf-8"},
    } == renderer.render_template_from_db("page.html", name="you")


def test_a_function_may_load_them(make_config: Any) -> None:
    """It gets the name and the session, and counts before the model."""
    asked: list[tuple[str, Any]] = []

    def load(name: str, session: Any) -> str | None:
        asked.append((name, session))
        return "from {{ here }}" if name == "a.html" else None

    renderer = TemplateRenderer(make_config(), "session", Page, load)

    assert "from here" == renderer.render_from_db_to_string("a.html", here="here")
    assert None is renderer.load_template_from_db("b.html")
    assert [("a.html", "session"), ("b.html", "session")] == asked


def test_a_row_that_is_not_there(renderer: TemplateRenderer, hear: Any) -> None:
    """It is told, and is an error; a file of that name does not take its place."""
    failed, lost = hear(template_rendering_failed), hear(db_template_load_failed)
    with pytest.raises(jinja2.TemplateNotFound, match=r"of_a_file\.html"):
        renderer.render_from_db_to_string("of_a_file.html")

    assert [("of_a_file.html", "db", "TemplateNotFound")] == [
        (one["template_name"], one["source"], one["error_type"]) for one in failed
    ]
    assert [("of_a_file.html", "not found", None)] == [
        (one["template_name"], one["error_type"], one["exception"]) for one in lost
    ]


def test_a_row_that_cannot_be_read(make_config: Any, hear: Any) -> None:
    """The error reaches whoever wants the template."""

    def load(name: str, session: Any) -> str | None:
        raise ConnectionError(name)

    lost = hear(db_template_load_failed)
    renderer = TemplateRenderer(make_config(), None, None, load)
    with pytest.raises(ConnectionError) as caught:
        renderer.render_from_db_to_string("a.html")

    assert [("ConnectionError", caught.value)] == [
        (one["error_type"], one["exception"]) for one in lost
    ]


def test_a_broken_row_is_an_error(renderer: TemplateRenderer) -> None:
    """It names the template and the line."""
    with pytest.raises(jinja2.TemplateSyntaxError) as caught:
        renderer.render_from_db_to_string("broken.html")

    assert ("broken.html", 1) == (caught.value.name, caught.value.lineno)


def test_rows_are_announced(renderer: TemplateRenderer, hear: Any) -> None:
    """Read, and rendered."""
    loaded, done = hear(db_template_loaded), hear(template_rendered)
    renderer.render_from_db_to_string("page.html", name="canary")

    assert [{"sender": renderer, "template_name": "page.html"}] == loaded
    assert [{"sender": renderer, "template_name": "page.html", "source": "db"}] == done


def test_a_renderer_of_files_reads_no_rows(make_config: Any) -> None:
    """The message says what to give it."""
    with pytest.raises(TypeError, match="template_model or a db_loader_func"):
        TemplateRenderer(make_config()).load_template_from_db("page.html")


def test_there_has_to_be_a_session(make_config: Any) -> None:
    """Without one of its own, and outside of a unit of work."""
    with pytest.raises(TypeError, match="with separate_unit"):
        TemplateRenderer(make_config(), None, Page).load_template_from_db("page.html")
