"""What should go from one step to the next and does not: edits of a whole loop."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any

from reference.debugger.repair.place import Rewrite
from reference.debugger.running.source import Source, Splice
from reference.debugger.texts.edited import same


def rewrites(source: Source, function: ast.AST) -> Iterator[Rewrite]:
    """Give carries that are set at the end of a loop, read in it, or no longer zeroed in it."""
    for loop in [node for node in ast.walk(function) if isinstance(node, ast.For | ast.While)]:
        yield from _never_updated(source, function, loop)
        yield from _zeroed_inside(source, function, loop)
        yield from _siblings(source, loop)
        yield from _named_otherwise(source, function, loop)
        yield from _rebound(source, loop)


def _rebound(source: Source, loop: ast.For | ast.While) -> Iterator[Rewrite]:
    """Give ``x += d`` for ``x = x + d``, all together and each: something else holds x."""
    each = []
    for s in loop.body:
        if not isinstance(s, ast.Assign) or not isinstance(s.value, ast.BinOp):
            continue
        name, left = source.of(s.targets[0]), source.of(s.value.left)
        if isinstance(s.value.op, ast.Add) and name == left and name.isidentifier():
            each.append((s, Splice(*source.span(s), f"{name} += {source.of(s.value.right)}")))
    for chosen in ([each] if len(each) > 1 else []) + [[one] for one in each]:
        first = chosen[0][0]
        yield Rewrite(source.file, tuple(splice for _, splice in chosen), "never returned",
                      "added in place: something else holds the array", 1.1, first.lineno,
                      source.of(first.targets[0]))  # fmt: skip


def _named_otherwise(
    source: Source, function: ast.AST, loop: ast.For | ast.While
) -> Iterator[Rewrite]:
    """Give values that nobody reads, assigned to a name that the loop does read."""
    read = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    carried = [name for name in _names(loop.body, ast.Load) if name.startswith(("d", "g"))]
    for statement in loop.body:
        if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
            continue
        target = statement.targets[0]
        if target.id in read:
            continue
        for name in carried:
            cost = 1.0 if _akin(name, target.id) else 1.6
            yield Rewrite(
                source.file, (Splice(*source.span(target), name),), "carry lost",
                f"{name}, not {target.id}, which nobody reads", cost, statement.lineno, target.id,
            )  # fmt: skip


def _names(nodes: list[ast.stmt], context: type) -> list[str]:
    found: dict[str, None] = {}
    for statement in nodes:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, context):
                found[node.id] = None
    return list(found)


def _added_to_elements(body: list[ast.stmt]) -> dict[tuple[str, str], Any]:
    """Return ``x[j] = x[j] + y[j]`` by the names of x and y."""
    found: dict[tuple[str, str], Any] = {}
    for node in (n for statement in body for n in ast.walk(statement)):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
            continue
        target, value = node.targets[0], node.value
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            for term, other in ((value.left, value.right), (value.right, value.left)):
                if same(other, target) and _root(term):
                    found[_root(target), _root(term)] = node
    return found


def _root(node: ast.expr) -> str:
    """Return the variable that an element is of, nothing for what is no element."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _never_updated(
    source: Source, function: ast.AST, loop: ast.For | ast.While
) -> Iterator[Rewrite]:
    """Give ``stale = made`` at the loop's end for names that are read in it and never set."""
    body = loop.body
    stored, read = _names(body, ast.Store), _names(body, ast.Load)
    before = [
        node.id
        for statement in ast.walk(function)
        if isinstance(statement, ast.Assign) and statement.lineno < loop.lineno
        for target in statement.targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name)
    ]
    stale = [name for name in dict.fromkeys(before) if name in read and name not in stored]
    unused = [name for name in stored if name not in read] or stored
    indent = source.indent(body[0])
    end = source.at((loop.end_lineno or loop.lineno) + 1)
    lead = "" if source.data[end - 1 : end] == b"\n" else "\n"
    line = _first_use(body, stale)

    def insert(pairs: tuple[tuple[str, str], ...], cost: float) -> Rewrite:
        text = "".join(f"{indent}{old} = {new}\n" for old, new in pairs)
        why = ", ".join(f"{old} = {new}" for old, new in pairs)
        return Rewrite(source.file, (Splice(end, end, lead + text),), "carry lost",
                       f"{why} at the end of the loop", cost, line.get(pairs[0][0], loop.lineno),
                       pairs[0][0])  # fmt: skip

    added = _added_to_elements(body)
    for old, new in itertools.product(stale, unused):
        if (statement := added.get((old, new))) is not None:  # it is handed on, but added
            target, value = statement.targets[0], statement.value
            term = next(t for t in (value.left, value.right) if _root(t) == new)
            yield Rewrite(source.file, (Splice(*source.span(value), source.of(term)),), "+= for =",
                          "set, not added", 1.0, statement.lineno, source.of(target))  # fmt: skip
            continue
        yield insert(((old, new),), 1.0 if _akin(old, new) else 2.0)
    for pairs in _pairings(stale, unused):
        yield insert(pairs, 1.2)
    # Called results that are unpacked under other names: rename the target itself.
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
            targets = [e for e in statement.targets[0].elts if isinstance(e, ast.Name)]
            loose = [e for e in targets if e.id not in read]
            for old, target in itertools.product(stale, loose):
                yield Rewrite(
                    source.file, (Splice(*source.span(target), old),), "carry lost",
                    f"{old}, not {target.id}", 1.1, line.get(old, loop.lineno), old,
                )  # fmt: skip


