"""The framework sends the signals of its catalogue, with the fields they declare."""

import ast
import inspect
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import pytest

from lback.core import catalogue
from lback.core.catalogue import ALIASES
from lback.core.catalogue import AWAITED
from lback.core.signals import Signal

Sends = list[Any]

DECLARED: dict[str, Signal[..., Any]] = {
    str(value.name): value
    for value in vars(catalogue).values()
    if isinstance(value, Signal)
}
KNOWN = {**DECLARED, **ALIASES}

# Modules and packages that send what applications send through them.
ON_BEHALF = ("lback.compat", "lback.core.signals")

# What else has a method of that name.
NO_SIGNALS = {
    ("lback.devserver._child", "self.channel"): "the pipe to the worker",
    ("lback.devserver.supervisor", "child.channel"): "the pipe to the worker",
    ("lback.devserver.supervisor", "self._bell"): "a socket",
    ("lback.devserver.supervisor", "self._serving.channel"): "the pipe to the worker",
    ("lback.devserver.worker", "self._channel"): "the pipe to the supervisor",
}


def undeclared(sends: Sends) -> list[str]:
    """Return the sends of what is not in the catalogue."""
    return [f"{s.module}:{s.line} {s.target}" for s in sends if s.signal not in KNOWN]


def awaited(sends: Sends) -> list[str]:
    """Return the sends of what the catalogue says is not sent yet."""
    return [f"{s.module}:{s.line} {s.signal}" for s in sends if s.signal in AWAITED]


def undocumented(sends: Sends) -> list[str]:
    """Return the fields that are sent but not declared."""
    return [
        f"{send.module}:{send.line} {send.signal}.{field}"
        for send in sends
        if send.signal in KNOWN
        for field in sorted(send.fields - fields_of(send.signal).keys())
    ]


def left_out(sends: Sends) -> list[str]:
    """Return the fields that are declared without a default but not sent."""
    return [
        f"{send.module}:{send.line} {send.signal}.{name}"
        for send in sends
        if send.signal in KNOWN and not send.is_open
        for name, field in fields_of(send.signal).items()
        if field.default is field.empty and name not in send.fields
    ]


def unsent(sends: Sends) -> set[str]:
    """Return the signals of the catalogue that are not sent."""
    return DECLARED.keys() - {KNOWN[s.signal].name for s in sends if s.signal in KNOWN}


def declared_in(tree: ast.Module) -> list[str]:
    """Return the declarations of signals in *tree*."""
    homes = ("lback", "lback.core.signals", "lback.signals")
    called = {f"{home}.Signal" for home in (*homes, "signals")} | {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in homes
        for alias in node.names
        if alias.name == "Signal"
    }
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in called
        and any(isinstance(name, ast.Constant) for name in node.args)
    ]


def fields_of(name: str) -> Mapping[str, inspect.Parameter]:
    """Return the fields that the signal declares."""
    payload = KNOWN[name].payload
    return {} if payload is None else inspect.signature(payload).parameters


def is_on_behalf(send: Any) -> bool:
    """Tell whether the module of *send* sends what applications send through it."""
    return f"{send.module}.".startswith(tuple(f"{name}." for name in ON_BEHALF))


@pytest.fixture(scope="module")
def sends(every_send: Sends) -> Sends:
    """Return what the framework sends of its own accord."""
    return [
        send
        for send in every_send
        if (send.module, send.target) not in NO_SIGNALS
        and (not is_on_behalf(send) or send.signal is not None)
    ]


def test_only_signals_of_the_catalogue_are_sent(sends: Sends) -> None:
    """What the framework sends was declared in the catalogue."""
    assert [] == undeclared(sends)


def test_no_other_signals_are_declared(modules: list[Any]) -> None:
    """Only the catalogue declares signals of the framework."""
    found = [module.name for module in modules if declared_in(module.tree)]

    assert ["lback.core.catalogue"] == found


def test_every_field_that_is_sent_is_documented(sends: Sends) -> None:
    """No send passes a field that the payload does not declare."""
    assert [] == undocumented(sends)


def test_every_documented_field_is_sent(sends: Sends) -> None:
    """No send leaves out a field that has no default."""
    assert [] == left_out(sends)


def test_every_declared_signal_is_sent(sends: Sends) -> None:
    """Nothing stands in the catalogue that nobody sends."""
    assert set() == unsent(sends)


def test_no_awaited_signal_is_sent(sends: Sends) -> None:
    """A name leaves the table of awaited ones when something sends it."""
    assert [] == awaited(sends)


def test_the_lists_of_exceptions_are_needed(every_send: Sends) -> None:
    """What is no longer sent to, or sends no longer, leaves the lists."""
    unjudged = [send for send in every_send if send.signal is None]
    targets = {(send.module, send.target) for send in unjudged}

    assert set() == NO_SIGNALS.keys() - targets
    assert [] == [
        name
        for name in ON_BEHALF
        if not any(f"{module}.".startswith(f"{name}.") for module, _ in targets)
    ]


