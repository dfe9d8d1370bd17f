"""Whether a place that sends fits the payload that the signal declares."""

import ast
from typing import Any

from lback_cli._signal_uses import Send


def misfit(send: Send, payload: Any) -> str:
    """Say what is wrong with the fields that a place sends, or "" if it may be right.

    Only what is certain: nothing is said about ``**fields``, nor about a lone value
    that may be an instance of the payload.

    Args:
        send: The place.
        payload: The declared payload type, or None.
    """
    from lback.core._payload import PayloadShape

    call = send.call
    if call is None or not _is_written_out(call):
        return ""
    positional = call.args[1:] if send.is_by_name else call.args
    if len(positional) > 1:
        return (
            f"{ast.unparse(positional[1])} has no name. "
            "Only the sender is positional; write fields as name=value."
        )
    if payload is None or _may_be_an_instance(call, positional):
        return ""
    shape = PayloadShape(payload)
    given = {str(keyword.arg) for keyword in call.keywords}
    unknown = sorted(given - {"sender"} - shape.names)
    missing = [name for name in shape.order if name in shape.required - given]
    wrong = [f"{name!r} is not declared" for name in unknown]
    wrong += [f"{name!r} is missing" for name in missing]
    if not wrong:
        return ""
    declared = ", ".join(shape.order) or "no field"
    return f"{', '.join(wrong)}. {payload.__qualname__} declares: {declared}."


def _is_written_out(call: ast.Call) -> bool:
    """Tell whether every argument of *call* can be seen."""
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    return not starred and all(keyword.arg is not None for keyword in call.keywords)


def _may_be_an_instance(call: ast.Call, positional: list[ast.expr]) -> bool:
    """Tell whether a call passes nothing but what may be the whole payload."""
    if any(keyword.arg != "sender" for keyword in call.keywords):
        return False
    alone = [*positional, *(keyword.value for keyword in call.keywords)]
    return any(not isinstance(value, ast.Constant) for value in alone)
