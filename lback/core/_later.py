"""Receivers that run after the commit: put off by a send, called by a unit of work."""

from collections.abc import Iterable
from typing import Any
from typing import Protocol

from lback.core import _unit_of_work
from lback.core._freezing import frozen_sender
from lback.core._freezing import frozen_values
from lback.core._plan import Call
from lback.core._receivers import Receiver
from lback.core._results import Results
from lback.core._unit_of_work import current_unit


class Sender(Protocol):
    """What a put-off call needs of its signal."""

    name: str | None

    def _failed(
        self, receiver: Receiver, error: Exception, results: Results
    ) -> Exception: ...

    async def _afailed(
        self, receiver: Receiver, error: Exception, results: Results
    ) -> Exception: ...


class Later:
    """One call of a receiver, with everything it needs, for after the commit."""

    __slots__ = ("_call", "_fields", "_sender", "_signal", "_values")

    def __init__(  # what a call consists of
        self,
        signal: Any,
        call: Call,
        sender: Any,
        values: tuple[Any, ...],
        names: tuple[str, ...],
    ) -> None:
        self._signal = signal
        self._call = call
        self._sender = sender
        self._values = values
        self._fields = names

    @property
    def name(self) -> str:
        """The name of the receiver."""
        return self._call[-1].name

    @property
    def is_async(self) -> bool:
        """Whether the receiver is known to be async."""
        return self._call[-1].is_async

    def __call__(self) -> Any:
        """Call the receiver; something awaitable may come back."""
        call, pick, _, _ = self._call
        if pick is not None:
            return call(self._sender, *pick(self._values))
        return call(self._sender, **dict(zip(self._fields, self._values, strict=True)))

    def fail(self, error: Exception) -> None:
        """Log and announce what the receiver raised."""
        self._signal._failed(self._call[-1], error, Results())  # noqa: SLF001  # one system

    async def afail(self, error: Exception) -> None:
        """Do what :meth:`fail` does, awaiting async receivers of the failure."""
        await self._signal._afailed(self._call[-1], error, Results())  # noqa: SLF001  # one system


class AtOnce:
    """A call for after the commit where there is none to wait for."""

    __slots__ = ("_later",)

    def __init__(self, later: Later) -> None:
        self._later = later

    def __call__(self, sender: Any) -> Any:
        """Call the receiver in a unit of work of its own."""
        if self._later.is_async:
            return self._awaited()
        unit = _unit_of_work.begin_alone()
        try:
            value = self._later()
            unit.commit()
        except BaseException:
            unit.rollback()
            raise
        finally:
            unit.close()
        return value

    async def _awaited(self) -> Any:
        unit = _unit_of_work.begin_alone()
        try:
            value = await self._later()
            unit.commit()
        except BaseException:
            unit.rollback()
            raise
        finally:
            unit.close()
        return value


def put_off(
    signal: Any,
    sender: Any,
    values: tuple[Any, ...],
    names: tuple[str, ...],
    later: Iterable[Call],
) -> tuple[Call, ...]:
    """Let the current unit of work make calls after its commit.

    Args:
        signal: What is sent.
        sender: Who sends it.
        values: The values of its fields, in order.
        names: The names of its fields, in the same order.
        later: The calls.

    Returns:
        Without a unit of work the calls, to be made at once, behind all others.

    Raises:
        InvalidPayload: A value cannot wait that long.
    """
    sender = frozen_sender(sender, signal=signal.name)
    unit = current_unit()
    calls = []
    for call in later:
        # NOTE: a copy for each, since receivers may change what they are given.
        own = frozen_values(values, names, signal=signal.name, payload=signal.payload)
        made = Later(signal, call, sender, own, names)
        if unit is None:
            calls.append((AtOnce(made), _nothing, call[2], call[3]))
        else:
            unit.on_commit(made)
    return tuple(calls)


def _nothing(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Pass no values: the call has its own."""
    return ()
