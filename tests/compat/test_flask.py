"""The Flask dialect: an application's signals, values by position, lifecycle names."""

import asyncio
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any
from typing import NamedTuple

import pytest

from lback.compat import flask
from lback.compat.flask import AppSignal
from lback.compat.flask import SignalsMixin
from lback.core import catalogue
from lback.core import signals
from lback.core.dispatcher_instance import dispatcher
from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal

MakeModule = Callable[..., ModuleType]


class App(SignalsMixin):
    """An application."""


@pytest.fixture
def app(own_process: pytest.MonkeyPatch) -> App:
    """Return an application whose signals nobody else has."""
    return App()


@pytest.fixture
def registered(app: App) -> AppSignal:
    """Return a signal that is not defined yet."""
    return app.signal("user_registered")


def results_of(pairs: list[Any]) -> list[Any]:
    """Return what the receivers returned."""
    return [result for _, result in pairs]


# --- Finding and defining -------------------------------------------------------


def test_name_is_one_signal(app: App) -> None:
    """Two applications, and the function, find the same signal by its name."""
    found = [app.signal("x"), App().signal("x"), flask.signal("x")]

    assert 1 == len({id(signal) for signal in found})
    assert dispatcher.get("x") is found[0].signal
    assert "<AppSignal 'x'>" == repr(found[0])


@pytest.mark.parametrize("name", ["", " ", 5, None])
def test_name_has_to_say_something(app: App, name: Any) -> None:
    """A name that is none is refused where it is asked for."""
    with pytest.raises(InvalidSignal, match="not a name"):
        app.signal(name)


def test_decorated_function_defines_and_receives(app: App) -> None:
    """The decorator declares the signal, connects the function and returns it."""

    @app.signal("user_registered")
    def welcome(sender: Any, username: str) -> str:
        """Somebody registered."""
        return username

    results = app.signal("user_registered")(app, "ada")
    native = dispatcher.signal("user_registered")

    assert [(welcome, "ada")] == results
    assert "bob" == welcome(None, "bob")
    assert native.declaration is not None
    assert (__file__, "Somebody registered.") == (native.declaration.file, native.doc)


def test_asking_for_a_signal_does_not_define_it(registered: AppSignal) -> None:
    """A name that is only connected to may be misspelt, and can be reported."""
    registered.connect(lambda sender: None)
    registered.send()

    assert registered.signal.declaration is None


def test_second_definition_is_another_receiver(
    own_process: Any, make_module: MakeModule
) -> None:
    """Modules may decorate with one name each; start-up has nothing against it."""
    text = """
from lback.compat.flask import signal
@signal("user_registered")
def receive(sender, {}):
    return __name__
"""
    make_module("first", text.format("username"))
    make_module("second", text.format("user"))
    dispatcher.settle({})

    assert ["first", "second"] == results_of(flask.signal("user_registered")(None, 1))


# --- To connect or to send ------------------------------------------------------


class Stock:
    """A holder of methods."""

    def receive(self, sender: Any, username: str) -> Any:
        """Return where this was received, and what."""
        return self, username

    def __call__(self) -> None:
        """Make the object callable."""


async def receive_later(sender: Any, username: str) -> str:
    """Return what was received."""
    await asyncio.sleep(0)
    return username


@pytest.mark.parametrize(
    "function",
    [
        lambda sender, username: username,
        Stock().receive,
        functools.partial(Stock.receive, Stock()),
        receive_later,
    ],
    ids=["lambda", "method", "partial", "coroutine function"],
)
def test_lone_function_is_connected(registered: AppSignal, function: Any) -> None:
    """Calling the signal with one function and nothing else connects it."""
    assert function is registered(function)
    assert [function] == [known.target() for known in registered.signal.receivers]


@pytest.mark.parametrize("sender", [None, "text", Stock, Stock(), App()])
def test_anything_else_is_a_sender(registered: AppSignal, sender: Any) -> None:
    """Classes and objects are senders, also those that can be called."""
    registered.connect(lambda sender: sender)

    assert [sender] == results_of(registered(sender))


def test_function_with_values_is_a_sender(registered: AppSignal) -> None:
    """With a value or a field beside it, a function is the sender."""
    registered.connect(lambda sender, username: sender)

    assert [print] == results_of(registered(print, "ada"))
    assert [print] == results_of(registered(print, username="ada"))


def test_call_without_anything_sends(registered: AppSignal) -> None:
    """Calling the signal without arguments sends it."""
    registered.connect(lambda sender: "heard")

    assert ["heard"] == results_of(registered())


# --- Values by position ---------------------------------------------------------


def test_values_are_named_after_the_definition(registered: AppSignal) -> None:
    """Native receivers get the values under the names of the first definition."""
    registered(lambda sender, username, email: None)
    heard: list[Any] = []
    dispatcher.connect("user_registered", lambda sender, **fields: heard.append(fields))
    registered("app", "ada", "ada@x.y")
    registered.send("app", "ada", email="ada@x.y")

    assert [{"username": "ada", "email": "ada@x.y"}] * 2 == heard


