"""Values are compared with the declared types where a project is debugged."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import NotRequired
from typing import TYPE_CHECKING
from typing import TypedDict

import pytest
from pydantic import BaseModel

from lback.core._startup import load_project
from lback.core._startup import Phase
from lback.core.dispatcher_instance import dispatcher as process_wide
from lback.core.exceptions import InvalidPayload
from lback.core.signals import SignalDispatcher

if TYPE_CHECKING:
    from collections import OrderedDict


@dataclass(frozen=True)
class AsDataclass:
    """A payload with types of all kinds."""

    number: int
    maybe: str | None = None
    tags: "list[str] | None" = None
    kind: Literal["a", "b"] = "a"
    sizes: tuple[int, ...] = ()
    unknown: "OrderedDict[str, int] | None" = None


class AsNamedTuple(NamedTuple):
    """The same as a named tuple."""

    number: int


class AsTypedDict(TypedDict):
    """The same as a typed dictionary."""

    number: int
    maybe: NotRequired[str]


class AsModel(BaseModel):
    """The same as a pydantic model."""

    number: int


PAYLOADS = [AsDataclass, AsNamedTuple, AsTypedDict, AsModel]


@pytest.fixture
def checking(dispatcher: SignalDispatcher) -> SignalDispatcher:
    """Return a dispatcher whose sends compare types."""
    dispatcher.check_types(is_on=True)
    return dispatcher


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_value_of_another_type_is_refused(
    checking: SignalDispatcher, payload: Any
) -> None:
    """The message names signal, field, both types and the place that sends."""
    signal = checking.signal("shop.paid", payload=payload)
    message = (
        rf"^Wrong types for signal 'shop\.paid': 'number' is str, {payload.__name__} "
        rf"declares int\. Sent at .*{Path(__file__).name}:\d+\.$"
    )

    with pytest.raises(InvalidPayload, match=message):
        signal.send("shop", number="secret")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_right_values_are_sent(checking: SignalDispatcher, payload: Any) -> None:
    """Fields of the declared types arrive."""
    signal = checking.signal("x", payload=payload)
    signal.connect(lambda sender, number: number)

    assert [1] == signal.send(number=1).values


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"maybe": 1}, r"'maybe' is int, AsDataclass declares str \| None"),
        ({"tags": ["a", 2]}, r"'tags' is list, AsDataclass declares list\[str\] \|"),
        ({"sizes": (1, "2")}, r"declares tuple\[int, \.\.\.\] \(item 1 of"),
        ({"kind": "c"}, r"'kind' is str, AsDataclass declares Literal\['a', 'b'\]"),
        ({"maybe": 1, "kind": "c"}, r"'maybe' is int.*; 'kind' is str"),
    ],
)
def test_types_of_all_kinds_are_compared(
    checking: SignalDispatcher, fields: dict[str, Any], told: str
) -> None:
    """Unions, elements of lists and literals are compared; all misfits are told."""
    signal = checking.signal("x", payload=AsDataclass)

    with pytest.raises(InvalidPayload, match=told):
        signal.send(number=1, **fields)


def test_a_type_that_only_type_checkers_know_is_passed_over(
    checking: SignalDispatcher,
) -> None:
    """A field whose type cannot be found out takes any value."""
    signal = checking.signal("x", payload=AsDataclass)

    assert [] == signal.send(number=1, unknown="anything", tags=[])


def test_an_instance_is_compared(checking: SignalDispatcher) -> None:
    """The values of a lone instance of the payload are compared, too."""
    signal = checking.signal("x", payload=AsNamedTuple)

    with pytest.raises(InvalidPayload, match="'number' is str"):
        signal.send(AsNamedTuple("1"))  # type: ignore[arg-type]


def test_a_send_that_nobody_hears_is_compared(checking: SignalDispatcher) -> None:
    """The mistake is found before somebody listens."""
    signal = checking.signal("x", payload=AsNamedTuple)

    assert not signal
    with pytest.raises(InvalidPayload):
        signal.send(number=None)


def test_values_are_not_compared_unless_asked_for(dispatcher: SignalDispatcher) -> None:
    """Outside debug only the names are checked."""
    signal = dispatcher.signal("x", payload=AsNamedTuple)
    dispatcher.check_types(is_on=True)
    dispatcher.check_types(is_on=False)
    signal.connect(lambda sender, number: number)

    assert ["1"] == signal.send(number="1").values


@pytest.mark.parametrize("debug", [True, False])
def test_a_project_compares_types_in_debug(
    tmp_path: Path, own_process: pytest.MonkeyPatch, debug: bool
) -> None:
    """``DEBUG`` decides for the signals of a project."""
    (tmp_path / "settings.py").write_text(f"DEBUG = {debug}\n", encoding="utf-8")

    load_project(tmp_path, until=Phase.SETTINGS)

    assert debug == process_wide.checks_types
