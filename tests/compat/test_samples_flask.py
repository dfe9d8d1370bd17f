"""The samples of the signal page and of both Flask documents run."""

import re
from types import ModuleType
from typing import Any

import pytest

from lback.core.dispatcher_instance import dispatcher


@pytest.mark.samples("lback/error-listener")
def test_listener_of_errors(
    desk: Any, adapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """A function connected by name hears of a 404."""
    scope = desk.follow("lback/error-listener")
    adapter.Flask("shop").test_client().get("/nowhere")
    dispatcher.disconnect("error_response_generated", scope["my_custom_error_handler"])

    expected = "Signal received from: ErrorHandler, Status: 404, Path: /nowhere\n"
    assert expected == capsys.readouterr().out


@pytest.mark.samples(
    "flask-blinker/declare", "flask-blinker/subscribe", "flask-blinker/emit"
)
def test_custom_signal(desk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Declared, subscribed to and emitted, a signal of a namespace is heard."""
    names = ("declare", "subscribe", "emit")
    desk.follow(*(f"flask-blinker/{name}" for name in names))

    expected = "Audit: usr_123 performed checkout from payment_gateway\n"
    assert expected == capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.samples("flask-blinker/audit-events", "flask-blinker/audit-application")
def test_audit_log(desk: Any) -> None:
    """A request is written to the audit log by a receiver of the view's signal."""
    desk.write("flask-blinker/audit-events", "flask-blinker/audit-application")
    client = desk.load("application").app.test_client()
    answer = client.get(
        "/dashboard?user=ada", environ_base={"REMOTE_ADDR": "127.0.0.1"}
    )

    assert {"status": "active", "user": "ada"} == answer.json
    log = (desk.folder / "access_audit.log").read_text(encoding="utf-8")
    assert log.endswith("] ada@127.0.0.1 accessed /dashboard\n")


@pytest.mark.samples("flask-blinker/exception-monitor")
def test_exception_monitor(desk: Any) -> None:
    """An unhandled exception is written to the journal and becomes a 500."""
    scope = desk.follow("flask-blinker/exception-monitor")
    answer = scope["app"].test_client().get("/compute")

    assert 500 == answer.status_code
    journal = (desk.folder / "error_journal.log").read_text(encoding="utf-8")
    assert re.fullmatch(
        r"Critical error in .*ErrorHandler.*: ZeroDivisionError: division by zero\n\n",
        journal,
    )


@pytest.mark.samples("flask-events/define", "flask-events/send-and-receive")
def test_registration(desk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The application's signal is heard by its definition and by a later listener."""
    scope = desk.follow("flask-events/define", "flask-events/send-and-receive")
    app = scope["app"]
    app.register_blueprint(scope["blueprint"])
    client = app.test_client()
    first = client.post("/register", data={"username": "ada"})
    listening = client.get("/listen_for_signal")
    client.post("/register", data={"username": "bob"})

    assert "User registered successfully!" == first.text
    assert 'Listening for the "user_registered" signal...' == listening.text
    expected = [
        "New user registered: ada",
        "New user registered: bob",
        "Received user registration notification: bob",
    ]
    assert expected == capsys.readouterr().out.splitlines()
