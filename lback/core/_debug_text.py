"""A debug page as plain text, for terminals."""

from collections.abc import Iterable
from collections.abc import Iterator
from itertools import groupby

from lback.core._debug_frames import Cut
from lback.core._debug_frames import Failure
from lback.core._debug_frames import Frame
from lback.core._debug_report import MOST_ROUTES
from lback.core._debug_report import Report


def as_text(report: Report) -> str:
    """Return the text of a report, with a line break at its end."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield " - ".join(part for part in (report.status, report.request_line) if part)
    for number, failure in enumerate(report.failures):
        yield ""
        if number:
            yield failure.relation
        yield from _failure(failure)
    if not report.failures:
        yield from filter(None, (report.title, report.message))
    if report.left_out:
        yield f"\nAnd {report.left_out} more exceptions."
    if report.routes is not None:
        yield "\nNearest routes:" if report.routes else "\nThere are no routes."
        for route in report.routes[:MOST_ROUTES]:
            yield f"  {route.methods} {route.path}  {route.view}"
            yield f"      {route.reason}"
        if len(report.routes) > MOST_ROUTES:
            yield f"  and {len(report.routes) - MOST_ROUTES} more: lback routes"
    sections = [*report.sections, ("Settings", report.settings)]
    for title, rows in sections:
        if rows:
            yield f"\n{title}:"
            yield from _table(rows)


def _failure(failure: Failure) -> Iterator[str]:
    yield f"{failure.kind}: {failure.message}" if failure.message else failure.kind
    for note in failure.notes:
        yield from (f"  {line}" for line in note.splitlines())
    for is_folded, group in groupby(failure.frames, _is_of_a_library):
        frames = list(group)
        yield ""
        if is_folded:
            yield from _libraries(frames)
            continue
        for frame in frames:
            if isinstance(frame, Cut):
                yield f"  ({frame.count} frames are left out)"
            else:
                yield from _frame(frame)


def _is_of_a_library(frame: Frame | Cut) -> bool:
    return isinstance(frame, Frame) and not frame.is_own


def _libraries(frames: list[Frame | Cut]) -> Iterator[str]:
    count = "1 frame" if len(frames) == 1 else f"{len(frames)} frames"
    yield f"  ({count} of libraries)"
    for frame in frames:
        if isinstance(frame, Frame):
            yield f"    {frame.place} in {frame.function}"


def _frame(frame: Frame) -> Iterator[str]:
    yield f"{frame.place} in {frame.function}" if frame.function else frame.place
    for line in frame.lines:
        yield f"{'>' if line.is_marked else ' '}{line.number:6}  {line.text}"
    yield from _table(frame.variables, indent=8)


def _table(rows: Iterable[tuple[str, str]], *, indent: int = 2) -> Iterator[str]:
    for name, value in rows:
        lines = value.splitlines() or [""]
        yield f"{' ' * indent}{name} = {lines[0]}"
        yield from (f"{' ' * (indent + 4)}{line}" for line in lines[1:])
