"""What signals cost in Lback and in its peers, in one process and in turns.

Run it with ``make bench``, or alone:
``.venv-bench/bin/python benchmarks/signals.py``; with names of cases behind it, only
these. Before a contestant is timed it has to prove that it calls the same receivers
with the same arguments and collects the same results.

``bare`` is the limit: a loop that passes ``sender, **fields``, catches what a receiver
raises and collects what it returns. Peers that do less are measured all the same:
blinker, pyee, psygnal and Django's ``send`` do not isolate receivers, psygnal passes
arguments by position, and only Lback, blinker and Django return results.
"""

import argparse
import importlib.metadata
import platform
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from _compare import ROUNDS
from _signal_bare import Bare
from _signal_bare import BareFilter
from _signal_contest import bench
from _signal_contest import check
from _signal_contest import connected
from _signal_contest import Contestant
from _signal_contest import of_fields
from _signal_contest import of_object
from _signal_contest import race
from _signal_growth import growth
from _signal_growth import memory
from _signal_receivers import all_fields
from _signal_receivers import any_fields
from _signal_receivers import bound_methods
from _signal_receivers import coroutine
from _signal_receivers import distinct
from _signal_receivers import failing
from _signal_receivers import lone_payload
from _signal_receivers import one_field
from _signal_receivers import returning
from _signal_sent import CHECKOUT
from _signal_sent import Checkout
from _signal_sent import FIELDS
from _signal_sent import OrderPaid
from _signal_sent import quieten
from _signal_sent import Receiver

try:
    from _signal_peers import Blinker
    from _signal_peers import Django
    from _signal_peers import DjangoRobust
    from _signal_peers import FastKit
    from _signal_peers import Lback
    from _signal_peers import Psygnal
    from _signal_peers import PsygnalFast
    from _signal_peers import Pyee
except ModuleNotFoundError as error:
    sys.exit(f"{error}. The peers come with: pip install --editable '.[bench]'")

LIBRARIES = ("lback", "blinker", "django", "pyee", "psygnal", "fastkit-core")
# 300,000 connections each, for a ratio that is 1 or 100.
GROWTH_ROUNDS = 5

OURS = ("lback", "lback declared")
DJANGOS = ("django send", "django robust", "django send cached", "django robust cached")
PEERS = (*DJANGOS, "blinker", "pyee", "psygnal", "fastkit")

# Lback is to be the faster one of these everywhere. The others do too little for that:
# pyee neither isolates nor collects, psygnal is a compiled loop over plain arguments.
FASTER = dict.fromkeys((*DJANGOS, "blinker", "fastkit"), 1.0)


def everybody() -> dict[str, Callable[[], Any]]:
    """Return what makes a signal of each contestant."""
    return {
        "lback": Lback,
        "lback declared": lambda: Lback(OrderPaid),
        "bare": Bare,
        "blinker": Blinker,
        "django send": Django,
        "django robust": DjangoRobust,
        "django send cached": lambda: Django(is_cached=True),
        "django robust cached": lambda: DjangoRobust(is_cached=True),
        "pyee": Pyee,
        "psygnal": Psygnal,
        "fastkit": FastKit,
    }


def to_any_fields(count: int) -> dict[str, Contestant]:
    """Let everybody send to *count* receivers that take any fields."""
    return {
        name: of_fields(make(), fitting(name), count)
        for name, make in everybody().items()
    }


def fitting(name: str) -> Callable[[], Receiver]:
    """Return what makes a receiver that takes any fields, as far as it can."""
    return all_fields if name == "psygnal" else any_fields


def nobody_listens(rounds: int) -> bool:
    """Compare sends that nobody hears.

    A declared payload is held to less: no peer has one, and to prove the names of two
    fields takes 75 ns however it is written.
    """
    undeclared, declared = to_any_fields(0), to_any_fields(0)
    del undeclared["lback declared"], declared["lback"]
    wanted = bench(
        "nobody_listens",
        undeclared,
        rounds=rounds,
        reach=dict.fromkeys(PEERS, 0.6),
    )
    return wanted & bench(
        "nobody_listens, declared payload",
        declared,
        rounds=rounds,
        reach=dict.fromkeys(PEERS, 1.0),
    )


def one_receiver(rounds: int) -> bool:
    """Compare sends to one receiver."""
    isolating = ("blinker", "django robust", "django robust cached")
    return bench(
        "one_receiver",
        to_any_fields(1),
        rounds=rounds,
        ours=OURS,
        reach=dict.fromkeys(isolating, 0.6),
    )


