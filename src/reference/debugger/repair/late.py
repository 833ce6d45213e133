"""Functions that look their variables up when they are called, and find others: late binding.

A function made in a loop, or in a comprehension, finds the variables of the last turn; one whose
variables are set anew after it finds those.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.source import Source, Splice

_KIND = "late binding"


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give lambdas that take the variables of their loop as default arguments."""
    around = [
        loop
        for loop in walked(place.function)
        if isinstance(loop, ast.For)
        and loop.lineno < place.statement.lineno <= (loop.end_lineno or 0)
    ]
    made = {
        node.id
        for loop in around
        for node in ast.walk(loop)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    turning = [c for n, _ in place.nodes for c in getattr(n, "generators", ())]
    made |= {n.id for c in turning for n in ast.walk(c.target) if isinstance(n, ast.Name)}
    for node, _ in place.nodes:
        if not isinstance(node, ast.Lambda):
            continue
        own = {argument.arg for argument in node.args.args}
        read = {n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)}
        bound = sorted((read & made) - own)
        if bound:
            head = ", ".join([ast.unparse(node.args), *(f"{name}={name}" for name in bound)])
            head = head.removeprefix(", ")
            yield place.rewrite(
                node, f"lambda {head}: {place.text(node.body)}", _KIND,
                f"{', '.join(bound)} as it is now", 1.0,
            )  # fmt: skip


def of_functions(source: Source, tree: ast.AST) -> Iterator[Rewrite]:
    """Give inner functions what they read as it is where they are made: as default arguments.

    To blame is the line that sets a variable anew, or in a loop the first that reads one.
    """
    for outer in walked(tree):
        if not isinstance(outer, ast.FunctionDef):
            continue
        for inner in walked(outer):
            if inner is outer or not isinstance(inner, ast.FunctionDef) or inner.args.kwarg:
                continue
            free, sets = _free(inner), _set_later(outer, inner)
            names = sorted(set(free) & set(sets))
            if names:
                blamed = min(sets[name] or free[name] for name in names)
                yield _bound(source, inner, names, blamed)


def _free(function: ast.FunctionDef) -> dict[str, int]:
    """Return the names that a function reads and does not set, with the lines that read first."""
    given = function.args
    own = {a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg) if a}
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    own |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n for node in nodes if isinstance(node, ast.Nonlocal) for n in node.names}
    found: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id not in own:
            found.setdefault(node.id, node.lineno)
    return found


def _set_later(outer: ast.FunctionDef, inner: ast.FunctionDef) -> dict[str, int]:
    """Return the names that a function sets after an inner one is made, with the lines after it.

    In a loop around it all that the loop sets, where nothing is set after it with the line 0.
    """
    nodes = [node for statement in outer.body for node in _outside(statement)]
    stored = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    loops = [
        node
        for node in nodes
        if isinstance(node, ast.For | ast.While)
        and node.lineno < inner.lineno <= (node.end_lineno or 0)
    ]
    found: dict[str, int] = {}
    for name in stored:
        if name.lineno > (inner.end_lineno or 0):
            found[name.id] = min(name.lineno, found.get(name.id) or name.lineno)
        elif any(loop.lineno <= name.lineno <= (loop.end_lineno or 0) for loop in loops):
            found.setdefault(name.id, 0)
    return found


def _outside(node: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes of a statement that are not in a function of their own."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _outside(child)


def _bound(source: Source, function: ast.FunctionDef, names: list[str], line: int) -> Rewrite:
    """Return the edit that gives a function default arguments."""
    given = function.args
    last = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, *given.defaults,
            *given.kw_defaults]  # fmt: skip
    ends = [source.span(node)[1] for node in last if node is not None]
    # Without arguments the bracket that opens is behind the name.
    start = source.span(function)[0]
    at = max(ends) if ends else source.data.index(b"(", start) + 1
    text = ", ".join(f"{name}={name}" for name in names)
    return Rewrite(source.file, (Splice(at, at, f", {text}" if ends else text),), _KIND,
                   f"{', '.join(names)} as it is now", 1.0, line, names[0])  # fmt: skip
