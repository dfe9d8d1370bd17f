"""What a send does besides calling: prepare the calls, wait, isolate errors."""

import logging
from typing import Any

from lback.core import _async_bridge
from lback.core import _observers
from lback.core._connectable import Connectable
from lback.core._later import put_off
from lback.core._muting import is_muted
from lback.core._plan import Call
from lback.core._plan import Plan
from lback.core._plan import Prepared
from lback.core._plan import values_for
from lback.core._receivers import Receiver
from lback.core._receivers import sender_key
from lback.core._results import Results
from lback.core._signal_depth import nesting
from lback.core._unit_of_work import current_unit
from lback.core.exceptions import AsyncReceiverInRunningLoop

# A prepared send: sender, fields, their values in order, and what to call with them.
Send = tuple[Any, dict[str, Any], tuple[Any, ...], tuple[Call, ...]]

logger = logging.getLogger("lback.signals")


class Sending(Connectable):
    """A signal that sends; the sends themselves are written in the signal."""

    __slots__ = ()

    def _prepare(self, sender: Any, fields: dict[str, Any], *, is_sync: bool) -> Send:
        """Return sender, fields, their values in order, and what to call with them.

        This is the second half of a send that is not as the last one was: the fields
        have other names, or the receivers changed, or somebody filters or watches.
        """
        plan = self._plan
        if plan is None:
            plan = self.settle()
        key = None
        if plan.filters and (found := sender_key(sender)) in plan.filters:
            key = found
        prepared: Send | None = None
        if self._ready_for or self._instance is not None:
            prepared = self._known(key, sender, fields)
        if prepared is None:
            prepared = self._prepare_anew(plan, key, sender, fields, is_sync=is_sync)
        if is_sync and plan.has_async:
            self._refuse_async(prepared[-1])
        return prepared

    def _known(self, key: object, sender: Any, fields: dict[str, Any]) -> Send | None:
        """Return what is known of sends like this one, or None."""
        ready = self._ready_for.get(key)
        if ready is not None:
            read, count, calls = ready
            if read is None:
                return sender, fields, (), calls
            # PERF: the same as values_for, without a call of its own.
            # bench: benchmarks/signals.py::sender_filter
            try:
                if len(fields) == count:
                    return sender, fields, read(fields), calls
            except KeyError:
                return None
        instance = self._instance
        if instance is None or fields or type(sender) is not instance[0]:
            return None
        _, read, calls, order = instance
        values = read(sender)
        if order is not None:
            fields = dict(zip(order, values, strict=True))
        return None, fields, values, calls

    def _prepare_anew(
        self,
        plan: Plan,
        key: object,
        sender: Any,
        fields: dict[str, Any],
        *,
        is_sync: bool,
    ) -> Send:
        """Prepare a send without what is known of others."""
        sender, fields, values, names = self._fit(sender, fields)
        if sender is None:  # the payload may have been in its place
            key = None
        prepared = plan.prepared_for(key, names)
        if values is None:
            values = values_for(prepared.ready, fields) or ()
        elif prepared.takes_fields or self._is_watched:
            fields = dict(zip(names, values, strict=True))
        calls, later = prepared.calls(), prepared.later
        if self._is_watched:
            calls, later = self._watched(sender, fields, calls, later)
        elif not prepared.has_weak and not later:
            self._keep(plan, prepared, key)
        if later:
            if len(values) != len(names):  # nobody who is called now wanted them
                values = tuple(fields[name] for name in names)
            if is_sync and plan.has_async:
                self._refuse_async(calls)  # before anything is put off
            calls += put_off(self, sender, values, names, later)
        return sender, fields, values, calls

    def _fit(
        self, sender: Any, fields: dict[str, Any]
    ) -> tuple[Any, dict[str, Any], tuple[Any, ...] | None, tuple[str, ...]]:
        """Hold a send against the declared payload; return it with the fields' names.

        Of a lone instance of the payload the values are returned, in order, and the
        fields only if somebody may want them.
        """
        shape = self._shape
        if shape is None:
            return sender, fields, None, tuple(fields)
        if not fields and shape.is_instance(sender):
            if not shape.is_mapping:
                return None, fields, shape.values_of(sender), shape.order
            sender, fields = None, dict(sender)
        if fields.keys() != shape.names:
            fields = shape.complete(self.name, sender, fields)
        names = tuple(fields) if shape.is_variable else shape.order
        return sender, fields, None, names

    def _watched(
        self, sender: Any, fields: dict[str, Any], *groups: tuple[Call, ...]
    ) -> tuple[tuple[Call, ...], ...]:
        """Show a send to those who watch; return of each group what may be called."""
        if self._registry.checks_types and self._shape is not None:
            self._shape.check_types(self.name, fields)
        for observer in _observers.active:
            observer.sent(self, sender, fields)
            groups = tuple(
                tuple(call for call in calls if observer.lets_run(self, call[-1]))
                for calls in groups
            )
        return ((),) * len(groups) if self._mutes and is_muted(self) else groups

    def _keep(self, plan: Plan, prepared: Prepared, key: object) -> None:
        """Let the next send start where this one is now, if it is like this one."""
        if self._ready is prepared.ready:
            return
        shape = self._shape
        instance = None
        if shape is not None and not shape.is_mapping:
            order = shape.order if prepared.takes_fields else None
            calls = prepared.ready[-1]
            instance = (shape.payload, shape.values_of, calls, order)
        with self._registry.lock:
            # NOTE: somebody may have begun to watch or to mute in between, and the
            # collector may run what connects. Nothing is made behind this line.
            if self._plan is not plan or self._is_watched:
                return
            if plan.is_plain:
                self._ready = prepared.ready
                self._instance = instance
            else:
                self._ready_for[key] = prepared.ready

    def _refuse_async(self, calls: tuple[Call, ...]) -> None:
        """Raise, before any receiver has run, if a running loop would be blocked."""
        for *_, receiver in calls:
            if receiver.is_async and _async_bridge.running_loop() is not None:
                raise AsyncReceiverInRunningLoop(self._advice(receiver))

    def _wait(self, receiver: Receiver, value: Any) -> Any:
        """Run what an async receiver returned until it is done."""
        loop = _async_bridge.running_loop()
        if loop is None:
            return _async_bridge.run(value)
        if _async_bridge.is_scheduled(value):
            return value  # it runs without anybody waiting
        if hasattr(value, "close"):
            value.close()
        raise AsyncReceiverInRunningLoop(self._advice(receiver))

    def _advice(self, receiver: Receiver) -> str:
        return (
            f"Signal {self.name!r} has the async receiver {receiver.describe()}, and "
            "an event loop is running on this thread. Use: await signal.asend(...)."
        )

    def _failed(
        self, receiver: Receiver, error: Exception, results: Results
    ) -> Exception:
        """Log and announce the failure of an isolated receiver; raise the others'."""
        self._isolate(receiver, error, results)
        self._announce("receiver_failed", receiver.target(), exception=error)
        return error

    async def _afailed(
        self, receiver: Receiver, error: Exception, results: Results
    ) -> Exception:
        """Do what :meth:`_failed` does, awaiting async receivers of the failure."""
        self._isolate(receiver, error, results)
        await self._aannounce("receiver_failed", receiver.target(), exception=error)
        return error

    def _isolate(self, receiver: Receiver, error: Exception, results: Results) -> None:
        """Log a failure that is kept from the sender, or raise it."""
        if receiver.on_error == "raise":
            raise error
        if isinstance(error, RecursionError):
            nesting.overflow(self)
        results.add_failure(self.name, receiver, error)
        unit = current_unit()
        if unit is not None:
            unit.note_failure(receiver, results)
        logger.error(
            "Receiver %s of signal %r failed: %s",
            receiver.describe(),
            self.name,
            type(error).__name__,
            exc_info=error,
        )
        for hook in _observers.failure_hooks:
            hook(self, receiver, error)
