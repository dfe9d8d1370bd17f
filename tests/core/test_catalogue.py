"""The framework's own signals: all documented names, declared once.

That they are sent, and with the declared fields, is a rule: ``tests/rules/sends``.
"""

import inspect
import re
from typing import Any

import pytest

from lback import signals as door
from lback.core import catalogue
from lback.core.catalogue import ALIASES
from lback.core.catalogue import AWAITED
from lback.core.dispatcher_instance import dispatcher
from lback.core.signals import Signal

# Every name in the documentation of signals and of the core.
NAMED = [
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

# What it describes without a name: the key points of a request in the controller, and
# the management of its database session.
DESCRIBED = [
    "db_session_committed",
    "db_session_rolled_back",
    "request_finished",
    "request_started",
]

DECLARED: dict[str, Signal[..., Any]] = {
    str(value.name): value
    for value in vars(catalogue).values()
    if isinstance(value, Signal)
}

SECRETS = re.compile("header|environ|token|context|cookie|password|content")


@pytest.mark.parametrize("name", [*NAMED, *DESCRIBED])
def test_every_documented_name_is_known(name: str) -> None:
    """A documented name is declared, or listed with what will bring it."""
    assert name in DECLARED.keys() | AWAITED.keys()


@pytest.mark.parametrize("name", AWAITED)
def test_an_awaited_name_is_not_declared(name: str) -> None:
    """A name leaves the table of awaited ones when it is declared."""
    assert name not in DECLARED


@pytest.mark.parametrize("name", DECLARED)
def test_every_signal_says_what_happened(name: str) -> None:
    """Every signal has a sentence that says when it is sent."""
    assert str(DECLARED[name].doc).endswith(".")


@pytest.mark.parametrize("name", DECLARED)
def test_no_payload_carries_secrets(name: str) -> None:
    """No signal has a field for headers, environ, tokens or contexts."""
    payload = DECLARED[name].payload
    fields = [] if payload is None else list(inspect.signature(payload).parameters)

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
