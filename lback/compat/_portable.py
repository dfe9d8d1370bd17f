"""Warn of payloads that could not leave the process."""

import dataclasses
import sys
import warnings
from typing import Any


def is_portable(payload: Any) -> bool:
    """Tell whether a message broker could carry *payload*, going by its type."""
    return (
        payload is None
        or isinstance(payload, dict)
        or dataclasses.is_dataclass(payload)
        or hasattr(type(payload), "model_fields")  # a pydantic model
    )


def warn_of(signal_name: str, payload: Any) -> None:
    """Warn of *payload* at the line that awaits the send which calls this."""
    # NOTE: a coroutine that the event loop runs as a task has frames of asyncio above
    # it, not the line that made it. The nearest line behind them runs the loop.
    level, frame = 3, sys._getframe(2)  # noqa: SLF001  # the walk needs a start
    while frame.f_back is not None and _is_asyncio(frame.f_globals.get("__name__")):
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"The payload of signal {signal_name!r} is of type {type(payload).__name__}, "
        "which a message broker may not be able to carry. "
        "Use a dict, a dataclass or a pydantic model.",
        UserWarning,
        stacklevel=level,
    )


def _is_asyncio(module: object) -> bool:
    return str(module).partition(".")[0] == "asyncio"