def ten_receivers(rounds: int) -> bool:
    """Compare sends to ten receivers."""
    return bench(
        "ten_receivers",
        to_any_fields(10),
        rounds=rounds,
        ours=OURS,
        reach={"bare": 1.3, "django robust cached": 0.75, "blinker": 0.5},
    )


def hundred_receivers(rounds: int) -> bool:
    """Compare sends to a hundred receivers."""
    return bench(
        "hundred_receivers",
        to_any_fields(100),
        rounds=rounds,
        ours=OURS,
        reach=FASTER,
    )


def returning_receivers(rounds: int) -> bool:
    """Compare sends to ten receivers that return something."""
    names = (*OURS, "bare", "blinker", "django robust", "django robust cached")
    makers = everybody()
    contestants = {name: of_fields(makers[name](), returning) for name in names}
    return bench(
        "returning_receivers", contestants, rounds=rounds, ours=OURS, reach=FASTER
    )


def named_fields(rounds: int) -> bool:
    """Compare ten receivers that name all fields, or one, with our own that take any.

    Once without a declared payload and once with one.
    """
    one = {"order_id": FIELDS["order_id"]}
    reached = []
    for title, payload in (("", None), (", declared payload", OrderPaid)):
        contestants = {
            "lback all": of_fields(Lback(payload), all_fields),
            "lback one": of_fields(Lback(payload), one_field, fields=one),
            "lback any": of_fields(Lback(payload), any_fields),
            "bare all": of_fields(Bare(), all_fields),
            "blinker all": of_fields(Blinker(), all_fields),
            "pyee all": of_fields(Pyee(), all_fields),
            "psygnal all": of_fields(Psygnal(), all_fields),
        }
        reached.append(
            bench(
                f"named_fields{title}",
                contestants,
                rounds=rounds,
                ours=("lback all", "lback one"),
                reach={"lback any": 1.0},
            )
        )
    return all(reached)


def payload_object(rounds: int) -> bool:
    """Compare sends of one object to ten receivers.

    Without a declared payload the object goes through, with one its fields are read.
    """
    psygnal = of_object(Psygnal(has_fields=False), lone_payload)
    reach = {"lback any fields": 1.0, "psygnal": 1.0}
    whole = {
        "lback": of_object(Lback(), lone_payload),
        "lback any fields": of_fields(Lback(), any_fields),
        "psygnal": psygnal,
        "psygnal fast": of_object(PsygnalFast(has_fields=False), lone_payload),
        "bare": of_object(Bare(), lone_payload),
        "blinker": of_object(Blinker(), lone_payload),
        "django robust cached": of_object(DjangoRobust(is_cached=True), any_fields),
        "pyee": of_object(Pyee(), lone_payload),
        "fastkit": of_object(FastKit(), lone_payload),
    }
    instance = {
        "lback": of_object(Lback(OrderPaid), all_fields)._replace(
            first=None, fields=FIELDS
        ),
        "lback any fields": of_fields(Lback(OrderPaid), any_fields),
        "psygnal": psygnal,
    }
    return all(
        [
            bench("payload_object", whole, rounds=rounds, reach=reach),
            bench(
                "payload_object, declared payload",
                instance,
                rounds=rounds,
                reach=reach,
            ),
        ]
    )


def sender_filter(rounds: int) -> bool:
    """Compare sends of which one of ten receivers wants to hear the sender."""
    makers: dict[str, Callable[[], Any]] = {
        "lback": Lback,
        "lback declared": lambda: Lback(OrderPaid),
        "bare": BareFilter,
        "blinker": Blinker,
        "django robust": DjangoRobust,
        "django robust cached": lambda: DjangoRobust(is_cached=True),
    }
    contestants = {}
    senders = [Checkout() for _ in range(9)]
    senders.insert(3, CHECKOUT)
    for name, make in makers.items():
        peer = make()
        receivers = distinct(any_fields, 10)
        for receiver, sender in zip(receivers, senders, strict=True):
            peer.connect(receiver, sender)
        contestants[name] = Contestant(
            peer.send_fields, receivers, [3], CHECKOUT, FIELDS, peer.collects
        )
    return bench("sender_filter", contestants, rounds=rounds, ours=OURS, reach=FASTER)


