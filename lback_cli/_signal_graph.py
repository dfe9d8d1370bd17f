"""Who sends which signal to whom, as a graph."""

from collections.abc import Iterable
from typing import Any
from typing import TYPE_CHECKING

from lback_cli._signal_drawing import Graph
from lback_cli._signal_drawing import Node
from lback_cli._signal_survey import Survey

if TYPE_CHECKING:
    from lback.core.signals import Signal


def graph_of(
    signals: "Iterable[Signal[..., Any]]", looked: Survey, app: str | None = None
) -> Graph:
    """Connect the functions that send with the signals, and these with receivers.

    The arrows to several receivers carry their numbers in the order in which they run.

    Args:
        signals: The signals.
        looked: What the source says about them.
        app: Only signals that the app with this label declares, sends or receives.
    """
    graph = Graph()
    for signal in signals:
        declared = signal.declaration
        home = looked.label_of(declared.module) if declared is not None else None
        middle = Node("signal", str(signal.name), home)
        sends = looked.sends_of(middle.name)
        senders = [_function(looked, s.spot.source.module, s.spot.by) for s in sends]
        receivers = [
            _function(looked, receiver.origin.module, receiver.name)
            for receiver in signal.receivers
        ]
        apps = {node.app for node in (middle, *senders, *receivers)}
        if app is not None and app not in apps:
            continue
        graph.add(middle)
        for sender in senders:
            graph.connect(sender, middle)
        for number, receiver in enumerate(receivers, 1):
            graph.connect(middle, receiver, str(number) if len(receivers) > 1 else "")
    return graph


def _function(looked: Survey, module: str, name: str) -> Node:
    return Node("function", name, looked.label_of(module))
