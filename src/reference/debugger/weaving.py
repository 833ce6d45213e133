"""How two texts are woven into one: what of them differs only inside, and in which order it stands.

A place that differs holds what stands there in either text. A statement that is taken out keeps its
place before the one that follows it, whatever became of that.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from reference.debugger.edited import dumped, headed

TURN, VALUE, LEFT = "__turn__", "__turned__", "__left__"  # the functions that woven code calls


def only_inside(old: ast.stmt, new: ast.stmt) -> bool:
    """Return whether two compound statements differ in their blocks alone."""
    if type(old) is not type(new) or not hasattr(old, "body"):
        return False
    return dumped(headed(old)) == dumped(headed(new))


def follower(
    statement: ast.stmt, old: list[ast.stmt], new: list[ast.stmt], heirs: Mapping[int, int]
) -> int:
    """Return where in a block the statement stands, or what became of it, that follows one."""
    after = old[old.index(statement) + 1 :]
    texts = [dumped(s) for s in new]
    for other in after:
        if id(other) in heirs:
            return heirs[id(other)]
        if dumped(other) in texts:
            return texts.index(dumped(other))
    return len(new)


def watched(statement: ast.stmt | None) -> list[ast.stmt]:
    """Return a statement that shows the value that it makes."""
    if statement is None:
        return [ast.Pass()]
    if isinstance(statement, ast.Return) and statement.value is not None:
        return [ast.Return(_shown(statement.value))]
    targets = statement.targets if isinstance(statement, ast.Assign) else (
        [statement.target] if isinstance(statement, ast.AugAssign | ast.AnnAssign) else []
    )  # fmt: skip
    if len(targets) != 1 or not isinstance(targets[0], ast.Name | ast.Subscript | ast.Attribute):
        return [statement]
    read = ast.parse(ast.unparse(targets[0]), mode="eval").body
    return [statement, ast.Expr(_shown(read))]


def _shown(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(VALUE, ast.Load()), [value], [])
