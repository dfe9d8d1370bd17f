"""Templates: found, escaped, announced, and rendered by views."""

import os
from pathlib import Path
from typing import Any

import jinja2
import pytest

import lback
from lback.core.catalogue import before_render_template
from lback.core.catalogue import template_rendered
from lback.core.catalogue import template_rendering_failed
from lback.core.catalogue import template_rendering_started
from lback.core.exceptions import NoReverseMatch
from lback.core.exceptions import NotFound
from lback.core.exceptions import ServerError
from lback.core.router import Router
from lback.core.shortcuts import redirect
from lback.core.shortcuts import render
from lback.core.templates import custom_uppercase
from lback.core.templates import custom_url_tag
from lback.core.templates import default_global_context
from lback.core.templates import TemplateRenderer
from lback.core.types import Request

SCRIPT = "<script>"


@pytest.fixture
def renderer(tmp_path: Path, make_config: Any) -> TemplateRenderer:
    """Return a renderer of the templates in a folder."""
    (tmp_path / "page.html").write_text("Hello {{ name }}", encoding="utf-8")
    renderer = TemplateRenderer(make_config())
    renderer.add_folder(tmp_path)
    return renderer


def test_a_template_is_rendered(renderer: TemplateRenderer) -> None:
    """A template is rendered with its context."""
    assert "Hello Ann" == renderer.render_to_string("page.html", name="Ann")


@pytest.mark.parametrize(
    "name", ["a.html", "a.htm", "a.xml", "a.svg", "a.html.j2", "a", "a.tex"]
)
def test_values_are_escaped(
    renderer: TemplateRenderer, tmp_path: Path, name: str
) -> None:
    """In every template but plain text values are escaped."""
    (tmp_path / name).write_text("{{ it }}", encoding="utf-8")

    assert "&lt;script&gt;" == renderer.render_to_string(name, it=SCRIPT)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.j2"])
def test_plain_text_is_plain(
    renderer: TemplateRenderer, tmp_path: Path, name: str
) -> None:
    """In a template of plain text values stay as they are."""
    (tmp_path / name).write_text("{{ it }}", encoding="utf-8")

    assert SCRIPT == renderer.render_to_string(name, it=SCRIPT)


def test_a_text_in_place_of_a_template_is_escaped(renderer: TemplateRenderer) -> None:
    """A template made from a string escapes as well."""
    template = renderer.environment.from_string("{{ it }}")

    assert "&lt;script&gt;" == template.render(it=SCRIPT)


def test_the_first_folder_wins(renderer: TemplateRenderer, tmp_path: Path) -> None:
    """Of two templates of a name the one of the folder added first is taken."""
    second = tmp_path / "second"
    second.mkdir()
    (second / "page.html").write_text("second")
    (second / "other.html").write_text("other")
    renderer.render_to_string("page.html")
    renderer.add_folder(second)

    assert ("Hello ", "other") == (
        renderer.render_to_string("page.html"),
        renderer.render_to_string("other.html"),
    )


def test_globals_are_there(renderer: TemplateRenderer, tmp_path: Path) -> None:
    """A name that was added is in every template."""
    (tmp_path / "g.html").write_text("{{ site }}")
    renderer.environment  # noqa: B018  # names may be added later, too
    renderer.add_global("site", "Shop")

    assert "Shop" == renderer.render_to_string("g.html")


def test_the_documented_filter_is_there(
    renderer: TemplateRenderer, tmp_path: Path
) -> None:
    """The filter custom_uppercase can be used in templates."""
    (tmp_path / "f.html").write_text("{{ 'ab'|custom_uppercase }}")

    assert "AB" == renderer.render_to_string("f.html")


@pytest.mark.parametrize(("value", "shown"), [("ab", "AB"), (5, 5), (None, None)])
def test_only_text_is_capitalised(value: Any, shown: Any) -> None:
    """custom_uppercase leaves what is no text as it is."""
    assert shown == custom_uppercase(value)


@pytest.mark.parametrize(
    "name", ["no.html", "../page.html", "/etc/passwd", "..\\page.html", "a\x00.html"]
)
def test_a_template_outside_is_not_found(
    renderer: TemplateRenderer, tmp_path: Path, name: str
) -> None:
    """A name that leads out of the folders, or nowhere, is TemplateNotFound."""
    with pytest.raises(jinja2.TemplateNotFound):
        renderer.render_to_string(name)


@pytest.mark.parametrize(("debug", "text"), [(True, "new"), (False, "old")])
def test_a_changed_template_is_read_again_in_debug(
    tmp_path: Path, make_config: Any, debug: bool, text: str
) -> None:
    """In debug a template that is saved again is rendered anew."""
    file = tmp_path / "a.html"
    file.write_text("old")
    renderer = TemplateRenderer(make_config(DEBUG=debug))
    renderer.add_folder(tmp_path)
    renderer.render_to_string("a.html")
    file.write_text("new")
    stat = file.stat()
    os.utime(file, (stat.st_atime, stat.st_mtime + 5))

    assert text == renderer.render_to_string("a.html")


