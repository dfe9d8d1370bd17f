"""Check what is connected to a signal, and make a receiver of it."""

from collections.abc import Callable
from collections.abc import Iterable
from functools import partial
from typing import Any
from typing import get_args
from typing import TypedDict

from lback.core._parameters import Parameters
from lback.core._parameters import parameters_of
from lback.core._payload import PayloadShape
from lback.core._receivers import identify
from lback.core._receivers import OnError
from lback.core._receivers import Origin
from lback.core._receivers import Receiver
from lback.core._receivers import reference_to
from lback.core._receivers import refuse_fleeting
from lback.core._receivers import sender_key
from lback.core._receivers import short_name
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
        when: ``"now"``, inside the send, or ``"after_commit"`` of the unit of work that
            it is sent in. ``"durable"`` is checked, and refused at start-up: nothing
            delivers it yet.
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
    when_gone: Callable[[object, Any], object],
    is_any_weak: bool,
) -> Receiver:
    """Turn what was connected and how into a checked receiver.

    Args:
        function: Any callable that takes the sender first.
        options: How it is connected.
        signal: The name of the signal, for messages.
        shape: The fields of the declared payload, if there is one.
        number: Its place in the order of connection.
        when_gone: Called with the key of a weak receiver and its dead reference.
        is_any_weak: Also what nothing else keeps alive may be held weakly.

    Raises:
        InvalidReceiver: It could never be called, or an option is wrong.
    """
    _check(function, options, signal)
    origin, known_by, code, is_async = identify(function)
    parameters = parameters_of(function)
    check_fields(function, origin, parameters, shape, signal)
    if not options:
        return Receiver(
            held=function,
            key=(known_by, None),
            parameters=parameters,
            origin=origin,
            number=number,
            is_async=is_async,
            code=code,
        )
    uid, sender = options.get("uid"), options.get("sender")
    weak = options.get("weak", False)
    if weak and not is_any_weak:
        refuse_fleeting(function)
    key = (uid or known_by, _filter_key(sender))
    made = Receiver(
        held=reference_to(function, partial(when_gone, key)) if weak else function,
        key=key,
        parameters=parameters,
        origin=origin,
        number=number,
        sender=sender,
        order=options.get("order", 0),
        before=_names("before", options),
        after=_names("after", options),
        on_error=options.get("on_error", "log"),
        when=options.get("when", "now"),
        is_async=is_async,
        is_weak=weak,
        code=None if uid else code,
    )
    _check_order(made, signal)
    _check_delivery(made, signal, is_findable=bool(uid) or isinstance(known_by, tuple))
    return made


def key_of(function: Any, *, uid: str | None, sender: Any) -> object:
    """Return what makes a receiver the same one when it is connected again."""
    found = uid or identify(function).known_by
    return found, _filter_key(sender)


def _filter_key(sender: Any) -> object:
    return None if sender is None else sender_key(sender)


def check_fields(
    function: Any,
    origin: Origin,
    parameters: Parameters,
    shape: PayloadShape | None,
    signal: str | None,
) -> None:
    """Refuse a receiver whose arguments can never be filled.

    Raises:
        InvalidReceiver: *function* can never be called by this signal.
    """
    first = parameters.first
    if first is None:
        raise InvalidReceiver(
            f"{origin.describe()} takes no positional argument, but a receiver is "
            "called with the sender first. "
            f"Write it as: def {short_name(function)}(sender, ...)."
        )
    owner = origin.name.rpartition(".")[0]
    if first in {"self", "cls"} and owner and not owner.endswith("<locals>"):
        raise InvalidReceiver(
            f"{origin.describe()} is a method without its object. "
            f"Connect the bound method: signal.connect(obj.{short_name(function)})."
        )
    for name in parameters.unreachable:
        raise InvalidReceiver(
            f"{origin.describe()} has the positional-only argument {name!r}, but "
            "fields are passed by name. Take the / out or move it."
        )
    if shape is None:
        return
    if first in shape.names:
        raise InvalidReceiver(
            f"The first argument of {origin.describe()} is {first!r}, a field of "
            f"signal {signal!r}, but a receiver is called with the sender first. "
            "Put an argument 'sender' in front."
        )
    for name in sorted(parameters.needed - shape.names):
        declared = ", ".join(sorted(shape.names)) or "none"
        raise InvalidReceiver(
            f"{origin.describe()} wants {name!r}, which signal {signal!r} does "
            f"not have. Its fields are: {declared}."
        )


