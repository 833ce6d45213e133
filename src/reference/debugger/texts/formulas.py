"""Small functions that one of two texts has alone: what they compute, put where they are called."""

from __future__ import annotations

import ast

from reference.debugger.texts.inlined import with_values
from reference.debugger.texts.trees import copy_of

Formulas = dict[str, tuple[list[str], ast.expr]]  # for each function its arguments and its value


def formulas(mine: ast.Module, theirs: ast.Module) -> Formulas:
    r"""Return the functions of one text alone that do nothing but compute a value.

    Examples
    --------
    >>> text = "def dtanh(x):\n    y = tanh(x)\n    return 1 - y * y\nz = dtanh(a)"
    >>> found = formulas(ast.parse(text), theirs=ast.parse(""))
    >>> {name: ast.unparse(value) for name, (_, value) in found.items()}
    {'dtanh': '1 - tanh(x) * tanh(x)'}
    """
    others = {n.name for n in ast.walk(theirs) if isinstance(n, ast.FunctionDef)}
    found: Formulas = {}
    for node in ast.walk(mine):
        if isinstance(node, ast.FunctionDef) and node.name not in others:
            value = None if node.args.defaults else _value_of(node)
            if value is not None and _only_called(node.name, mine):
                found[node.name] = [a.arg for a in node.args.args], value
    return found


def _value_of(function: ast.FunctionDef) -> ast.expr | None:
    """Return what a function computes from its arguments, if that is one expression."""
    given = function.args
    if given.vararg or given.kwarg or given.kwonlyargs:
        return None
    if any(getattr(one, "id", "") != "staticmethod" for one in function.decorator_list):
        return None
    *steps, last = function.body
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    known: dict[str, ast.expr] = {}
    for step in steps:
        if not isinstance(step, ast.Assign) or not isinstance(step.targets[0], ast.Name):
            return None
        known[step.targets[0].id] = with_values(step.value, known)
    return with_values(last.value, known)


def _only_called(name: str, tree: ast.Module) -> bool:
    """Return whether a function is called by its name wherever it is named, and never by itself."""
    named = [n for n in ast.walk(tree) if name in (getattr(n, "id", ""), getattr(n, "attr", ""))]
    plain = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and not n.keywords]
    calls = [n.func for n in plain if not any(isinstance(a, ast.Starred) for a in n.args)]
    inside = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name)
    within = {id(n) for n in ast.walk(inside)}
    return bool(named) and all(
        any(n is call for call in calls) and id(n) not in within for n in named
    )


def on_one_line(*trees: ast.Module) -> bool:
    r"""Let functions that name other parts of their value in two texts name none.

    Returns
    -------
    bool
        Whether the trees are changed.

    Examples
    --------
    >>> old, new = "def dsig(a): return a", "def dsig(z):\n    s = sig(z)\n    return s"
    >>> trees = ast.parse(old), ast.parse(new)
    >>> on_one_line(*trees)
    True
    >>> print(ast.unparse(trees[1]))
    def dsig(a):
        return sig(a)
    """
    changed = False
    mine, theirs = ({n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
                    for tree in trees)  # fmt: skip
    for name in mine.keys() & theirs.keys():
        one, other = mine[name], theirs[name]
        values = _value_of(one), _value_of(other)
        apart = len(one.args.args) == len(other.args.args) and len(one.body) != len(other.body)
        if not apart or values[0] is None or values[1] is None:
            continue
        if any(isinstance(value, ast.Tuple) for value in values):
            continue  # of several values each has its own name
        names = [ast.Name(a.arg, ast.Load()) for a in one.args.args]
        known = dict(zip((a.arg for a in other.args.args), names, strict=True))
        one.body = [ast.Return(values[0])]
        other.body = [ast.Return(with_values(values[1], known))]
        other.args.args = copy_of(one.args.args)
        changed = True
    return changed


def put_in(tree: ast.Module, functions: Formulas) -> bool:
    """Put the values of functions where they are called; return whether there are any."""
    if functions:
        _Putting(functions).visit(tree)
    return bool(functions)


class _Putting(ast.NodeTransformer):
    def __init__(self, functions: Formulas) -> None:
        self.functions = functions

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        self.generic_visit(node)
        return None if node.name in self.functions else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in self.functions:
            return node
        arguments, value = self.functions[name]
        given = list(node.args)
        if isinstance(node.func, ast.Attribute) and arguments[:1] == ["self"]:
            given.insert(0, node.func.value)
        if len(given) != len(arguments):
            return node
        known = dict(zip(arguments, given, strict=True))
        return ast.copy_location(with_values(value, known), node)
