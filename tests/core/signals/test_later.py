"""Deliveries that are checked already and come later."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from lback.core._receivers import When
from lback.core.exceptions import DeliveryUnavailable
from lback.core.exceptions import InvalidReceiver
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]

LISTENERS = """
def send_receipt(sender): return "now"
class Mailer:
    def send(self, sender): pass
    def __call__(self, sender): pass
"""


@pytest.mark.parametrize("when", ["after_commit", "durable"])
def test_a_later_delivery_stops_the_start(
    dispatcher: SignalDispatcher, make_module: MakeModule, when: When
) -> None:
    """One error names every receiver that is to be called later, and the remedy."""
    first = make_module("later_a", LISTENERS)
    second = make_module("later_b", LISTENERS)
    dispatcher.connect("x", first.send_receipt, when=when)
    dispatcher.connect("y", second.send_receipt, when=when)

    with pytest.raises(DeliveryUnavailable) as error:
        dispatcher.settle({})

    assert f"later_a.send_receipt ({first.__file__}:2) with when='{when}'" in str(
        error.value
    )
    assert "later_b.send_receipt" in str(error.value)
    assert "Take when= away" in str(error.value)


def test_a_later_delivery_never_runs_now(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """Without a start-up the send says what is missing; nobody has run."""
    ran: list[str] = []
    listeners = make_module("later_c", LISTENERS)
    dispatcher.connect("x", lambda sender: ran.append("first"))
    dispatcher.connect("x", listeners.send_receipt, when="durable")

    with pytest.raises(DeliveryUnavailable, match=r"later_c\.send_receipt"):
        dispatcher.send("x")

    assert [] == ran


def test_a_later_delivery_after_the_start_is_refused(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """When start-up is over the connect itself raises, and connects nothing."""
    listeners = make_module("later_d", LISTENERS)
    dispatcher.settle({})

    with pytest.raises(DeliveryUnavailable):
        dispatcher.connect("x", listeners.send_receipt, when="durable")

    assert not dispatcher.signal("x")


@pytest.mark.parametrize("kind", ["lambda", "method", "object"])
def test_a_durable_receiver_must_be_findable(
    dispatcher: SignalDispatcher, make_module: MakeModule, kind: str
) -> None:
    """What another process could not find by name cannot be durable."""
    mailer = make_module("later_e", LISTENERS).Mailer()
    functions: dict[str, Any] = {
        "lambda": lambda sender: None,
        "method": mailer.send,
        "object": mailer,
    }

    with pytest.raises(InvalidReceiver, match="cannot find it by name"):
        dispatcher.connect("x", functions[kind], when="durable")
