"""The tree of errors: drawn, constructed, pickled."""

import pickle
import re
from typing import Any

import pytest

from lback.core import exceptions
from lback.core.exceptions import BadRequest
from lback.core.exceptions import ContentTooLarge
from lback.core.exceptions import Forbidden
from lback.core.exceptions import FrameworkException
from lback.core.exceptions import HTTPException
from lback.core.exceptions import MethodNotAllowed
from lback.core.exceptions import MissingExtra
from lback.core.exceptions import MissingField
from lback.core.exceptions import NotFound
from lback.core.exceptions import ReceiversFailed
from lback.core.exceptions import RouteNotFound
from lback.core.exceptions import ServerError
from lback.core.exceptions import Unauthorized
from lback.core.exceptions import ValidationError

ALL = [
    value
    for value in vars(exceptions).values()
    if isinstance(value, type)
    and issubclass(value, FrameworkException)
    and value.__module__ == exceptions.__name__
]

WITH_ARGUMENTS: dict[type[Exception], tuple[Any, ...]] = {
    MethodNotAllowed: ("/a", "PUT", ["GET"]),
    MissingField: ("name",),
    ReceiversFailed: ("two failed", [ValueError("a"), KeyError("b")]),
    RouteNotFound: ("/a", "GET"),
    ValidationError: ({"name": ["too short"]},),
}


def an(error: type[Exception]) -> Exception:
    """Make an error of a class as it is raised."""
    if error is MissingExtra:
        return MissingExtra(package="pyyaml", extra="yaml")
    return error(*WITH_ARGUMENTS.get(error, ("It happened.",)))


def drawn() -> list[tuple[str, str]]:
    """Read the tree of the docstring as pairs of a class and its parent."""
    pairs = []
    above: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines():
        found = re.match(r"    ((?:│   |    |├── |└── )*)([A-Z]\w+)", line)
        if found is not None:
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            pairs.append((found[2], above[depth - 1] if depth else ""))
    return pairs


def test_the_drawing_shows_the_tree() -> None:
    """The tree in the docstring has every class under the parent it has."""
    tree = [
        (
            error.__name__,
            next(
                (base.__name__ for base in error.__bases__ if base in ALL),
                "",
            ),
        )
        for error in ALL
    ]

    assert sorted(tree) == sorted(drawn())


@pytest.mark.parametrize("error", ALL)
def test_the_drawing_names_the_built_ins(error: type[Exception]) -> None:
    """The docstring names the built-in error that each class is as well."""
    lines = (exceptions.__doc__ or "").splitlines()
    line = next(line for line in lines if re.search(rf"\b{error.__name__}\b", line))
    built_in = [
        base.__name__
        for base in error.__bases__
        if base.__module__ == "builtins" and base is not Exception
    ]

    assert [] == [name for name in built_in if name not in line]


@pytest.mark.parametrize("error", ALL)
def test_every_error_survives_pickling(error: type[Exception]) -> None:
    """An error of any class comes out of a pickle with its message and data."""
    before = an(error)
    after = pickle.loads(pickle.dumps(before))  # noqa: S301  # our own bytes

    assert (type(before), str(before), vars(before).keys()) == (
        type(after),
        str(after),
        vars(after).keys(),
    )


def test_what_an_error_knows_survives_pickling() -> None:
    """The attributes of an HTTP error are the same after a pickle."""
    before = MethodNotAllowed("/a", "PUT", ["GET"], "No.")
    after = pickle.loads(pickle.dumps(before))  # noqa: S301  # our own bytes

    assert vars(before) == vars(after)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (HTTPException(), 500, "An unexpected error occurred."),
        (HTTPException("Gone.", 410, {"a": 1}), 410, "Gone."),
        (BadRequest(), 400, "Bad Request"),
        (Unauthorized("Who?"), 401, "Who?"),
        (Forbidden(), 403, "Forbidden"),
        (NotFound(), 404, "Not Found"),
        (RouteNotFound("/a", "GET"), 404, "Route Not Found"),
        (MethodNotAllowed("/a", "PUT", ["GET"]), 405, "Method Not Allowed"),
        (ContentTooLarge(), 413, "Content Too Large"),
        (ServerError(), 500, "Internal Server Error"),
        (ValidationError({"a": ["b"]}), 400, "Validation Error"),
        (MissingField("name"), 400, "The field 'name' is missing."),
    ],
)
def test_http_errors_have_status_and_message(
    error: HTTPException, status: int, message: str
) -> None:
    """Every HTTP error can be constructed and has its documented defaults."""
    assert (status, message, message) == (error.status_code, error.message, str(error))


def test_an_http_error_carries_data() -> None:
    """The data of an HTTP error is kept for whoever handles it."""
    assert {"id": 5} == NotFound("No such order.", {"id": 5}).data


def test_a_validation_error_has_messages_by_field() -> None:
    """The messages of a validation error are kept by field."""
    assert {"a": ["b", "c"]} == ValidationError({"a": ("b", "c")}).errors


def test_a_missing_field_is_a_key_error() -> None:
    """Code that expects a KeyError catches a missing field."""
    with pytest.raises(KeyError):
        raise MissingField("name")


def test_a_split_group_keeps_its_type() -> None:
    """A group of failed receivers stays one when it is split by except*."""
    group = ReceiversFailed("two failed", [ValueError("a"), KeyError("b")])

    assert isinstance(group.subgroup(ValueError), ReceiversFailed)
