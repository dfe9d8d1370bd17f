"""What the source says about signals: who declares, sends and receives them."""

import ast
from dataclasses import dataclass
from dataclasses import field
from typing import Literal
from typing import NamedTuple

from lback_cli._signal_files import Source

May = Literal["be sent", "be received", "be both"]


class Spot(NamedTuple):
    """A line of the source.

    Attributes:
        source: The file.
        line: The line.
        by: The dotted name of the function, or of the module outside any.
    """

    source: Source
    line: int
    by: str


class Send(NamedTuple):
    """A place that sends.

    Attributes:
        signal: The name of the signal.
        spot: The place.
        call: The call; None where ``send`` itself is handed on.
        is_by_name: It is sent by name.
        is_certain: It is this signal and a Signal's own ``send``, whatever happens.
        is_caught: The code around it is ready for fields that do not fit.
    """

    signal: str
    spot: Spot
    call: ast.Call | None
    is_by_name: bool
    is_certain: bool
    is_caught: bool


class Reception(NamedTuple):
    """A place that connects a receiver.

    Attributes:
        signal: The name of the signal.
        spot: The place.
        receiver: What is connected, as the source writes it.
        is_by_name: It is connected by name.
        is_certain: It is this signal, whatever happens.
        is_at_import: Importing the module connects it.
    """

    signal: str
    spot: Spot
    receiver: str
    is_by_name: bool
    is_certain: bool
    is_at_import: bool


class Loose(NamedTuple):
    """A place behind which signals may be sent or received unseen.

    It hands a signal on, stores it, or takes one by a name that is not written out.

    Attributes:
        signals: The names that it may mean, as a pattern.
        spot: The place.
        may: What may happen to them behind it.
    """

    signals: str
    spot: Spot
    may: May = "be both"


@dataclass
class Uses:
    """What was found.

    Attributes:
        declared: The names that are declared, as patterns.
        sends: Where signals are sent.
        receptions: Where receivers are connected.
        loose: Where signals may be sent or received unseen.
        imported: The modules that each file imports, as patterns.
        functions: All functions, by module and qualified name.
        programs: The files that are run as programs.
    """

    declared: set[str] = field(default_factory=set)
    sends: list[Send] = field(default_factory=list)
    receptions: list[Reception] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    imported: dict[str, set[str]] = field(default_factory=dict)
    functions: set[tuple[str, str]] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)
