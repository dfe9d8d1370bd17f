"""What a debug page says, before it becomes HTML or text."""

from dataclasses import dataclass
from dataclasses import field

from lback.core._debug_frames import Failure

#: How many routes stand on a page; those that are farther off are folded or left out.
MOST_ROUTES = 10


@dataclass(frozen=True)
class RouteLine:
    """A route beside the path that it did not match; all texts are fit to be shown."""

    methods: str
    path: str
    view: str
    reason: str


@dataclass(frozen=True)
class Report:
    """Everything on a debug page; all texts are redacted, none is escaped.

    Attributes:
        status: Such as ``"500 Internal Server Error"``.
        title: The headline: the kind of the exception.
        message: What there is to say where no exception says it.
        request_line: Method and path; empty without a request.
        failures: The exception and those that led to it.
        left_out: How many more there are.
        routes: The nearest first; None where routes are not in question.
        sections: Titles with names and values.
        settings: Names and values of those that are set.
    """

    status: str
    title: str
    message: str = ""
    request_line: str = ""
    failures: list[Failure] = field(default_factory=list)
    left_out: int = 0
    routes: list[RouteLine] | None = None
    sections: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)