def weak_receivers(rounds: int) -> bool:
    """Compare sends to the methods of ten objects that are not kept alive."""
    contestants = {}
    makers = everybody()
    for name in (*OURS, "blinker", "django robust", "django robust cached"):
        peer = makers[name]()
        receivers = bound_methods(10)
        for receiver in receivers:
            peer.connect(receiver, weak=True)
        contestants[name] = Contestant(
            peer.send_fields, receivers, range(10), CHECKOUT, FIELDS, peer.collects
        )
    return bench("weak_receivers", contestants, rounds=rounds, ours=OURS, reach=FASTER)


def one_failing_receiver(rounds: int) -> bool:
    """Compare sends to ten receivers of which one raises, and that is logged."""
    names = (*OURS, "bare", "django robust", "django robust cached", "fastkit")
    makers = everybody()
    contestants = {}
    for name in names:
        peer = makers[name]()
        receivers = distinct(any_fields, 10)
        receivers[3:4] = distinct(failing, 1)
        contestants[name] = Contestant(
            peer.send_fields,
            connected(peer, receivers),
            range(10),
            peer.sender,
            FIELDS,
            peer.collects,
        )
    return bench(
        "one_failing_receiver", contestants, rounds=rounds, ours=OURS, reach=FASTER
    )


def async_receivers(rounds: int) -> bool:
    """Compare sends to ten async receivers, inside an event loop and without one."""
    inside = {
        "lback": Lback(),
        "lback declared": Lback(OrderPaid),
        "bare": Bare(),
        "blinker": Blinker(),
        "django robust": DjangoRobust(),
        "django robust cached": DjangoRobust(is_cached=True),
    }
    contestants = {
        name: of_fields(peer, coroutine, send="send_async")
        for name, peer in inside.items()
    }
    contestants["fastkit"] = of_fields(FastKit(), coroutine)
    without = {
        "lback": of_fields(Lback(), coroutine),
        "lback declared": of_fields(Lback(OrderPaid), coroutine),
        "django robust": of_fields(DjangoRobust(), coroutine),
        "django robust cached": of_fields(DjangoRobust(is_cached=True), coroutine),
    }
    return all(
        [
            bench(
                "async_receivers", contestants, rounds=rounds, ours=OURS, reach=FASTER
            ),
            bench(
                "async_receivers, no loop",
                without,
                rounds=rounds,
                ours=OURS,
                reach=FASTER,
            ),
        ]
    )


def connect_disconnect(rounds: int) -> bool:
    """Compare connecting a receiver and disconnecting it again."""
    runs = {}
    # Django's other ways differ in sending alone, and a list has nothing to show.
    left_out = {"bare", *DJANGOS} - {"django send"}
    for name, make in everybody().items():
        if name in left_out:
            continue
        peer = make()
        (receiver,) = distinct(fitting(name), 1)
        check(f"connect, {name}", of_fields(make(), fitting(name), 1))
        runs[name] = partial(peer.connect_and_disconnect, receiver)
        runs[name](1)
        nobody = Contestant(peer.send_fields, [receiver], [], None, {}, peer.collects)
        check(f"disconnect, {name}", nobody)
    return race("connect_disconnect", runs, rounds=rounds, ours=OURS)


def memory_per_receiver(rounds: int) -> bool:
    """Compare what a connected receiver takes."""
    return memory(everybody())


def many_receivers(rounds: int) -> bool:
    """Connect and disconnect up to 100,000 receivers."""
    return growth(Lback, min(rounds, GROWTH_ROUNDS))


CASES = {
    case.__name__: case
    for case in (
        nobody_listens,
        one_receiver,
        ten_receivers,
        hundred_receivers,
        returning_receivers,
        named_fields,
        payload_object,
        sender_filter,
        weak_receivers,
        one_failing_receiver,
        async_receivers,
        connect_disconnect,
        memory_per_receiver,
        many_receivers,
    )
}


def main() -> int:
    """Run the cases asked for; the exit code says whether all ratios are reached."""
    parser = argparse.ArgumentParser(description="What signals cost.")
    parser.add_argument("cases", nargs="*", metavar="case", help=", ".join(CASES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    unknown = [name for name in asked.cases if name not in CASES]
    if unknown:
        parser.error(f"There is no case {unknown[0]!r}, but {', '.join(CASES)}.")
    quieten()
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
    print(", ".join(versions))
    reached = {name: CASES[name](asked.rounds) for name in asked.cases or CASES}
    missed = [name for name, is_reached in reached.items() if not is_reached]
    print(f"\nNot reached: {', '.join(missed)}" if missed else "\nAll reached.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
