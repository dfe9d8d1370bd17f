"""In which order the receivers of a signal run."""

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from lback.core import signals
from lback.core.exceptions import ReceiverOrderCycle
from lback.core.signals import SignalDispatcher

MakeModule = Callable[..., ModuleType]


def installed(*names: str) -> dict[str, str]:
    """Return the labels of apps that are called after their packages."""
    return {name: name.rpartition(".")[2] for name in names}


APP = "def {0}(sender): return '{0}'"


def test_lower_order_runs_first(dispatcher: SignalDispatcher) -> None:
    """``order=`` decides before anything else."""
    dispatcher.connect("x", lambda sender: "last", order=10)
    dispatcher.connect("x", lambda sender: "middle")
    dispatcher.connect("x", lambda sender: "first", order=-1)

    assert ["first", "middle", "last"] == dispatcher.send("x").values


def test_order_of_the_apps_counts_not_the_order_of_import(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """Receivers of an app that is installed earlier run earlier."""
    late = make_module("app_late.listeners", APP.format("late"))
    early = make_module("app_early.listeners", APP.format("early"))
    dispatcher.connect("x", lambda sender: "no app")
    dispatcher.connect("x", late.late)
    dispatcher.connect("x", early.early)

    dispatcher.settle(installed("app_early", "app_late"))

    assert ["early", "late", "no app"] == dispatcher.send("x").values


def test_innermost_app_counts(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """A receiver of an app inside another package belongs to the inner one."""
    inner = make_module("outer_app.inner.listeners", APP.format("inner"))
    other = make_module("other_app.listeners", APP.format("other"))
    dispatcher.connect("x", other.other)
    dispatcher.connect("x", inner.inner)

    dispatcher.settle(installed("outer_app.inner", "other_app", "outer_app"))

    assert ["inner", "other"] == dispatcher.send("x").values


def test_before_and_after_name_a_receiver_of_an_app(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """``before="app.function"`` puts a receiver in front of another one."""
    shop = make_module(
        "shop_app.listeners",
        "def reserve(sender): return 'reserve'\ndef mail(sender): return 'mail'",
    )
    audit = make_module("audit_app.listeners", APP.format("audit"))
    dispatcher.connect("x", shop.mail)
    dispatcher.connect("x", shop.reserve, before="shop_app.mail")
    dispatcher.connect("x", audit.audit, after="shop_app.listeners.reserve", order=-5)

    dispatcher.settle(installed("audit_app", "shop_app"))

    assert ["reserve", "audit", "mail"] == dispatcher.send("x").values


def test_missing_target_is_ignored(dispatcher: SignalDispatcher) -> None:
    """An app that is not installed does not break the order of the others."""
    dispatcher.connect("x", lambda sender: 1, before=["gone.receiver", "gone.other"])
    dispatcher.connect("x", lambda sender: 2, after="gone.receiver")

    assert [1, 2] == dispatcher.send("x").values


def test_contradiction_is_an_error_that_names_the_receivers(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """Receivers that each want to run before the other stop the start."""
    module = make_module(
        "cycle_app.listeners", "def a(sender): pass\ndef b(sender): pass"
    )
    dispatcher.connect("x", module.a, before="cycle_app.b")
    dispatcher.connect("x", module.b, before="cycle_app.a")

    with pytest.raises(ReceiverOrderCycle, match=r"listeners\.a .*listeners\.b "):
        dispatcher.settle(installed("cycle_app"))


@pytest.mark.parametrize("seed", range(20))
def test_order_does_not_depend_on_the_order_of_connection(
    dispatcher: SignalDispatcher, make_module: MakeModule, seed: int
) -> None:
    """However apps are imported, their receivers run in the installed order."""
    names = [f"app{number}" for number in range(6)]
    modules = [make_module(f"{n}_{seed}.listeners", APP.format(n)) for n in names]
    connections: list[tuple[str, Any]] = [
        (name, getattr(module, name))
        for name, module in zip(names, modules, strict=True)
    ]
    random.Random(seed).shuffle(connections)  # noqa: S311  # a shuffle, not a secret
    for _, function in connections:
        dispatcher.connect("x", function)

    dispatcher.settle(installed(*(f"{name}_{seed}" for name in names)))

    assert names == dispatcher.send("x").values


def test_label_names_the_app_in_before_and_after(
    dispatcher: SignalDispatcher, make_module: MakeModule
) -> None:
    """An app with a label of its own is named by it."""
    module = make_module(
        "vendor.labelled.listeners",
        "def a(sender): return 'a'\ndef b(sender): return 'b'",
    )
    dispatcher.connect("x", module.a, after="books.b")
    dispatcher.connect("x", module.b)

    dispatcher.settle({"vendor.labelled": "books"})

    assert ["b", "a"] == dispatcher.send("x").values


def test_signal_without_a_name_is_ordered_when_the_start_ends(
    dispatcher: SignalDispatcher,
    make_module: MakeModule,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An anonymous signal that was sent early is put in order with the others."""
    monkeypatch.setattr(signals, "dispatcher", dispatcher)
    signal = signals.Signal()
    late = make_module("anon_late.listeners", APP.format("late"))
    early = make_module("anon_early.listeners", APP.format("early"))
    signal.connect(late.late)
    signal.connect(early.early)
    signal.send()

    dispatcher.settle(installed("anon_early", "anon_late"))

    assert ["early", "late"] == signal.send().values
