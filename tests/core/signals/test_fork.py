"""Signals in a process that forks."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system cannot fork"
)

ASYNC = """
import asyncio, gc, os, sys
from lback import Signal

signal = Signal("x")

@signal.connect
async def wait(sender):
    return await asyncio.to_thread(lambda: 7)

assert signal.send().values == [7]
child = os.fork()
if child == 0:
    good = signal.send().values == [7]
    gc.collect()
    sys.exit(0 if good else 1)
assert os.waitpid(child, 0)[1] == 0
assert signal.send().values == [7]
print("both work")
"""

LOCKED = """
import os, sys, threading
from lback.core.signals import dispatcher

held, done = threading.Event(), threading.Event()

def hold():
    with dispatcher.lock:
        held.set()
        done.wait(60)

threading.Thread(target=hold, daemon=True).start()
held.wait(60)
child = os.fork()
if child == 0:
    dispatcher.connect("x", lambda sender: 7)
    os._exit(0 if dispatcher.send("x").values == [7] else 1)
code = os.waitpid(child, 0)[1]
done.set()
assert code == 0
print("the child works")
"""


@pytest.mark.parametrize(
    ("code", "said"), [(ASYNC, "both work"), (LOCKED, "the child works")]
)
def test_parent_and_child_work_after_a_fork(code: str, said: str) -> None:
    """Neither the parent's loop nor a lock held by another thread stops anybody."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (0, f"{said}\n") == (done.returncode, done.stdout), done.stderr
