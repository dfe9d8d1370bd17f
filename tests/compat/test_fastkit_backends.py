"""The backends of the FastKit dialect: looked up at each use, so never too late."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import lback.compat.fastkit as signal_module
from lback.compat.fastkit import BaseSignalBackend
from lback.compat.fastkit import InProcessBackend
from lback.compat.fastkit import RecordingBackend
from lback.compat.fastkit import Signal


class Notebook(BaseSignalBackend):
    """A backend that writes down what it is asked to do."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def send(
        self, signal_name: str, payload: Any, **kwargs: Any
    ) -> list[Exception]:
        """Write down a send."""
        self.asked.append(("send", signal_name, payload, kwargs))
        return [ConnectionError("broker")]

    def connect(self, signal_name: str, receiver: Callable[..., Any]) -> None:
        """Write down a connection."""
        self.asked.append(("connect", signal_name, receiver))

    def disconnect(self, signal_name: str, receiver: Callable[..., Any]) -> None:
        """Write down the end of a connection."""
        self.asked.append(("disconnect", signal_name, receiver))

    def receivers(self, signal_name: str) -> list[Callable[..., Any]]:
        """Return one receiver."""
        return [len]


@pytest.fixture
def signal(own_process: pytest.MonkeyPatch) -> Signal:
    """Return a signal that nobody else has, made before any backend."""
    return Signal("user.created")


@pytest.fixture
def inject(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Return a function that puts a backend in force, as the document does."""

    def put(backend: BaseSignalBackend | None) -> None:
        monkeypatch.setattr(signal_module, "_backend_instance", backend)

    return put


def test_backend_is_asked_for_everything(signal: Signal, inject: Any) -> None:
    """A backend in force gets all four operations of signals made before it."""
    backend = Notebook()
    inject(backend)
    signal.connect(print)
    signal.disconnect(print)
    errors = asyncio.run(signal.send({"id": 1}, source="api"))

    expected = [
        ("connect", "user.created", print),
        ("disconnect", "user.created", print),
        ("send", "user.created", {"id": 1}, {"source": "api"}),
    ]
    assert expected == backend.asked
    assert ["ConnectionError('broker')"] == [repr(error) for error in errors]
    assert [len] == signal.receivers
    assert signal


def test_backend_that_takes_no_options_says_so(signal: Signal, inject: Any) -> None:
    """An option that would have no effect is an error where it is written."""
    inject(Notebook())

    with pytest.raises(TypeError, match="order"):
        signal.connect(print, order=1)


def test_connected_to_stays_with_its_backend(signal: Signal, inject: Any) -> None:
    """A block that began with a backend ends with it."""
    backend = Notebook()
    inject(backend)
    with signal.connected_to(print):
        inject(None)

    assert [
        ("connect", "user.created", print),
        ("disconnect", "user.created", print),
    ] == (backend.asked)


def test_usual_backend_comes_back(signal: Signal, inject: Any) -> None:
    """When a backend is taken away, the receivers are those from before it."""
    signal.connect(print)
    inject(Notebook())
    inject(None)

    assert [print] == signal.receivers


def test_recording_calls_nobody(signal: Signal, inject: Any) -> None:
    """Sends are written down with their payload, and no receiver runs."""
    backend = RecordingBackend()
    signal.connect(lambda payload: 1 / 0)
    inject(backend)
    errors = asyncio.run(signal.send({"id": 1}))
    asyncio.run(signal.send())

    assert [] == errors
    assert [("user.created", {"id": 1}), ("user.created", None)] == backend.dispatched


def test_recording_does_not_hide_receivers(signal: Signal, inject: Any) -> None:
    """Code that asks whether anybody listens gets its usual answer while recorded."""
    silent = Signal("user.deleted")
    signal.connect(print)
    inject(RecordingBackend())

    assert (True, False) == (bool(signal), bool(silent))
    assert [print] == signal.receivers


def test_warning_of_the_payload_comes_with_any_backend(
    signal: Signal, inject: Any
) -> None:
    """The type of a payload matters most where there is a broker."""
    inject(RecordingBackend())

    with pytest.warns(UserWarning, match="is of type int"):
        asyncio.run(signal.send(5))


def test_in_process_backend_delivers_to_the_signals(
    signal: Signal, inject: Any
) -> None:
    """A backend derived from the usual one reaches what was connected before it."""
    sent: list[str] = []

    class Tracing(InProcessBackend):
        async def send(
            self, signal_name: str, payload: Any, **kwargs: Any
        ) -> list[Exception]:
            sent.append(signal_name)
            return await super().send(signal_name, payload, **kwargs)

    received: list[Any] = []
    signal.connect(received.append)
    inject(Tracing())
    signal.connect(lambda payload: 1 / 0, order=-1)
    errors = asyncio.run(signal.send({"id": 1}))

    assert ["user.created"] == sent
    assert [{"id": 1}] == received
    assert [ZeroDivisionError] == [type(error) for error in errors]
    assert 2 == len(signal.signal.receivers)


def test_in_process_backend_disconnects(signal: Signal, inject: Any) -> None:
    """A receiver that is disconnected through the backend is gone for good."""
    signal.connect(print)
    inject(InProcessBackend())
    signal.disconnect(print)
    inject(None)

    assert [] == signal.receivers


def test_base_backend_is_abstract() -> None:
    """A backend that lacks an operation cannot be made."""

    class Missing(BaseSignalBackend):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Missing()  # type: ignore[abstract]  # the mistake under test
