"""Every attack is answered in time, and then forgotten."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.cases import Attack
from tests.attacks.cases import attacks
from tests.attacks.cases import HOST

ATTACKS = list(attacks())
FINE = Attack("", "GET", "/fine", [("Host", HOST)], b"", [200], [200], 1.0)


def each(found: list[Attack]) -> pytest.MarkDecorator:
    """Run a test for each of these attacks."""
    return pytest.mark.parametrize("attack", found, ids=[a.name for a in found])


Ask = Callable[[dict[str, Any]], tuple[int, bytes]]


@each([attack for attack in ATTACKS if not attack.raw])
def test_the_application_holds(ask: Ask, attack: Attack) -> None:
    """The WSGI callable answers on its own, whatever the server lets through."""
    status, body = ask(attack.environ())  # the first one warms up
    spent = []
    for _ in range(3):
        environ = attack.environ()
        began = time.process_time()
        ask(environ)
        spent.append(time.process_time() - began)

    assert status in attack.status
    assert b"Traceback" not in body
    assert min(spent) < attack.seconds
    assert (200, b"fine") == ask(FINE.environ())


@each(ATTACKS)
def test_the_server_holds(send: Callable[[bytes], bytes], attack: Attack) -> None:
    """Over a socket there is one answer, and the next request is served."""
    answer = send(attack.request())
    heads = answer.split(b"HTTP/1.1 ")

    assert int(heads[1][:3]) in attack.server, answer[:500]
    assert 2 == len(heads)
    assert attack.lacks not in answer
    assert send(FINE.request()).startswith(b"HTTP/1.1 200 ")
