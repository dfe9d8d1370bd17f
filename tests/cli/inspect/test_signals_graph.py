"""`lback signals graph`.

The drawings are read by two small parsers, which take nothing that the languages do
not: they are stricter than Mermaid and Graphviz are.
"""

import re
import subprocess
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lback_cli._signal_drawing import dot
from lback_cli._signal_drawing import Graph
from lback_cli._signal_drawing import mermaid
from lback_cli._signal_drawing import Node

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
    "shop/views.py": """
from shop.signals import order_lost, order_paid

def pay():
    order_paid.send("views")
    order_paid.send("views")

def lose():
    order_lost.send("views")
""",
    "shop/listeners.py": """
from lback import receiver
from shop.signals import order_lost, order_paid

@receiver(order_paid)
def reserve(sender):
    order_lost.send("stock")
""",
    "mail/__init__.py": "",
    "mail/apps.py": "from lback import AppConfig\n"
    "class MailConfig(AppConfig):\n    label = 'post'\n",
    "mail/signals.py": "from lback import Signal\nmail_sent = Signal('mail.sent')\n",
    "mail/listeners.py": """
from lback import receiver
from lback.signals import server_started

@receiver("shop.order_paid", order=-1)
def send_receipt(sender):
    pass

@receiver(server_started)
def warm_up(sender):
    pass
""",
    "script.py": "from shop.signals import order_lost\norder_lost.send('script')\n",
}


class Drawing(NamedTuple):
    """What a drawing says: nodes as (shape, label, group), arrows as labels."""

    nodes: set[tuple[str, str, str]]
    edges: set[tuple[str, str, str]]


_NODE = re.compile(r'(n\d+)(\(\[|\[)"([^"]*)"(\]\)|\])')
_GROUP = re.compile(r'subgraph (app\d+)\["([^"]*)"\]')
_EDGE = re.compile(r'(n\d+) -->(?:\|"([^"]*)"\|)? (n\d+)')
_SAFE = re.compile(r"(?:[\w .:,/()-]|#\d+;)*")


def decoded(text: str) -> str:
    """Return what Mermaid shows for a quoted text."""
    assert _SAFE.fullmatch(text), text
    return re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text)


def read_mermaid(text: str) -> Drawing:
    """Read a flowchart; anything unexpected fails."""
    head, *lines = text.removesuffix("\n").split("\n")
    assert "flowchart LR" == head
    nodes: dict[str, tuple[str, str, str]] = {}
    edges: set[tuple[str, str, str]] = set()
    group = ""
    groups = set()
    for line in (line.strip() for line in lines if not line.startswith("%% ")):
        if found := _GROUP.fullmatch(line):
            assert not group
            assert found[1] not in groups
            groups.add(found[1])
            group = decoded(found[2])
        elif line == "end":
            assert group
            group = ""
        elif found := _NODE.fullmatch(line):
            assert found[1] not in nodes
            shape = {("[", "]"): "function", ("([", "])"): "signal"}[found[2], found[4]]
            nodes[found[1]] = shape, decoded(found[3]), group
        else:
            found = _EDGE.fullmatch(line)
            assert found, line
            start, end = nodes[found[1]][1], nodes[found[3]][1]
            edges.add((start, end, decoded(found[2] or "")))
    assert not group
    return Drawing(set(nodes.values()), edges)


_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\["\\])*"|->|\w+|[{}\[\]=;,])')


def tokens_of(text: str) -> Iterator[str]:
    """Yield the tokens of a text in the language of Graphviz."""
    text = re.sub(r"^//.*\n", "", text).rstrip()
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found, text[place:]
        yield found[1]
        place = found.end()
    yield ""


