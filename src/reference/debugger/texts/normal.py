"""Programs written in one way, so that texts which compute the same look the same.

`np.multiply(a, b)` is a * b, `a.dot(b)` is a @ b, `a, b = x, y` is two statements. Kinds of
mistakes are read off such texts; what the user sees is never changed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.texts.edited import dumped, same
from reference.debugger.texts.inlined import scalings, written_out
from reference.debugger.texts.roles import place_of

_OPERATORS: dict[str, type[ast.operator]] = {
    "multiply": ast.Mult, "add": ast.Add, "subtract": ast.Sub, "divide": ast.Div,
    "true_divide": ast.Div, "power": ast.Pow, "dot": ast.MatMult, "matmul": ast.MatMult,
}  # fmt: skip
_ALONG = ("sum", "mean")
_METHODS = ("sum", "mean", "copy", "reshape", "ravel", "clip")


def normal(old: ast.Module, new: ast.Module) -> tuple[ast.Module, ast.Module]:
    r"""Return two programs written in one way; they are changed in place.

    Examples
    --------
    >>> one, other = "a, b = np.multiply(x, y), 0", "a = x * y; b = 0"
    >>> [ast.unparse(tree) for tree in normal(ast.parse(one), ast.parse(other))]
    ['a = x * y\nb = 0', 'a = x * y\nb = 0']
    """
    functions = scalings(old, new)
    old, new = (written_out(tree, functions) for tree in (old, new))
    kept = _tuples(old) & _tuples(new)  # what is exchanged in one of both is seen in the whole
    trees = [ast.fix_missing_locations(_Normal(kept).visit(tree)) for tree in (old, new)]
    return trees[0], trees[1]


def _tuples(tree: ast.Module) -> set[str]:
    """Return the tuples that are assigned to."""
    return {dumped(node.targets[0]) for node in ast.walk(tree) if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)}  # fmt: skip


class _Normal(ast.NodeTransformer):
    def __init__(self, kept: set[str]) -> None:
        self.kept = kept

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        target, value = node.targets[0], node.value
        if (
            len(node.targets) != 1
            or not isinstance(target, ast.Tuple)
            or not isinstance(value, ast.Tuple)
            or len(target.elts) != len(value.elts)
            or dumped(target) in self.kept
            or any(isinstance(n, ast.Starred) for n in (*target.elts, *value.elts))
            or _reads_before(target.elts, value.elts)
        ):
            return node
        return [
            ast.copy_location(ast.Assign([one], becomes), node)
            for one, becomes in zip(target.elts, value.elts, strict=True)
        ]

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        out = next((k.value for k in getattr(call, "keywords", []) if k.arg == "out"), None)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("np.copyto", "numpy.copyto"):
            into, value = ast.unparse(call.args[0]), self.visit(call.args[1])
            return ast.copy_location(
                ast.Assign([_stored(_expression(f"{into}[...]"))], value), node
            )
        if not isinstance(call, ast.Call) or len(call.keywords) != 1:
            return self.generic_visit(node)
        if not isinstance(out, ast.Name | ast.Attribute | ast.Subscript):
            return self.generic_visit(node)  # a view, as of a call, is nothing to assign to
        call.keywords = []
        value = self.visit(call)
        read = _expression(ast.unparse(out))
        if isinstance(value, ast.BinOp) and same(value.left, read):
            target = _stored(out)
            assert isinstance(target, ast.Name | ast.Attribute | ast.Subscript)
            statement: ast.stmt = ast.AugAssign(target, value.op, value.right)
        else:
            statement = ast.Assign([_stored(out)], value)
        return ast.copy_location(statement, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
            keys: list[ast.expr | None] = [ast.Constant(k.arg) for k in node.keywords if k.arg]
            if len(keys) == len(node.keywords):
                return _put(ast.Dict(keys, [k.value for k in node.keywords]), node)
        if not isinstance(node.func, ast.Attribute):
            return node
        name, of = node.func.attr, node.func.value
        plain = not node.keywords
        if not (isinstance(of, ast.Name) and of.id in ("np", "numpy")):
            if name in _ALONG and len(node.args) == 1 and plain:
                return _along(node)
            if name == "dot" and len(node.args) == 1 and plain:
                return _put(ast.BinOp(of, ast.MatMult(), node.args[0]), node)
            turned = name == "transpose" and not node.args and plain
            return _put(ast.Attribute(of, "T", ast.Load()), node) if turned else node
        if name in _OPERATORS and len(node.args) == 2 and plain:
            return _put(ast.BinOp(node.args[0], _OPERATORS[name](), node.args[1]), node)
        if len(node.args) == 1 and plain and name in ("negative", "square", "transpose"):
            (inner,) = node.args
            made = {
                "negative": ast.UnaryOp(ast.USub(), inner),
                "square": ast.BinOp(inner, ast.Pow(), ast.Constant(2)),
                "transpose": ast.Attribute(inner, "T", ast.Load()),
            }
            return _put(made[name], node)
        if name in _METHODS and node.args and not isinstance(node.args[0], ast.Starred):
            method = ast.Attribute(node.args[0], name, ast.Load())
            call = ast.Call(method, node.args[1:], node.keywords)
            return _put(_along(call) if name in _ALONG else call, node)
        return node


def _along(call: ast.Call) -> ast.Call:
    """Return a sum over an axis with the name of the argument: ``sum(axis=0)`` for ``sum(0)``."""
    if len(call.args) == 1 and not any(k.arg == "axis" for k in call.keywords):
        call.keywords = [ast.keyword("axis", call.args[0]), *call.keywords]
        call.args = []
    return call


def _put(made: ast.expr, node: ast.expr) -> ast.expr:
    return ast.copy_location(made, node)


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _stored(node: ast.expr) -> ast.expr:
    target = ast.parse(f"{ast.unparse(node)} = 0").body[0]
    assert isinstance(target, ast.Assign)
    return target.targets[0]


def _reads_before(targets: list[ast.expr], values: list[ast.expr]) -> bool:
    """Return whether a later value reads what an earlier target was: the order matters then."""
    places = [place_of(target) for target in targets]
    return any(
        places[k] in {place_of(n) for n in _read(value)}
        for k in range(len(targets))
        for value in values[k + 1 :]
    )


def _read(node: ast.AST) -> Iterator[ast.expr]:
    return (n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute))
