"""The debug page: what led to an error, for the developer alone."""

import runpy
from collections.abc import Callable
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lback.core._debug_page import debug_page
from lback.core._debug_page import debug_text
from lback.core._debug_page import routes_page
from lback.core.config import Config
from lback.core.router import Router
from lback.core.types import Request

CANARY = "canary-5f0e1c7d"
SCRIPT = "<script>alert('x')</script>"

Ask = Callable[..., Request]
Fail = Callable[..., BaseException]


@pytest.fixture
def ask(make_environ: Any) -> Ask:
    """Return a function that makes the request of a browser on this machine."""

    def ask(path: str = "/a", method: str = "GET", **environ: Any) -> Request:
        here = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"}
        made = make_environ(path, method, **{**here, **environ})
        return Request(path.partition("?")[0], method, None, None, made)

    return ask


@pytest.fixture
def config(tmp_path: Path, make_config: Any) -> Config:
    """Return the settings of a project in debug."""
    made: Config = make_config(DEBUG=True, BASE_DIR=str(tmp_path))
    return made


@pytest.fixture
def fail(tmp_path: Path) -> Fail:
    """Return a function that runs a file of a project and returns what it raises."""

    def fail(source: str, name: str = "shop.py") -> BaseException:
        file = tmp_path / name
        file.write_text(source, encoding="utf-8")
        with pytest.raises(BaseException) as raised:  # noqa: PT011  # any
            runpy.run_path(str(file))
        return raised.value

    return fail


