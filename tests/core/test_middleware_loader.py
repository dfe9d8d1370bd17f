"""MIDDLEWARES: imported, made with what their constructors name, refused if wrong."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from lback.core.base_middleware import ResponseMiddleware
from lback.core.exceptions import AppBroken
from lback.core.exceptions import InvalidMiddleware
from lback.core.middleware_loader import create_middleware
from lback.core.middleware_loader import import_class
from lback.core.middleware_loader import load_middlewares_from_config
from lback.core.middleware_manager import MiddlewareManager
from lback.core.response import Response

MakeModule = Callable[..., ModuleType]

MODULE = """
from lback.core.base_middleware import ResponseMiddleware

class Plain(ResponseMiddleware):
    def process_response(self, request, response):
        return response

class Limited(Plain):
    def __init__(self, config, limit, unit="seconds"):
        self.made_with = (config, limit, unit)

class NoMiddleware:
    pass

class Failing(Plain):
    def __init__(self):
        raise OSError("no such file")

function = len
"""


class Base(ResponseMiddleware):
    """What the middlewares of these tests have in common."""

    def process_response(self, request: Any, response: Response) -> Response:
        """Return it as it is."""
        return response


class Simple(Base):
    """A middleware without a constructor."""


class Wanting(Base):
    """A middleware that wants a service, a value, and has a default."""

    def __init__(self, router: Any, limit: int, unit: str = "seconds") -> None:
        self.made_with = (router, limit, unit)


class Keyword(Base):
    """A middleware that wants everything by name."""

    def __init__(self, *, router: Any) -> None:
        self.made_with = router


class Open(Base):
    """A middleware that takes any params."""

    def __init__(self, *args: Any, router: Any, **params: Any) -> None:
        self.made_with = (args, router, params)


@pytest.fixture
def load(make_config: Any, make_module: MakeModule) -> Callable[..., MiddlewareManager]:
    """Return a function that loads a list of middlewares."""
    make_module("chain_module", MODULE)

    def load(entries: Any) -> MiddlewareManager:
        manager = MiddlewareManager()
        config = make_config()
        config.MIDDLEWARES = entries
        load_middlewares_from_config(manager, config, {"config": config})
        return manager

    return load


# --- import_class -------------------------------------------------------------------


def test_a_class_is_imported_by_its_path() -> None:
    """A dotted path gives the class it names."""
    assert MiddlewareManager is import_class(
        "lback.core.middleware_manager.MiddlewareManager"
    )


@pytest.mark.parametrize(
    ("class_path", "said"),
    [
        ("Timing", "'Timing' is no dotted path of a class"),
        ("", "is no dotted path of a class"),
        ("no_such_module.Timing", "No module named 'no_such_module'"),
        ("lback.core.response.Timing", "'lback.core.response' has no class 'Timing'"),
    ],
)
def test_a_missing_class_is_an_import_error(class_path: str, said: str) -> None:
    """A path that leads nowhere is an ImportError, as documented."""
    with pytest.raises(ImportError, match=said):
        import_class(class_path)


def test_no_class_is_a_type_error() -> None:
    """A path that leads to something else is a TypeError, as documented."""
    with pytest.raises(TypeError, match="which is no class"):
        import_class("lback.core.response.to_response")


# --- create_middleware --------------------------------------------------------------


def test_a_constructor_may_want_nothing() -> None:
    """A class without a constructor is made without anything."""
    assert isinstance(create_middleware(Simple, {"router": 1}), Simple)


def test_services_and_params_are_injected_by_name() -> None:
    """A constructor gets the services and the params that it names."""
    made = create_middleware(Wanting, {"router": "R", "unit_": 1}, {"limit": 5})

    assert ("R", 5, "seconds") == made.made_with


def test_keyword_arguments_are_injected() -> None:
    """A constructor may want its services by keyword only."""
    assert "R" == create_middleware(Keyword, {"router": "R"}).made_with


def test_params_win_over_services() -> None:
    """A value of the entry's own is used in place of a service of that name."""
    made = create_middleware(Keyword, {"router": "R"}, {"router": "own"})

    assert "own" == made.made_with


def test_an_open_constructor_gets_all_params() -> None:
    """A constructor with **params gets every value, but only named services."""
    made = create_middleware(Open, {"router": "R", "config": "C"}, {"a": 1})

    assert ((), "R", {"a": 1}) == made.made_with


