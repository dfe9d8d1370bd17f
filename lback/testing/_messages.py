"""What an assertion about signals says when it does not hold."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from reprlib import Repr
from typing import Any
from typing import Protocol

from lback.core._near import did_you_mean
from lback.core.signals import Signal

# So many sends or signals are shown; the rest is counted.
_SHOWN = 20

_short = Repr()
_short.maxstring = _short.maxother = 120


class _Send(Protocol):
    """What is shown of a send."""

    @property
    def signal(self) -> Signal[..., Any]: ...
    @property
    def sender(self) -> Any: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...
    def has(self, expected: Mapping[str, Any], /) -> bool: ...


def not_sent(
    signal: Signal[..., Any],
    fields: Mapping[str, Any],
    found: int,
    times: int | None,
    sends: Sequence[_Send],
) -> str:
    """Say that *signal* was not sent as expected, and what was sent.

    Args:
        signal: What was to be sent.
        fields: With what.
        found: How often that happened.
        times: How often it was to happen; None for at least once.
        sends: All sends.
    """
    said = f"Signal {signal.name!r} was "
    if times is None:
        said += f"not sent{_with(fields)}."
    else:
        said += f"sent {_times(found)}{_with(fields)}, not {_times(times)}."
    own = [send for send in sends if send.signal is signal]
    if own:
        return f"{said} It was sent with:\n{_list(own)}"
    return f"{said} {_others(signal, sends)}"


def was_sent(
    signal: Signal[..., Any], fields: Mapping[str, Any], sends: Sequence[_Send]
) -> str:
    """Say that *signal* was sent although it was not to be."""
    return (
        f"Signal {signal.name!r} was sent {_times(len(sends))}{_with(fields)}:\n"
        f"{_list(sends)}"
    )


def _others(signal: Signal[..., Any], sends: Sequence[_Send]) -> str:
    """Say what was sent in place of *signal*."""
    if not sends:
        return "Nothing was sent."
    twin = next(
        (send.signal for send in sends if send.signal.name == signal.name), None
    )
    if twin is not None and signal.name is not None:
        return (
            f"Another signal of this name was sent. This one is declared at "
            f"{_place(signal)}, the other one at {_place(twin)}."
        )
    counts = Counter(str(send.signal.name) for send in sends)
    shown = [
        f"{name!r} ({_times(count)})" if count > 1 else repr(name)
        for name, count in counts.items()
    ]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    near = did_you_mean(signal.name or "", counts)
    return f"Sent were: {', '.join(shown[:_SHOWN])}{more}.{near}"


def _list(sends: Sequence[_Send]) -> str:
    lines = [f"  {_values({'sender': s.sender, **s.fields})}" for s in sends[:_SHOWN]]
    if len(sends) > _SHOWN:
        lines.append(f"  ... and {len(sends) - _SHOWN} more")
    return "\n".join(lines)


def _with(fields: Mapping[str, Any]) -> str:
    return f" with {_values(fields)}" if fields else ""


def _values(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_short.repr(value)}" for name, value in fields.items())


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"


def _place(signal: Signal[..., Any]) -> str:
    return "?" if signal.declaration is None else signal.declaration.place
