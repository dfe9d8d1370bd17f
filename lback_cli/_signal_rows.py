"""What is shown of a signal, its fields and its receivers."""

import fnmatch
import inspect
import reprlib
from collections.abc import Iterator
from enum import Enum
from typing import Any
from typing import is_typeddict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lback.core._receivers import Receiver
    from lback.core.signals import Signal
    from lback_cli._signal_survey import Survey
    from lback_cli._signal_uses import Spot

_WIDEST = 60


def chosen_signals(
    pattern: str | None, *, framework: bool
) -> "Iterator[Signal[..., Any]]":
    """Yield the project's signals, and those of the framework that are heard.

    Args:
        pattern: Only names like this; None for all.
        framework: Those of the framework that nobody hears, too.
    """
    from lback.core.dispatcher_instance import catalogue
    from lback.core.dispatcher_instance import dispatcher

    own = vars(catalogue).values()
    ours = {id(value) for value in own}
    for signal in sorted(dispatcher, key=lambda signal: str(signal.name)):
        is_ours = id(signal) in ours or signal.name in catalogue.AWAITED
        if is_ours and not framework and not signal:
            continue
        if pattern is None or fnmatch.fnmatchcase(str(signal.name), pattern):
            yield signal


def describe_receiver(receiver: "Receiver", app: str | None) -> dict[str, Any]:
    """Return what is shown of a receiver.

    Args:
        receiver: The receiver.
        app: The label of its app, or None.
    """
    return {
        "receiver": receiver.name,
        "app": app,
        "file": receiver.origin.file or None,
        "line": receiver.origin.line or None,
        "order": receiver.order,
        "when": receiver.when,
        "kind": "async" if receiver.is_async else "sync",
        "sender": _sender(receiver),
        "on_error": receiver.on_error,
    }


def _sender(receiver: "Receiver") -> str | None:
    """Write a sender filter so that any object can be shown."""
    sender = receiver.sender
    if sender is None:
        return None
    kind = type(sender)
    if kind in {str, int, bool}:
        return repr(sender)
    if issubclass(kind, Enum):
        return f"{kind.__qualname__}.{sender.name}"
    return (sender if issubclass(kind, type) else kind).__qualname__


def describe_fields(payload: Any) -> list[dict[str, Any]]:
    """Return what is shown of each field of a payload type, in order.

    Args:
        payload: A dataclass, TypedDict, NamedTuple or pydantic model; None if there is
            no declared payload.
    """
    from lback.core._payload import PayloadShape

    if payload is None:
        return []
    shape = PayloadShape(payload)
    types = _annotations(payload)
    order = [name for name in types if name in shape.names]
    order += [name for name in shape.order if name not in types]
    # NOTE: a TypedDict has no defaults, and being a dict, no signature.
    is_dict = is_typeddict(payload)
    parameters = {} if is_dict else inspect.signature(payload).parameters
    return [
        {
            "name": name,
            "type": types.get(name, ""),
            "required": name in shape.required,
            "default": _default(parameters.get(name)),
        }
        for name in order
    ]


def _annotations(payload: type) -> dict[str, str]:
    """Return the types of a class's attributes as the source writes them."""
    types: dict[str, str] = {}
    for cls in reversed(payload.__mro__):
        for name, declared in inspect.get_annotations(cls).items():
            # NOTE: not evaluated; it may be imported for type checkers only.
            text: Any = getattr(declared, "__forward_arg__", declared)
            if not isinstance(text, str):
                text = inspect.formatannotation(text, cls.__module__)
            types[name] = text
    return types


def _default(parameter: inspect.Parameter | None) -> str | None:
    if parameter is None or parameter.default is inspect.Parameter.empty:
        return None
    brief = reprlib.Repr()
    brief.maxstring = brief.maxother = _WIDEST
    return brief.repr(parameter.default)


def describe_signal(signal: "Signal[..., Any]", looked: "Survey") -> dict[str, Any]:
    """Return everything that is shown of one signal.

    Args:
        signal: The signal.
        looked: What the source says about the project's signals.
    """
    from lback.core.catalogue import ALIASES

    name, payload = str(signal.name), signal.payload
    declared = signal.declaration
    return {
        "signal": name,
        "aliases": [alias for alias, other in ALIASES.items() if other is signal],
        "doc": signal.doc,
        "app": looked.label_of(declared.module) if declared is not None else None,
        "file": declared.file or None if declared is not None else None,
        "line": declared.line or None if declared is not None else None,
        "payload": f"{payload.__module__}.{payload.__qualname__}" if payload else None,
        "fields": describe_fields(payload),
        "sent_from": [
            _describe_spot(send.spot, looked) for send in looked.sends_of(name)
        ],
        "handed_on": [
            _describe_spot(loose.spot, looked)
            for loose in looked.loose_ends_of(name, "be sent")
        ],
        "receivers": [
            describe_receiver(receiver, looked.label_of(receiver.origin.module))
            for receiver in signal.receivers
        ],
    }


def _describe_spot(spot: "Spot", looked: "Survey") -> dict[str, Any]:
    return {
        "by": spot.by,
        "app": looked.label_of(spot.source.module),
        "file": spot.source.file,
        "line": spot.line,
    }