class Tags(HTMLParser):
    """Collect the names of a page's tags, and those that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.left: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Note a tag that begins."""
        self.names.add(tag)
        if tag not in {"br", "meta"}:
            self.left.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note a tag that ends."""
        self.left.remove(tag)


def both(error: BaseException, request: Any, config: Any) -> str:
    """Return page and text in one, to look for what neither may have."""
    page = debug_page(error, request, config=config)
    return page + debug_text(error, request, config=config)


# --- What it says -------------------------------------------------------------------


def test_text_tells_the_error_the_frames_and_the_request(
    ask: Ask, fail: Fail, config: Config
) -> None:
    """The text has the error, its place with source and variables, and the request."""
    error = fail("def pay(price):\n    price / 0\n\npay(12)\n")
    text = debug_text(error, ask("/pay?page=2"), config=config)

    assert text.startswith(
        "500 Internal Server Error - GET /pay\n"
        "\n"
        "ZeroDivisionError: division by zero\n"
        "\n"
        "shop.py:2 in pay\n"
        "      1  def pay(price):\n"
        ">     2      price / 0\n"
        "      3  \n"
        "      4  pay(12)\n"
        "        price = 12\n"
        "shop.py:4 in <module>\n"
        "      2      price / 0\n"
        "      3  \n"
        ">     4  pay(12)\n"
        "\n"
        "  (3 frames of libraries)\n"
    )
    assert "\nQuery:\n  page = '2'\n" in text


def test_page_folds_the_frames_of_libraries(
    ask: Ask, fail: Fail, config: Config
) -> None:
    """Own frames show their variables; those of libraries are folded and have none."""
    error = fail("import json\n\njson.loads('{canary')\n")
    page = debug_page(error, ask(), config=config)

    assert [True, True, True, False] == [
        "<summary>3 frames of libraries</summary>" in page,
        '<code class="place">json/decoder.py:' in page,
        '<code class="place">shop.py:3</code>' in page,
        "<th>s</th>" in page,
    ]


def test_notes_stand_before_the_frames(ask: Ask, fail: Fail, config: Config) -> None:
    """What was added to an exception is its remedy and comes first."""
    error = fail("raise LookupError('none')")
    error.add_note("Run: lback migrate")
    page = debug_page(error, ask(), config=config)

    assert 0 < page.index("Run: lback migrate") < page.index("shop.py:1")


def test_the_chain_is_told_from_the_last_to_the_first(
    ask: Ask, fail: Fail, config: Config
) -> None:
    """Causes, contexts and members of groups each have a section of their own."""
    error = fail(
        "try:\n"
        "    try:\n"
        "        1 / 0\n"
        "    except ZeroDivisionError as error:\n"
        "        raise KeyError('b') from error\n"
        "except KeyError:\n"
        "    raise ExceptionGroup('c', [TypeError('d'), OSError('e')])\n"
    )
    text = debug_text(error, ask(), config=config)
    sections = [
        "ExceptionGroup: c",
        "Member 1 of 2 of the group:\nTypeError: d",
        "Member 2 of 2 of the group:\nOSError: e",
        "It was raised while handling:\nKeyError: 'b'",
        "It was caused by:\nZeroDivisionError: division by zero",
    ]

    assert sections == sorted(sections, key=text.index)


def test_a_suppressed_context_is_left_out(ask: Ask, fail: Fail, config: Config) -> None:
    """``raise ... from None`` hides what came before."""
    error = fail(
        "try:\n    1 / 0\nexcept ArithmeticError:\n    raise KeyError('b') from None\n"
    )

    assert "was raised" not in debug_text(error, ask(), config=config)


def test_a_syntax_error_shows_its_line(ask: Ask, fail: Fail, config: Config) -> None:
    """The line that is no Python is shown like a frame."""
    error = fail("a = 1\nb = = 2\n")

    assert "shop.py:2\n      1  a = 1\n>     2  b = = 2\n" in debug_text(
        error, ask(), config=config
    )


def test_the_view_and_the_parsed_form_are_shown(ask: Ask, config: Config) -> None:
    """The request names its route, its view and what the view has read of the body."""
    request = ask("/a/7", "POST")
    router = Router()
    router.add_route("/a/{n:int}", ask, ["POST"])
    request.route, request.path_params = router.find("/a/7", "POST")
    request._body = b"name=Ada&tag=a&tag=b&password=hunter2"
    request.environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    unread = debug_text(ValueError(), request, config=config)
    request.form  # noqa: B018  # read on first use
    text = debug_text(ValueError(), request, config=config)

    assert [True, True, True, False] == [
        "  route = /a/{n:int}\n" in text,
        f"{Path(__file__).name}:" in text,
        "Form:\n  name = 'Ada'\n  tag = ['a', 'b']\n  password = ***\n" in text,
        "Form:" in unread,
    ]


def test_a_normal_page_is_small(ask: Ask, fail: Fail, config: Config) -> None:
    """The page of an ordinary error has less than 60 KB and is closed HTML."""
    page = debug_page(fail("1 / 0"), ask(), config=config)
    tags = Tags()
    tags.feed(page)

    assert ([], True) == (tags.left, len(page.encode()) < 60_000)


def test_nothing_on_the_page_runs(ask: Ask, fail: Fail, config: Config) -> None:
    """There is neither script nor form: the page has no console."""
    tags = Tags()
    tags.feed(debug_page(fail("1 / 0"), ask(), config=config))

    assert set() == tags.names & {"script", "form", "input", "iframe", "img", "link"}


def test_a_recursion_without_end_is_cut(ask: Ask, fail: Fail, config: Config) -> None:
    """Of a thousand frames the middle is left out, with their number."""
    error = fail("def again(n):\n    again(n + 1)\n\nagain(0)\n")
    page = debug_page(error, ask(), config=config)

    assert (True, True) == (" frames are left out." in page, len(page) < 60_000)


def test_a_long_chain_is_cut(ask: Ask, config: Config) -> None:
    """Of many exceptions twenty are told."""
    error = ExceptionGroup("many", [ValueError(n) for n in range(100)])

    assert "And 81 more exceptions." in debug_page(error, ask(), config=config)


def test_a_chain_in_a_circle_ends(ask: Ask, config: Config) -> None:
    """An exception that is its own cause is told once."""
    error, other = ValueError("a"), KeyError("b")
    error.__cause__, other.__cause__ = other, error

    assert 1 == debug_text(error, ask(), config=config).count("ValueError")


# --- Whatever happens ---------------------------------------------------------------


def broken_texts() -> Iterator[BaseException]:
    """Yield exceptions whose own words raise or are none."""

    class Mute(Exception):  # a name is all it has
        def __str__(self) -> str:
            raise RuntimeError("no")

    odd = ValueError("odd")
    odd.__notes__ = 12  # type: ignore[assignment]  # what is tested
    yield from (Mute(), odd, ValueError("\udc80\x00"), SyntaxError("no file"))
    yield SyntaxError("odd", ("gone.py", 10**9, None, None))


@pytest.mark.parametrize("error", list(broken_texts()), ids=lambda e: type(e).__name__)
def test_an_exception_may_be_broken_itself(error: BaseException, ask: Ask) -> None:
    """An exception without a usable text has its page, which can be sent."""
    assert type(error).__name__.encode() in debug_page(error, ask()).encode()


def test_a_page_needs_neither_request_nor_settings(fail: Fail) -> None:
    """An error outside any request has its page, too."""
    text = debug_text(fail("1 / 0"), None)

    assert text.startswith("500 Internal Server Error\n\nZeroDivisionError: division")


@pytest.mark.parametrize(
    "spoil",
    [Path.unlink, lambda file: file.write_bytes(b"\xff\xfe a = 1 / 0\n")],
    ids=["gone", "no UTF-8"],
)
def test_the_source_may_be_unreadable(
    ask: Ask, fail: Fail, config: Config, tmp_path: Path, spoil: Any
) -> None:
    """A file that is gone or no text leaves the place without its lines."""
    error = fail("def f():\n    1 / 0\nf()\n")
    spoil(tmp_path / "shop.py")
    page = debug_page(error, ask(), config=config)

    assert (True, True) == ("shop.py:2" in page, "The source is not at hand." in page)


def test_code_may_have_no_file(ask: Ask, fail: Fail, config: Config) -> None:
    """A frame of exec'd code is shown without source."""
    error = fail("exec('1 / 0')\n")

    assert "<string>:1 in <module>" in debug_text(error, ask(), config=config)


