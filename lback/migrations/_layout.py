"""Write statements as a formatter would leave them: 88 columns, double quotes."""

import ast
import re
from collections.abc import Sequence

_WIDTH = 88
_INDENT = "    "


def parsed(text: str) -> list[ast.stmt]:
    """Return the statements that Alembic wrote, all lines but the first indented."""
    return ast.parse(re.sub(r"^    ", "", text, flags=re.MULTILINE)).body


def layout(statement: ast.stmt, indent: str = "") -> str:
    """Return the source of a statement, without a line break at its end.

    What does not fit into a line is broken after every argument.
    """
    if isinstance(statement, ast.With):
        head = ", ".join(_item(item) for item in statement.items)
        body = [layout(each, indent + _INDENT) for each in statement.body]
        return "\n".join([f"{indent}with {head}:", *body])
    if isinstance(statement, ast.If):
        body = [layout(each, indent + _INDENT) for each in statement.body]
        return "\n".join([f"{indent}if {flat(statement.test)}:", *body])
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return _broken(statement.value, indent, f"{flat(statement.targets[0])} = ", "")
    if isinstance(statement, ast.Expr):
        return _broken(statement.value, indent, "", "")
    return "\n".join(indent + line for line in ast.unparse(statement).splitlines())


def flat(node: ast.expr) -> str:  # noqa: PLR0911  # one for each kind of node
    """Return the source of an expression in one line."""
    match node:
        case ast.Constant(value=str() as value):
            return quoted(value)
        case ast.Call(func=function):
            return f"{flat(function)}({', '.join(_parts(node))})"
        case ast.Attribute(value=owner, attr=name):
            return f"{flat(owner)}.{name}"
        case ast.List(elts=elements):
            return f"[{', '.join(map(flat, elements))}]"
        case ast.Tuple(elts=[only]):
            return f"({flat(only)},)"
        case ast.Tuple(elts=elements):
            return f"({', '.join(map(flat, elements))})"
        case ast.Starred(value=value):
            return f"*{flat(value)}"
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = zip(keys, values, strict=True)
            inner = ", ".join(f"{flat(k)}: {flat(v)}" for k, v in pairs if k)
            return f"{{{inner}}}"
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return f"{flat(left)} == {flat(right)}"
    return ast.unparse(node)


def quoted(value: str) -> str:
    """Return a text in double quotes, or in single ones if that saves backslashes."""
    if '"' in value:
        return repr(value)
    # NOTE: a double quote inside makes repr() choose single ones.
    body = repr(f'{value}"')[1:-2]
    return '"' + body.replace("\\'", "'") + '"'


def _broken(node: ast.expr, indent: str, before: str, after: str) -> str:
    """Return an expression, over several lines if one is too short."""
    line = f"{indent}{before}{flat(node)}{after}"
    if len(line) <= _WIDTH:
        return line
    inner = indent + _INDENT
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        parts = [_broken(each, inner, "", ",") for each in node.args]
        parts += [
            _broken(k.value, inner, f"{k.arg}=" if k.arg else "**", ",")
            for k in node.keywords
        ]
        return _lines(f"{indent}{before}{flat(node.func)}(", parts, f"{indent}){after}")
    if isinstance(node, ast.List) and node.elts:
        parts = [_broken(each, inner, "", ",") for each in node.elts]
        return _lines(f"{indent}{before}[", parts, f"{indent}]{after}")
    return line


def _lines(first: str, parts: Sequence[str], last: str) -> str:
    return "\n".join([first, *parts, last])


def _item(item: ast.withitem) -> str:
    name = f" as {flat(item.optional_vars)}" if item.optional_vars else ""
    return flat(item.context_expr) + name


def _parts(call: ast.Call) -> list[str]:
    keywords = [
        f"{k.arg}={flat(k.value)}" if k.arg else f"**{flat(k.value)}"
        for k in call.keywords
    ]
    return [*map(flat, call.args), *keywords]
