"""A debug page as HTML; everything that comes from outside is escaped here."""

from collections.abc import Iterable
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

from lback.core._debug_frames import Cut
from lback.core._debug_frames import Failure
from lback.core._debug_frames import Frame
from lback.core._debug_frames import Line
from lback.core._debug_report import MOST_ROUTES
from lback.core._debug_report import Report
from lback.core._debug_report import RouteLine

_PAGE = Path(__file__).with_name("debug_page.html")

Rows = Iterable[tuple[str, str]]


def as_html(report: Report) -> str:
    """Return the page of a report."""
    page = Template(_PAGE.read_text(encoding="utf-8"))
    title = f"{report.status}: {report.title}"
    return page.substitute(title=escape(title), body="\n".join(_body(report)))


def _body(report: Report) -> Iterator[str]:
    yield f'<p class="status">{escape(report.status)}{_of(report.request_line)}</p>'
    yield f"<h1>{escape(report.title)}</h1>"
    if report.message:
        yield f'<p class="message">{escape(report.message)}</p>'
    for number, failure in enumerate(report.failures):
        yield from _failure(failure, is_first=number == 0)
    if report.left_out:
        yield f"<p>And {_count(report.left_out, 'more exception')}.</p>"
    if report.routes is not None:
        yield from _routes(report.routes)
    for title, rows in report.sections:
        yield f"<h2>{escape(title)}</h2>"
        yield _table(rows)
    if report.settings:
        yield "<h2>Settings</h2>"
        yield _folded(f"{len(report.settings)} that are set", _table(report.settings))


def _of(request_line: str) -> str:
    return f" &middot; <code>{escape(request_line)}</code>" if request_line else ""


def _failure(failure: Failure, *, is_first: bool) -> Iterator[str]:
    if not is_first:
        yield f'<h2><span class="relation">{escape(failure.relation)}</span>'
        yield f"<br>{escape(failure.kind)}</h2>"
    if failure.message:
        yield f'<p class="message">{escape(failure.message)}</p>'
    for note in failure.notes:
        yield f'<p class="note">{escape(note)}</p>'
    has_opened = False
    for is_folded, group in groupby(failure.frames, _is_of_a_library):
        frames = list(group)
        if is_folded:
            yield _libraries(frames, is_open=len(frames) == len(failure.frames))
            continue
        for frame in frames:
            if isinstance(frame, Cut):
                yield f"<p><em>{frame.count} frames are left out.</em></p>"
            elif isinstance(frame, Frame):
                yield from _frame(frame, is_open=not has_opened)
                has_opened = True


def _is_of_a_library(frame: Frame | Cut) -> bool:
    return isinstance(frame, Frame) and not frame.is_own


def _frame(frame: Frame, *, is_open: bool) -> Iterator[str]:
    yield f"<h3>{_place(frame)}</h3>"
    if frame.lines:
        yield f"<pre><code>{''.join(map(_line, frame.lines))}</code></pre>"
    else:
        yield "<p><em>The source is not at hand.</em></p>"
    if frame.variables:
        count = _count(len(frame.variables), "variable")
        yield _folded(count, _table(frame.variables), is_open=is_open)


def _place(frame: Frame) -> str:
    place = f'<code class="place">{escape(frame.place)}</code>'
    if not frame.function:
        return place
    return f"{place} in <code>{escape(frame.function)}</code>"


def _line(line: Line) -> str:
    marked = ' class="marked"' if line.is_marked else ""
    return f"<span{marked}><i>{line.number}</i>{escape(line.text) or ' '}</span>"


def _libraries(frames: list[Frame | Cut], *, is_open: bool) -> str:
    items = [
        f"<li>{_place(frame)}{''.join(_code(line) for line in frame.lines)}</li>"
        for frame in frames
        if isinstance(frame, Frame)
    ]
    title = f"{_count(len(items), 'frame')} of libraries"
    return _folded(title, f"<ul>{''.join(items)}</ul>", is_open=is_open)


def _code(line: Line) -> str:
    return f"<br><code>{escape(line.text.strip())}</code>"


def _routes(routes: list[RouteLine]) -> Iterator[str]:
    if not routes:
        yield "<p>There are no routes.</p>"
        return
    yield "<h2>Nearest routes</h2>"
    yield _route_table(routes[:MOST_ROUTES])
    rest = routes[MOST_ROUTES:]
    if rest:
        yield _folded(_count(len(rest), "more route"), _route_table(rest))


def _route_table(routes: list[RouteLine]) -> str:
    rows = ((f"{r.methods} {r.path}", f"{r.reason}\n{r.view}") for r in routes)
    return _table(rows, "routes")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _folded(title: str, inner: str, *, is_open: bool = False) -> str:
    state = " open" if is_open else ""
    return f"<details{state}><summary>{escape(title)}</summary>{inner}</details>"


def _table(rows: Rows, kind: str = "") -> str:
    lines = (
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in rows
    )
    return f'<table class="{kind}">{"".join(lines)}</table>'
