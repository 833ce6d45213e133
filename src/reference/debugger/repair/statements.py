"""Whole statements: in or out of the loop, exchanged, too many, missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

import numpy as np

from reference.debugger.repair import added
from reference.debugger.repair.independent import depend, drives
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.repair.starts import is_zeros
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source, Splice, blocks_of

_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give every edit of a statement as a whole."""
    yield from added.rewrites(place)
    yield from moved(place)
    yield from _removed(place)
    yield from _copied(place)
    yield from _values_exchanged(place)
    yield from _signs_exchanged(place)


def _signs_exchanged(place: Place) -> Iterator[Rewrite]:
    """Give what one line adds and another takes away the other way round: ``a += d; b -= d``."""
    statement, source = place.statement, place.source
    path = _path(place.function, statement)
    if path is None or not isinstance(statement, ast.AugAssign):
        return
    block, index, _ = path
    for far, other in enumerate(block[index + 1 : index + 1 + _FAR]):
        if isinstance(other, ast.AugAssign) and {type(statement.op), type(other.op)} == {
            ast.Add,
            ast.Sub,
        }:
            splices = []
            for one in (statement, other):
                new = "-=" if isinstance(one.op, ast.Add) else "+="
                start, end = source.span(one.target)[1], source.span(one.value)[0]
                splices.append(Splice(start, end, f" {new} "))
            yield place.splice(
                splices, "wrong order", f"added and taken away exchanged with line {other.lineno}",
                1.2 + 0.1 * far,
            )  # fmt: skip


def _values_exchanged(place: Place) -> Iterator[Rewrite]:
    """Give what two assignments near each other are given, the one in the place of the other.

    Each may be right by itself, and stands under the name, or in the part, of the other.
    """
    statement, source = place.statement, place.source
    path = _path(place.function, statement)
    if path is None or not _assigns(statement):
        return
    block, index, _ = path
    for far, other in enumerate(block[index + 1 : index + 1 + _FAR]):
        root = _root(statement.targets[0])
        if _assigns(other) and _root(other.targets[0]) == root:
            texts = place.text(statement.value), place.text(other.value)
            if texts[0] != texts[1]:
                spans = source.span(statement.value), source.span(other.value)
                yield place.splice(
                    [Splice(*spans[0], texts[1]), Splice(*spans[1], texts[0])], "wrong order",
                    f"exchanged with line {other.lineno}", (1.2 if root else 1.6) + 0.1 * far,
                )  # fmt: skip


_FAR = 2  # statements between which values are exchanged


def _assigns(statement: ast.stmt) -> TypeGuard[ast.Assign]:
    return isinstance(statement, ast.Assign) and len(statement.targets) == 1


