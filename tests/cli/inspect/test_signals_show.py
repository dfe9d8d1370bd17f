"""`lback signals show`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[dict[str, str]], None]

BLIND = (
    "Not seen in the source: signals reached through getattr, containers, parameters "
    "or attributes of objects, and names that are built at run time.\n"
)

PROJECT = {
    "settings.py": "DEBUG = True\nINSTALLED_APPS = ['shop', 'mail']\n",
    "shop/__init__.py": "",
    "shop/signals.py": """
from dataclasses import dataclass
from lback import Signal

@dataclass
class OrderPaid:
    order_id: int
    currency: str = "EUR"

order_paid = Signal("shop.order_paid", payload=OrderPaid, doc="A payment came in.")
order_lost = Signal("shop.order_lost")
""",
    "shop/listeners.py": """
from lback import receiver
from shop.signals import order_paid

@receiver(order_paid, sender="checkout", on_error="raise")
def reserve(sender):
    pass
""",
    "shop/views.py": """
from shop.signals import order_paid

class Checkout:
    def pay(self):
        order_paid.send("checkout", order_id=1)
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

@receiver("shop.order_paid", order=-1)
async def send_receipt(sender):
    pass
""",
    "tests/test_shop.py": """
from shop.signals import order_lost

def test_it():
    order_lost.send("test")
""",
}


@pytest.fixture
def project(write: Write, here: Path) -> Path:
    """Return the folder of a project of two apps, which is the current one."""
    write(PROJECT)
    return here


def shown(lback: Lback, name: str) -> dict[str, Any]:
    """Return what is shown of a signal, from JSON."""
    found: dict[str, Any] = json.loads(lback("signals", "show", name, "--json").stdout)
    return found


@pytest.mark.usefixtures("project")
def test_everything_about_a_signal_is_shown(lback: Lback) -> None:
    """Doc, place, fields and who sends stand there, and the receivers in order."""
    done = lback("signals", "show", "shop.order_paid")

    assert (
        """\
shop.order_paid
A payment came in.
Declared at shop/signals.py:10.

FIELD     TYPE  DEFAULT
order_id  int
currency  str   'EUR'

SENT BY                  APP   PLACE
shop.views.Checkout.pay  shop  shop/views.py:6

RECEIVER                     APP   PLACE                ORDER  WHEN  KIND   SENDER      ON_ERROR
mail.listeners.send_receipt  post  mail/listeners.py:4  -1     now   async              log
shop.listeners.reserve       shop  shop/listeners.py:5  0      now   sync   'checkout'  raise

"""  # noqa: E501  # as wide as the table is
        + BLIND
        == done.stdout
    )


def test_json_has_the_documented_keys(project: Path, lback: Lback) -> None:
    """--json prints one object with all keys."""
    assert {
        "signal": "shop.order_paid",
        "aliases": [],
        "doc": "A payment came in.",
        "app": "shop",
        "file": str(project / "shop/signals.py"),
        "line": 10,
        "payload": "shop.signals.OrderPaid",
        "fields": [
            {"name": "order_id", "type": "int", "required": True, "default": None},
            {"name": "currency", "type": "str", "required": False, "default": "'EUR'"},
        ],
        "sent_from": [
            {
                "by": "shop.views.Checkout.pay",
                "app": "shop",
                "file": str(project / "shop/views.py"),
                "line": 6,
            }
        ],
        "handed_on": [],
        "receivers": [
            {
                "receiver": "mail.listeners.send_receipt",
                "app": "post",
                "file": str(project / "mail/listeners.py"),
                "line": 4,
                "order": -1,
                "when": "now",
                "kind": "async",
                "sender": None,
                "on_error": "log",
            },
            {
                "receiver": "shop.listeners.reserve",
                "app": "shop",
                "file": str(project / "shop/listeners.py"),
                "line": 5,
                "order": 0,
                "when": "now",
                "kind": "sync",
                "sender": "'checkout'",
                "on_error": "raise",
            },
        ],
    } == shown(lback, "shop.order_paid")


@pytest.mark.usefixtures("project")
def test_a_signal_that_nobody_uses_says_so(lback: Lback) -> None:
    """Nothing to list is a sentence; what only a test does does not count."""
    done = lback("signals", "show", "shop.order_lost")

    assert (
        """\
shop.order_lost
Declared at shop/signals.py:11.

It has no declared payload; any fields may be sent.

No place was found that sends it.

Nobody receives it.

