"""Changes of the end at which a list grows, or is emptied: at the wrong one its order is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.naming.meant import Meant, block_of, placed
from reference.debugger.texts.edited import Parents, written
from reference.debugger.texts.roles import called
from reference.debugger.texts.trees import copy_of


def list_ends(statement: ast.stmt, around: Parents) -> Iterator[Meant]:
    """Give the statement with a list that grows at its other end.

    Examples
    --------
    >>> tree = ast.parse("dxs.append(dx)")
    >>> [meant.kind for meant in list_ends(tree.body[0], (tree,))]
    ['forward order']
    """
    field, block = block_of(statement, around[-1])
    if isinstance(statement, ast.AugAssign) and isinstance(statement.value, ast.List):
        own = copy_of(statement)
        target, whole = written(own)
        first = ast.BinOp(own.value, ast.Add(), getattr(whole, "left", whole))
        other = placed(ast.Assign([target], first), statement)
        new = [other if s is statement else s for s in block]
        yield Meant("forward order", ((around[-1], field, new),))
    places = [n for n in ast.walk(statement) if _other_end(n) is not None]
    for number in range(len(places) if field else 0):
        turning = _Turning(number)
        other = turning.visit(copy_of(statement))
        assert isinstance(other, ast.stmt)
        placed(other, statement)
        new = [other if s is statement else s for s in block]
        yield Meant("forward order", ((around[-1], field, new),))


class _Turning(ast.NodeTransformer):
    """Puts one of several expressions, counted from the outside, the other way round."""

    def __init__(self, number: int) -> None:
        self.number = number

    def visit(self, node: ast.AST) -> ast.AST:
        other = _other_end(node)
        if other is not None:
            self.number -= 1
            if self.number == -1:
                return other
        return self.generic_visit(node)


def _other_end(node: ast.AST) -> ast.expr | None:
    """Return an expression by which a list grows, with what is new at the other end."""
    if isinstance(node, ast.List) and any(isinstance(e, ast.Starred) for e in node.elts):
        return ast.List(node.elts[::-1], node.ctx)
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and any(isinstance(side, ast.List) for side in (node.left, node.right))
    ):
        return ast.BinOp(node.right, ast.Add(), node.left)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    of, name = node.func.value, called(node)
    if name == "popleft" or (name == "pop" and len(node.args) < 2 and not node.keywords):
        first = name == "popleft" or (bool(node.args) and ast.unparse(node.args[0]) == "0")
        last = not node.args or ast.unparse(node.args[0]) == "-1"
        if first:
            return ast.Call(ast.Attribute(of, "pop", ast.Load()), [], [])
        if last:
            return ast.Call(ast.Attribute(of, "pop", ast.Load()), [ast.Constant(0)], [])
        return None
    if name in ("append", "appendleft") and len(node.args) == 1:
        if name == "appendleft":
            return ast.Call(ast.Attribute(of, "append", ast.Load()), node.args, [])
        return ast.Call(ast.Attribute(of, "insert", ast.Load()), [ast.Constant(0), *node.args], [])
    if name == "insert" and len(node.args) == 2:
        return ast.Call(ast.Attribute(of, "append", ast.Load()), node.args[1:], [])
    return None