def _root(target: ast.expr) -> str:
    """Return what a target is a part of; of all names together nothing."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
        if isinstance(target, ast.Name):
            return target.id
    return ""


def moved(place: Place) -> Iterator[Rewrite]:
    """Give a statement in other places of its block, and in the loop before or around it."""
    statement, source = place.statement, place.source
    if not isinstance(statement, _SIMPLE):
        return
    path = _path(place.function, statement)
    if path is None:
        return
    block, index, parents = path
    loop = block[index - 1]
    if index > 0 and isinstance(loop, ast.For | ast.While):
        indent = source.indent(loop.body[0])
        yield place.splice(
            [_cut(source, statement), _insert(source, _after(loop), indent, place)],
            "accumulation outside the loop", "at the end of the loop", 1.0,
        )  # fmt: skip
        if isinstance(statement, ast.Assign) and isinstance(place.target, ast.Subscript):
            at = source.at(_after(loop))
            line = f"{indent}{place.variable} += {place.text(statement.value)}\n"
            yield place.splice(
                [_cut(source, statement), Splice(at, at, line)],
                "accumulation outside the loop", "added at the end of the loop", 1.1,
            )  # fmt: skip
    if (
        index > 1
        and isinstance(loop := block[index - 2], ast.For)
        and isinstance(first := block[index - 1], _SIMPLE)
    ):
        indent = source.indent(loop.body[0])
        both = [first, statement]
        new = "".join(f"{indent}{place.text(s)}\n" for s in both)
        start = source.at(_after(loop))
        yield place.splice(
            [*(_cut(source, s) for s in both), Splice(start, start, new)],
            "accumulation outside the loop", "both at the end of the loop", 1.5,
        )  # fmt: skip
    loop = next((p for p in reversed(parents) if isinstance(p, ast.For | ast.While)), None)
    if loop is not None and block is loop.body and not drives(statement, loop):
        indent = source.indent(loop)
        yield place.splice(
            [_cut(source, statement), _insert(source, loop.lineno, indent, place)],
            "carry lost", "before the loop", 1.2,
        )  # fmt: skip
        yield place.splice(
            [_cut(source, statement), _insert(source, _after(loop), indent, place)],
            "wrong order", "after the loop", 1.9,
        )  # fmt: skip
    late, early = _first_reader(block, index), _first_changed(block, index)
    for other in range(len(block)):
        if other in (index, index + 1) or not isinstance(block[other], (*_SIMPLE, ast.For)):
            continue
        passed = block[other:index] if other < index else block[other - 1 : index : -1]
        if not depend(statement, passed[0]):
            continue  # it is the same nearer by
        far = abs(other - index)
        cost = _LATE if other in (late, early) else 1.6 + 0.05 * far
        indent = source.indent(statement)
        rewrite = place.splice(
            [_cut(source, statement), _insert(source, block[other].lineno, indent, place)],
            "wrong order" if far > 1 else "overwritten too early",
            f"before line {block[other].lineno}", cost,
        )  # fmt: skip
        if other == late and isinstance(passed[0], _SIMPLE):
            rewrite = replace(rewrite, line=passed[0].lineno)  # its value is the wrong one
        yield rewrite
    last = block[-1]
    dependent = any(depend(statement, passed) for passed in block[index + 1 :])
    if index < len(block) - 1 and dependent and not isinstance(last, ast.Return):
        indent = source.indent(statement)
        yield place.splice(
            [_cut(source, statement), _insert(source, _after(last), indent, place)],
            "overwritten too early", "at the end of the block", 1.7,
        )  # fmt: skip


_LATE = 1.15  # a value that is masked or scaled in place only after it has been read


def _first_reader(block: list[ast.stmt], index: int) -> int | None:
    """Return where a variable that a statement changes in place is read first, since it was set."""
    statement = block[index]
    target = statement.target if isinstance(statement, ast.AugAssign) else None
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        return None  # a sum may well be read before it is complete
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        target = statement.targets[0]
    name = target.value if isinstance(target, ast.Subscript) else target
    if not isinstance(name, ast.Name):
        return None
    first = None
    for k in range(index - 1, -1, -1):
        uses = [n for n in ast.walk(block[k]) if isinstance(n, ast.Name) and n.id == name.id]
        if any(isinstance(n.ctx, ast.Store) for n in uses):
            return first
        first = k if uses else first
    return None


def _first_changed(block: list[ast.stmt], index: int) -> int | None:
    """Return where those statements begin that change in place, just before, what one reads."""
    reads = {n.id for n in ast.walk(block[index]) if isinstance(n, ast.Name)}
    first = None
    for k in range(index - 1, -1, -1):
        before = block[k]
        if not isinstance(before, ast.AugAssign) or not isinstance(before.op, ast.Mult | ast.Div):
            return first
        if _root_name(before.target) not in reads:
            return first
        first = k
    return first


def _root_name(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else _root(target)


def _removed(place: Place) -> Iterator[Rewrite]:
    statement = place.statement
    path = _path(place.function, statement)
    if drives(statement, place.function):
        return
    if isinstance(statement, _SIMPLE) and path is not None and len(path[0]) > 1:
        kind = "carry lost" if "zeros" in place.source.of(statement) else "spurious term"
        cost = 0.95 if _forgets(place) else 2.4
        yield place.splice([_cut(place.source, statement)], kind, "without this line", cost)
    if path is not None and _clips(statement):
        yield from _unclipped(place, path)


def _forgets(place: Place) -> bool:
    """Return whether a variable that holds other numbers is set to zeros."""
    statement = place.statement
    if not isinstance(statement, ast.Assign) or not is_zeros(statement.value):
        return False
    new = place.value(place.text(statement.value), place.env)
    old = [place.value(place.text(target), place.env) for target in statement.targets]
    return all(np.any(each) and shape_of(each) == shape_of(new) for each in old)


def _clips(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing but clip: ``np.clip(x, -5, 5, out=x)`` and the like.

    Also what divides a gradient by its norm, ``g *= limit / norm`` or ``g = g * (limit / norm)``.
    """
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "clip":
        out = [ast.unparse(k.value) for k in value.keywords if k.arg == "out"]
        assigned = statement.targets if isinstance(statement, ast.Assign) else []
        into = out or [ast.unparse(target).removesuffix("[:]").removesuffix("[...]")
                       for target in assigned]  # fmt: skip
        what = [*map(ast.unparse, value.args[:1]), ast.unparse(value.func).rpartition(".")[0]]
        return bool(set(into) & set(what))
    scaled = isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult | ast.Div)
    if isinstance(statement, ast.Assign) and isinstance(value, ast.BinOp):
        own = (ast.unparse(statement.targets[0]), isinstance(value.op, ast.Mult | ast.Div))
        scaled = own == (ast.unparse(value.left), True)
    return scaled and "norm" in ast.unparse(statement)