def test_values_have_numbers_before_the_definition(registered: AppSignal) -> None:
    """As long as nobody has named them, values are arg1, arg2."""
    heard: list[Any] = []
    dispatcher.connect("user_registered", lambda sender, **fields: heard.append(fields))
    registered("app", "ada", 36)

    assert [{"arg1": "ada", "arg2": 36}] == heard


class Registered(NamedTuple):
    """A declared payload."""

    username: str
    age: int = 0


def test_values_are_named_after_a_declared_payload(app: App) -> None:
    """A signal that is declared natively says itself what its fields are."""
    native = signals.Signal("user_registered", payload=Registered)
    native.connect(lambda sender, age: age)
    app.signal("user_registered").connect(lambda sender, name: name)

    assert [36, "ada"] == results_of(app.signal("user_registered")(app, "ada", 36))


def by_other_names(sender: Any, name: Any, years: Any = None) -> Any:
    """Receive under other names, the second with a default."""
    return name, years


def by_order(sender: Any, *values: Any) -> Any:
    """Receive any values."""
    return values


def by_position_only(sender: Any, username: Any, age: Any, /) -> Any:
    """Receive values that cannot be passed by name."""
    return username, age


def by_swapped_names(sender: Any, age: Any, username: Any) -> Any:
    """Receive under the same names in another order."""
    return age, username


def by_fewer(sender: Any, name: Any) -> Any:
    """Receive the first value alone."""
    return name


def by_first_and_rest(sender: Any, name: Any, **rest: Any) -> Any:
    """Receive the first value under another name and the others by theirs."""
    return name, rest


def by_keyword(sender: Any, name: Any, *, age: Any) -> Any:
    """Receive the first value by position and a field by name."""
    return name, age


PLACED = {
    by_other_names: ("ada", 36),
    by_order: ("ada", 36),
    by_position_only: ("ada", 36),
    by_swapped_names: (36, "ada"),
    by_fewer: "ada",
    by_first_and_rest: ("ada", {"age": 36}),
    by_keyword: ("ada", 36),
}


@pytest.mark.parametrize("function", PLACED)
def test_values_find_their_places(registered: AppSignal, function: Any) -> None:
    """Names that fit count; otherwise a receiver gets the values in order."""
    registered(lambda sender, username, age: None)
    registered.connect(function)

    assert PLACED[function] == registered("app", "ada", 36)[-1][1]
    assert PLACED[function] == registered.send("app", username="ada", age=36)[-1][1]


@pytest.mark.parametrize("function", PLACED)
def test_values_find_their_places_before_the_definition(
    registered: AppSignal, function: Any
) -> None:
    """It does not matter whether a receiver connects before the signal is defined."""
    registered.connect(function)
    registered(lambda sender, username, age: None)

    assert PLACED[function] == registered("app", "ada", 36)[0][1]


def test_definition_may_take_any_values(registered: AppSignal) -> None:
    """A definition with ``*args`` gets all of them, with ``**kwargs`` beside it."""
    registered(lambda sender, first, *args, **kwargs: (first, args))

    assert [("ada", (36, "x"))] == results_of(registered("app", "ada", 36, "x"))


def test_builtin_gets_all_values(registered: AppSignal) -> None:
    """A builtin that does not tell its parameters gets what is sent."""
    registered.connect(max)

    assert ["zoe"] == results_of(registered("app", "ada", "zoe"))


def test_results_are_found_by_function(registered: AppSignal) -> None:
    """A receiver by position stands in the results like the function itself."""
    registered(lambda sender, username: None)
    registered.connect(by_fewer)

    assert "ada" == dict(registered("app", "ada"))[by_fewer]


def test_async_receiver_by_position(registered: AppSignal) -> None:
    """A coroutine function with other names runs to its end, by either send."""
    registered(lambda sender, name: None)
    registered.connect(receive_later)

    assert [None, "ada"] == results_of(registered("app", "ada"))
    later = registered.send_async("app", "bob")
    assert [None, "bob"] == results_of(asyncio.run(later))


def test_too_many_values_are_refused(registered: AppSignal) -> None:
    """A value without a name is an error at the place that sends."""
    registered(lambda sender, username: None)

    with pytest.raises(InvalidPayload, match=r"2 values .*too many.*: username\."):
        registered("app", "ada", 36)


def test_value_sent_twice_is_refused(registered: AppSignal) -> None:
    """A value by position and a field cannot be the same."""
    registered(lambda sender, username: None)

    with pytest.raises(InvalidPayload, match="'username' was sent by name, too"):
        registered("app", "ada", username="bob")


# --- Connecting -----------------------------------------------------------------


@pytest.mark.parametrize("function", [by_swapped_names, by_other_names])
def test_connecting_twice_is_once(registered: AppSignal, function: Any) -> None:
    """A function is connected once, by position as by name, natively or not."""
    registered(lambda sender, username, age: None)
    registered.connect(function)
    registered.connect(function)
    dispatcher.connect("user_registered", function)

    assert 2 == len(registered.signal.receivers)


