"""What the names in a Python file are bound to, scope by scope.

Only read, never run. A name may be bound several times: all of it is kept, because
which one holds at a place is decided when the program runs.
"""

import ast
from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import TypeGuard
from typing import Union

from lback_cli._signal_files import Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPED = (ast.ClassDef, *_FUNCTIONS, *_COMPREHENSIONS)
# Nodes that all trees share; they say how a part is used and have none themselves.
_MARKS = (ast.boolop, ast.cmpop, ast.expr_context, ast.operator, ast.unaryop)
_READ = ast.Load()


class Imported(NamedTuple):
    """What an import binds a name to.

    Attributes:
        module: The dotted name of the module.
        name: What is taken out of it; None for the module itself.
    """

    module: str
    name: str | None


class Assigned(NamedTuple):
    """An expression that a name is bound to.

    Attributes:
        value: The expression.
        scope: Where the names in it are looked up.
    """

    value: ast.expr
    scope: "Scope"


# A class or a function stands as its scope; None is what cannot be known from the
# source: a parameter, the target of a loop, the result of a with.
Binding = Union[Imported, Assigned, "Scope", None]


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, a class, a function or a comprehension.

    Attributes:
        module: The dotted name of the module.
        kind: What it is the scope of.
        name: The qualified name within the module; empty for the module.
        parent: The scope around it.
        names: All that each name is bound to.
        stars: The modules that ``from x import *`` takes names from.
        outward: Names that ``global`` and ``nonlocal`` bind further out.
        bases: The base classes, of a class.
    """

    module: str
    kind: Literal["module", "class", "function", "comprehension"]
    name: str = ""
    parent: "Scope | None" = None
    names: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    stars: list[str] = field(default_factory=list)
    outward: set[str] = field(default_factory=set)
    bases: list[ast.expr] = field(default_factory=list)

    @property
    def dotted(self) -> str:
        """The dotted name with the module's."""
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def is_run_by_import(self) -> bool:
        """Whether importing the module runs what stands here."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "function":
            scope = scope.parent
        return scope is None

    def nest(self, kind: Literal["class", "function"], name: str) -> "Scope":
        """Return the scope of a class or function that is defined in this one."""
        outer = self.skip_comprehensions()
        between = ".<locals>." if outer.kind == "function" else "."
        full = f"{outer.name}{between}{name}" if outer.name else name
        return Scope(self.module, kind, full, self)

    def skip_comprehensions(self) -> "Scope":
        """Return the innermost scope, from this one outward, of another kind."""
        scope = self
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        return scope


class Outline:
    """The scopes of a file, and what stands in them.

    Attributes:
        source: The file.
        scope: The scope of the module.
        functions: All functions, by module and qualified name.
        imports: Every import, with its statement.
        expressions: Every name, attribute, call and text that is read, with its scope,
            from top to bottom.
        parents: The node that each node stands in.
        is_program: The file asks whether it is run as a program.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.is_program = False
        self.scope = Scope(source.module, "module")
        self.functions: set[tuple[str, str]] = set()
        self.imports: list[tuple[Imported, ast.stmt]] = []
        self.expressions: list[tuple[ast.expr, Scope]] = []
        self.parents: dict[ast.AST, ast.AST] = {}
        self._moved: list[Scope] = []
        self._walk()
        for scope in self._moved:
            _move_outward(scope)

    def around(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Yield each node that *node* stands in, from the inside, and its part."""
        part = node
        while part in self.parents:
            outer = self.parents[part]
            yield outer, part
            part = outer

    def _walk(self) -> None:
        # NOTE: not by recursion; generated code may nest deeper than Python calls.
        waiting: list[tuple[ast.AST, Scope]] = [(self.source.tree, self.scope)]
        while waiting:
            node, scope = waiting.pop()
            self._note(node, scope)
            inner, outside = scope, list[ast.AST]()
            if isinstance(node, _SCOPED):
                inner, outside = self._enter(node, scope)
            for child in reversed(list(ast.iter_child_nodes(node))):
                if not isinstance(child, _MARKS):
                    self.parents[child] = node
                    waiting.append((child, scope if child in outside else inner))

    def _note(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Constant):
            is_text = isinstance(getattr(node, "value", ""), str | ast.expr)
            if is_text and isinstance(getattr(node, "ctx", _READ), ast.Load):
                self.expressions.append((node, scope))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._note_import(node, scope)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            scope.outward.update(node.names)
            self._moved.append(scope)
        elif isinstance(node, ast.NamedExpr):
            _assign(node.target, node.value, scope.skip_comprehensions(), scope)
        elif isinstance(node, ast.If) and "__name__" in names_in(node.test):
            self.is_program = True
        elif type(node) in _BINDERS:
            _BINDERS[type(node)](node, scope)

    def _note_import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found = Imported(alias.name, None)
                self.imports.append((found, node))
                top = alias.name.partition(".")[0]
                bound = found if alias.asname else Imported(top, None)
                scope.names[alias.asname or top].append(bound)
            return
        module = self._absolute(node)
        for alias in node.names:
            found = Imported(module, alias.name)
            self.imports.append((found, node))
            if alias.name == "*":
                scope.stars.append(module)
            else:
                scope.names[alias.asname or alias.name].append(found)

    def _absolute(self, node: ast.ImportFrom) -> str:
        """Return the dotted name of the module that a relative import means."""
        if not node.level:
            return node.module or ""
        parts = self.source.module.split(".")
        above = node.level - 1 if self.source.is_package else node.level
        base = parts[: len(parts) - above] if above else parts
        return ".".join([*base, *([node.module] if node.module else [])])

    def _enter(self, node: ast.AST, scope: Scope) -> tuple[Scope, list[ast.AST]]:
        """Return the scope of a definition, and which parts stand outside of it.

        Decorators, base classes, defaults and annotations do.
        """
        if isinstance(node, ast.ClassDef):
            inner = scope.nest("class", node.name)
            inner.bases = node.bases
            scope.names[node.name].append(inner)
            return inner, [*node.decorator_list, *node.bases, *node.keywords]
        if not isinstance(node, _FUNCTIONS):
            return Scope(scope.module, "comprehension", scope.name, scope), []
        name = getattr(node, "name", "<lambda>")
        inner = scope.nest("function", name)
        scope.names[name].append(inner)
        self.functions.add((inner.module, inner.name))
        for argument in _arguments(node.args):
            inner.names[argument].append(None)
        return inner, [node.args, *getattr(node, "decorator_list", [])]


def _arguments(arguments: ast.arguments) -> Iterator[str]:
    for argument in (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ):
        if argument is not None:
            yield argument.arg


def _move_outward(scope: Scope) -> None:
    """Bind what ``global`` and ``nonlocal`` name where these say."""
    outer = scope
    while outer.parent is not None:
        outer = outer.parent
    for name in scope.outward & scope.names.keys():
        bindings = scope.names.pop(name)
        target = scope.parent
        while target is not None and name not in target.names:
            target = target.parent
        (target or outer).names[name].extend(bindings)


def _assign(
    target: ast.expr, value: ast.expr | None, scope: Scope, seen_from: Scope
) -> None:
    """Bind the names in *target*; without a value to what cannot be known."""
    if isinstance(target, ast.Name):
        known = Assigned(value, seen_from) if value is not None else None
        scope.names[target.id].append(known)
    elif isinstance(target, ast.Tuple | ast.List):
        values: list[Any] = [None] * len(target.elts)
        if is_plain_sequence(value) and len(value.elts) == len(target.elts):
            values = value.elts
        for part, of_it in zip(target.elts, values, strict=True):
            _assign(part, of_it, scope, seen_from)
    elif isinstance(target, ast.Starred):
        _assign(target.value, None, scope, seen_from)


def names_in(node: ast.AST) -> set[str]:
    """Return every name and every attribute that *node* uses."""
    return {
        str(getattr(part, "id", getattr(part, "attr", ""))) for part in ast.walk(node)
    }


def is_plain_sequence(node: Any) -> TypeGuard[ast.Tuple | ast.List | ast.Set]:
    """Tell whether *node* writes out every element of a tuple, list or set."""
    return isinstance(node, ast.Tuple | ast.List | ast.Set) and not any(
        isinstance(element, ast.Starred) for element in node.elts
    )


def _bind_assignment(node: Any, scope: Scope) -> None:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(node, ast.Assign) or node.value is not None:
            _assign(target, node.value, scope, scope)


def _bind_loop(node: Any, scope: Scope) -> None:
    for value in node.iter.elts if is_plain_sequence(node.iter) else [None]:
        _assign(node.target, value, scope, scope)


def _bind_with(node: Any, scope: Scope) -> None:
    if node.optional_vars is not None:
        _assign(node.optional_vars, None, scope, scope)


def _bind_change(node: Any, scope: Scope) -> None:
    _assign(node.target, None, scope, scope)


def _bind_bare_name(node: Any, scope: Scope) -> None:
    name = node.rest if isinstance(node, ast.MatchMapping) else node.name
    if name is not None:
        scope.names[name].append(None)


_BINDERS: dict[type, Callable[[Any, Scope], None]] = {
    ast.AnnAssign: _bind_assignment,
    ast.Assign: _bind_assignment,
    ast.AsyncFor: _bind_loop,
    ast.AugAssign: _bind_change,
    ast.ExceptHandler: _bind_bare_name,
    ast.For: _bind_loop,
    ast.MatchAs: _bind_bare_name,
    ast.MatchMapping: _bind_bare_name,
    ast.MatchStar: _bind_bare_name,
    ast.comprehension: _bind_loop,
    ast.withitem: _bind_with,
}
