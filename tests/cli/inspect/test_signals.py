"""`lback signals list`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[dict[str, str]], None]

PROJECT = {
    "settings.py": "DEBUG = True\nINSTALLED_APPS = ['shop', 'mail']\n",
    "shop/__init__.py": "",
    "shop/signals.py": """
from lback import Signal

order_paid = Signal("shop.order_paid")
order_lost = Signal("shop.order_lost")
""",
    "shop/listeners.py": """
from lback import receiver
from shop.signals import order_paid

@receiver(order_paid, sender="checkout")
def reserve(sender):
    pass
""",
    "mail/__init__.py": "",
    "mail/apps.py": """
from pathlib import Path
from lback import AppConfig

class MailConfig(AppConfig):
    label = "post"

    def ready(self):
        Path("is_ready").touch()
""",
    "mail/listeners.py": """
from lback import receiver
from lback.signals import request_finished

@receiver("shop.order_paid", order=-1)
async def send_receipt(sender):
    pass

@receiver(request_finished)
def count(sender):
    pass
""",
}


@pytest.fixture
def project(write: Write, here: Path) -> Path:
    """Return the folder of a project of two apps, which is the current one."""
    write(PROJECT)
    return here


def listed(lback: Lback, *words: str) -> list[tuple[str, str | None]]:
    """Return the pairs of signal and receiver that are listed."""
    rows = json.loads(lback("signals", "list", "--json", *words).stdout)
    return [(row["signal"], row["receiver"]) for row in rows]


OWN = [
    ("request_finished", "mail.listeners.count"),
    ("shop.order_lost", None),
    ("shop.order_paid", "mail.listeners.send_receipt"),
    ("shop.order_paid", "shop.listeners.reserve"),
]


def test_the_table_shows_everything(project: Path, lback: Lback) -> None:
    """The table has each receiver with its place, order, delivery and kind."""
    done = lback("signals", "list")
    lines = [line.split() for line in done.stdout.splitlines()]

    assert [
        ["SIGNAL", "APP", "RECEIVER", "PLACE", "ORDER", "WHEN", "KIND", "SENDER"],
        [
            "request_finished",
            "post",
            "mail.listeners.count",
            "mail/listeners.py:9",
            "0",
            "now",
            "sync",
        ],
        ["shop.order_lost", "shop", "(nobody)", "shop/signals.py:5"],
        [
            "shop.order_paid",
            "post",
            "mail.listeners.send_receipt",
            "mail/listeners.py:5",
            "-1",
            "now",
            "async",
        ],
        [
            "shop.order_paid",
            "shop",
            "shop.listeners.reserve",
            "shop/listeners.py:5",
            "0",
            "now",
            "sync",
            "'checkout'",
        ],
    ] == lines


def test_json_has_the_documented_keys(project: Path, lback: Lback) -> None:
    """--json prints a list of objects with all keys."""
    rows = json.loads(lback("signals", "list", "--json").stdout)

    assert {
        "signal": "shop.order_paid",
        "app": "shop",
        "receiver": "shop.listeners.reserve",
        "file": str(project / "shop/listeners.py"),
        "line": 5,
        "order": 0,
        "when": "now",
        "kind": "sync",
        "sender": "'checkout'",
    } == rows[-1]


def test_a_signal_that_nobody_hears_has_its_place(project: Path, lback: Lback) -> None:
    """A signal without receivers is listed where it is declared."""
    rows = json.loads(lback("signals", "list", "--json", "--unheard").stdout)

    assert [
        {
            "signal": "shop.order_lost",
            "app": "shop",
            "receiver": None,
            "file": str(project / "shop/signals.py"),
            "line": 5,
            "order": None,
            "when": None,
            "kind": None,
            "sender": None,
        }
    ] == rows


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), OWN),
        (("--app", "post"), [OWN[0], OWN[2]]),
        (("--app", "shop"), [OWN[1], OWN[3]]),
        (("--app", "nowhere"), []),
        (("--signal", "shop.order_p*"), OWN[2:]),
        (("--signal", "SHOP.*"), []),
        (("--unheard",), [OWN[1]]),
        (("--app", "shop", "--signal", "*paid"), [OWN[3]]),
    ],
)
def test_the_list_can_be_narrowed(
    lback: Lback, words: tuple[str, ...], expected: list[tuple[str, str | None]]
) -> None:
    """--app, --signal and --unheard choose rows, each and together."""
    assert expected == listed(lback, *words)


@pytest.mark.usefixtures("project")
def test_the_frameworks_signals_can_be_listed(lback: Lback) -> None:
    """--framework adds the framework's signals that nobody hears."""
    rows = listed(lback, "--framework")

    assert (True, True) == (("server_started", None) in rows, set(OWN) <= set(rows))


