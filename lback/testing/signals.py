"""The fixture ``signals``: record, assert, mute."""

from typing import Any
from typing import TypeVar

from lback.core.exceptions import InvalidReceiver
from lback.testing._choice import choose
from lback.testing._choice import choose_any
from lback.testing._errors import AllowedErrors
from lback.testing._errors import ErrorGuard
from lback.testing._hold import Hold
from lback.testing._muting import Muting
from lback.testing._recording import Recording
from lback.testing._recording import SentSignal

# A failure is shown at the line of the test, not in here.
__tracebackhide__ = True

H = TypeVar("H", bound=Hold)


class SignalsFixture:
    """What a test does with signals; it records all of them from its start.

    Signals are given as objects or by name. Everything holds for the whole process,
    and so for the threads that a test starts, unless ``local=True`` limits it to what
    the current thread or task sends. What :meth:`record`, :meth:`mute`, :meth:`only`
    and :meth:`allow_errors` return is in force at once; use it as a context manager to
    end it with a block. Otherwise it ends with the test.

    Args:
        guard: What lets the test fail if a receiver fails.
    """

    def __init__(self, guard: ErrorGuard) -> None:
        self._guard = guard
        self._holds: list[Hold] = []
        self._recording = self.record()

    @property
    def sent(self) -> list[SentSignal]:
        """All sends of the test so far, in order."""
        return self._recording.sent

    def of(self, signal: Any) -> list[SentSignal]:
        """Return the sends of one signal so far, in order.

        Raises:
            InvalidSignal: *signal* is no signal, and no name of one.
        """
        return self._recording.of(signal)

    def record(self, *signals: Any, local: bool = False) -> Recording:
        """Record what is sent from now on.

        Args:
            signals: What to record; nothing for everything.
            local: Whether to record only what the current thread or task sends.

        Raises:
            InvalidSignal: One of *signals* is no signal, and no name of one.
        """
        return self._keep(Recording(*signals, local=local))

    def assert_sent(
        self, signal: Any, /, *, times: int | None = None, **fields: Any
    ) -> None:
        """Fail unless the signal was sent in this test, with these fields.

        Args:
            signal: The signal.
            times: How often exactly; None for at least once.
            fields: Values that the fields of the send have; those that are not named
                may have any. ``sender=`` is compared with the sender.

        Raises:
            AssertionError: It was not; the message shows what was sent.
            InvalidSignal: *signal* is no signal, and no name of one.
            InvalidPayload: The signal's payload has no such field.
        """
        self._recording.assert_sent(signal, times=times, **fields)

    def assert_not_sent(self, signal: Any, /, **fields: Any) -> None:
        """Fail if the signal was sent in this test, with these fields.

        Args:
            signal: The signal.
            fields: See :meth:`assert_sent`.

        Raises:
            AssertionError: It was; the message shows with what.
            InvalidSignal: *signal* is no signal, and no name of one.
            InvalidPayload: The signal's payload has no such field.
        """
        self._recording.assert_not_sent(signal, **fields)

    def mute(
        self,
        signal: Any = None,
        *,
        receiver: Any = None,
        app: str | None = None,
        local: bool = False,
    ) -> Muting:
        """Keep receivers from running: all, or those that the arguments mean together.

        The sends happen all the same, and are recorded.

        Args:
            signal: Only the receivers of this signal.
            receiver: Only this one: the function, or its name as ``"app.function"``.
            app: Only the receivers of this app, by its label or package.
            local: Whether it holds only for what the current thread or task sends.

        Raises:
            InvalidSignal: *signal* is no signal, and no name of one.
            InvalidReceiver: No receiver of this name is connected.
            AppNotFound: No such app is installed.
        """
        choice = choose(signal=signal, receiver=receiver, app=app)
        return self._keep(Muting(choice, local=local))

    def only(self, *what: Any, local: bool = False) -> Muting:
        """Keep all receivers from running but those of *what*.

        Args:
            what: Signals, functions that receive, and names of signals, receivers and
                apps. A receiver runs if one of them means it.
            local: Whether it holds only for what the current thread or task sends.

        Raises:
            InvalidReceiver: There is no such thing, or its name is that of two.
        """
        if not what:
            raise InvalidReceiver(
                "Say what is to run: signals.only(order_paid). To let nothing run: "
                "signals.mute()."
            )
        return self._keep(Muting(choose_any(what), runs=True, local=local))

    def allow_errors(self) -> AllowedErrors:
        """Let receivers fail without failing the test.

        What they raise stands in ``.errors`` of what this returns.
        """
        return self._keep(self._guard.allow())

    def stop(self) -> None:
        """End everything that is still in force, the latest first."""
        while self._holds:
            self._holds.pop().stop()

    def _keep(self, hold: H) -> H:
        self._holds.append(hold)
        return hold
