"""What the code around a place in the source makes of it."""

import ast

from lback_cli._signal_scopes import is_plain_sequence
from lback_cli._signal_scopes import names_in
from lback_cli._signal_scopes import Outline
from lback_cli._signal_scopes import Scope

_REFUSALS = {"InvalidPayload", "SignalError", "TypeError"}
_CATCHING_BLOCKS = {"raises", "suppress"}


def leaves_sight(outline: Outline, node: ast.expr, scope: Scope) -> bool:
    """Tell whether the value of *node* goes where names do not lead to it any more.

    It does where it is stored in an object, put into a container, returned, or given
    to a call. It does not where it is only asked, or bound to a name: that name is
    followed.
    """
    for outer, part in outline.around(node):
        if isinstance(outer, ast.IfExp | ast.BoolOp | ast.NamedExpr):
            if isinstance(outer, ast.IfExp) and part is outer.test:
                return False
            continue  # its value is the value of the whole, or nothing
        if isinstance(outer, ast.Assign | ast.AnnAssign):
            return not _binds_names_only(outer, scope)
        if is_plain_sequence(outer):
            return not _is_walked_through(outline.parents[outer], outer, scope)
        return not isinstance(outer, _ASKING) and not _is_asked(outer)
    return False


# They look at a value, or, an attribute, at what it has: that is looked at by itself.
_ASKING = (ast.Assert, ast.Attribute, ast.Compare, ast.Expr, ast.If, ast.While)


def _is_asked(outer: ast.AST) -> bool:
    return isinstance(outer, ast.UnaryOp) and isinstance(outer.op, ast.Not)


def _binds_names_only(outer: ast.Assign | ast.AnnAssign, scope: Scope) -> bool:
    targets = outer.targets if isinstance(outer, ast.Assign) else [outer.target]
    # NOTE: a name in a class is an attribute of every object of it.
    return scope.kind != "class" and all(isinstance(t, ast.Name) for t in targets)


def _is_walked_through(user: ast.AST, sequence: ast.AST, scope: Scope) -> bool:
    """Tell whether the elements of *sequence* are bound to names, one by one."""
    if isinstance(user, ast.For | ast.AsyncFor | ast.comprehension):
        return user.iter is sequence and isinstance(user.target, ast.Name)
    if isinstance(user, ast.Assign) and scope.kind != "class":
        return all(
            is_plain_sequence(target)
            and all(isinstance(name, ast.Name) for name in target.elts)
            for target in user.targets
        )
    return False


def call_of(outline: Outline, node: ast.expr) -> ast.Call | None:
    """Return the call of which *node* is the function, or None."""
    outer = outline.parents.get(node)
    return outer if isinstance(outer, ast.Call) and outer.func is node else None


def call_with(outline: Outline, node: ast.expr) -> ast.Call | None:
    """Return the call of which *node* is an argument, or None."""
    outer = outline.parents.get(node)
    if isinstance(outer, ast.keyword | ast.Starred):
        outer = outline.parents.get(outer)
    return outer if isinstance(outer, ast.Call) and outer.func is not node else None


def what_is_connected(outline: Outline, node: ast.expr, given: int) -> str:
    """Write the receiver that a decorator, or a call, connects.

    Args:
        outline: The file.
        node: ``signal.connect``, or the call of ``receiver(...)``.
        given: The position of the receiver among the arguments of a call.
    """
    call = call_of(outline, node)
    decorated = node
    if call is not None:
        if len(call.args) > given:
            return ast.unparse(call.args[given])
        decorated = call
        again = call_of(outline, call)
        if again is not None and again.args:
            return ast.unparse(again.args[0])
    outer = outline.parents.get(decorated)
    return str(getattr(outer, "name", "A receiver"))


def is_reexported(outline: Outline, node: ast.expr) -> bool:
    """Tell whether *node* stands in the ``__all__`` of a module."""
    for outer, _ in outline.around(node):
        if isinstance(outer, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = outer.targets if isinstance(outer, ast.Assign) else [outer.target]
            return any(getattr(target, "id", "") == "__all__" for target in targets)
    return False


def is_for_type_checkers(outline: Outline, node: ast.AST) -> bool:
    """Tell whether *node* stands under ``if TYPE_CHECKING:``."""
    return any(
        isinstance(outer, ast.If)
        and part in outer.body
        and "TYPE_CHECKING" in names_in(outer.test)
        for outer, part in outline.around(node)
    )


def is_caught(outline: Outline, node: ast.AST) -> bool:
    """Tell whether the code around *node* is ready for fields that do not fit."""
    for outer, part in outline.around(node):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
        if isinstance(outer, ast.Try) and part in outer.body:
            types = [handler.type for handler in outer.handlers if handler.type]
            if any(names_in(kind) & _REFUSALS for kind in types):
                return True
        if isinstance(outer, ast.With | ast.AsyncWith):
            entered = set[str]().union(*(names_in(i.context_expr) for i in outer.items))
            if entered & _CATCHING_BLOCKS:
                return True
    return False
