"""Find what a module sends, in its syntax tree.

Three forms of sending are understood:

* ``signal.send(...)`` and ``signal.asend(...)``, where the signal was imported from the
  catalogue, is an attribute of it, or is looked up by its name;
* the method handed on, as in ``atexit.register(signal.send, self, port=8000)``;
* a forwarder: a function that sends a signal which it is given, or whose name it is
  given. Its calls are the sends: those in its module, and those of ``self.forwarder()``
  in a module that imports it or that it imports, since a class may be spread over them.

Fields behind ``**`` are not seen; the send itself refuses wrong ones.
"""

import ast
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple
from typing import TypeGuard

import pytest

import lback.signals
from lback.core.signals import Signal

# Where signals are imported from: modules, and how else the catalogue is reached.
_HOMES = {"lback.core.catalogue", "lback.signals"}
_DOORS = {*_HOMES, "lback.core.dispatcher_instance.catalogue"}

_SENDING = {"send", "asend"}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Keywords = list[ast.keyword] | None


class Send(NamedTuple):
    """A place that sends.

    Attributes:
        module: The dotted name of the module.
        line: The line in it.
        target: What is sent, as it is written there.
        signal: The name of the signal, or None if it cannot be told.
        fields: The fields that are passed by name.
        is_open: Whether there may be more of them, behind ``**``.
    """

    module: str
    line: int
    target: str
    signal: str | None
    fields: frozenset[str]
    is_open: bool


class Forwarder(NamedTuple):
    """A function that sends what it is given.

    Attributes:
        parameters: What it is called with, without ``self``.
        chooser: The one of these that says what to send.
        send: The send in it.
        adds: Whether the keywords of a call go into that send.
    """

    parameters: list[str]
    chooser: str
    send: Send
    adds: bool


class Reader:
    """Somebody who reads a module and notes what it sends.

    Args:
        module: Its dotted name.
        tree: Its syntax tree.
    """

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module = module
        self.imported: set[str] = set()
        self.forwarders: dict[str, Forwarder] = {}
        self.sends: list[Send] = []
        self._tree = tree
        self._signals: dict[str, str] = {}
        self._doors: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self._import_from(str(node.module), node.names)
            elif isinstance(node, ast.Import):
                self.imported.update(alias.name for alias in node.names)
                doors = [alias for alias in node.names if alias.name in _DOORS]
                self._doors.update(alias.asname or alias.name for alias in doors)
        for target, keywords, function in _sending_places(tree):
            self._note(target, keywords, function)

    def forwarded(self, neighbours: dict[str, Forwarder]) -> Iterator[Send]:
        """Yield what calls of forwarders send.

        Args:
            neighbours: The forwarders of the modules next to this one.
        """
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Call):
                continue
            known = self.forwarders
            name = getattr(node.func, "id", None)
            if isinstance(node.func, ast.Attribute):
                name = node.func.attr
                if ast.unparse(node.func.value) == "self":
                    known = {**neighbours, **known}
            if name in known:
                yield self._through(known[name], node)

    def _import_from(self, module: str, names: list[ast.alias]) -> None:
        self.imported |= {module, *(f"{module}.{alias.name}" for alias in names)}
        for alias in names:
            local = alias.asname or alias.name
            found = getattr(lback.signals, alias.name, None)
            if module in _HOMES and (found is None or isinstance(found, Signal)):
                self._signals[local] = alias.name
            elif f"{module}.{alias.name}" in _DOORS:
                self._doors.add(local)

    def _note(
        self, target: ast.expr, keywords: _Keywords, function: _Function | None
    ) -> None:
        """Note a send, or that *function* is a forwarder."""
        send = self._send(target, keywords, _value_of(target, function))
        parameters = [] if function is None else _parameters(function)
        chooser = _chooser(_value_of(target, function))
        is_given = send.signal is None and chooser in parameters
        # NOTE: calls of a function that is called "send" are found as sends anyhow.
        if function is None or function.name in _SENDING or not is_given:
            self.sends.append(send)
            return
        own = function.args.kwarg
        rest = [ast.unparse(k.value) for k in keywords or () if k.arg is None]
        adds = own is not None and rest == [own.arg]
        self.forwarders[function.name] = Forwarder(parameters, chooser, send, adds)

    def _through(self, forwarder: Forwarder, call: ast.Call) -> Send:
        """Return what a call of *forwarder* sends."""
        by_name = [k.value for k in call.keywords if k.arg == forwarder.chooser]
        position = forwarder.parameters.index(forwarder.chooser)
        given = (by_name or call.args[position:])[0]
        send = self._send(given, call.keywords, given)
        inner = forwarder.send
        if not forwarder.adds:
            return send._replace(fields=inner.fields, is_open=inner.is_open)
        added = send.fields.difference(forwarder.parameters)
        return send._replace(fields=inner.fields | added)

    def _send(self, target: ast.expr, keywords: _Keywords, value: ast.expr) -> Send:
        fields = {keyword.arg for keyword in keywords or ()}
        return Send(
            self.module,
            target.lineno,
            ast.unparse(target),
            self._signal_of(value),
            frozenset(field for field in fields if field is not None),
            is_open=keywords is None or None in fields,
        )

    def _signal_of(self, value: ast.expr) -> str | None:
        """Return the name of the signal that *value* is, if that can be told."""
        if isinstance(value, ast.Name):
            return self._signals.get(value.id)
        if isinstance(value, ast.Attribute):
            return value.attr if ast.unparse(value.value) in self._doors else None
        key = _key_of(value) or value
        named = isinstance(key, ast.Constant) and isinstance(key.value, str)
        return ast.literal_eval(key) if named else None


