"""The samples of FastKit's document run over Lback's signals."""

import asyncio
import inspect
import warnings
from types import ModuleType
from types import SimpleNamespace
from typing import Any

import pytest

from lback.compat.fastkit import Signal
from lback.core.dispatcher_instance import dispatcher

ALICE = {"id": 1, "email": "alice@example.com", "name": "Alice"}
ORDER = {
    "order_id": 7,
    "customer_email": "alice@example.com",
    "total": 20,
    "payment_id": "p1",
    "tracking_number": "T1",
    "items": [{"sku": "WIDGET-1", "quantity": 2}],
}


def sent(signal: Any, payload: Any) -> list[Exception]:
    """Send a signal of the FastKit dialect from outside an event loop."""
    errors: list[Exception] = asyncio.run(signal.send(payload))
    return errors


def names_of(signal: Any) -> list[str]:
    """Return the names of what receives *signal*."""
    return [function.__name__ for function in signal.receivers]


@pytest.mark.samples("fastkit/quick-signals", "fastkit/quick-listeners")
def test_quick_example(desk: Any, adapter: ModuleType) -> None:
    """Listeners of users run once their module is imported."""
    desk.write("fastkit/quick-signals", "fastkit/quick-listeners")
    signals = desk.load("users.signals")
    desk.load("users.listeners")

    assert [] == sent(signals.user_created, ALICE)
    assert [] == sent(signals.user_deleted, ALICE)
    adapter.email_service.send_welcome.assert_awaited_once_with("alice@example.com")
    adapter.cache.invalidate.assert_awaited_once_with("users:*")
    adapter.storage.delete_user_files.assert_awaited_once_with(1)


@pytest.mark.samples("fastkit/defining")
def test_defining(desk: Any) -> None:
    """Each definition is a native signal of its name."""
    scope = desk.follow("fastkit/defining")
    named = {
        signal.name: signal.signal
        for signal in scope.values()
        if isinstance(signal, Signal)
    }

    names = ["user.created", "user.updated", "user.deleted"]
    names += ["order.placed", "payment.failed"]
    assert {name: dispatcher.get(name) for name in names} == named


