"""Statements of two texts to be woven into one program: their places, and what to watch."""

from __future__ import annotations

import ast
import difflib

from reference.debugger.texts.edited import dumped, headed

VALUE = "__turned__"


def only_inside(old: ast.stmt, new: ast.stmt) -> bool:
    """Return whether two compound statements differ in their blocks alone."""
    if type(old) is not type(new) or not hasattr(old, "body"):
        return False
    return dumped(headed(old)) == dumped(headed(new))


def places(
    old: list[ast.stmt],
    new: list[ast.stmt],
    pairs: list[tuple[ast.stmt | None, ast.stmt | None]],
) -> dict[int, int]:
    """Return where in a block after an edit each statement before it stands, or what follows it."""
    numbers = {id(statement): k for k, statement in enumerate(new)}
    place = {id(was): numbers[id(becomes)] for was, becomes in pairs if was and becomes}
    texts = [dumped(s) for s in old], [dumped(s) for s in new]
    for a, b, size in difflib.SequenceMatcher(None, *texts, False).get_matching_blocks():
        place |= {id(old[a + k]): b + k for k in range(size)}
    following = len(new)
    for statement in reversed(old):
        following = place.setdefault(id(statement), following)
    return place


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
