"""Receivers that fail fail the test: one run of pytest over one module of cases.

The cases run once, in a generated project without a conftest; each test here looks at
how one of them ended.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from lback.core.signals import SignalDispatcher
from lback.testing._errors import ErrorGuard
from lback.testing._errors import report

CASES = """
import asyncio
import threading
import unittest

import pytest
from lback.core import _observers
from orders.signals import visited


def upload(sender, path):
    raise ConnectionError("no network")


async def later(sender):
    await asyncio.sleep(0)
    raise TimeoutError("too late")


def send(**options):
    with visited.connected_to(upload, **options):
        return visited.send(path="/")


@pytest.fixture
def early():
    send()


@pytest.fixture
def late():
    yield
    send()


def test_isolated():
    assert send().errors


def test_request(client):
    with visited.connected_to(upload):
        assert client.get("/orders/").status_code == 200


def test_thread():
    worker = threading.Thread(target=send, name="my worker")
    worker.start()
    worker.join()


def test_async():
    with visited.connected_to(later):
        visited.send(path="/")


def test_seven():
    for _ in range(7):
        send()


def test_early(early):
    pass


def test_late(late):
    pass


def test_wrong_anyway():
    send()
    assert 1 == 2


def test_block(signals):
    with signals.allow_errors() as allowed:
        send()
    assert ["no network"] == [str(error) for error in allowed.errors]


def test_behind_the_block(signals):
    with signals.allow_errors():
        pass
    send()


def test_without_a_block(signals):
    signals.allow_errors()
    send()


def test_next_one():
    send()


@pytest.mark.allow_errors
def test_marked():
    send()


@pytest.mark.allow_errors
class TestMarked:
    def test_method(self, signals):
        with signals.allow_errors():
            send()
        send()


def test_raised():
    with pytest.raises(ConnectionError):
        send(on_error="raise")


@pytest.mark.xfail(strict=True)
def test_expected():
    send()


def test_skipped():
    send()
    pytest.skip("not here")


class TestCase(unittest.TestCase):
    def test_bad_case(self):
        send()

    def test_good_case(self):
        visited.send(path="/")


quiet = visited.__class__("quiet")
recordings = []


def test_leaves_all_behind(app, signals):
    signals.mute()
    signals.only(quiet)
    recordings.append(signals.record())
    assert quiet and [] == visited.send(path="/")
    assert False


def test_finds_all_as_before(app):
    assert not quiet
    before = len(recordings[0].sent)
    assert 1 == len(visited.send(path="/"))
    assert before == len(recordings[0].sent)
    assert 1 == len(_observers.failure_hooks)
"""


class Case:
    """How one of the cases ended.

    Attributes:
        ended: ``"passed"``, or else ``"failure"``, ``"error"`` or ``"skipped"``.
        summary: The first line of what it said.
        text: All that it said.
    """

    def __init__(self, element: ET.Element) -> None:
        said = next(iter(element), None)
        self.ended = "passed" if said is None else said.tag
        message = "" if said is None else said.get("message", "")
        self.summary = message.partition("\n")[0]
        self.text = "" if said is None else said.text or ""


@pytest.fixture(scope="session")
def cases(shop: Path, run_python: Callable[..., str]) -> dict[str, Case]:
    """Run the cases; return how each of them ended, by name."""
    module, xml = shop / "tests" / "test_guarded.py", shop / "guarded.xml"
    module.write_text(CASES, encoding="utf-8")
    options = ["--strict-markers", "-p", "no:cacheprovider", "--show-capture=no"]
    said = run_python(shop, "-m", "pytest", *options, f"--junitxml={xml}", str(module))

    assert xml.exists(), said
    found = ET.parse(xml).iter("testcase")  # noqa: S314  # pytest's own file
    return {element.attrib["name"]: Case(element) for element in found}


def test_a_failing_receiver_fails_the_test(shop: Path, cases: dict[str, Case]) -> None:
    """A test that uses no fixture fails, and says which receiver failed, and why."""
    place = f"{shop}/tests/test_guarded.py"
    expected = f"""\
Receiver tests.test_guarded.upload of signal 'orders.visited' failed: \
ConnectionError: no network
({place}:11)
Traceback (most recent call last):
  File "{place}", line 12, in upload
    raise ConnectionError("no network")
ConnectionError: no network

