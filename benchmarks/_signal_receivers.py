"""Receivers to time, and the proof that a contestant really calls them."""

import inspect
import sys
import threading
from collections.abc import Callable
from types import CodeType
from types import FrameType
from typing import Any
from typing import NamedTuple

from _signal_sent import Receiver
from _signal_sent import Run


def any_fields() -> Receiver:
    """Make a receiver that takes whatever fields there are."""

    def receive(sender: object, **fields: object) -> None:
        """Do nothing."""

    return receive


def all_fields() -> Receiver:
    """Make a receiver that names all fields."""

    def receive(sender: object, order_id: int, total_cents: int) -> None:
        """Do nothing."""

    return receive


def one_field() -> Receiver:
    """Make a receiver that names one of the fields."""

    def receive(sender: object, order_id: int) -> None:
        """Do nothing."""

    return receive


def lone_payload() -> Receiver:
    """Make a receiver that takes one object."""

    def receive(payload: object) -> None:
        """Do nothing."""

    return receive


def returning() -> Receiver:
    """Make a receiver that returns something."""

    def receive(sender: object, **fields: object) -> int:
        return 1

    return receive


def failing() -> Receiver:
    """Make a receiver that raises."""

    def receive(sender: object, **fields: object) -> None:
        raise ValueError("on purpose")

    return receive


def coroutine() -> Receiver:
    """Make a receiver that is a coroutine function."""

    async def receive(sender: object, **fields: object) -> None:
        """Do nothing."""

    return receive


def method() -> Receiver:
    """Make a method that takes whatever fields there are."""

    def receive(self: object, sender: object, **fields: object) -> None:
        """Do nothing."""

    return receive


def bound_methods(count: int) -> list[Receiver]:
    """Make *count* methods, each of an object that lives as long as the list."""
    return [
        type("Listener", (), {"receive": function})().receive
        for function in distinct(method, count)
    ]


def distinct(make: Callable[[], Receiver], count: int) -> list[Receiver]:
    """Make *count* receivers, each with a code object of its own, as in a project."""
    made = []
    for number in range(count):
        function: Any = make()
        code = function.__code__
        function.__code__ = code.replace(co_name=f"receive_{number}")
        made.append(function)
    return made


class Call(NamedTuple):
    """One call of a receiver.

    Attributes:
        number: Which receiver it was.
        first: Its first argument.
        fields: All its other arguments.
    """

    number: int
    first: Any
    fields: dict[str, Any]


def watched(run: Run, receivers: list[Receiver]) -> tuple[list[Call], Any]:
    """Run once; return the calls of *receivers*, and what was returned.

    The interpreter itself reports the calls, so that what is watched here is the
    very thing that is timed later.
    """
    codes: Any = receivers
    numbers: dict[CodeType, int] = {
        function.__code__: number for number, function in enumerate(codes)
    }
    calls: list[Call] = []

    def watch(frame: FrameType, event: str, _: object) -> None:
        number = numbers.get(frame.f_code)
        if event == "call" and number is not None:
            calls.append(Call(number, *_arguments(frame)))

    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        returned = run(1)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls, returned


def _arguments(frame: FrameType) -> tuple[Any, dict[str, Any]]:
    """Read what a receiver was called with, however its parameters are written."""
    given = inspect.getargvalues(frame)
    first, *named = (name for name in given.args if name != "self")
    fields = {name: given.locals[name] for name in named}
    if given.keywords is not None:
        fields |= given.locals[given.keywords]
    fields.pop("signal", None)  # Django passes the signal along
    return given.locals[first], fields
