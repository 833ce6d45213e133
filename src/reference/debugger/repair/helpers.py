"""The file's own small functions: activations and their slopes, mostly."""

from __future__ import annotations

import ast

from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source


@kept(64)
def of_one(source: Source) -> tuple[list[str], list[str]]:
    """Return the file's own functions of one value, and what such functions are called with."""
    tree = source.tree
    own = [
        f.name
        for f in tree.body
        if isinstance(f, ast.FunctionDef)
        and len(f.args.args) == 1
        and isinstance(f.body[-1], ast.Return)
        and all(map(is_docstring, f.body[:-1]))
    ]
    given = {
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in own and node.args
    }
    return own, [text for text in given if "(" not in text]


def is_docstring(statement: ast.stmt) -> bool:
    """Return whether a statement is a text alone."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def leaves_all_as_it_is(function: ast.FunctionDef) -> bool:
    """Return whether a function gives a value and, as far as its text tells, does nothing else."""
    arguments = function.args
    own = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    nodes = list(ast.walk(function))
    own |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Global | ast.Nonlocal | ast.Yield | ast.YieldFrom | ast.With):
            return False
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            whole: ast.expr = node
            while isinstance(whole, ast.Subscript):
                whole = whole.value
            if not isinstance(whole, ast.Name) or whole.id not in own:
                return False
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _OUTSIDE:
            return False
    return any(isinstance(n, ast.Return) and n.value is not None for n in nodes)


@kept(64)
def harmful(source: Source) -> frozenset[str]:
    """Return the functions at the top of a file that may do more than give a value."""
    functions = [f for f in source.tree.body if isinstance(f, ast.FunctionDef)]
    return frozenset(f.name for f in functions if not leaves_all_as_it_is(f))


_OUTSIDE = {"open", "print", "input", "exec", "eval", "setattr", "exit", "quit", "__import__"}