The sends went on, as in production. If a test is to have this, write \
'with signals.allow_errors():' around it, or mark the test with \
@pytest.mark.allow_errors."""

    assert ("failure", expected) == (
        cases["test_isolated"].ended,
        cases["test_isolated"].text,
    )


def test_the_summary_names_receiver_signal_and_error(cases: dict[str, Case]) -> None:
    """The first line says it all, since short summaries show no more."""
    assert (
        "Failed: Receiver tests.test_guarded.upload of signal 'orders.visited' failed: "
        "ConnectionError: no network"
    ) == cases["test_isolated"].summary


def test_a_failure_during_a_request_counts(cases: dict[str, Case]) -> None:
    """The visitor gets a page, the test fails."""
    assert "failure" == cases["test_request"].ended


def test_a_failure_in_another_thread_counts(cases: dict[str, Case]) -> None:
    """A worker thread that the test starts is covered, and named."""
    assert "failure" == cases["test_thread"].ended
    assert "test_guarded.py:11, in thread 'my worker')\n" in cases["test_thread"].text


def test_a_failing_coroutine_counts(cases: dict[str, Case]) -> None:
    """The traceback of an async receiver starts in the receiver, too."""
    _, _, trace = cases["test_async"].text.partition("recent call last):\n")

    assert "failure" == cases["test_async"].ended
    assert trace.splitlines()[0].endswith(", line 17, in later")


def test_every_failure_is_shown_up_to_five(cases: dict[str, Case]) -> None:
    """Several failures are counted; the first five have their tracebacks."""
    text = cases["test_seven"].text

    assert text.startswith("7 receivers failed, one by one:\n")
    assert 5 == text.count(", in upload\n")
    assert "... and 2 more\n" in text


def test_a_receiver_without_source_shows_the_whole_traceback(
    dispatcher: SignalDispatcher,
) -> None:
    """A builtin has no frame to start from, so the traceback starts at the send."""
    guard, parsed = ErrorGuard(), dispatcher.signal("parsed")
    parsed.connect(int)
    guard.start()
    parsed.send("seven")
    guard.stop()

    text = report(guard.take())

    assert text.startswith(
        "Receiver builtins.int of signal 'parsed' failed: ValueError"
    )
    assert ", in send\n" in text


@pytest.mark.parametrize("name", ["test_early", "test_late"])
def test_a_failure_around_a_test_is_its_error(
    cases: dict[str, Case], name: str
) -> None:
    """A receiver that fails while fixtures are made or taken down is an error."""
    assert "error" == cases[name].ended
    assert "Receiver tests.test_guarded.upload of signal" in cases[name].summary


def test_a_test_that_fails_anyway_names_the_receivers(cases: dict[str, Case]) -> None:
    """The test's own failure is the one shown, with the receivers below it."""
    case = cases["test_wrong_anyway"]

    assert "assert 1 == 2" in case.summary
    assert (
        "\nE       Receiver tests.test_guarded.upload of signal 'orders.visited' "
        "failed: ConnectionError: no network\n"
    ) in case.text


@pytest.mark.parametrize(
    "name", ["test_block", "test_without_a_block", "test_marked", "test_method"]
)
def test_errors_can_be_allowed(cases: dict[str, Case], name: str) -> None:
    """In a block, for the rest of a test, and by a mark on a function or a class."""
    assert "passed" == cases[name].ended


@pytest.mark.parametrize("name", ["test_behind_the_block", "test_next_one"])
def test_errors_are_allowed_no_longer_than_asked(
    cases: dict[str, Case], name: str
) -> None:
    """Behind the block, and in the next test, failures count again."""
    assert "failure" == cases[name].ended


def test_an_error_that_reaches_the_sender_is_the_senders(
    cases: dict[str, Case],
) -> None:
    """With ``on_error="raise"`` the test handles the exception itself."""
    assert "passed" == cases["test_raised"].ended


def test_an_expected_failure_comes_true(cases: dict[str, Case]) -> None:
    """A failing receiver is a failure that ``xfail`` may wait for."""
    assert "skipped" == cases["test_expected"].ended
    assert "" == cases["test_expected"].summary


def test_a_skip_stays_a_skip(cases: dict[str, Case]) -> None:
    """A test that skips itself is not failed by what happened before."""
    assert ("skipped", "not here") == (
        cases["test_skipped"].ended,
        cases["test_skipped"].summary,
    )


@pytest.mark.parametrize(
    ("name", "ended"), [("test_bad_case", "failure"), ("test_good_case", "passed")]
)
def test_cases_of_unittest_are_covered(
    cases: dict[str, Case], name: str, ended: str
) -> None:
    """A ``unittest.TestCase`` fails if a receiver fails, and only then."""
    assert ended == cases[name].ended


def test_a_failing_test_leaves_nothing_behind(cases: dict[str, Case]) -> None:
    """What a test mutes and records without a block ends with it, also if it fails."""
    assert "failure" == cases["test_leaves_all_behind"].ended
    assert "assert False" in cases["test_leaves_all_behind"].summary
    assert "passed" == cases["test_finds_all_as_before"].ended
