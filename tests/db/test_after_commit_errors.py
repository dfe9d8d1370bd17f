"""What fails behind a commit is noticed, and what goes round in circles is stopped."""

from types import SimpleNamespace
from typing import Any

import pytest

from lback.core._observers import on_failure
from lback.core._observers import remove_failure_hook
from lback.core._unit_of_work import current_unit
from lback.core.signals import SignalDispatcher
from lback.db import on_commit
from lback.db import separate_unit


@pytest.fixture
def calls() -> list[str]:
    """Return the list that everybody writes to."""
    return []


def test_a_failing_one_is_noticed(
    store: Any,
    dispatcher: SignalDispatcher,
    calls: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged and announced, tools are told, and the others run."""
    told: list[str] = []
    errors: list[Any] = []

    def broken(sender: Any) -> None:
        raise ValueError("canary")

    def hook(signal: Any, receiver: Any, error: Exception) -> None:
        told.append(receiver.name.rpartition(".")[2])

    dispatcher.connect("x", broken, when="after_commit")
    dispatcher.connect("x", lambda sender: calls.append("b"), when="after_commit")
    dispatcher.connect("receiver_failed", lambda s, exception: errors.append(exception))
    on_failure(hook)
    try:
        with separate_unit():
            dispatcher.send("x")
            on_commit(lambda: 1 / 0)  # type: ignore[arg-type, return-value, unused-ignore]  # any result
    finally:
        remove_failure_hook(hook)

    assert ["b"] == calls
    assert ["broken", "<lambda>"] == told
    assert ["canary"] == list(map(str, errors))
    assert "canary" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_an_exit_names_what_was_not_called(
    store: Any,
    models: SimpleNamespace,
    dispatcher: SignalDispatcher,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An exit in one goes through; the commit stays, the log says what it cost."""

    def leave(sender: Any) -> None:
        raise KeyboardInterrupt

    def missed(sender: Any) -> None:
        """Be missed."""

    dispatcher.connect("x", leave, when="after_commit")
    dispatcher.connect("x", missed, when="after_commit")

    def commit() -> None:
        with separate_unit() as own:
            own.add(models.Basket(name="a"))
            dispatcher.send("x")

    with pytest.raises(KeyboardInterrupt):
        commit()

    assert ["a"] == store.names()
    assert "not called" in caplog.text
    assert "missed" in caplog.text
    assert current_unit() is None
    assert 0 == store.taken()


def test_chains_go_on_behind_the_others(
    store: Any, dispatcher: SignalDispatcher, calls: list[str]
) -> None:
    """What a call puts off in turn runs behind everything that waited already."""

    def again(sender: Any, word: str) -> None:
        calls.append(word)
        if len(word) < 3:
            dispatcher.send("x", word=f"{word}{word[0]}")

    dispatcher.connect("x", again, when="after_commit")
    with separate_unit():
        dispatcher.send("x", word="a")
        dispatcher.send("x", word="b")

    assert ["a", "b", "aa", "bb", "aaa", "bbb"] == calls


@pytest.mark.parametrize("opens", [False, True])
def test_a_loop_is_stopped(
    store: Any, dispatcher: SignalDispatcher, calls: list[str], *, opens: bool
) -> None:
    """Receivers that put off each other are stopped 64 deep, not by the stack."""
    errors: list[str] = []

    def again(sender: Any) -> None:
        calls.append("x")
        if opens:
            with separate_unit():
                dispatcher.send("x")
        else:
            dispatcher.send("x")

    dispatcher.connect("x", again, when="after_commit")
    dispatcher.connect(
        "receiver_failed", lambda s, exception: errors.append(type(exception).__name__)
    )
    with separate_unit():
        dispatcher.send("x")

    assert ["SignalLoop"] == errors
    assert 64 == len(calls)