def test_templates_have_what_every_page_needs(
    renderer: TemplateRenderer, tmp_path: Path, make_config: Any
) -> None:
    """The url of a static file, the time and the version."""
    (tmp_path / "a.txt").write_text("{{ static('a b.css') }} {{ version }} {{ now() }}")
    path, version, *time = renderer.render_to_string("a.txt").split()

    assert ("/static/a%20b.css", lback.__version__) == (path, version)
    assert time[-1].endswith("+00:00")
    assert {"now", "version"} == set(default_global_context())


def test_the_documented_tag_makes_urls(renderer: TemplateRenderer) -> None:
    """Outside of templates it asks the routes of the application, too."""
    router = Router()
    router.add_route("/x/{key:int}", lambda request, key: "", ["GET"], "x.item")
    renderer.use_router(router)

    assert "/x/7?q=1" == custom_url_tag("x.item", key=7, q=1)
    with pytest.raises(NoReverseMatch, match="No route is called 'y'"):
        custom_url_tag("y")


# --- Announced ----------------------------------------------------------------------


def test_rendering_is_announced(renderer: TemplateRenderer, hear: Any) -> None:
    """A rendering is announced before and after, with the name and no context."""
    started, done = hear(template_rendering_started), hear(template_rendered)
    renderer.render_to_string("page.html", name="canary")
    expected = [{"sender": renderer, "template_name": "page.html", "source": "file"}]

    assert (expected, expected) == (started, done)


def test_a_failing_template_is_announced(
    renderer: TemplateRenderer, tmp_path: Path, hear: Any
) -> None:
    """A template that fails is announced as failed and not as rendered."""
    failed, done = hear(template_rendering_failed), hear(template_rendered)
    (tmp_path / "f.html").write_text("{{ 1 / 0 }}")
    with pytest.raises(ZeroDivisionError) as caught:
        renderer.render_to_string("f.html")

    assert ([], [("f.html", "file", "ZeroDivisionError", caught.value)]) == (
        done,
        [
            (one["template_name"], one["source"], one["error_type"], one["exception"])
            for one in failed
        ],
    )


def test_flasks_name_is_the_same_signal() -> None:
    """before_render_template is another name of the same signal."""
    assert before_render_template is template_rendering_started


# --- In views -----------------------------------------------------------------------


def test_a_view_renders_a_page(site: Any) -> None:
    """render() gives templates the request, the context and url_for."""
    site.write("a.html", "{{ request.path }} {{ x }} {{ url_for('it', id=5) }}")
    site.add(
        "/a/{id:int}",
        lambda request, id: render(  # noqa: A006  # a usual name in urls
            request, "a.html", {"x": "<"}, status_code=201, headers={"X-Id": "7"}
        ),
        name="it",
    )
    answer = site.ask("/a/1")

    assert (201, "7", "/a/1 &lt; /a/5") == (
        answer.status,
        answer.headers["X-Id"],
        answer.text,
    )


def test_a_context_may_have_any_names(site: Any) -> None:
    """A name of the context may be that of an argument of the renderer."""
    site.write("a.html", "{{ template_name }} {{ self_ }} {{ context }}")
    site.add(
        "/",
        lambda request: render(
            request, "a.html", {"template_name": 1, "context": 2, "self": 3}
        ),
    )

    assert "1  2" == site.ask("/").text


def test_a_page_needs_no_context(site: Any) -> None:
    """render() may be called with a template alone."""
    site.write("a.html", "{{ request.method }}")
    site.add("/", lambda request: render(request, "a.html"))

    assert "GET" == site.ask("/").text


def test_a_template_may_raise_an_http_error(site: Any) -> None:
    """An HTTP exception that a template raises becomes its status."""

    def missing() -> None:
        raise NotFound("No such page.")

    site.write("a.html", "{{ missing() }}")
    site.add("/", lambda request: render(request, "a.html", {"missing": missing}))
    answer = site.ask("/")

    assert (404, True) == (answer.status, "No such page." in answer.text)


def test_a_missing_template_is_a_500(site: Any) -> None:
    """A view whose template is not there answers 500: the mistake is the site's."""
    site.add("/", lambda request: render(request, "no.html"))

    assert 500 == site.ask("/").status


def test_a_request_of_no_application_renders_nothing() -> None:
    """render() of a request that did not come through an application says so."""
    with pytest.raises(ServerError, match="did not come through an application"):
        render(Request("/", "GET", None, {}, {}), "a.html")


def test_redirect_sends_elsewhere() -> None:
    """redirect() makes a redirect, by default a 302."""
    responses = [redirect("/a"), redirect("/b", status_code=303)]

    assert [(302, "/a"), (303, "/b")] == [
        (one.status_code, one.headers["Location"]) for one in responses
    ]
