"""A dialect's signal and the native one behind it are one set of receivers."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies as st

from lback.compat.blinker import Namespace
from lback.compat.fastkit import Signal
from lback.compat.flask import AppSignal

Function = Callable[..., Any]


def make(number: int) -> Function:
    """Make a receiver."""

    def receive(sender: Any) -> int:
        return number

    return receive


FUNCTIONS = [make(number) for number in range(4)]

FACES: dict[str, Callable[[], Any]] = {
    "fastkit": lambda: Signal("tests.faces"),
    "blinker": lambda: Namespace().signal("tests.faces"),
    "flask": lambda: AppSignal("tests.faces"),
}

steps = st.lists(
    st.tuples(
        st.sampled_from(["dialect", "native"]),
        st.sampled_from(["connect", "disconnect"]),
        st.sampled_from(FUNCTIONS),
    ),
    max_size=15,
)


@pytest.mark.parametrize("dialect", FACES)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=steps)
def test_both_sides_see_every_change(
    own_process: pytest.MonkeyPatch,
    dialect: str,
    taken: list[tuple[str, str, Function]],
) -> None:
    """Whoever connects or disconnects, both sides call the same, in the same order."""
    face = FACES[dialect]()
    for known in face.signal.receivers:
        face.signal.disconnect(known.target())
    expected: list[Function] = []
    for side, step, function in taken:
        changed = face if side == "dialect" else face.signal
        if step == "disconnect":
            changed.disconnect(function)
            expected = [known for known in expected if known is not function]
        elif function not in expected:
            changed.connect(function)
            expected.append(function)

    assert expected == [known.target() for known in face.signal.receivers]
    assert expected == [function for function, _ in face.signal.send()]
    sent = face.send()
    results = asyncio.run(sent) if asyncio.iscoroutine(sent) else sent
    is_silent = dialect == "fastkit"  # a list of errors, and there are none
    assert ([] if is_silent else expected) == [function for function, _ in results]
