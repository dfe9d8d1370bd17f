"""Check what is connected to a signal, and make a receiver of it."""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import get_args
from typing import TypedDict

from lback.core._payload import PayloadShape
from lback.core._receivers import adapter_for
from lback.core._receivers import identify
from lback.core._receivers import is_async
from lback.core._receivers import OnError
from lback.core._receivers import origin_of
from lback.core._receivers import Receiver
from lback.core._receivers import weakly
from lback.core._receivers import When
from lback.core.exceptions import InvalidReceiver


class Options(TypedDict, total=False):
    """How a receiver is connected.

    Attributes:
        sender: Hear only this sender: by identity for objects and classes, by
            equality for strings, integers and enums. Default: any.
        uid: A name for the receiver in place of its file and qualified name.
        weak: Do not keep the receiver alive. Default: it is kept alive.
        order: Receivers with a lower number run first. Default: 0.
        before: Run before this receiver or these, named ``"app.function"``.
        after: Run after this receiver or these.
        on_error: ``"log"`` isolates, logs and returns an exception, ``"raise"``
            stops the send and passes it to the sender. Default: ``"log"``.
        when: ``"now"``, inside the send.
    """

    sender: Any
    uid: str | None
    weak: bool
    order: int
    before: str | Iterable[str]
    after: str | Iterable[str]
    on_error: OnError
    when: When


def make_receiver(  # noqa: PLR0913  # one call, in one place
    function: Any,
    options: Options,
    *,
    signal: str | None,
    shape: PayloadShape | None,
    number: int,
    when_gone: Callable[[Any], object],
) -> Receiver:
    """Turn what was connected and how into a checked receiver.

    Args:
        function: Any callable that takes the sender first.
        options: How it is connected.
        signal: The name of the signal, for messages.
        shape: The fields of the declared payload, if there is one.
        number: Its place in the order of connection.
        when_gone: Called with the dead reference of a weak receiver.

    Raises:
        InvalidReceiver: It could never be called, or an option is wrong.
    """
    _check(function, options, signal)
    origin = origin_of(function)
    uid, sender = options.get("uid"), options.get("sender")
    weak = options.get("weak", False)
    adapter = adapter_for(function, shape, signal)
    return Receiver(
        function=weakly(function, when_gone) if weak else function,
        key=key_of(function, uid=uid, sender=sender),
        adapter=adapter,
        call=None if weak else adapter(function),
        origin=origin,
        number=number,
        sender=sender,
        order=options.get("order", 0),
        before=_names("before", options),
        after=_names("after", options),
        on_error=options.get("on_error", "log"),
        when=options.get("when", "now"),
        is_async=is_async(function),
        is_weak=weak,
        code=None if uid else identify(function, origin)[1],
    )


def key_of(function: Any, *, uid: str | None, sender: Any) -> object:
    """Return what makes a receiver the same one when it is connected again."""
    found = uid or identify(function, origin_of(function))[0]
    return found, sender if isinstance(sender, str | int) else id(sender)


def _check(function: Any, options: Options, signal: str | None) -> None:
    """Refuse what is wrong whatever the receiver looks like."""
    if not callable(function):
        raise InvalidReceiver(
            f"{function!r} cannot receive signal {signal!r}: it is not callable."
        )
    known = Options.__annotations__
    for name in options:
        if name not in known:
            raise InvalidReceiver(
                f"connect() has no option {name!r}. Options are: {', '.join(known)}."
            )
    order = options.get("order", 0)
    if not isinstance(order, int) or isinstance(order, bool):
        raise InvalidReceiver(f"order={order!r} is not an integer.")
    on_error = options.get("on_error", "log")
    if on_error not in get_args(OnError):
        raise InvalidReceiver(f"on_error={on_error!r} is neither 'log' nor 'raise'.")
    when = options.get("when", "now")
    if when != "now":
        known_words = when in get_args(When)
        raise InvalidReceiver(
            f"when={when!r} needs the delivery package, which this version of Lback "
            "does not have yet. Use when='now'."
            if known_words
            else f"when={when!r} is none of: {', '.join(get_args(When))}."
        )


def _names(option: str, options: Options) -> tuple[str, ...]:
    value: Any = options.get(option, ())
    names = (value,) if isinstance(value, str) else tuple(value)
    for name in names:
        if not isinstance(name, str) or "." not in name:
            raise InvalidReceiver(
                f"{option}={name!r} does not name a receiver. "
                "Write it as 'app.function' or 'module.function'."
            )
    return names
