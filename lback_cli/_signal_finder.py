"""Find in the source who declares, sends and receives signals.

A signal that is stored, handed on or returned can be sent and received by code that
does not name it. Such a place is kept as a loose end: what has been found is certain,
that there is nothing more is not.
"""

import ast
from collections.abc import Iterable
from collections.abc import Iterator
from fnmatch import fnmatchcase
from glob import escape
from typing import NamedTuple

from lback_cli._signal_contexts import call_of
from lback_cli._signal_contexts import call_with
from lback_cli._signal_contexts import is_caught
from lback_cli._signal_contexts import is_for_type_checkers
from lback_cli._signal_contexts import is_reexported
from lback_cli._signal_contexts import leaves_sight
from lback_cli._signal_contexts import what_is_connected
from lback_cli._signal_files import Role
from lback_cli._signal_index import Index
from lback_cli._signal_scopes import Imported
from lback_cli._signal_scopes import Outline
from lback_cli._signal_scopes import Scope
from lback_cli._signal_uses import Loose
from lback_cli._signal_uses import May
from lback_cli._signal_uses import Reception
from lback_cli._signal_uses import Send
from lback_cli._signal_uses import Spot
from lback_cli._signal_uses import Uses
from lback_cli._signal_values import ANY_NAME
from lback_cli._signal_values import argument_of
from lback_cli._signal_values import Channel
from lback_cli._signal_values import DISPATCHERS
from lback_cli._signal_values import Module
from lback_cli._signal_values import Part
from lback_cli._signal_values import Text
from lback_cli._signal_values import Value

_SENDS = {"asend", "send", "send_async"}
_CONNECTS = {"connect", "connect_any_weakly", "connect_via", "connected_to"}
_LOOKS_UP = {"get", "signal"}
# What else a signal and a dispatcher have; none of it sends, and none connects.
_HARMLESS = {
    "alias",
    "declaration",
    "disconnect",
    "doc",
    "has_receivers",
    "has_receivers_for",
    "is_heard",
    "is_muted",
    "muted",
    "name",
    "payload",
    "receivers",
    "receivers_for",
    "signal",
}
_IMPORTERS = {
    "__import__",
    "find_spec",
    "import_class",
    "import_module",
    "import_string",
    "iter_modules",
    "run_module",
    "run_path",
    "spec_from_file_location",
    "walk_packages",
}
_RUNNERS = {"eval", "exec"}
_OWN_NAMES = {"globals", "locals", "vars"}


class _Here(NamedTuple):
    """An expression and the scope that it stands in."""

    node: ast.expr
    scope: Scope


class _Target(NamedTuple):
    """The signal that a place sends or receives, and how well it is known."""

    name: str
    is_certain: bool
    is_by_name: bool = False


def find_uses(outlines: Iterable[Outline], index: Index) -> Uses:
    """Look through files for everything that declares, sends or receives a signal."""
    uses = Uses()
    for outline in outlines:
        _Finder(outline, index, uses).run()
    return uses