"""
        + BLIND
        == done.stdout
    )


def test_nothing_is_made_ready(project: Path, lback: Lback) -> None:
    """Showing a signal loads the apps up to their listeners and runs no ready()."""
    done = lback("signals", "show", "shop.order_paid")

    assert (0, False) == (done.returncode, (project / "is_ready").exists())


@pytest.mark.usefixtures("project")
def test_a_signal_of_the_framework_is_found_in_its_source(lback: Lback) -> None:
    """For a signal of Lback, the places in Lback that send it are found."""
    found = [
        (place["by"], Path(place["file"]).name)
        for place in shown(lback, "request_finished")["sent_from"]
    ]

    assert [
        ("lback.core.app_controller.AppController.handle_request", "app_controller.py")
    ] == found


@pytest.mark.usefixtures("project")
def test_a_second_name_shows_the_same_signal(lback: Lback) -> None:
    """An alias is shown like the first name, and both names are told."""
    first = "unhandled_exception_response_generated"
    done = lback("signals", "show", "got_request_exception")

    assert (shown(lback, first), f"{first} = got_request_exception") == (
        shown(lback, "got_request_exception"),
        done.stdout.splitlines()[0],
    )


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "shop.order_payed",
            "No signal is called 'shop.order_payed'. Did you mean 'shop.order_paid'?",
        ),
        (
            "receiver_faild",
            "No signal is called 'receiver_faild'. Did you mean 'receiver_failed'?",
        ),
        ("zzz", "No signal is called 'zzz'. Run: lback signals list --framework"),
        (
            "user_login_failed",
            "Nothing sends 'user_login_failed' yet; it comes with users and sessions.",
        ),
    ],
)
def test_an_unknown_name_is_a_failure(lback: Lback, name: str, said: str) -> None:
    """A name that no signal has exits with 1 and names the nearest one."""
    done = lback("signals", "show", name)

    assert (1, "", f"lback: {said}\n") == (done.returncode, done.stdout, done.stderr)


def test_a_name_that_is_only_received_is_shown(write: Write, lback: Lback) -> None:
    """A signal that nobody declares is shown with its receivers."""
    write(
        {
            **PROJECT,
            "mail/listeners.py": PROJECT["mail/listeners.py"].replace("paid", "payed"),
        }
    )
    done = lback("signals", "show", "shop.order_payed")

    assert (True, True) == (
        "\nNobody declares it.\n" in done.stdout,
        "mail.listeners.send_receipt" in done.stdout,
    )


PAYLOADS = """
import collections
import dataclasses
import enum
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, TypedDict
from lback import Signal
from pydantic import BaseModel

if TYPE_CHECKING:
    from somewhere import Request


class Colour(enum.Enum):
    RED = 1


class Odd:
    def __repr__(self):
        raise RuntimeError


@dataclasses.dataclass
class Parent:
    request: "Request"
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Data(Parent):
    colour: Colour = Colour.RED
    text: str = "x" * 200
    not_there: int = dataclasses.field(default=0, init=False)


class Row(NamedTuple):
    request: "Request | None"
    odd: Any = Odd()


class Words(TypedDict):
    order_id: int
    note: NotRequired[str]


class Model(BaseModel):
    order_id: int
    tags: list[str] = []
    note: str | None = None


class Empty(NamedTuple):
    pass


Bare = collections.namedtuple("Bare", "a b", defaults=[2])


data = Signal("x.data", payload=Data)
row = Signal("x.row", payload=Row)
words = Signal("x.words", payload=Words)
model = Signal("x.model", payload=Model)
empty = Signal("x.empty", payload=Empty)
bare = Signal("x.bare", payload=Bare)
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "x.data",
            [
                ["request", "Request", True, None],
                ["tags", "list[str]", False, "<factory>"],
                ["colour", "Colour", False, "<Colour.RED: 1>"],
                ["text", "str", False, f"'{'x' * 27}...{'x' * 28}'"],
            ],
        ),
        (
            "x.row",
            [
                ["request", "Request | None", True, None],
                ["odd", "Any", False, "<Odd instance at 0x>"],
            ],
        ),
        (
            "x.words",
            [
                ["order_id", "int", True, None],
                ["note", "NotRequired[str]", False, None],
            ],
        ),
        (
            "x.model",
            [
                ["order_id", "int", True, None],
                ["tags", "list[str]", False, "[]"],
                ["note", "str | None", False, "None"],
            ],
        ),
        ("x.empty", []),
        ("x.bare", [["a", "", True, None], ["b", "", False, "2"]]),
    ],
)
def test_fields_have_types_and_defaults(
    write: Write, lback: Lback, name: str, expected: list[list[Any]]
) -> None:
    """Types stand as the source writes them; no default is too odd or too long."""
    write(
        {
            "settings.py": "DEBUG = True\nINSTALLED_APPS = ['x']\n",
            "x/__init__.py": "",
            "x/signals.py": PAYLOADS,
        }
    )
    fields = [list(field.values()) for field in shown(lback, name)["fields"]]
    for field in fields:
        field[3] = field[3] and field[3].partition("0x")[0] + "0x>" * ("0x" in field[3])

    assert expected == fields