def _pairings(stale: list[str], made: list[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    for first, second in itertools.combinations(stale[:4], 2):
        for a, b in itertools.permutations(made[:10], 2):
            if _akin(first, a) and _akin(second, b):
                yield (first, a), (second, b)


def _set_before(function: ast.AST, loop: ast.For | ast.While) -> set[str]:
    """Return the names that a function assigns before a loop."""
    return {
        node.id
        for statement in ast.walk(function)
        if isinstance(statement, ast.Assign) and statement.lineno < loop.lineno
        for target in statement.targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name)
    }


def stale(function: ast.AST, loop: ast.For | ast.While) -> dict[str, int]:
    """Return the names that are set before a loop, read in it and never set in it.

    With the line of the loop that reads each first. Of what looks like a gradient only.
    """
    stored, read = _names(loop.body, ast.Store), _names(loop.body, ast.Load)
    before = _set_before(function, loop)
    names = [name for name in read if name in before and name not in stored]
    lines = _first_use(loop.body, names)
    empty = _empty(function, loop)
    return {
        n: lines[n] for n in names if n[:1] in "dg" or "carry" in n or "next" in n or n in empty
    }


def carried(function: ast.AST, loop: ast.For | ast.While) -> dict[str, int]:
    """Return the names that a loop reads and has from before it, with the line that reads each.

    Of what looks like a gradient only, and what is no sum over the steps.
    """
    added = {
        node.target.id
        for node in ast.walk(loop)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    read = _names(loop.body, ast.Load)
    before = _set_before(function, loop)
    empty = _empty(function, loop)
    names = [n for n in read if n in before and (n[:1] in "dg" or n in added or n in empty)]
    return {n: line for n, line in _first_use(loop.body, names).items() if n[1:2].islower()}


def _empty(function: ast.AST, loop: ast.For | ast.While) -> set[str]:
    """Return the names that hold zeros before a loop."""
    return {
        target.id
        for statement in ast.walk(function)
        if isinstance(statement, ast.Assign) and statement.lineno < loop.lineno
        if "zeros" in ast.unparse(statement.value)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _akin(old: str, new: str) -> bool:
    """Whether two names tell of the same thing, such as dh_next and dh_prev."""
    return old[:2] == new[:2]


def _first_use(body: list[ast.stmt], names: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in names:
                found.setdefault(node.id, node.lineno)
    return found


def _zeroed_inside(
    source: Source, function: ast.AST, loop: ast.For | ast.While
) -> Iterator[Rewrite]:
    """Give a loop whose zeroing statements stand before it."""
    for statement in loop.body:
        if isinstance(statement, ast.Assign) and "zeros" in source.of(statement.value):
            text = " ".join(source.of(statement).split())
            cut = Splice(
                source.at(statement.lineno), source.at((statement.end_lineno or 0) + 1), ""
            )
            at = source.at(loop.lineno)
            put = Splice(at, at, f"{source.indent(loop)}{text}\n")
            name = source.of(statement.targets[0])
            yield Rewrite(source.file, (cut, put), "carry lost", "zeroed before the loop", 1.0,
                          statement.lineno, name)  # fmt: skip
            yield Rewrite(source.file, (cut,), "carry lost", "not zeroed in the loop", 0.9,
                          statement.lineno, name)  # fmt: skip


def _bare(name: str) -> str:
    return name.removeprefix("self.")


def _siblings(source: Source, loop: ast.For | ast.While) -> Iterator[Rewrite]:
    """Give all plain assignments of gradients in a loop as additions."""
    assigned = [
        statement
        for statement in loop.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name | ast.Subscript | ast.Attribute)
    ]
    groups = [
        [s for s in assigned if any(word in source.of(s) for word in ("@", "dot", "outer", "sum"))],
        [s for s in assigned if _bare(source.of(s.targets[0]))[:2] in ("dW", "db", "dU")],
    ]
    for group in groups:
        if len(group) > 1:
            splices = tuple(
                Splice(source.span(s)[0], source.span(s)[1],
                       f"{source.of(s.targets[0])} += {source.of(s.value)}")
                for s in group
            )  # fmt: skip
            yield Rewrite(source.file, splices, "= for +=", "added, not assigned, in all of them",
                          1.3, group[0].lineno, source.of(group[0].targets[0]))  # fmt: skip