class DotReader:
    """Reads a directed graph of named nodes, arrows and clusters.

    Args:
        text: The graph.
    """

    def __init__(self, text: str) -> None:
        self.rest = tokens_of(text)
        self.ahead = next(self.rest)
        self.nodes: dict[str, tuple[str, str, str]] = {}
        self.edges: set[tuple[str, str, str]] = set()

    def read(self) -> Drawing:
        """Read everything; anything unexpected fails."""
        for token in ("digraph", "signals", "{", "rankdir", "=", "LR", ";"):
            self.take(token)
        self.statements("")
        self.take("}")
        self.take("")
        return Drawing(set(self.nodes.values()), self.edges)

    def take(self, expected: str) -> None:
        """Go on behind one token."""
        assert expected == self.ahead
        self.ahead = next(self.rest, "the end")

    def word(self, pattern: str) -> str:
        """Go on behind a name and return it."""
        word = self.ahead
        assert re.fullmatch(pattern, word), word
        self.take(word)
        return word

    def text(self) -> str:
        """Go on behind a quoted text and return what it shows."""
        quoted = self.word(r'".*"')
        return re.sub(r"\\(.)", r"\1", quoted[1:-1])

    def statements(self, group: str) -> None:
        """Read up to the closing brace."""
        while self.ahead != "}":
            if self.ahead == "subgraph":
                assert not group
                self.cluster()
                continue
            start = self.word(r"n\d+")
            if self.ahead == "->":
                self.take("->")
                self.arrow(start, self.word(r"n\d+"))
            else:
                assert start not in self.nodes
                label = self.label()
                self.take(",")
                self.take("shape")
                self.take("=")
                shape = {"box": "function", "ellipse": "signal"}[self.word(r"\w+")]
                self.take("]")
                self.nodes[start] = shape, label, group
            self.take(";")

    def cluster(self) -> None:
        """Read a group of nodes."""
        self.take("subgraph")
        self.word(r"cluster_\d+")
        self.take("{")
        self.take("label")
        self.take("=")
        name = self.text()
        self.take(";")
        self.statements(name)
        self.take("}")

    def label(self) -> str:
        """Read ``[label="..."``, which something may follow."""
        self.take("[")
        self.take("label")
        self.take("=")
        return self.text()

    def arrow(self, start: str, end: str) -> None:
        """Read what may follow an arrow."""
        label = ""
        if self.ahead == "[":
            label = self.label()
            self.take("]")
        self.edges.add((self.nodes[start][1], self.nodes[end][1], label))


def read_dot(text: str) -> Drawing:
    """Read a graph; anything unexpected fails."""
    return DotReader(text).read()


READERS = pytest.mark.parametrize(
    ("language", "read"), [("mermaid", read_mermaid), ("dot", read_dot)]
)

NODES = {
    ("function", "shop.views.pay", "shop"),
    ("function", "shop.views.lose", "shop"),
    ("function", "shop.listeners.reserve", "shop"),
    ("function", "mail.listeners.send_receipt", "post"),
    ("function", "mail.listeners.warm_up", "post"),
    ("function", "script", ""),
    ("signal", "shop.order_paid", "shop"),
    ("signal", "shop.order_lost", "shop"),
    ("signal", "mail.sent", "post"),
    ("signal", "server_started", ""),
}
EDGES = {
    ("shop.views.pay", "shop.order_paid", ""),
    ("shop.order_paid", "mail.listeners.send_receipt", "1"),
    ("shop.order_paid", "shop.listeners.reserve", "2"),
    ("shop.listeners.reserve", "shop.order_lost", ""),
    ("shop.views.lose", "shop.order_lost", ""),
    ("script", "shop.order_lost", ""),
    ("server_started", "mail.listeners.warm_up", ""),
}


@pytest.fixture
def project(write: Write, here: Path) -> Path:
    """Return the folder of a project of two apps, which is the current one."""
    write(PROJECT)
    return here


@READERS
@pytest.mark.usefixtures("project")
def test_senders_lead_to_signals_and_these_to_receivers(
    lback: Lback, language: str, read: Callable[[str], Drawing]
) -> None:
    """Both languages draw the same, grouped by app, several receivers with numbers."""
    drawn = read(lback("signals", "graph", "--format", language).stdout)
    ours = {node for node in drawn.nodes if not node[1].startswith("lback.")}
    arrows = {edge for edge in drawn.edges if not edge[0].startswith("lback.")}

    assert (NODES, EDGES) == (ours, arrows)