@pytest.mark.usefixtures("project")
def test_an_empty_list_says_so(lback: Lback) -> None:
    """Where there is nothing to list, that is said, or an empty list in JSON."""
    words = ("signals", "list", "--signal", "no.such")

    assert ("There are no such signals.\n", "[]\n") == (
        lback(*words).stdout,
        lback(*words, "--json").stdout,
    )


def test_nothing_is_made_ready(project: Path, lback: Lback) -> None:
    """Listing loads the apps up to their listeners and runs no ready()."""
    done = lback("signals", "list")

    assert (0, False) == (done.returncode, (project / "is_ready").exists())


@pytest.mark.usefixtures("project")
def test_a_failing_listeners_module_is_a_failure(write: Write, lback: Lback) -> None:
    """A listeners.py that fails exits with 1 and one sentence with file and line."""
    write({"mail/listeners.py": "\n1 / 0\n"})
    done = lback("signals", "list")

    assert (1, "", True, 1) == (
        done.returncode,
        done.stdout,
        "The app 'mail' fails in listeners.py: ZeroDivisionError" in done.stderr,
        len(done.stderr.splitlines()),
    )


ODD = """
import enum
from lback import receiver


class Odd:
    def __repr__(self):
        raise RuntimeError

    def __eq__(self, other):
        raise RuntimeError

    def __str__(self):
        raise RuntimeError

    __hash__ = object.__hash__


class OddText(str):
    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


class Colour(enum.Enum):
    RED = "red"


class Kind(enum.IntEnum):
    ONE = 1


SENDERS = [Odd(), Odd, OddText("x"), Colour.RED, Kind.ONE, "a\\x1b[31m\\n", 5, True]

for number, sender in enumerate(SENDERS):

    def hear(sender):
        pass

    receiver("odd.signal", sender=sender, order=number, uid=str(number))(hear)
"""


def test_no_sender_is_too_odd(write: Write, lback: Lback) -> None:
    """Whatever object a receiver filters by, the list shows a short name of it."""
    write(
        {
            "settings.py": "DEBUG = True\nINSTALLED_APPS = ['odd']",
            "odd/__init__.py": "",
            "odd/listeners.py": ODD,
        }
    )
    done = lback("signals", "list", "--json")

    assert [
        "Odd",
        "Odd",
        "OddText",
        "Colour.RED",
        "Kind.ONE",
        "'a\\x1b[31m\\n'",
        "5",
        "True",
    ] == [row["sender"] for row in json.loads(done.stdout)]


def test_a_receiver_outside_any_app_belongs_to_none(write: Write, lback: Lback) -> None:
    """A receiver of a module that is no app has no app."""
    write(
        {
            "settings.py": "DEBUG = True\nINSTALLED_APPS = ['shop']",
            "shop/__init__.py": "",
            "shop/listeners.py": "import helpers",
            "helpers.py": "from lback import receiver\n"
            "@receiver('x.y')\ndef f(sender): pass\n",
        }
    )
    row = json.loads(lback("signals", "list", "--json").stdout)[0]

    assert ("helpers.f", None) == (row["receiver"], row["app"])