def differences(known: Receiver, made: Receiver, options: Options) -> list[str]:
    """Return which of the given *options* differ from those it is connected with."""
    fields = {"weak": "is_weak"}
    return [
        f"{name}={getattr(known, fields.get(name, name))!r}"
        for name in options
        if name not in {"uid", "sender"}
        and getattr(known, fields.get(name, name))
        != getattr(made, fields.get(name, name))
    ]


def _check(function: Any, options: Options, signal: str | None) -> None:
    """Refuse what is wrong whatever the receiver looks like."""
    if not callable(function):
        raise InvalidReceiver(
            f"{function!r} cannot receive signal {signal!r}: it is not callable."
        )
    if not options:
        return
    known = Options.__annotations__
    for name in options:
        if name not in known:
            raise InvalidReceiver(
                f"connect() has no option {name!r}. Options are: {', '.join(known)}."
            )
    order = options.get("order", 0)
    if not isinstance(order, int) or isinstance(order, bool):
        raise InvalidReceiver(f"order={order!r} is not an integer.")
    weak = options.get("weak", False)
    if not isinstance(weak, bool):
        raise InvalidReceiver(f"weak={weak!r} is neither True nor False.")
    uid = options.get("uid")
    if uid is not None and (not isinstance(uid, str) or not uid):
        raise InvalidReceiver(f"uid={uid!r} is not a name. Use a text.")
    on_error = options.get("on_error", "log")
    if on_error not in get_args(OnError):
        raise InvalidReceiver(f"on_error={on_error!r} is neither 'log' nor 'raise'.")
    when = options.get("when", "now")
    if when not in get_args(When):
        raise InvalidReceiver(f"when={when!r} is none of: {', '.join(get_args(When))}.")


def _check_order(made: Receiver, signal: str | None) -> None:
    """Refuse ``before=`` and ``after=`` that contradict each other by themselves."""
    both = sorted(set(made.before) & set(made.after))
    if both:
        raise InvalidReceiver(
            f"{made.describe()} is to run both before and after {both[0]!r} of signal "
            f"{signal!r}. Take one of them away."
        )
    if made.name in {*made.before, *made.after}:
        raise InvalidReceiver(
            f"{made.describe()} is to run before or after itself. Take that away."
        )


def _check_delivery(made: Receiver, signal: str | None, *, is_findable: bool) -> None:
    """Refuse a later delivery that contradicts another option."""
    if made.when == "now":
        return
    what = f"{made.describe()} of signal {signal!r} has when={made.when!r}"
    if made.on_error == "raise":
        raise InvalidReceiver(
            f"{what} and on_error='raise', but whoever sends does not wait for it. "
            "Take one of them away."
        )
    if made.is_weak:
        raise InvalidReceiver(
            f"{what} and weak=True, but it may be gone by then. Take one of them away."
        )
    if made.when == "durable" and (made.code is not None or not is_findable):
        raise InvalidReceiver(
            f"{what}, but another process cannot find it by name. "
            "Use a function at the top of a module."
        )


def _names(option: str, options: Options) -> tuple[str, ...]:
    value: Any = options.get(option, ())
    is_several = isinstance(value, Iterable) and not isinstance(value, str)
    names = tuple(value) if is_several else (value,)
    for name in names:
        if not isinstance(name, str) or "." not in name:
            raise InvalidReceiver(
                f"{option}={name!r} does not name a receiver. "
                "Write it as 'app.function' or 'module.function'."
            )
    return names