IMPORT = "from lback.core import catalogue as c\n"
TELL = "def tell(signal, **f):\n    signal.send(None, **f)\n"
ANNOUNCE = (
    "def announce(self, name):\n"
    "    signal = getattr(c, name)\n"
    "    signal.send(self, port=1)\n"
)
LOOKED_UP = (
    "def tell(self, name, value):\n"
    "    s = self.registry.get(name)\n"
    "    s.send(self, request=value)\n"
)
AWAITING = (
    "import lback.core.catalogue\n"
    "async def f():\n"
    "    await lback.core.catalogue.request_started.asend(None, request=1)\n"
)
GUARDED = "def f():\n    if s := c.request_started:\n        s.send(None, request=1)\n"


@pytest.mark.parametrize(
    "text",
    [
        "from lback.signals import request_started as s\ns.send(None, request=1)",
        AWAITING,
        IMPORT + GUARDED,
        IMPORT + "register(c.request_started.send, None, request=1)",
        IMPORT + TELL + "tell(c.request_started, request=1)",
        IMPORT + TELL + "tell(signal=c.request_started, request=1)",
        LOOKED_UP + "self.tell('request_started', 1)",
    ],
)
def test_each_form_of_sending_is_understood(
    sends_of: Callable[..., Sends], text: str
) -> None:
    """A send is found with its fields, however it is written."""
    found = [(send.signal, send.fields, send.is_open) for send in sends_of(a=text)]

    assert [("request_started", frozenset({"request"}), False)] == found


def test_a_class_may_be_spread_over_modules(sends_of: Callable[..., Sends]) -> None:
    """What a base class makes its subclass send is found; others are not mixed up."""
    found = sends_of(
        base="self.tell('request_started', 1)",
        subclass=f"from base import Base\n{LOOKED_UP}",
        stranger="body.tell('x')\nself.tell('y')",
    )

    assert ["request_started"] == [send.signal for send in found]


@pytest.mark.parametrize(
    ("find", "text", "expected"),
    [
        (undeclared, "other.send(None)", ["a:1 other"]),
        (undeclared, "from x import y\ny.asend()", ["a:2 y"]),
        (undeclared, "Signal('x').send()", ["a:1 Signal('x')"]),
        (undeclared, "dispatcher.send('request_started')", ["a:1 dispatcher"]),
        (undeclared, "hook = other.send", ["a:1 other"]),
        (undeclared, "def send(x):\n    x.send()", ["a:2 x"]),
        (undeclared, IMPORT + "c.no_such.send()", ["a:2 c.no_such"]),
        (undeclared, TELL + "tell(other)", ["a:3 other"]),
        (undeclared, IMPORT + ANNOUNCE + "announce(x)", ["a:5 x"]),
        (awaited, IMPORT + "c.user_login_failed.send()", ["a:2 user_login_failed"]),
        (
            awaited,
            "registry.get('user_login_failed').send()",
            ["a:1 user_login_failed"],
        ),
        (
            awaited,
            IMPORT + ANNOUNCE + "announce('user_login_failed')",
            ["a:5 user_login_failed"],
        ),
        (
            undocumented,
            IMPORT + "c.request_started.send(1, request=1, user=1)",
            ["a:2 request_started.user"],
        ),
        (
            undocumented,
            IMPORT + "register(c.request_started.send, user=1, **more)",
            ["a:2 request_started.user"],
        ),
        (
            undocumented,
            IMPORT + TELL + "tell(c.request_started, request=1, user=1)",
            ["a:4 request_started.user"],
        ),
        (
            undocumented,
            IMPORT + "c.error_handler_initialized.send(1, user=1)",
            ["a:2 error_handler_initialized.user"],
        ),
        (
            left_out,
            IMPORT + "c.request_finished.send(1, request=1)",
            ["a:2 request_finished.response"],
        ),
        (
            left_out,
            IMPORT + ANNOUNCE + "self.announce('server_started')",
            ["a:5 server_started.host"],
        ),
        (left_out, IMPORT + "c.request_started.send(1, **more)", []),
    ],
)
def test_each_rule_can_fail(
    sends_of: Callable[..., Sends],
    find: Callable[[Sends], list[str]],
    text: str,
    expected: list[str],
) -> None:
    """What is wrong with a send is found, with its place."""
    assert expected == find(sends_of(a=text))


def test_a_signal_that_nobody_sends_is_found(sends_of: Callable[..., Sends]) -> None:
    """Whatever is not sent is named; an alias counts as its signal."""
    sent = sends_of(a=IMPORT + "c.got_request_exception.send()")

    assert DECLARED.keys() - {"unhandled_exception_response_generated"} == unsent(sent)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import lback\nmine = lback.Signal('mine', doc='x')", 1),
        ("from lback.core import signals\nmine = signals.Signal('mine')", 1),
        ("from lback.signals import Signal as S\nmine = S('mine')", 1),
        ("from lback import Signal\ndef made(name):\n    return Signal(name)", 0),
        ("from blinker import Signal\nmine = Signal('What it is.')", 0),
    ],
)
def test_a_declaration_elsewhere_is_found(text: str, expected: int) -> None:
    """A signal with a name of the framework's own is found, however it is imported."""
    assert expected == len(declared_in(ast.parse(text)))
