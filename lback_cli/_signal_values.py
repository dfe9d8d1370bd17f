"""What an expression in the source can be: a module, a signal, a text."""

import ast
from dataclasses import dataclass
from enum import Enum

from lback_cli._signal_scopes import Scope

ANY_NAME = "*"


# NOTE: no named tuples; a Module and a Text of one word would be equal.
@dataclass(frozen=True, slots=True)
class Module:
    """A module of which the source is there, or a package of such."""

    name: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A signal.

    Attributes:
        name: The name it is registered by.
        is_native: It is a Signal itself, neither a dialect's nor a subclass's.
    """

    name: str
    is_native: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is known from the source."""

    text: str


class Part(Enum):
    """A part of Lback that makes, finds or connects signals."""

    SIGNAL = "the class Signal"
    DIALECT = "what makes the signal of a dialect"
    RECEIVER = "the decorator receiver"
    DISPATCHER = "the process-wide dispatcher"
    # An attribute of that name, such as request.dispatcher.
    PROBABLY_DISPATCHER = "an object's dispatcher"


class Unknown(Enum):
    """What the source does not tell."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN

Value = Module | Channel | Text | Part | Scope | Unknown
Values = frozenset[Value]

NOTHING_KNOWN: Values = frozenset({UNKNOWN})

MAKERS = frozenset({Part.SIGNAL, Part.DIALECT})
DISPATCHERS = frozenset({Part.DISPATCHER, Part.PROBABLY_DISPATCHER})


def argument_of(call: ast.Call, name: str) -> ast.expr | None:
    """Return the first argument of *call*, which may be given by name, too."""
    if call.args:
        return None if isinstance(call.args[0], ast.Starred) else call.args[0]
    return next((k.value for k in call.keywords if k.arg == name), None)