def _unclipped(place: Place, path: tuple[list[ast.stmt], int, list[ast.AST]]) -> Iterator[Rewrite]:
    """Give the program without what clips, and without the loop or condition of nothing else."""
    block, _, parents = path
    around: ast.stmt = place.statement
    for parent in reversed(parents):
        if len(block) > 1 or not isinstance(parent, ast.For | ast.While | ast.If):
            break
        around = parent
        block = next((b for b in blocks_of(parents) if parent in b), [parent])
    if len(block) > 1:
        yield place.splice([_cut(place.source, around)], "clipped", "not clipped", 1.2)


def _copied(place: Place) -> Iterator[Rewrite]:
    """Give ``.copy()`` of what only names an existing array."""
    statement = place.statement
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        value = statement.value
        elements = value.elts if isinstance(value, ast.Tuple) else [value]
        for element in elements:
            if isinstance(element, ast.Name | ast.Subscript | ast.Attribute):
                text = place.text(element)
                cost = 1.0 if isinstance(element, ast.Subscript) else 1.2
                yield place.rewrite(element, f"{text}.copy()", "aliasing", "a copy", cost)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        for argument in statement.value.args:
            if isinstance(argument, ast.Name | ast.Subscript | ast.Attribute):
                text = place.text(argument)
                yield place.rewrite(argument, f"{text}.copy()", "aliasing", "a copy", 1.2)


def _path(
    function: ast.AST, statement: ast.stmt
) -> tuple[list[ast.stmt], int, list[ast.AST]] | None:
    """Return the block that holds a statement, its place there, and what is around it."""

    def search(node: ast.AST, parents: list[ast.AST]):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            for index, inner in enumerate(block):
                if inner is statement:
                    return block, index, [*parents, node]
                found = search(inner, [*parents, node])
                if found is not None:
                    return found
        return None

    return search(function, [])


def _after(statement: ast.stmt) -> int:
    """Return the line after a statement."""
    return (statement.end_lineno or statement.lineno) + 1


def _cut(source: Source, statement: ast.stmt) -> Splice:
    return Splice(source.at(statement.lineno), source.at(_after(statement)), "")


def _insert(source: Source, line: int, indent: str, place: Place) -> Splice:
    at = source.at(line)
    start = "" if at == 0 or source.data[at - 1 : at] == b"\n" else "\n"
    return Splice(at, at, f"{start}{indent}{place.text(place.statement)}\n")
