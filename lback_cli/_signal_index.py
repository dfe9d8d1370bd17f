"""Follow names through the source of a project.

Through imports, assignments, loops over what is written out, and class bodies. What
that does not find is unknown; nothing is guessed.
"""

import ast
import glob
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from lback_cli._signal_scopes import Assigned
from lback_cli._signal_scopes import Binding
from lback_cli._signal_scopes import Imported
from lback_cli._signal_scopes import Outline
from lback_cli._signal_scopes import Scope
from lback_cli._signal_values import ANY_NAME
from lback_cli._signal_values import argument_of
from lback_cli._signal_values import Channel
from lback_cli._signal_values import DISPATCHERS
from lback_cli._signal_values import MAKERS
from lback_cli._signal_values import Module
from lback_cli._signal_values import NOTHING_KNOWN
from lback_cli._signal_values import Part
from lback_cli._signal_values import Text
from lback_cli._signal_values import UNKNOWN
from lback_cli._signal_values import Value
from lback_cli._signal_values import Values

# What takes more steps than this is not followed.
_DEEPEST = 60

_PARTS = {
    ("lback.core.signals", "Signal"): Part.SIGNAL,
    ("lback.core.signals", "dispatcher"): Part.DISPATCHER,
    ("lback.core.signals", "receiver"): Part.RECEIVER,
    ("lback.compat.blinker", "signal"): Part.DIALECT,
    ("lback.compat.fastkit", "Signal"): Part.DIALECT,
}