def test_the_callers_params_are_left_alone() -> None:
    """The dictionary of params that was handed in is not changed."""
    params = {"limit": 5}
    create_middleware(Wanting, {"router": "R"}, params)

    assert {"limit": 5} == params


def test_a_missing_dependency_is_named() -> None:
    """What nobody has is an error that names it and the services there are."""
    with pytest.raises(
        TypeError, match=r"Wanting wants 'router', 'limit'.*services are: a, b\."
    ):
        create_middleware(Wanting, {"b": 1, "a": 1})


def test_an_unknown_param_is_named() -> None:
    """A param that the constructor does not know is an error that names it."""
    with pytest.raises(InvalidMiddleware, match="does not know the params 'limits'"):
        create_middleware(Keyword, {"router": "R"}, {"limits": 5})


# --- load_middlewares_from_config ---------------------------------------------------


def test_entries_are_added_in_order(load: Callable[..., MiddlewareManager]) -> None:
    """Paths and dictionaries become middlewares in the order of the setting."""
    manager = load(
        [
            "chain_module.Plain",
            {"class": "chain_module.Limited", "params": {"limit": 5}},
            {"class": "chain_module.Plain"},
        ]
    )

    assert ["Plain", "Limited", "Plain"] == [
        type(middleware).__name__ for middleware in manager.middlewares
    ]


def test_entries_get_params_and_services(
    load: Callable[..., MiddlewareManager],
) -> None:
    """An entry's params and the application's services reach the constructor."""
    made: Any = load(
        [{"class": "chain_module.Limited", "params": {"limit": 5}}]
    ).middlewares[0]

    assert (5, "seconds") == made.made_with[1:]


def test_a_tuple_is_a_list(load: Callable[..., MiddlewareManager]) -> None:
    """MIDDLEWARES may be a tuple."""
    assert 1 == len(load(("chain_module.Plain",)).middlewares)


def test_no_setting_is_no_middleware() -> None:
    """Settings without MIDDLEWARES load nothing."""
    manager = MiddlewareManager()
    nothing: Any = object()
    load_middlewares_from_config(manager, nothing, {})

    assert () == manager.middlewares


@pytest.mark.parametrize(
    "entry",
    [
        5,
        None,
        ("chain_module.Plain", {}),
        {"params": {}},
        {"class": 5},
        {"class": "chain_module.Plain", "params": [1]},
        {"class": "chain_module.Plain", "parms": {}},
    ],
)
def test_a_wrong_entry_is_an_error(
    load: Callable[..., MiddlewareManager], entry: Any
) -> None:
    """An entry of another form is an error that shows it, never passed over."""
    with pytest.raises(InvalidMiddleware, match=r"MIDDLEWARES holds .*\. Write a"):
        load([entry])


@pytest.mark.parametrize(
    ("class_path", "said"),
    [
        ("chain_module.Plane", "'chain_module' has no class 'Plane'"),
        ("chain_modul.Plain", "No module named 'chain_modul'"),
    ],
)
def test_a_missing_class_names_the_setting(
    load: Callable[..., MiddlewareManager], class_path: str, said: str
) -> None:
    """An entry that cannot be imported is an error that names setting and entry."""
    with pytest.raises(AppBroken, match=f"MIDDLEWARES names '{class_path}'.*{said}"):
        load([class_path])


def test_a_failing_module_is_blamed(
    load: Callable[..., MiddlewareManager], make_module: MakeModule
) -> None:
    """An error inside a middleware's module is shown with its line."""
    with pytest.raises(ZeroDivisionError):
        make_module("failing_chain", "\n\n1 / 0\n")

    with pytest.raises(AppBroken, match=r"ZeroDivisionError.*failing_chain.py:3\)"):
        load(["failing_chain.Plain"])


def test_a_failing_constructor_is_blamed(
    load: Callable[..., MiddlewareManager],
) -> None:
    """An error inside a middleware's constructor is shown with its line."""
    with pytest.raises(
        AppBroken, match=r"'chain_module.Failing'.*OSError: no .*chain_module.py:17\)"
    ):
        load(["chain_module.Failing"])


@pytest.mark.parametrize("name", ["NoMiddleware", "function"])
def test_what_is_no_middleware_is_refused(
    load: Callable[..., MiddlewareManager], name: str
) -> None:
    """A class without the hooks, and what is no class, is an error."""
    with pytest.raises(InvalidMiddleware, match=r"is no middleware|which is no class"):
        load([f"chain_module.{name}"])