@pytest.mark.samples("fastkit/quick-signals", "fastkit/decorator")
def test_decorator(
    desk: Any, adapter: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """The bare decorator connects plain and async functions, and returns them."""
    desk.write("fastkit/quick-signals")
    desk.write("fastkit/decorator", to="users/decorated.py")
    decorated = desk.load("users.decorated")
    with caplog.at_level("INFO", logger="samples"):
        sent(decorated.user_created, ALICE)

    decorated.log_new_user(ALICE)  # still an ordinary function
    adapter.email_service.send_welcome.assert_awaited_once_with("alice@example.com")
    assert ["New user: alice@example.com"] == caplog.messages


@pytest.mark.samples("fastkit/explicit")
def test_explicit(desk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What was connected by a call is disconnected by another."""
    signal = Signal("user.created")
    scope = desk.follow("fastkit/explicit", user_created=signal)
    sent(signal, ALICE)

    assert "" == capsys.readouterr().out
    assert not signal
    assert inspect.iscoroutinefunction(scope["my_receiver"])


@pytest.mark.samples("fastkit/connected-to")
def test_connected_to(desk: Any) -> None:
    """A receiver is connected for the block and no longer."""
    signal = Signal("user.created")
    scope = desk.follow("fastkit/connected-to", user_created=signal)

    assert [{"id": 1, "email": "a@b.com"}] == scope["received"]
    assert [] == signal.receivers


@pytest.mark.samples("fastkit/sending")
def test_sending(
    desk: Any, adapter: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """A send returns the errors, with payload or without."""
    created, shipped = Signal("user.created"), Signal("order.shipped")
    payloads: list[Any] = []
    created.connect(payloads.append)
    created.connect(lambda payload: 1 / 0)
    shipped.connect(payloads.append)
    names = {"user_created": created, "order_shipped": shipped, "payload": ALICE}
    scope = desk.follow("fastkit/sending", logger=adapter.logger, **names)

    assert [{"id": 1, "email": "alice@example.com"}, None, ALICE] == payloads
    assert [] == scope["errors"]  # those of the second send


@pytest.mark.samples("fastkit/payloads")
def test_payloads(desk: Any) -> None:
    """Of the payloads of the sample only the live object is warned of."""
    created, placed = Signal("user.created"), Signal("order.placed")
    kinds: list[str] = []
    for signal in (created, placed):
        signal.connect(lambda payload: kinds.append(type(payload).__name__))
    given = {"user_created": created, "order_placed": placed}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        desk.follow("fastkit/payloads", user_orm_instance=SimpleNamespace(), **given)

    expected = ["dict", "UserCreatedPayload", "OrderPlacedPayload", "SimpleNamespace"]
    assert expected == kinds
    last = desk.read("fastkit/payloads").count("\n")
    assert [("fastkit/payloads", last)] == [(w.filename, w.lineno) for w in caught]


@pytest.mark.samples("fastkit/isolation")
def test_isolation(desk: Any, adapter: ModuleType) -> None:
    """A receiver that fails is returned as an error, and the next one runs."""
    signal = Signal("user.created")
    given = {"user_created": signal, "cache": adapter.cache}
    scope = desk.follow("fastkit/isolation", **given)

    adapter.cache.invalidate.assert_awaited_once_with("users:*")
    assert ["ConnectionError('SMTP server down')"] == [repr(e) for e in scope["errors"]]


@pytest.mark.samples(
    "fastkit/layer-signals", "fastkit/layer-listeners", "fastkit/layer-main"
)
@pytest.mark.samples("fastkit/order-signals", "fastkit/order-listeners")
def test_listeners_of_two_apps(desk: Any, adapter: ModuleType) -> None:
    """Importing the listeners at start-up connects them, in order."""
    desk.write("fastkit/layer-signals", "fastkit/layer-listeners")
    desk.write("fastkit/order-signals", "fastkit/order-listeners")
    desk.write("fastkit/layer-main")
    main = desk.load("main")
    asyncio.run(main.app.live())
    users, orders = desk.load("users.signals"), desk.load("orders.signals")
    for signal in (users.user_created, users.user_updated, users.user_deleted):
        assert [] == sent(signal, ALICE)
    for signal in (orders.order_placed, orders.order_shipped, orders.order_canceled):
        assert [] == sent(signal, ORDER)

    mails = [call.kwargs["template"] for call in adapter.email_service.send.mock_calls]
    assert ["welcome", "order_confirmation", "order_shipped"] == mails
    adapter.settings_service.create_defaults.assert_awaited_once_with(user_id=1)
    assert 2 == adapter.cache.delete.await_count
    adapter.storage.delete_user_files.assert_awaited_once_with(1)
    adapter.inventory_service.reserve.assert_awaited_once_with("WIDGET-1", 2)
    adapter.cache.invalidate.assert_awaited_once_with("orders:*")
    adapter.inventory_service.release.assert_awaited_once_with("WIDGET-1", 2)
    adapter.payment_service.refund.assert_awaited_once_with("p1", 20)
    names = ["send_welcome_email", "create_default_settings"]
    assert names == names_of(users.user_created)


@pytest.mark.samples("fastkit/layer-signals", "fastkit/layer-listeners")
@pytest.mark.samples("fastkit/test-receiver")
def test_testing_a_receiver(desk: Any) -> None:
    """A receiver is tested by calling it."""
    desk.write("fastkit/layer-signals", "fastkit/layer-listeners")
    desk.write("fastkit/test-receiver", to="test_receiver.py")

    assert "1 passed" in desk.test("test_receiver.py")


@pytest.mark.samples("fastkit/layer-signals", "fastkit/layer-listeners")
@pytest.mark.samples("fastkit/test-disconnect")
def test_testing_without_a_listener(desk: Any) -> None:
    """A fixture takes a listener away for each test, and puts it back."""
    more = """
from adapter import email_service, settings_service

@pytest.mark.asyncio
async def test_no_mail():
    assert [] == await user_created.send({"id": 1, "email": "a@b.c", "name": "A"})
    email_service.send.assert_not_awaited()
    settings_service.create_defaults.assert_awaited_once_with(user_id=1)

@pytest.fixture(scope="module", autouse=True)
def restored():
    assert send_welcome_email in user_created.receivers
    yield
    assert send_welcome_email in user_created.receivers
"""
    desk.write("fastkit/layer-signals", "fastkit/layer-listeners")
    desk.write("fastkit/test-disconnect", to="test_mail.py", more=more)

    assert "1 passed" in desk.test("test_mail.py")


@pytest.mark.samples("fastkit/layer-signals", "fastkit/layer-listeners")
@pytest.mark.samples("fastkit/recording-backend", "fastkit/inject-backend")
def test_testing_with_a_backend(desk: Any) -> None:
    """The document's own backend records signals that were made before it."""
    more = """
from users.listeners import user_created
from adapter import email_service

@pytest.mark.asyncio
async def test_recorded(recording_backend):
    await user_created.send({"id": 1, "email": "a@b.c", "name": "A"})
    email_service.send.assert_not_awaited()
    assert [("user.created", {"id": 1, "email": "a@b.c", "name": "A"})] == (
        recording_backend.dispatched
    )
    assert [] == user_created.receivers

@pytest.fixture(scope="module", autouse=True)
def usual_again():
    yield
    assert 2 == len(user_created.receivers)
"""
    desk.write("fastkit/layer-signals", "fastkit/layer-listeners")
    desk.write("fastkit/recording-backend", to="test_recorded.py")
    desk.write("fastkit/inject-backend", to="test_recorded.py", more=more)

    assert "1 passed" in desk.test("test_recorded.py")