class Index:
    """The files of a project, by which names are followed.

    Args:
        outlines: The files.
        known: The signals that loading has put into variables, by module and
            variable. They go before what the source seems to say.
        find: Returns the first name of the signal that a name means, or None.
    """

    def __init__(
        self,
        outlines: Iterable[Outline],
        known: Mapping[tuple[str, str], Channel],
        find: Callable[[str], str | None],
    ) -> None:
        self._known = known
        self._find = find
        self._scopes: dict[str, Scope] = {}
        self._packages: set[str] = set()
        for outline in outlines:
            name = outline.source.module
            self._scopes.setdefault(name, outline.scope)
            while name:
                self._packages.add(name)
                name = name.rpartition(".")[0]
        self._found: dict[tuple[Scope, str], Values] = {}
        self._held: dict[str, set[str]] = {}
        self._readers: dict[type, Callable[[Any, Scope, int], Values]] = {
            ast.Attribute: self._attribute,
            ast.BinOp: self._joined,
            ast.BoolOp: self._choice,
            ast.Call: self._call,
            ast.Constant: self._constant,
            ast.FormattedValue: self._joined,
            ast.IfExp: self._choice,
            ast.JoinedStr: self._joined,
            ast.Name: self._name_of,
            ast.NamedExpr: self._choice,
            ast.Subscript: self._subscript,
        }

    @property
    def modules(self) -> Iterable[str]:
        """The names of all modules."""
        return self._scopes.keys()

    def values(self, node: ast.expr, scope: Scope, depth: int = 0) -> Values:
        """Return all that *node*, which stands in *scope*, can be."""
        read = self._readers.get(type(node))
        if read is None or depth > _DEEPEST:
            return NOTHING_KNOWN
        return read(node, scope, depth)

    def texts(self, node: ast.expr, scope: Scope) -> set[str] | None:
        """Return all that a text can be, or None if that is not known."""
        values = self.values(node, scope)
        texts = {value.text for value in values if isinstance(value, Text)}
        return texts if texts and len(texts) == len(values) else None

    def names_of(self, node: ast.expr, scope: Scope) -> set[str]:
        """Return all that a text can be, as patterns where parts are unknown."""
        texts = self.texts(node, scope)
        if texts is not None:
            return set(map(glob.escape, texts))
        parts = _parts(node)
        if not parts:
            return {ANY_NAME}
        pieces = [self.names_of(part, scope) for part in parts]
        return {"".join(p.pop() if len(p) == 1 else ANY_NAME for p in pieces)}

    def member(self, module: str, name: str, depth: int = 0) -> Values:
        """Return all that *name* of a module can be."""
        part = _PARTS.get((module, name))
        if part is not None:
            return frozenset({part})
        scope = self._scopes.get(module)
        if scope is not None:
            found = self._name(name, scope, depth + 1)
            if found != NOTHING_KNOWN:
                return found
        return self._module(f"{module}.{name}")

    def first_name(self, name: str) -> str:
        """Return the name by which the signal *name* is registered."""
        return self._find(name) or name

    def makes(self, call: ast.Call, scope: Scope) -> Part | None:
        """Tell what a call makes or finds: a signal, one of a dialect, or neither."""
        return self._made(call, scope, 0)

    def declares(self, call: ast.Call, scope: Scope) -> bool:
        """Tell whether a call declares a signal; to ask for one does not."""
        if self.makes(call, scope) is None:
            return False
        is_lookup = isinstance(call.func, ast.Attribute) and not DISPATCHERS.isdisjoint(
            self.values(call.func.value, scope)
        )
        return not is_lookup or any(k.arg in {"doc", "payload"} for k in call.keywords)

    def is_module(self, name: str) -> bool:
        """Tell whether a text is the dotted name of a module."""
        return "." in name and name in self._scopes

    def is_imported(self, module: str, name: str) -> bool:
        """Tell whether a module has *name* from another one."""
        scope = self._scopes.get(module)
        bindings = scope.names.get(name, []) if scope is not None else []
        return any(isinstance(binding, Imported) for binding in bindings)

    def signals_in(self, module: str) -> set[str]:
        """Name the signals in the variables of a module and of those in it."""
        if module not in self._held:
            held = self._held[module] = set()
            for name in self._scopes:
                if f"{name}.".startswith(f"{module}."):
                    held |= self._variables_of(name)
        return self._held[module]

    def meant_by(self, text: str) -> set[str]:
        """Name the signals that can be looked up by a text that names something."""
        first = self._find(text)
        if first is not None:
            return {first}
        module, _, variable = text.replace(":", ".").rpartition(".")
        # NOTE: a word without a dot is a word; too many are names of packages, too.
        if not module:
            return set()
        if text in self._scopes:
            return self._variables_of(text)
        return self._names_in(self.member(module, variable))

    def _variables_of(self, module: str) -> set[str]:
        """Name the signals in the variables of a module."""
        found = {v.name for (home, _), v in self._known.items() if home == module}
        for variable in list(self._scopes[module].names):
            found |= self._names_in(self.member(module, variable))
        return found

    def _names_in(self, values: Values) -> set[str]:
        return {value.name for value in values if isinstance(value, Channel)}

    def _module(self, name: str) -> Values:
        return frozenset({Module(name)}) if name in self._packages else NOTHING_KNOWN

    def _constant(self, node: ast.Constant, scope: Scope, depth: int) -> Values:
        # NOTE: None stands for "there is no such signal here"; it cannot be sent.
        if node.value is None:
            return frozenset()
        text = node.value
        return frozenset({Text(text)}) if isinstance(text, str) else NOTHING_KNOWN

    def _choice(self, node: ast.expr, scope: Scope, depth: int) -> Values:
        return _union(self.values(c, scope, depth + 1) for c in _choices(node))

    def _subscript(self, node: ast.Subscript, scope: Scope, depth: int) -> Values:
        # Signal[P, T] is Signal.
        return self.values(node.value, scope, depth + 1) & MAKERS or NOTHING_KNOWN

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Values:
        bases = self.values(node.value, scope, depth + 1)
        return _union(self._part(base, node.attr, depth) for base in bases)

    def _name_of(self, node: ast.Name, scope: Scope, depth: int) -> Values:
        return self._name(node.id, scope, depth)

    def _name(self, name: str, scope: Scope, depth: int) -> Values:
        """Look a name up from *scope* outward."""
        place: Scope | None = scope
        while place is not None:
            # NOTE: what is defined in a class is not seen by its methods.
            is_seen = place is scope or place.kind != "class"
            if is_seen and name in place.names:
                return self._bound(place, name, depth)
            if place.kind == "module":
                return self._unbound(place, name, depth)
            place = place.parent
        return NOTHING_KNOWN

    def _bound(self, place: Scope, name: str, depth: int) -> Values:
        """Return all that *name* is bound to in *place*."""
        key = place, name
        if key not in self._found:
            bindings = place.names[name]
            known = self._known.get((place.module, name))
            loaded = {known} if known and place.kind == "module" else set()
            if loaded and _stays(bindings):
                self._found[key] = frozenset(loaded)
            else:
                # NOTE: a name that is bound to itself finds this; it adds nothing.
                self._found[key] = NOTHING_KNOWN
                found = _union(self._binding(b, depth + 1) for b in bindings)
                self._found[key] = found | ({*loaded, UNKNOWN} if loaded else set())
        return self._found[key]

    def _binding(self, binding: Binding, depth: int) -> Values:
        if isinstance(binding, Assigned):
            return self.values(binding.value, binding.scope, depth)
        if isinstance(binding, Imported):
            if binding.name is None:
                return self._module(binding.module)
            return self.member(binding.module, binding.name, depth)
        if isinstance(binding, Scope) and binding.kind == "class":
            return frozenset({binding})
        return NOTHING_KNOWN

    def _unbound(self, place: Scope, name: str, depth: int) -> Values:
        """Return all that a name which a module does not bind itself can be."""
        known = self._known.get((place.module, name))
        if known is not None:
            return frozenset({known})
        for module in place.stars if depth <= _DEEPEST else ():
            found = self.member(module, name, depth + 1)
            if found != NOTHING_KNOWN:
                return found
        return NOTHING_KNOWN

    def _part(self, base: Value, name: str, depth: int) -> Values:
        """Return all that the attribute *name* of a value can be."""
        if isinstance(base, Module):
            return self.member(base.name, name, depth)
        if isinstance(base, Scope):
            return self._of_class(base, name, depth)
        if isinstance(base, Channel) and name == "signal":
            return frozenset({Channel(base.name, is_native=True)})
        if isinstance(base, Text) and name == "value":  # of an enum
            return frozenset({base})
        if base is UNKNOWN and name == "dispatcher":
            return frozenset({Part.PROBABLY_DISPATCHER})
        return NOTHING_KNOWN

    def _of_class(self, scope: Scope, name: str, depth: int) -> Values:
        """Look *name* up in a class and in those it is made of."""
        if depth > _DEEPEST:
            return NOTHING_KNOWN
        if name in scope.names:
            return self._bound(scope, name, depth + 1)
        for base in scope.bases:
            for value in self.values(base, scope.parent or scope, depth + 1):
                if isinstance(value, Scope):
                    found = self._of_class(value, name, depth + 1)
                    if found != NOTHING_KNOWN:
                        return found
        return NOTHING_KNOWN

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Values:
        """Tell which signal a call makes or finds."""
        name = argument_of(node, "name")
        made = self._made(node, scope, depth + 1) if name is not None else None
        if name is None or made is None:
            return NOTHING_KNOWN
        return frozenset(
            Channel(self.first_name(value.text), is_native=made is Part.SIGNAL)
            if isinstance(value, Text)
            else UNKNOWN
            for value in self.values(name, scope, depth + 1)
        )

    def _made(self, node: ast.Call, scope: Scope, depth: int) -> Part | None:
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in {"get", "signal"}:
            bases = self.values(function.value, scope, depth + 1)
            if not bases.isdisjoint(DISPATCHERS):
                return Part.SIGNAL
        found = self.values(function, scope, depth + 1)
        makers = {self._maker(value, depth + 1) for value in found}
        return makers.pop() if len(makers) == 1 else None

    def _maker(self, value: Value, depth: int) -> Part | None:
        """Tell what calling *value* makes: a signal, one of a dialect, or neither."""
        if isinstance(value, Part):
            return value if value in MAKERS else None
        if isinstance(value, Scope) and depth <= _DEEPEST:
            outer = value.parent or value
            bases = [self.values(b, outer, depth + 1) for b in value.bases]
            made = {self._maker(v, depth + 1) for found in bases for v in found}
            # NOTE: a subclass may have a send of its own, as a dialect has.
            return Part.DIALECT if made & MAKERS else None
        return None

    def _joined(self, node: ast.expr, scope: Scope, depth: int) -> Values:
        """Put the parts of a text together, if all of them are known."""
        parts = _parts(node)
        whole = {""}
        for part in parts:
            values = self.values(part, scope, depth + 1)
            texts = {value.text for value in values if isinstance(value, Text)}
            if len(texts) != 1 or len(values) != 1:
                return NOTHING_KNOWN
            whole = {start + text for start in whole for text in texts}
        return frozenset(map(Text, whole)) if parts else NOTHING_KNOWN


def _stays(bindings: Sequence[Binding]) -> bool:
    """Tell whether a name of a module keeps the value that loading has given to it.

    Of several imports one has succeeded. A loop, or a second assignment, changes it.
    """
    changes = [b for b in bindings if not isinstance(b, Imported) and not _is_none(b)]
    imports = [b for b in bindings if isinstance(b, Imported)]
    if not changes:
        return True
    return not imports and len(changes) == 1 and isinstance(changes[0], Assigned)


def _is_none(binding: Binding) -> bool:
    value = binding.value if isinstance(binding, Assigned) else None
    return isinstance(value, ast.Constant) and value.value is None


def _choices(node: ast.expr) -> list[ast.expr]:
    """Return the expressions of which *node* is one."""
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.NamedExpr):
        return [node.value]
    return []


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return the expressions that a text is put together of, one behind the other."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [node.left, node.right]
    if isinstance(node, ast.JoinedStr):
        return node.values
    if isinstance(node, ast.FormattedValue) and node.format_spec is None:
        return [node.value] if node.conversion == -1 else []
    return []


def _union(found: Iterable[Values]) -> Values:
    return frozenset(value for values in found for value in values)
