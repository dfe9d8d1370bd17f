"""Which signals were sent, and with what."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lback.core._observers import Observer
from lback.core._payload import RESERVED
from lback.core.signals import Signal
from lback.testing import _messages
from lback.testing._choice import check_fields
from lback.testing._choice import is_ours
from lback.testing._choice import signal_of
from lback.testing._hold import SendHold

# A failure is shown at the line of the test, not in here.
__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class SentSignal:
    """One send.

    Attributes:
        signal: What was sent.
        sender: Who sent it; on a signal without a payload it may be a lone argument.
        fields: The fields by name, those that were left out with their defaults.
    """

    signal: Signal[..., Any]
    sender: Any
    fields: Mapping[str, Any]

    def has(self, expected: Mapping[str, Any]) -> bool:
        """Tell whether the fields, and the sender, have the values of *expected*."""
        return all(
            _is_same(value, self.sender)
            if name == RESERVED
            else name in self.fields and _is_same(value, self.fields[name])
            for name, value in expected.items()
        )


class Recording(SendHold):
    """A record of what is sent from now on, whoever sends it and in whatever thread.

    A send is recorded before its receivers run, also if nobody listens.

    Args:
        signals: What to record, signals or their names; nothing for everything.
        local: Whether to record only what the current thread or task sends.
    """

    def __init__(self, *signals: Any, local: bool = False) -> None:
        self._recorder = _Recorder(signal_of(signal) for signal in signals)
        super().__init__(self._recorder, local=local)

    @property
    def sent(self) -> list[SentSignal]:
        """All sends so far, in order."""
        return list(self._recorder.sends)

    def of(self, signal: Any) -> list[SentSignal]:
        """Return the sends of one signal so far, in order.

        Raises:
            InvalidSignal: *signal* is no signal, and no name of one.
        """
        wanted = signal_of(signal)
        return [send for send in self.sent if send.signal is wanted]

    def assert_sent(
        self, signal: Any, /, *, times: int | None = None, **fields: Any
    ) -> None:
        """Fail unless the signal was sent; see :meth:`SignalsFixture.assert_sent`."""
        wanted = signal_of(signal)
        check_fields(wanted, fields)
        sends = self.of(wanted)
        found = sum(send.has(fields) for send in sends)
        if not (found if times is None else found == times):
            raise AssertionError(
                _messages.not_sent(wanted, fields, found, times, self.sent)
            )

    def assert_not_sent(self, signal: Any, /, **fields: Any) -> None:
        """Fail if the signal was sent; see :meth:`SignalsFixture.assert_not_sent`."""
        wanted = signal_of(signal)
        check_fields(wanted, fields)
        sends = [send for send in self.of(wanted) if send.has(fields)]
        if sends:
            raise AssertionError(_messages.was_sent(wanted, fields, sends))


class _Recorder(Observer):
    def __init__(self, signals: Iterable[Signal[..., Any]]) -> None:
        self.sends: list[SentSignal] = []
        self._wanted = frozenset(signals)

    def sent(
        self, signal: Signal[..., Any], sender: Any, fields: Mapping[str, Any]
    ) -> None:
        if self._wanted and signal not in self._wanted:
            return
        # NOTE: that a tool connects something is none of the project's signals.
        if not is_ours(fields.get("receiver")):
            self.sends.append(SentSignal(signal, sender, fields))


def _is_same(expected: Any, actual: Any) -> bool:
    return expected is actual or bool(expected == actual)
