"""The framework's own signals: all documented names, declared once, really sent."""

import re
from pathlib import Path
from typing import Any

import pytest

import lback
from lback import signals as door
from lback.core import catalogue
from lback.core.catalogue import ALIASES
from lback.core.catalogue import AWAITED
from lback.core.dispatcher_instance import dispatcher
from lback.core.signals import Signal

# Every name in the documentation of signals and of the core.
DOCUMENTED = [
    "admin_login_failed",
    "admin_login_successful",
    "cache_cleared",
    "cache_hit",
    "cache_initialized",
    "cache_item_deleted",
    "cache_item_expired",
    "cache_item_fetched",
    "cache_item_set",
    "cache_miss",
    "db_template_load_failed",
    "db_template_loaded",
    "error_handler_initialized",
    "error_response_generated",
    "middleware_add_failed",
    "middleware_added",
    "middleware_manager_initialized",
    "middleware_process_request_failed",
    "middleware_process_request_started",
    "middleware_process_request_succeeded",
    "middleware_process_response_failed",
    "middleware_process_response_started",
    "middleware_process_response_succeeded",
    "middleware_remove_by_class_failed",
    "middleware_remove_failed",
    "middleware_removed",
    "middleware_removed_by_class",
    "middleware_request_processing_finished",
    "middleware_request_processing_started",
    "middleware_request_short_circuited",
    "middleware_response_processing_finished",
    "middleware_response_processing_started",
    "server_request_finished",
    "server_request_received",
    "server_response_sent",
    "server_shutting_down",
    "server_started",
    "server_starting",
    "template_rendered",
    "template_rendering_failed",
    "template_rendering_started",
    "unhandled_exception_response_generated",
    "user_login_failed",
    "user_login_successful",
]

DECLARED: dict[str, Signal[..., Any]] = {
    str(value.name): value
    for value in vars(catalogue).values()
    if isinstance(value, Signal)
}

SECRETS = re.compile("header|environ|token|context|cookie|password|content")


def sources() -> str:
    """Return the source of everything that may send."""
    root = Path(str(lback.__file__)).parent
    passed_over = {root / "core" / "catalogue.py", root / "signals.py"}
    files = set(root.rglob("*.py")) - passed_over
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(files))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_documented_name_is_known(name: str) -> None:
    """A documented name is declared, or listed with what will bring it."""
    assert name in DECLARED.keys() | AWAITED.keys()


@pytest.mark.parametrize("name", AWAITED)
def test_an_awaited_name_is_not_declared(name: str) -> None:
    """A name leaves the table of awaited ones when it is declared."""
    assert name not in DECLARED


@pytest.mark.parametrize("name", AWAITED)
def test_an_awaited_name_is_not_sent(name: str) -> None:
    """Nobody sends a name that is said to come later."""
    assert re.search(rf"\b{name}\b", sources()) is None


@pytest.mark.parametrize("name", DECLARED)
def test_a_declared_name_is_sent(name: str) -> None:
    """Every declared signal is sent somewhere in the framework."""
    sent = rf'\b{name}\.send\b|\btell\({name}\)|"{name}"'

    assert re.search(sent, sources()) is not None


@pytest.mark.parametrize("name", DECLARED)
def test_every_signal_says_what_happened(name: str) -> None:
    """Every signal has a sentence that says when it is sent."""
    assert str(DECLARED[name].doc).endswith(".")


@pytest.mark.parametrize("name", DECLARED)
def test_no_payload_carries_secrets(name: str) -> None:
    """No signal has a field for headers, environ, tokens or contexts."""
    fields = getattr(DECLARED[name].payload, "_fields", ())

    assert [] == [field for field in fields if SECRETS.search(field)]


@pytest.mark.parametrize("name", DECLARED)
def test_signals_are_found_by_name(name: str) -> None:
    """The documented dispatcher has every signal under its name."""
    assert DECLARED[name] is dispatcher.get(name)


@pytest.mark.parametrize("name", DECLARED)
def test_signals_are_named_as_their_variable(name: str) -> None:
    """A signal's variable in the catalogue is called as the signal."""
    assert DECLARED[name] is getattr(catalogue, name)


@pytest.mark.parametrize("name", ALIASES)
def test_other_names_are_the_same_object(name: str) -> None:
    """A name of another framework leads to the same signal, by import and by name."""
    assert ALIASES[name] is getattr(catalogue, name) is dispatcher.get(name)


def test_the_door_offers_every_signal() -> None:
    """lback.signals has every signal of the catalogue, under all its names."""
    offered = {name for name in door.__all__ if isinstance(getattr(door, name), Signal)}

    assert DECLARED.keys() | ALIASES.keys() == offered