def _sending_places(
    tree: ast.Module,
) -> Iterator[tuple[ast.expr, _Keywords, _Function | None]]:
    """Yield what is sent, with which keywords, in which function.

    The keywords are None where the method is neither called nor handed on to a call.
    """
    claimed: set[int] = set()
    for node, function in _with_functions(tree, None):
        if isinstance(node, ast.Call):
            for method in filter(_is_send, (node.func, *node.args)):
                claimed.add(id(method))
                yield method.value, node.keywords, function
        elif _is_send(node) and id(node) not in claimed:
            yield node.value, None, function


def _with_functions(
    node: ast.AST, function: _Function | None
) -> Iterator[tuple[ast.AST, _Function | None]]:
    """Yield everything below *node*, outside first, with the function it stands in."""
    for child in ast.iter_child_nodes(node):
        yield child, function
        inner = child if isinstance(child, _Function) else function
        yield from _with_functions(child, inner)


def _is_send(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr in _SENDING


def _parameters(function: _Function) -> list[str]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    return [a.arg for a in arguments if a.arg not in {"self", "cls"}]


def _value_of(target: ast.expr, function: _Function | None) -> ast.expr:
    """Return what *target* is set to in *function*, or *target* itself."""
    if isinstance(target, ast.Name) and function is not None:
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.NamedExpr):
                to = node.targets if isinstance(node, ast.Assign) else [node.target]
                if [target.id] == [getattr(name, "id", None) for name in to]:
                    return node.value
    return target


def _chooser(value: ast.expr) -> str:
    """Return the name that says what *value* is: its own, or that of its key."""
    return str(getattr(_key_of(value) or value, "id", ""))


def _key_of(value: ast.expr) -> ast.expr | None:
    """Return the name by which *value* looks a signal up, if it does."""
    match value:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, key, *_]):
            return key
        case ast.Call(func=ast.Attribute(attr="get" | "signal"), args=[key, *_]):
            return key
    return None


def read(sources: Iterable[tuple[str, ast.Module]]) -> list[Send]:
    """Return what modules send, given as dotted names and trees."""
    readers = [Reader(name, tree) for name, tree in sources]
    sends = []
    for reader in readers:
        neighbours: dict[str, Forwarder] = {}
        for other in readers:
            if reader.module in other.imported or other.module in reader.imported:
                neighbours |= other.forwarders
        sends += [*reader.sends, *reader.forwarded(neighbours)]
    return sends


@pytest.fixture(scope="session")
def every_send(modules: list[Any]) -> list[Send]:
    """Return what the two packages send, to anything that has such a method."""
    return read((module.name, module.tree) for module in modules)


@pytest.fixture
def sends_of() -> Callable[..., list[Send]]:
    """Return a function that tells what modules send, given their texts by name."""

    def sends_of(**texts: str) -> list[Send]:
        return read((name, ast.parse(text)) for name, text in texts.items())

    return sends_of