def test_a_broken_request_is_shown_as_far_as_it_goes(ask: Ask, config: Config) -> None:
    """A query that cannot be read says so in its own place."""
    text = debug_text(ValueError(), ask("/a?x=%ff"), config=config)

    assert "Query:\n  ... = <reading it raised BadRequest>\n" in text


# --- Secrets ------------------------------------------------------------------------


def test_no_secret_reaches_the_page(
    ask: Ask, fail: Fail, make_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets of settings, environment and request are hidden wherever they stand."""
    monkeypatch.setenv("SHOP_API_KEY", f"{CANARY}-env")
    config = make_config(
        DEBUG=True,
        SECRET_KEY=f"{CANARY}-setting",
        DATABASES={"default": {"PASSWORD": f"{CANARY}-db"}},
        BROKER=f"redis://:{CANARY}-url@broker",
    )
    request = ask(
        f"/{CANARY}-query?token={CANARY}-query",
        HTTP_COOKIE=f"sid={CANARY}-cookie; theme=dark",
        HTTP_AUTHORIZATION=f"Bearer {CANARY}-bearer",
        HTTP_X_COPY=f"{CANARY}-bearer",
    )
    kinds = ["env", "setting", "db", "url", "query", "cookie", "bearer"]
    words = "".join(f"{CANARY}-{kind} " for kind in kinds)
    error = fail(
        f"words = {words!r}\n"
        f"class Known:\n    def __repr__(self):\n        return words\n"
        f"known = [Known(), {{words: words.encode()}}]\n"
        f"raise ValueError(words) from KeyError(words)\n"
    )
    error.add_note(words)

    assert CANARY not in both(error, request, config)


def test_a_secret_of_an_own_frame_is_hidden_elsewhere(
    ask: Ask, fail: Fail, config: Config
) -> None:
    """What a variable calls a secret is hidden where a library repeats it unnamed."""
    error = fail(
        f"def save(password):\n    raise ValueError((password, 12))\nsave('{CANARY}')\n"
    )

    assert "ValueError: ('***', 12)\n" in debug_text(error, ask(), config=config)


def test_settings_are_masked_by_value(ask: Ask, make_config: Any) -> None:
    """A setting whose text holds a secret of another shows the rest of it."""
    config = make_config(DEBUG=True, API_TOKEN=CANARY, GREETING=f"Hi {CANARY}!")
    text = debug_text(ValueError(), ask(), config=config)

    assert "  API_TOKEN = ***\n  DEBUG = True\n  GREETING = 'Hi ***!'\n" in text


def test_the_working_folder_is_no_secret(
    ask: Ask, fail: Fail, config: Config, tmp_path: Path, monkeypatch: Any
) -> None:
    """PWD is what shells call the folder; it hides no file names."""
    monkeypatch.setenv("PWD", str(tmp_path))

    assert str(tmp_path) in debug_text(fail("1 / 0"), ask(), config=config)


def test_everything_is_escaped(ask: Ask, fail: Fail, config: Config) -> None:
    """No text from outside becomes part of the page."""
    error = fail(f"text = {SCRIPT!r}\ndef f(a):\n    raise ValueError(a)\nf(text)\n")
    error.add_note(SCRIPT)
    request = ask(f"/{SCRIPT}?{SCRIPT}=1", HTTP_X_A=SCRIPT, HTTP_COOKIE=f"{SCRIPT}=1")
    pages = [
        debug_page(error, request, config=config),
        routes_page(request, [], config=config),
    ]

    assert [False, False] == ["<script" in page for page in pages]
