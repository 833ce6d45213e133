"""Variables that only one of two texts has, and what one line functions do, written out.

A value that gets a name in the mended text alone is no line that was forgotten: what counts is the
line that reads it. So the name is replaced there by the value.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from reference.debugger.texts.differences import factors
from reference.debugger.texts.edited import Edited, same
from reference.debugger.texts.roles import is_empty, place_of
from reference.debugger.texts.trees import copy_of

Node = TypeVar("Node", bound=ast.AST)


def inlined(found: list[Edited], old: ast.Module, new: ast.Module) -> list[Edited]:
    """Return changed statements with the names of one text alone replaced by their values.

    Parameters
    ----------
    found : list of Edited
    old, new : ast.Module
        The whole texts.

    Examples
    --------
    >>> from reference.debugger.texts.edited import edited
    >>> old, new = ast.parse("dx = dh @ W"), ast.parse("dz = dh * s; dx = dz @ W")
    >>> (one,) = inlined(edited(old, new), old, new)
    >>> ast.unparse(one.new)
    'dx = dh * s @ W'
    """
    found = _without_names(found, "new", new, old)
    return _without_names(found, "old", old, new)


def _without_names(
    found: list[Edited], side: str, mine: ast.Module, theirs: ast.Module
) -> list[Edited]:
    names = {n.id for n in ast.walk(theirs) if isinstance(n, ast.Name)}
    stores = Counter(
        n.id for n in ast.walk(mine) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )
    filled = {place_of(n) for n in ast.walk(mine)
              if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)}  # fmt: skip
    for change in list(found):
        statement = getattr(change, side)
        if change.moved or not _names_a_value(statement):
            continue
        other = change.old if side == "new" else change.new
        name = statement.targets[0].id
        if other is not None or name in names or stores[name] > 1:
            continue
        if name in filled and is_empty(statement.value):
            continue  # what is written into it counts
        rest = [_read(c, side, name, statement.value) for c in found if c is not change]
        if any(one is not c for one, c in zip(rest, (c for c in found if c is not change),
                                               strict=True)):  # fmt: skip
            found = rest
    return found


def _names_a_value(statement: ast.stmt | None) -> bool:
    """Return whether a statement does nothing but give a computed value its name."""
    return (
        isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(
            statement.value, ast.BinOp | ast.UnaryOp | ast.Call | ast.Subscript | ast.Name
        )
    )


def _read(change: Edited, side: str, name: str, value: ast.expr) -> Edited:
    """Return a changed statement that reads a value where it read its name."""
    statement = getattr(change, side)
    if statement is None or hasattr(statement, "body"):
        return change
    made = _Reading({name: value}).visit(copy_of(statement))
    return change if same(made, statement) else replace(change, **{side: made})


def scalings(old: ast.Module, new: ast.Module) -> dict[str, ast.FunctionDef]:
    """Return the functions of both texts that do nothing but scale their first argument.

    Examples
    --------
    >>> text = "def drop(x, m): return x * m / keep"
    >>> list(scalings(ast.parse(text), ast.parse(text)))
    ['drop']
    """
    mine, theirs = (
        {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)} for tree in (old, new)
    )
    return {
        name: function
        for name, function in mine.items()
        if _scales(function) and name in theirs and same(function, theirs[name])
    }


def _scales(function: ast.FunctionDef) -> bool:
    arguments = function.args
    value = getattr(function.body[-1], "value", None)
    if len(function.body) > 2 or not isinstance(function.body[-1], ast.Return) or value is None:
        return False
    if not arguments.args or arguments.vararg or arguments.kwonlyargs or arguments.defaults:
        return False
    first, *others = [a.arg for a in arguments.args]
    if first == "self" or not others or not isinstance(value, ast.BinOp):
        return False
    read = [n.id for n in ast.walk(value) if isinstance(n, ast.Name)]
    factor = any(isinstance(n, ast.Name) and n.id == first and power > 0
                 for power, n in factors(value))  # fmt: skip
    return factor and read.count(first) == 1 and all(name in read for name in others)


def written_out(tree: ast.Module, functions: Mapping[str, ast.FunctionDef]) -> ast.Module:
    r"""Return a text in which what some functions do stands where they are called.

    Examples
    --------
    >>> tree = ast.parse("def drop(x, m): return x * m / keep\ny = drop(h + 1, m_in)")
    >>> ast.unparse(written_out(tree, scalings(tree, tree)).body[1])
    'y = (h + 1) * m_in / keep'
    """
    return _Calling(functions).visit(tree) if functions else tree


class _Calling(ast.NodeTransformer):
    def __init__(self, functions: Mapping[str, ast.FunctionDef]) -> None:
        self.functions = functions

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = self.functions.get(getattr(node.func, "id", ""))
        if function is None or node.keywords or len(node.args) != len(function.args.args):
            return node
        result = function.body[-1]
        assert isinstance(result, ast.Return)
        value = copy_of(result.value)
        assert value is not None
        given = dict(zip((a.arg for a in function.args.args), node.args, strict=True))
        made = _Reading(given).visit(value)
        return ast.fix_missing_locations(ast.copy_location(made, node))


def with_values(node: Node, values: Mapping[str, ast.expr]) -> Node:
    """Return a copy of a tree in which values stand where their names are read.

    Examples
    --------
    >>> ast.unparse(with_values(ast.parse("y = 2 * a"), {"a": ast.parse("b - c").body[0].value}))
    'y = 2 * (b - c)'
    """
    return _Reading(values).visit(copy_of(node))


class _Reading(ast.NodeTransformer):
    """Puts values in the place of names that are read."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self.values or not isinstance(node.ctx, ast.Load):
            return node
        return ast.copy_location(copy_of(self.values[node.id]), node)