SENDS = """
import asyncio
import functools
from contextlib import suppress
import shop.signals
import shop.signals as events
from shop import signals
from shop.signals import order_lost as lost
from lback.core.dispatcher_instance import dispatcher
from lback.signals import dispatcher as channel

NAME = "shop.order_lost"
SEND = lost.send  # sent


def plain():
    shop.signals.order_lost.send("a")  # sent
    events.order_lost.send("a")  # sent
    if lost:
        lost.send()  # sent
    found = signals.order_lost
    found.send(  # sent
        "a",
        x=1,
    )


async def later(request, names):
    await lost.asend("a")  # sent
    await asyncio.gather(*[lost.asend(n) for n in names])  # sent
    await dispatcher.asend(NAME, "a")  # sent
    request.dispatcher.send("shop.order_lost")  # sent
    dispatcher.send(
        names[0],
        "shop.order_lost",
    )


class Base:
    gone = lost


class Stock(Base):
    signal = lost
    call = functools.partial(lost.send, "a")  # sent

    def lose(self):
        with suppress(ValueError):
            lambda: channel.send(f"shop.{'order'}_lost", "a")  # sent
        for each in (lost, signals.order_paid):
            each.send("a", order_id=1)  # sent
        dispatcher.signal("shop.order_lost").send("a")  # sent
        Stock.signal.send("a")  # sent
        Stock.gone.send("a")  # sent

    def other(self, lost, order_lost):
        lost.send("a")
        order_lost.send("a")
        signals.order_paid.send("a", order_id=1)
        self.lost.send("a")
        lost.connect(plain)
"""


@pytest.mark.usefixtures("project")
def test_every_way_of_sending_is_found(write: Write, lback: Lback) -> None:
    """A send is found by whatever name the signal goes, and nothing else is."""
    write({"shop/more.py": SENDS})
    lines = SENDS.splitlines()
    expected = [n for n, line in enumerate(lines, 1) if line.endswith("# sent")]
    found = [
        place["line"]
        for place in shown(lback, "shop.order_lost")["sent_from"]
        if Path(place["file"]).name == "more.py"
    ]

    assert expected == found


HANDED_ON = """
from shop.signals import order_lost

def tell(bus):
    bus.add(order_lost)
    return order_lost
"""


@pytest.mark.usefixtures("project")
def test_where_a_signal_is_handed_on_is_told(write: Write, lback: Lback) -> None:
    """Places behind which a signal may be sent unseen are listed."""
    write({"shop/more.py": HANDED_ON})
    done = lback("signals", "show", "shop.order_lost")

    assert (
        "\nIt may be sent unseen where it is handed on: "
        "shop/more.py:5, shop/more.py:6.\n" in done.stdout
    )


def test_a_file_that_cannot_be_read_is_told(write: Write, lback: Lback) -> None:
    """A file that is no Python is a warning; everything else is shown."""
    write({**PROJECT, "shop/old.py": "\nprint 'x'\n", "shop/older.py": "("})
    done = lback("signals", "show", "shop.order_paid")

    assert (0, True, True) == (
        done.returncode,
        done.stderr.startswith("warning: shop/old.py:2 could not be read (Missing"),
        done.stderr.endswith("), nor could 1 more.\n"),
    )


@pytest.mark.usefixtures("project")
def test_a_failing_app_is_a_failure(write: Write, lback: Lback) -> None:
    """An app that fails exits with 1 and one sentence."""
    write({"mail/listeners.py": "1 / 0\n"})
    done = lback("signals", "show", "shop.order_paid")

    assert (1, "", True) == (
        done.returncode,
        done.stdout,
        "The app 'mail' fails in listeners.py: ZeroDivisionError" in done.stderr,
    )