@pytest.mark.usefixtures("project")
def test_mermaid_is_what_is_drawn_without_a_format(lback: Lback) -> None:
    """Without --format the drawing is a Mermaid flowchart."""
    done = lback("signals", "graph")

    assert done.stdout == lback("signals", "graph", "--format", "mermaid").stdout


@READERS
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--app", "post"), {"mail.sent", "server_started", "shop.order_paid"}),
        (("--app", "shop"), {"shop.order_lost", "shop.order_paid"}),
        (("--signal", "*.order_p*"), {"shop.order_paid"}),
        (("--signal", "*sent", "--framework"), {"mail.sent", "server_response_sent"}),
        (("--app", "post", "--signal", "shop.*"), {"shop.order_paid"}),
    ],
)
def test_the_drawing_can_be_narrowed(
    lback: Lback,
    language: str,
    read: Callable[[str], Drawing],
    words: tuple[str, ...],
    expected: set[str],
) -> None:
    """--app, --signal and --framework choose signals, with all who use them."""
    drawn = read(lback("signals", "graph", "--format", language, *words).stdout)

    assert expected == {label for shape, label, _ in drawn.nodes if shape == "signal"}


@READERS
@pytest.mark.usefixtures("project")
def test_nothing_to_draw_is_an_empty_drawing(
    lback: Lback, language: str, read: Callable[[str], Drawing]
) -> None:
    """Where there is nothing to draw, the drawing is empty, and a warning says so."""
    done = lback("signals", "graph", "--format", language, "--signal", "no.such")

    assert (0, Drawing(set(), set()), "warning: There are no such signals.\n") == (
        done.returncode,
        read(done.stdout),
        done.stderr,
    )


@READERS
@pytest.mark.usefixtures("project")
def test_a_drawing_states_what_it_does_not_see(
    lback: Lback, language: str, read: Callable[[str], Drawing]
) -> None:
    """The blind spots stand in the drawing as a comment."""
    done = lback("signals", "graph", "--format", language)
    mark = {"mermaid": "%%", "dot": "//"}[language]

    assert f"{mark} Not seen in the source: signals reached " in done.stdout


ODD = [
    'a"b',
    "x[y]",
    "(x)",
    "{x}",
    "ключ",
    "注文",
    "back\\slash\\",
    "\\N",
    "`tick`",
    "<b>bold</b>",
    "end",
    "a#quot;b",
    "#35;",
    "%% x",
    "--> |x|",
    "a;b",
    "*x* __y__",
    "1. x",
    "&amp;",
    'x\' "y"',
]


@READERS
def test_no_name_is_too_odd(
    write: Write, lback: Lback, language: str, read: Callable[[str], Drawing]
) -> None:
    """Quotes, brackets, backslashes, marks and any script come out as they are."""
    declared = "\n".join(f"Signal({name!r})" for name in ODD)
    write(
        {
            "settings.py": "DEBUG = True\nINSTALLED_APPS = ['x']\n",
            "x/__init__.py": "",
            "x/signals.py": f"from lback import Signal\n{declared}\n",
        }
    )
    drawn = read(lback("signals", "graph", "--format", language).stdout)

    assert set(ODD) == {label for _, label, _ in drawn.nodes}


@pytest.mark.parametrize(
    ("write", "read"),
    [(mermaid, read_mermaid), (dot, read_dot)],
    ids=["mermaid", "dot"],
)
@given(texts=st.lists(st.text(min_size=1), min_size=6, max_size=6, unique=True))
def test_any_text_can_be_drawn(
    write: Callable[..., str], read: Callable[[str], Drawing], texts: list[str]
) -> None:
    """Whatever names, groups, labels and notes are, the drawing can be read again."""
    start, end, alone, app, label, note = texts
    graph = Graph()
    graph.connect(Node("signal", start, app), Node("function", end, None), label)
    graph.add(Node("signal", alone, app))
    drawn = read(write(graph, [note]))

    assert (
        Drawing(
            {
                ("signal", visible(start), visible(app)),
                ("function", visible(end), ""),
                ("signal", visible(alone), visible(app)),
            },
            {(visible(start), visible(end), visible(label))},
        )
        == drawn
    )


def visible(text: str) -> str:
    """Return *text* with a mark for each character that cannot be seen."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
