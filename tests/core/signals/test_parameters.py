"""How a receiver is called: by position where that is possible, else by name."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback.core import _parameters
from lback.core._parameters import Parameters
from lback.core._parameters import parameters_of
from lback.core._parameters import way_for
from lback.core.signals import SignalDispatcher


# ruff: noqa: D103  # they are nothing but their parameters
def no_parameter() -> None: ...
def first_only(sender: Any) -> None: ...
def named(sender: Any, a: int, b: int = 1) -> None: ...
def by_name_only(sender: Any, *, a: int, b: int = 1) -> None: ...
def mixed(sender: Any, a: int, *, b: int, c: int = 1) -> None: ...
def all_fields(sender: Any, a: int, **fields: Any) -> None: ...
def star(*args: Any) -> None: ...
def star_and_fields(*args: Any, **fields: Any) -> None: ...
def first_and_star(sender: Any, *args: Any, a: int) -> None: ...
def fields_only(**fields: Any) -> None: ...
def names_only(*, sender: Any) -> None: ...
def first_by_position(sender: Any, /, a: int) -> None: ...
def two_by_position(sender: Any, x: int, /, a: int) -> None: ...
def two_by_position_free(sender: Any, x: int = 1, /, a: int = 2) -> None: ...
def first_optional(sender: Any = None, a: int = 1) -> None: ...
async def awaited(sender: Any, a: int) -> None: ...


FUNCTIONS = [
    no_parameter,
    first_only,
    named,
    by_name_only,
    mixed,
    all_fields,
    star,
    star_and_fields,
    first_and_star,
    fields_only,
    names_only,
    first_by_position,
    two_by_position,
    two_by_position_free,
    first_optional,
    awaited,
    lambda sender, a=1: None,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_reading_the_code_agrees_with_the_signature(
    function: Callable[..., Any],
) -> None:
    """The quick reading of a plain function finds what its signature says."""
    signature = tuple(inspect.signature(function).parameters.values())

    assert _parameters._of_any(signature) == parameters_of(function)


def test_other_callables_are_read_by_their_signature() -> None:
    """A partial, a wrapped function and an object are read through."""

    @functools.wraps(named)
    def wrapper(*args: Any, **kwargs: Any) -> None: ...

    class Called:
        def __call__(self, sender: Any, a: int) -> None: ...

    found = [functools.partial(named, b=2), wrapper, Called()]

    assert [{"a"}, {"a"}, {"a"}] == [set(parameters_of(one).needed) for one in found]


def test_a_builtin_that_does_not_tell_takes_the_sender() -> None:
    """A builtin without a signature is called with the sender alone."""
    assert Parameters(first="sender") == parameters_of(iter)


@pytest.mark.parametrize(
    ("function", "names", "passed"),
    [
        (first_only, ("a", "b"), ((), None)),
        (named, ("a", "b"), ((1, 2), None)),
        (named, ("b", "a"), ((2, 1), None)),
        (named, ("a",), ((1,), None)),
        (named, ("c", "a", "b"), ((2, 3), None)),
        (named, ("a", "c", "b"), ((1, 3), None)),
        # Its first field is not sent, so that the second cannot go by position.
        (named, ("b", "c"), (None, {"b"})),
        (by_name_only, ("a", "c"), (None, {"a"})),
        (by_name_only, ("a", "b"), (None, None)),
        (two_by_position_free, ("a", "c"), (None, {"a"})),
        (all_fields, ("a", "b"), (None, None)),
    ],
)
def test_the_way_depends_on_the_names_of_the_fields(
    function: Callable[..., Any],
    names: tuple[str, ...],
    passed: tuple[tuple[int, ...] | None, set[str] | None],
) -> None:
    """Fields go by position as far as they fill the parameters without a gap."""
    way = way_for(parameters_of(function), names)
    values = tuple(range(1, len(names) + 1))

    assert passed == (way.pick and way.pick(values), way.only)


NAMES = st.lists(st.sampled_from("abcd"), unique=True, max_size=4)


@given(named=NAMES, by_name=NAMES, sent=NAMES, takes_all=st.booleans())
def test_a_receiver_gets_the_fields_it_names(
    named: list[str], by_name: list[str], sent: list[str], takes_all: bool
) -> None:
    """However a receiver is written, each field it names arrives under its name."""
    only = [name for name in by_name if name not in named]
    parts = ["sender", *(f"{n}=None" for n in named), "*", *(f"{n}=None" for n in only)]
    if not only:
        parts.remove("*")
    if takes_all:
        parts.append("**rest")
    scope: dict[str, Any] = {}
    source = f"def receive({', '.join(parts)}): return dict(locals())"
    exec(source, scope)  # noqa: S102  # the parameters are what is tested
    signal = SignalDispatcher().signal("x")
    signal.connect(scope["receive"])
    fields = {name: name.upper() for name in sent}

    (got,) = signal.send("me", **fields).values
    rest = got.pop("rest", {})

    assert {"sender": "me", **{n: fields.get(n) for n in [*named, *only]}} == got
    assert rest == (
        {n: v for n, v in fields.items() if n not in got} if takes_all else {}
    )