class _Finder:
    """Looks through one file.

    Args:
        outline: The file.
        index: By which names are followed.
        uses: Where to put what is found.
    """

    def __init__(self, outline: Outline, index: Index, uses: Uses) -> None:
        self._outline = outline
        self._index = index
        self._uses = uses
        self._imported = uses.imported.setdefault(outline.source.file, set())
        self._is_running = outline.source.role in {Role.PROJECT, Role.OTHER}

    def run(self) -> None:
        """Find everything that the file does with signals."""
        outline = self._outline
        self._uses.functions |= outline.functions
        if outline.is_program:
            self._uses.programs.add(outline.source.file)
        for found, statement in outline.imports:
            if not is_for_type_checkers(outline, statement):
                self._imported.update(_modules_of(found))
        for node, scope in outline.expressions:
            here = _Here(node, scope)
            if isinstance(node, ast.Attribute):
                self._attribute(node, here)
            elif isinstance(node, ast.Call):
                self._call(node, here)
            self._value(here)

    # --- What goes out of sight -------------------------------------------------

    def _value(self, here: _Here) -> None:
        """Notice a signal, a module or the dispatcher that goes out of sight."""
        if not self._is_running:
            return
        for value in self._index.values(here.node, here.scope):
            if isinstance(value, Text):
                self._text(value.text, here)
            elif self._is_lost(here):
                for pattern in self._reached_by(value):
                    self._lose(pattern, here)

    def _is_lost(self, here: _Here) -> bool:
        if not leaves_sight(self._outline, here.node, here.scope):
            return False
        call = call_with(self._outline, here.node)
        return call is None or not self._is_seen(call, here)

    def _is_seen(self, call: ast.Call, here: _Here) -> bool:
        """Tell whether a call that *here* is given to is looked at by itself."""
        function = call.func
        if self._index.makes(call, here.scope):
            return True
        if Part.RECEIVER in self._index.values(function, here.scope):
            return here.node in call.args
        return (
            here.node in call.args[:1]
            and isinstance(function, ast.Attribute)
            and not DISPATCHERS.isdisjoint(
                self._index.values(function.value, here.scope)
            )
        )

    def _reached_by(self, value: Value) -> Iterator[str]:
        """Yield patterns of the signals that can be had by way of *value*."""
        if isinstance(value, Channel):
            yield escape(value.name)
        elif isinstance(value, Module):
            yield from map(escape, self._index.signals_in(value.name))
        elif value in DISPATCHERS:
            yield ANY_NAME

    def _text(self, text: str, here: _Here) -> None:
        """Notice a text by which a signal or a module may be looked up."""
        index, source = self._index, self._outline.source
        if is_reexported(self._outline, here.node):
            if index.is_imported(source.module, text):
                for value in index.member(source.module, text):
                    for pattern in self._reached_by(value):
                        self._lose(pattern, here)
            return
        meant = index.meant_by(text)
        if not meant or not self._is_lost(here):
            return
        if index.is_module(text):
            self._imported.add(escape(text))
        for name in meant:
            self._lose(escape(name), here)

    def _lose(self, pattern: str, here: _Here, may: May = "be both") -> None:
        if self._is_running:
            self._uses.loose.append(Loose(pattern, self._spot(here), may))

    # --- What is done with signals ----------------------------------------------

    def _attribute(self, node: ast.Attribute, here: _Here) -> None:
        """Notice what is done with a signal, the dispatcher or a module."""
        bases = self._index.values(node.value, here.scope)
        for base in bases:
            if isinstance(base, Channel):
                is_certain = len(bases) == 1 and base.is_native
                self._use(_Target(base.name, is_certain), node, here)
            elif base in DISPATCHERS:
                is_certain = len(bases) == 1 and base is Part.DISPATCHER
                self._use_dispatcher(node, here, is_certain=is_certain)
            elif isinstance(base, Module) and node.attr == "__dict__":
                for pattern in self._reached_by(base):
                    self._lose(pattern, here)

    def _use(self, target: _Target, node: ast.Attribute, here: _Here) -> None:
        """Notice what is done with one signal."""
        if node.attr in _SENDS:
            self._send(target, here)
        elif node.attr in _CONNECTS:
            self._receive(target, here)
        elif node.attr not in _HARMLESS:
            self._lose(escape(target.name), here)

    def _use_dispatcher(
        self, node: ast.Attribute, here: _Here, *, is_certain: bool
    ) -> None:
        """Notice what the dispatcher is told to do with a name."""
        if node.attr not in _SENDS | _CONNECTS | _LOOKS_UP | {"alias"}:
            return
        call = call_of(self._outline, node)
        name = argument_of(call, "name") if call is not None else None
        texts = self._index.texts(name, here.scope) if name is not None else None
        if node.attr == "alias":
            self._declare(name, here.scope)
        elif texts is None:
            for pattern in self._patterns(name, here.scope):
                self._lose(pattern, here, _may(node.attr))
        elif node.attr not in _LOOKS_UP:
            is_sure = is_certain and len(texts) == 1
            for text in texts:
                self._use(_Target(text, is_sure, is_by_name=True), node, here)

    def _call(self, node: ast.Call, here: _Here) -> None:
        """Notice a declaration, ``@receiver(...)``, and what looks names up."""
        index, scope = self._index, here.scope
        name = argument_of(node, "name")
        if name is not None and index.declares(node, scope):
            self._declare(name, scope)
        if Part.RECEIVER in index.values(node.func, scope):
            for argument in node.args:
                self._receiver_of(argument, here)
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in _IMPORTERS:
            self._import(name, here)
        elif called in _RUNNERS and isinstance(node.func, ast.Name):
            self._lose(ANY_NAME, here)
        elif called in _OWN_NAMES and not node.args:
            for pattern in self._reached_by(Module(self._outline.source.module)):
                self._lose(pattern, here)

    def _receiver_of(self, argument: ast.expr, here: _Here) -> None:
        """Notice one argument of ``@receiver(...)``."""
        values = self._index.values(argument, here.scope)
        is_certain = len(values) == 1
        for value in values:
            if isinstance(value, Channel):
                self._receive(_Target(value.name, is_certain), here)
            elif isinstance(value, Text):
                self._receive(_Target(value.text, is_certain, is_by_name=True), here)
        if isinstance(argument, ast.Starred | ast.JoinedStr | ast.BinOp):
            for pattern in self._patterns(argument, here.scope):
                self._lose(pattern, here, "be received")

    def _import(self, name: ast.expr | None, here: _Here) -> None:
        """Notice a module that is imported by a name."""
        for pattern in self._patterns(name, here.scope):
            # NOTE: ".listeners" is relative to a package that is another argument.
            full = f"{ANY_NAME}{pattern}" if pattern.startswith(".") else pattern
            self._imported.add(full)
            if isinstance(self._outline.parents[here.node], ast.Expr):
                continue  # nobody takes anything out of it
            for module in self._index.modules:
                if fnmatchcase(module, full):
                    for signals in self._reached_by(Module(module)):
                        self._lose(signals, here)

    def _patterns(self, node: ast.expr | None, scope: Scope) -> set[str]:
        if node is None or isinstance(node, ast.Starred):
            return {ANY_NAME}
        return self._index.names_of(node, scope)

    def _declare(self, name: ast.expr | None, scope: Scope) -> None:
        # NOTE: Lback declares on behalf of others; what it declares itself is known.
        if self._outline.source.role is not Role.FRAMEWORK:
            self._uses.declared |= self._patterns(name, scope)

    def _send(self, target: _Target, here: _Here) -> None:
        self._uses.sends.append(
            Send(
                signal=self._index.first_name(target.name),
                spot=self._spot(here),
                call=call_of(self._outline, here.node),
                is_by_name=target.is_by_name,
                is_certain=target.is_certain,
                is_caught=is_caught(self._outline, here.node),
            )
        )

    def _receive(self, target: _Target, here: _Here) -> None:
        method = here.node.attr if isinstance(here.node, ast.Attribute) else ""
        # NOTE: a name, or a sender, may stand before the receiver.
        behind = int(method != "" and (target.is_by_name or method == "connect_via"))
        is_for_a_block = method == "connected_to"
        self._uses.receptions.append(
            Reception(
                signal=self._index.first_name(target.name),
                spot=self._spot(here),
                receiver=what_is_connected(self._outline, here.node, behind),
                is_by_name=target.is_by_name,
                is_certain=target.is_certain,
                is_at_import=here.scope.is_run_by_import and not is_for_a_block,
            )
        )

    def _spot(self, here: _Here) -> Spot:
        by = here.scope.skip_comprehensions().dotted
        return Spot(self._outline.source, here.node.lineno, by)


def _may(attribute: str) -> May:
    """Tell what the dispatcher's method *attribute* lets happen to a signal."""
    if attribute in _SENDS:
        return "be sent"
    return "be received" if attribute in _CONNECTS else "be both"


def _modules_of(found: Imported) -> set[str]:
    """Return the modules that an import loads, as patterns."""
    if found.name is None:
        return {escape(found.module)}
    # NOTE: what is taken out of a package may be a module of it.
    return {escape(found.module), escape(f"{found.module}.{found.name}")}
