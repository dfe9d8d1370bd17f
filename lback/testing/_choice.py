"""Find the signals and receivers that the words of a test mean."""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from lback.core._near import did_you_mean
from lback.core._payload import PayloadShape
from lback.core._payload import RESERVED
from lback.core._receiver_order import names_of
from lback.core._receivers import Receiver
from lback.core.dispatcher_instance import dispatcher
from lback.core.exceptions import AppNotFound
from lback.core.exceptions import InvalidPayload
from lback.core.exceptions import InvalidReceiver
from lback.core.exceptions import InvalidSignal
from lback.core.signals import Signal

# A failure is shown at the line of the test, not in here.
__tracebackhide__ = True

# Whether a receiver of a signal is meant.
Choice = Callable[[Signal[..., Any], Receiver], bool]

_OURS = "lback.testing."


def is_ours(function: Any) -> bool:
    """Tell whether *function* is a receiver of the tools for tests themselves."""
    return str(getattr(function, "__module__", "")).startswith(_OURS)


def signal_of(word: Any) -> Signal[..., Any]:
    """Return the signal that *word* is or names.

    Raises:
        InvalidSignal: It is no signal, and no name that the process knows.
    """
    if isinstance(word, str):
        found = dispatcher.get(word)
        if found is None:
            near = did_you_mean(word, _signal_names())
            raise InvalidSignal(
                f"No signal is called {word!r}.{near} If its app is not loaded yet, "
                "let the test use the fixture 'app'."
            )
        return found
    # NOTE: the signal of a dialect stands before the native one.
    signal: Any = getattr(word, "signal", word)
    if isinstance(signal, Signal):
        return signal
    raise InvalidSignal(f"{word!r} is not a signal. Use a Signal or its name.")


def check_fields(signal: Signal[..., Any], fields: Iterable[str]) -> None:
    """Refuse to ask for fields that *signal* never has.

    Raises:
        InvalidPayload: One of *fields* is not declared.
    """
    if signal.payload is None:
        return
    declared = PayloadShape(signal.payload).order
    for name in fields:
        if name != RESERVED and name not in declared:
            raise InvalidPayload(
                f"Signal {signal.name!r} has no field {name!r}."
                f"{did_you_mean(name, declared)} "
                f"Its fields are: {', '.join(declared) or 'none'}."
            )


def choose(
    *, signal: Any = None, receiver: Any = None, app: str | None = None
) -> Choice:
    """Return what tells whether a receiver is meant: whether all three words fit it.

    Args:
        signal: A signal or its name; None for any.
        receiver: A function, or the name of a receiver; None for any.
        app: The label or the package of an app; None for any.

    Raises:
        InvalidSignal: There is no such signal.
        InvalidReceiver: There is no such receiver.
        AppNotFound: There is no such app.
    """
    choices: list[Choice] = []
    if signal is not None:
        choices.append(_by_signal(signal_of(signal)))
    if receiver is not None:
        choices.append(_by_receiver(receiver))
    if app is not None:
        choices.append(_by_app(app))
    return lambda s, r: all(choice(s, r) for choice in choices)


def choose_any(words: Iterable[Any]) -> Choice:
    """Return what tells whether a receiver is meant: whether one of *words* fits it.

    Args:
        words: Signals, receivers, or names of signals, receivers and apps.

    Raises:
        InvalidReceiver: There is no such signal, receiver or app, or two of them.
    """
    choices = [_by_word(word) for word in words]
    return lambda s, r: any(choice(s, r) for choice in choices)


def _by_word(word: Any) -> Choice:
    if not isinstance(word, str):
        try:
            return _by_signal(signal_of(word))
        except InvalidSignal:
            return _by_receiver(word)
    kinds: dict[str, Callable[[], Choice]] = {}
    if word in dispatcher:
        kinds["a signal"] = lambda: _by_signal(signal_of(word))
    if word in _receiver_names():
        kinds["a receiver"] = lambda: _by_receiver(word)
    if _package_of(word) is not None:
        kinds["an app"] = lambda: _by_app(word)
    if len(kinds) == 1:
        return kinds.popitem()[1]()
    if kinds:
        raise InvalidReceiver(
            f"{word!r} is {' and '.join(kinds)}. Give the signal or the function "
            "itself in place of its name."
        )
    known = [*_signal_names(), *_receiver_names(), *_app_names()]
    raise InvalidReceiver(
        f"No signal, receiver or app is called {word!r}.{did_you_mean(word, known)}"
    )


def _by_signal(wanted: Signal[..., Any]) -> Choice:
    return lambda signal, _: signal is wanted


def _by_receiver(wanted: Any) -> Choice:
    if isinstance(wanted, str):
        names = _receiver_names()
        if wanted not in names:
            raise InvalidReceiver(
                f"No receiver called {wanted!r} is connected."
                f"{did_you_mean(wanted, names)}"
            )
        return lambda _, receiver: wanted in _names_of(receiver)
    if not callable(wanted):
        raise InvalidReceiver(
            f"{wanted!r} is not a receiver. Use the function that is connected, or "
            "its name as 'app.function'."
        )
    return lambda _, receiver: bool(receiver.target() == wanted)


def _by_app(wanted: str) -> Choice:
    package = _package_of(wanted)
    if package is None:
        raise AppNotFound(
            f"No app is called {wanted!r}.{did_you_mean(wanted, _app_names())} "
            "If the project is not loaded yet, let the test use the fixture 'app'."
        )
    return lambda _, receiver: _app_of(receiver) == package


def _package_of(app: str) -> str | None:
    """Return the package of the app with this label or package, or None."""
    labels = dispatcher.apps.labels
    by_label = {label: package for package, label in labels.items()}
    if app in by_label:
        return by_label[app]
    return app if app in labels or app in _packages() else None


def _app_of(receiver: Receiver) -> str:
    """Return the package of a receiver's app; outside any it is the outermost one."""
    module = receiver.origin.module
    return dispatcher.apps.app_of(module) or module.partition(".")[0]


def _packages() -> set[str]:
    return {_app_of(r) for signal in dispatcher for r in signal.receivers}


def _names_of(receiver: Receiver) -> set[str]:
    origin = receiver.origin
    return names_of(origin.module, origin.name, dispatcher.apps)


def _receiver_names() -> set[str]:
    return {
        name
        for signal in dispatcher
        for receiver in signal.receivers
        for name in _names_of(receiver)
    }


def _signal_names() -> list[str]:
    return [signal.name for signal in dispatcher if signal.name is not None]


def _app_names() -> list[str]:
    return [*dispatcher.apps.labels.values(), *_packages()]
