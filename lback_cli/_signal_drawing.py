"""Draw who sends to whom, as text for Mermaid or Graphviz."""

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Literal
from typing import NamedTuple

Kind = Literal["function", "signal"]


class Node(NamedTuple):
    """A function or a signal.

    Attributes:
        kind: Which of the two.
        name: Its dotted name.
        app: The label of the app that it belongs to, or None.
    """

    kind: Kind
    name: str
    app: str | None


class Edge(NamedTuple):
    """An arrow.

    Attributes:
        start: Where it starts.
        end: Where it ends.
        label: What is written on it; may be empty.
    """

    start: Node
    end: Node
    label: str = ""


@dataclass
class Graph:
    """Nodes and the arrows between them, in the order in which they were added.

    Attributes:
        nodes: The nodes, each with its identifier.
        edges: The arrows.
    """

    nodes: dict[Node, str] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)

    def add(self, node: Node) -> Node:
        """Add a node, if it is not there yet."""
        self.nodes.setdefault(node, f"n{len(self.nodes)}")
        return node

    def connect(self, start: Node, end: Node, label: str = "") -> None:
        """Add an arrow, and its ends."""
        self.edges[Edge(self.add(start), self.add(end), label)] = None

    def by_app(self) -> Mapping[str | None, list[Node]]:
        """Return the nodes by app, those of no app under None."""
        groups: dict[str | None, list[Node]] = {}
        for node in self.nodes:
            groups.setdefault(node.app, []).append(node)
        return groups


def mermaid(graph: Graph, notes: Iterable[str] = ()) -> str:
    """Write *graph* as a Mermaid flowchart, from left to right.

    Args:
        graph: What to draw.
        notes: Lines of comment.
    """

    def draw(node: Node) -> str:
        opening, closing = ("([", "])") if node.kind == "signal" else ("[", "]")
        return f"{graph.nodes[node]}{opening}{_mermaid_text(node.name)}{closing}"

    def group(number: int, app: str) -> str:
        return f"subgraph app{number}[{_mermaid_text(app)}]"

    def link(edge: Edge) -> str:
        label = f"|{_mermaid_text(edge.label)}|" if edge.label else ""
        return f"{graph.nodes[edge.start]} -->{label} {graph.nodes[edge.end]}"

    lines = ["flowchart LR", *(f"%% {_one_line(note)}" for note in notes)]
    lines += _indented(_body(graph, draw, group, "end", link))
    return "\n".join(lines)


def dot(graph: Graph, notes: Iterable[str] = ()) -> str:
    """Write *graph* in the language of Graphviz, from left to right.

    Args:
        graph: What to draw.
        notes: Lines of comment.
    """

    def draw(node: Node) -> str:
        shape = "ellipse" if node.kind == "signal" else "box"
        return f"{graph.nodes[node]} [label={_dot_text(node.name)}, shape={shape}];"

    def group(number: int, app: str) -> str:
        return f"subgraph cluster_{number} {{\n  label={_dot_text(app)};"

    def link(edge: Edge) -> str:
        label = f" [label={_dot_text(edge.label)}]" if edge.label else ""
        return f"{graph.nodes[edge.start]} -> {graph.nodes[edge.end]}{label};"

    lines = [*(f"// {_one_line(note)}" for note in notes), "digraph signals {"]
    lines += _indented(["rankdir=LR;", *_body(graph, draw, group, "}", link)])
    return "\n".join([*lines, "}"])


def _body(
    graph: Graph,
    draw: Callable[[Node], str],
    group: Callable[[int, str], str],
    end: str,
    link: Callable[[Edge], str],
) -> Iterator[str]:
    """Yield the lines that both languages have: groups, nodes, arrows."""
    for number, (app, nodes) in enumerate(graph.by_app().items()):
        if app is None:
            yield from map(draw, nodes)
            continue
        yield from group(number, app).splitlines()
        yield from _indented(map(draw, nodes))
        yield end
    yield from map(link, graph.edges)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _mermaid_text(text: str) -> str:
    """Quote *text*; what quotes, Markdown or HTML would read becomes an entity."""
    escaped = re.sub(r"[^\w .:,/()-]", lambda c: f"#{ord(c[0])};", _one_line(text))
    return f'"{escaped}"'


def _dot_text(text: str) -> str:
    escaped = _one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _one_line(text: str) -> str:
    shown = (
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
    )
    return "".join(shown)
