"""What a forked child must not take over."""

import os
from collections.abc import Callable


def after_fork(renew: Callable[[], None]) -> Callable[[], None]:
    """Have the decorated *renew* run in every child of a fork, before anything else.

    For locks: the thread that held one in the parent is not in the child, so nobody
    would ever release it there.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)
    return renew
