"""Receivers that run after the commit, reached through another spelling."""

import asyncio
from typing import Any

import pytest

from lback.compat.blinker import Namespace


@pytest.mark.parametrize("is_async", [False, True])
def test_a_wrapped_send_reaches_them(is_async: bool) -> None:
    """A send that wraps receivers leaves those alone that bring their own values."""
    signal = Namespace().signal("stored")
    heard: list[Any] = []

    async def coroutine(sender: Any, key: int) -> None:
        heard.append(("coroutine", sender, key))

    def function(sender: Any, key: int) -> None:
        heard.append(("function", sender, key))

    signal.signal.connect(coroutine, when="after_commit")
    signal.signal.connect(function, when="after_commit")
    if is_async:
        asyncio.run(signal.send_async("shop", _sync_wrapper=_unused, key=1))
    else:
        signal.send("shop", _async_wrapper=_unused, key=1)

    assert [("coroutine", "shop", 1), ("function", "shop", 1)] == heard


def _unused(function: Any) -> Any:
    raise AssertionError(f"{function} was wrapped.")
