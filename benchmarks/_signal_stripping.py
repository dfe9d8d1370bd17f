"""Import Lback as if nobody had ever thought of announcing anything.

The import hook takes out of every module of Lback the statements that ask whether one
of the framework's signals is heard, with all they guard, and the sends that are not
guarded. What is left is what a request would cost without signals.
"""

import ast
import importlib.abc
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.machinery import PathFinder
from importlib.machinery import SourceFileLoader
from types import CodeType
from types import ModuleType
from typing import Any
from typing import NamedTuple

CATALOGUE = "lback.core.catalogue"


class Sighting(NamedTuple):
    """A place in the source where a signal is used."""

    place: str
    text: str


class Stripping(ast.NodeTransformer):
    """Take the uses of signals out of a module.

    Attributes:
        stripped: The statements that were taken out.
        left: The questions whether a signal is heard that are still there.
    """

    def __init__(self, tree: ast.Module, place: str) -> None:
        self._place = place
        self._signals, self._catalogues = _imported(tree)
        self.stripped: list[Sighting] = []
        self.left: list[Sighting] = []

    def strip(self, tree: ast.Module) -> ast.Module:
        """Return *tree* without them; what is found is noted down."""
        bare: ast.Module = self.visit(tree)
        for node in ast.walk(bare):
            if getattr(node, "body", None) == []:
                node.body = [ast.Pass()]  # type: ignore[attr-defined]  # it has one
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "is_heard"
                and self._is_signal(node.value)
            ):
                self._note(self.left, node, ast.unparse(node))
        return ast.fix_missing_locations(bare)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """Take out ``if signal: ...`` and ``if signal.is_heard or ...: ...``."""
        if not self._is_question(node.test):
            self.generic_visit(node)
            return node
        self._note(self.stripped, node, f"if {ast.unparse(node.test)}: ...")
        kept = (self.visit(statement) for statement in node.orelse)
        return [statement for statement in kept if statement is not None]

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Take out ``signal.send(...)``."""
        call = node.value
        if not (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in {"send", "asend"}
            and self._is_signal(call.func.value)
        ):
            return node
        self._note(self.stripped, node, f"{ast.unparse(call.func)}(...)")
        return None

    def _is_question(self, test: ast.expr) -> bool:
        """Tell whether *test* asks only about signals."""
        if isinstance(test, ast.BoolOp):
            return all(self._is_question(value) for value in test.values)
        if isinstance(test, ast.Attribute) and test.attr == "is_heard":
            test = test.value
        return self._is_signal(test)

    def _is_signal(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self._signals
        return (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in self._catalogues
        )

    def _note(
        self, sightings: list[Sighting], node: ast.stmt | ast.expr, text: str
    ) -> None:
        sightings.append(Sighting(f"{self._place}:{node.lineno}", text))


def _imported(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the names of signals in a module, and those of the catalogue itself."""
    package, _, module = CATALOGUE.rpartition(".")
    signals: set[str] = set()
    catalogues: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            name = alias.asname or alias.name
            if node.module == CATALOGUE:
                signals.add(name)
            elif node.module == package and alias.name == module:
                catalogues.add(name)
    return signals, catalogues


class _Loader(importlib.abc.FileLoader, importlib.abc.SourceLoader):
    """Compile a module from its tree, and neither read nor write a ``.pyc`` of it."""

    def __init__(self, name: str, path: str, finder: "StrippingFinder") -> None:
        super().__init__(name, path)
        self._finder = finder

    def source_to_code(  # type: ignore[override]  # as importlib calls it
        self, data: bytes, path: str, **_: Any
    ) -> CodeType:
        tree = ast.parse(data, path)
        if self._finder.is_stripping:
            stripping = Stripping(tree, path.rpartition("/lback/")[2])
            tree = stripping.strip(tree)
            self._finder.stripped += stripping.stripped
            self._finder.left += stripping.left
        # NOTE: dont_inherit, or this module's own future statements would apply.
        return compile(tree, path, "exec", dont_inherit=True)


class StrippingFinder(importlib.abc.MetaPathFinder):
    """Load the modules of Lback from their trees, stripped or as they are.

    Args:
        is_stripping: Whether to strip them. If not, they are compiled the same way,
            so that nothing but the stripped statements makes a difference.
    """

    def __init__(self, *, is_stripping: bool) -> None:
        self.is_stripping = is_stripping
        self.stripped: list[Sighting] = []
        self.left: list[Sighting] = []

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module of Lback; leave all others to those who find them anyway."""
        if fullname.partition(".")[0] != "lback":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path, self)
        return spec
