"""What belongs to a transaction or a savepoint, and is gone if it is rolled back."""

from typing import Any
from typing import TYPE_CHECKING

from lback.core.exceptions import HalfWritten

if TYPE_CHECKING:
    from lback.core._unit_of_work import Deferred
    from lback.core.catalogue import BulkChange
    from lback.db._observing import Write


class Level:
    """What is decided by the end of one transaction or savepoint.

    Attributes:
        calls: What is to be called after the commit, in order.
        failed: The receiver that failed amid its writes, if one did.
        writes: The rows that were written, if somebody wants to know.
        bulk: The statements that changed many rows at once, likewise.
    """

    __slots__ = ("bulk", "calls", "failed", "writes")

    def __init__(self) -> None:
        self.calls: list[Deferred] = []
        self.failed: Any = None
        self.writes: list[Write] = []
        self.bulk: list[BulkChange] = []

    def check(self) -> None:
        """Raise if a receiver failed amid its writes.

        Raises:
            HalfWritten: Names it.
        """
        if self.failed is not None:
            raise HalfWritten(
                f"The receiver {self.failed.describe()} failed after it had used the "
                "session, so half of its changes may be there. Nothing is committed. "
                "Wrap what it writes in: with atomic(): ..."
            )

    def take_in(self, other: "Level") -> None:
        """Go on with what *other*, a savepoint that succeeded, had."""
        self.calls += other.calls
        self.failed = self.failed or other.failed
        self.writes += other.writes
        self.bulk += other.bulk