@pytest.mark.parametrize("function", [by_swapped_names, by_other_names])
def test_disconnect_tells_whether_it_was_connected(
    registered: AppSignal, function: Any
) -> None:
    """A receiver is taken away, by position as by name."""
    registered(lambda sender, username, age: None)
    registered.connect(function)

    assert registered.disconnect(function)
    assert not registered.disconnect(function)
    assert 1 == len(registered.signal.receivers)


def test_methods_of_two_instances_are_two_receivers(registered: AppSignal) -> None:
    """Bound methods by position are told apart, and disconnected one by one."""
    registered(lambda sender, name: None)
    one, other = Stock(), Stock()
    for stock in (one, other):
        registered.connect(stock.receive)
    both = results_of(registered("app", "ada"))
    registered.disconnect(one.receive)

    assert [None, (one, "ada"), (other, "ada")] == both
    assert [None, (other, "ada")] == results_of(registered("app", "ada"))


def test_connected_to_ends_with_the_block(registered: AppSignal) -> None:
    """A receiver by position is connected for the block."""
    registered(lambda sender, name: None)
    with registered.connected_to(receive_later):
        inside = results_of(registered("app", "ada"))

    assert [None, "ada"] == inside
    assert [None] == results_of(registered("app", "ada"))


def test_options_are_native(registered: AppSignal) -> None:
    """Receivers can have an order and a sender."""
    registered.connect(lambda sender, name: "second")
    registered.connect(lambda sender, name: "first", order=-1, sender="app")

    assert ["first", "second"] == results_of(registered("app", "ada"))
    assert ["second"] == results_of(registered("other", "ada"))


def test_receiver_in_lists_is_the_function(registered: AppSignal) -> None:
    """Tools show the place of the function also if it gets values by position."""
    registered(lambda sender, name: None)
    registered.connect(by_other_names)
    known = registered.signal.receivers[1]

    assert (__file__, "by_other_names") == (known.origin.file, known.origin.name)


def test_exception_reaches_the_sender(registered: AppSignal) -> None:
    """A receiver that fails stops the send, unless it is connected to be isolated."""

    def fail(sender: Any, username: str) -> None:
        raise ValueError(username)

    registered.connect(fail, on_error="log")
    isolated = registered("app", "ada").errors
    registered.disconnect(fail)
    registered.connect(fail)

    assert ["ValueError('ada')"] == [repr(error) for error in isolated]
    with pytest.raises(ValueError, match="ada"):
        registered("app", "ada")


def test_weak_by_position_is_refused(registered: AppSignal) -> None:
    """What nothing would keep alive is refused where it is connected."""
    registered(lambda sender, username: None)

    with pytest.raises(InvalidReceiver, match="with weak=True"):
        registered.connect(by_fewer, weak=True)


@pytest.mark.parametrize("wrong", [5, None, lambda: None, lambda *, name: None])
def test_receiver_that_can_never_be_called_is_refused(
    registered: AppSignal, wrong: Any
) -> None:
    """The mistake shows where it is made, whether the signal is defined or not."""
    with pytest.raises(InvalidReceiver, match=r"not callable|sender first"):
        registered.connect(wrong)
    registered(lambda sender, username: None)
    with pytest.raises(InvalidReceiver, match=r"not callable|sender first"):
        registered.connect(wrong)


# --- Lifecycle names ------------------------------------------------------------

MOMENTS = {
    "request_started": catalogue.request_started,
    "request_finished": catalogue.request_finished,
    "before_render_template": catalogue.template_rendering_started,
    "template_rendered": catalogue.template_rendered,
    "got_request_exception": catalogue.unhandled_exception_response_generated,
    "request_tearing_down": catalogue.server_response_sent,
    "appcontext_tearing_down": catalogue.server_response_sent,
    "appcontext_popped": catalogue.server_response_sent,
    "appcontext_pushed": catalogue.request_started,
    "message_flashed": dispatcher.signal("message_flashed"),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_lifecycle_name_is_a_signal_of_the_framework(name: str) -> None:
    """Each name of Flask's is the framework's signal of that moment."""
    assert MOMENTS[name] is getattr(flask, name).signal


def test_lifecycle_receiver_may_take_anything() -> None:
    """A receiver with ``**extra``, as Flask asks for, hears a request."""
    heard: list[Any] = []

    def receive(sender: Any, **extra: Any) -> None:
        heard.append((sender, *extra))

    with flask.request_started.connected_to(receive):
        dispatcher.send("request_started", "app", request=None)

    assert [("app", "request")] == heard


def test_lifecycle_field_of_flask_alone_is_refused() -> None:
    """What only Flask passes is refused where the receiver is connected."""

    def close(sender: Any, exc: Any) -> None: ...

    with pytest.raises(InvalidReceiver, match="wants 'exc'"):
        flask.request_tearing_down.connect(close)
