"""Which receivers have used a session, and could leave half of their changes in it."""

from typing import Any
from weakref import ref

from lback.core._signal_depth import nesting


class Touches:
    """The calls of receivers that used a session outside blocks of their own.

    A call is a receiver and the results of the send that called it: what a receiver
    did in an earlier send is whole, and no reason to undo anything.
    """

    __slots__ = ("_blocks", "_calls")

    def __init__(self) -> None:
        self._calls: list[tuple[Any, ref[Any]]] = []
        # The innermost call at the start of each block under way.
        self._blocks: list[tuple[Any, Any]] = []

    def note(self) -> None:
        """Take note of the calls that this thread or task is in."""
        for receiver, results in nesting.calls():
            is_safe = any(r is receiver and s is results for r, s in self._blocks)
            if not is_safe and not self.has(receiver, results):
                self._calls = [c for c in self._calls if c[1]() is not None]
                self._calls.append((receiver, ref(results)))

    def has(self, receiver: Any, results: Any) -> bool:
        """Tell whether a call has used the session."""
        return any(r is receiver and known() is results for r, known in self._calls)

    @property
    def is_in_block(self) -> bool:
        """Whether a block is under way."""
        return bool(self._blocks)

    def enter_block(self) -> None:
        """Take note of a block, which undoes what its receiver wrote if it fails."""
        self._blocks.append(next(iter(nesting.calls()), (None, None)))

    def leave_block(self) -> None:
        """Take note that the innermost block has ended."""
        self._blocks.pop()
