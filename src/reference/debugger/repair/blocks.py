"""Blocks of an array that need another derivative than the rest: the candidate among the gates.

Where it is known what a line should have given, and it is right but for some columns, these are
a part that the file has a name for, such as ``[:, 3 * H:]``. What they should have had is looked
up among the products of the same part of other arrays, and is written as a statement of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.repair.quotients import Products
from reference.debugger.running.aside import offered
from reference.debugger.running.kept import kept
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source

_KIND = "wrong derivative"
_MOST = 60
_WHOLE = (ast.BinOp, ast.Call, ast.Name, ast.Attribute, ast.Subscript)


def of_product(
    place: Place, before: Array, wanted: Array, env: dict[str, Any]
) -> Iterator[Rewrite]:
    """Give ``x[rest] *= f[rest]; x[block] *= g`` for ``x *= f``.

    Parameters
    ----------
    place : Place
        The statement ``x *= f``.
    before, wanted : ndarray
        x before the statement, and what it should have been after it.
    env : dict
        The variables there.
    """
    statement = place.statement
    assert isinstance(statement, ast.AugAssign)
    factor = place.value(place.text(statement.value), env)
    if not isinstance(statement.op, ast.Mult) or shape_of(factor) != shape_of(before):
        return
    for block in _blocks(place, before * factor, wanted, env):
        part = _part(block, before.shape, env, place)
        if part is None or before[part].size == 0:
            continue
        there = np.abs(before[part]) > 1e-9 * np.max(np.abs(before), initial=0.0)
        goal = np.divide(wanted[part], before[part], out=np.ones_like(before[part]), where=there)
        for text, cost in _written(place, goal, there, block, before.shape, env):
            new = _parted(place, block, before.shape, text, env)
            yield place.rewrite(statement, new, _KIND, f"[{block}] times {text}", cost)


def _parted(
    place: Place, block: str, shape: tuple[int, ...], text: str, env: dict[str, Any]
) -> str:
    """Return ``x *= f`` with another factor for a block: in two parts, or by a factor of parts."""
    statement = place.statement
    assert isinstance(statement, ast.AugAssign)
    name, rest = place.text(statement.target), _rest(block, len(shape))
    if rest is not None and _are_all((block, rest), shape, env, place):
        first = (
            f"{_of(name, rest, place)} *= {_restricted(place, statement.value, rest, shape, env)}"
        )
        return _lines(place, first, f"{_of(name, block, place)} *= {text}")
    slope = next(n for n in ("slope", "slope_of_all") if n not in env)
    first = f"{slope} = {place.text(statement.value)}"
    return _lines(place, first, f"{slope}[{block}] = {text}", f"{name} *= {slope}")


def _are_all(
    blocks: tuple[str, ...], shape: tuple[int, ...], env: dict[str, Any], place: Place
) -> bool:
    """Return whether some parts of an array are all of it."""
    mask = np.zeros(shape, bool)
    for block in blocks:
        part = _part(block, shape, env, place)
        if part is not None:
            mask[part] = True
    return bool(mask.all())


def _of(text: str, block: str, place: Place) -> str:
    """Return a part of an array; of a part of another array in one subscript."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Subscript):
        base = place.value(ast.unparse(node.value), place.env)
        index = place.value(ast.unparse(node.slice), place.env)
        if isinstance(base, np.ndarray) and isinstance(index, int | np.integer):
            return f"{text[:-1]}, {block}]"
    return f"{text}[{block}]"


def of_value(
    place: Place, node: ast.expr, made: Array, wanted: Array, env: dict[str, Any]
) -> Iterator[Rewrite]:
    """Give ``x = e; x[block] = g`` for ``x = e``, where e is right but for a block.

    Parameters
    ----------
    place : Place
    node : ast.expr
        The value of the statement.
    made, wanted : ndarray
        Its value, and the one that it should have had.
    env : dict
        The variables there.
    """
    statement = place.statement
    if not isinstance(statement, ast.Assign) or statement.value is not node:
        return
    if not isinstance(node, _WHOLE) or not isinstance(place.target, ast.Name | ast.Subscript):
        return
    first = place.text(statement)
    if not isinstance(node, ast.BinOp | ast.Call) and isinstance(place.target, ast.Name):
        first += ".copy()"  # what it is a part of stays as it is
    for block in _blocks(place, made, wanted, env):
        part = _part(block, made.shape, env, place)
        if part is None or made[part].size == 0:
            continue
        goal = np.asarray(wanted[part])
        for factor in _factors(place, made[part], goal, env):
            second = f"{_of(place.variable, block, place)} *= {factor}"
            yield place.rewrite(statement, _lines(place, first, second), "missing factor",
                                f"[{block}] times {factor}", 1.2)  # fmt: skip
        there = np.ones(goal.shape, bool)
        for text, cost in _written(place, goal, there, block, made.shape, env):
            second = f"{_of(place.variable, block, place)} = {text}"
            yield place.rewrite(statement, _lines(place, first, second),
                                _KIND, f"{text} in [{block}]", cost)  # fmt: skip


def _factors(place: Place, made: Array, goal: Array, env: dict[str, Any]) -> list[str]:
    """Return the variables that a part is to be multiplied by."""
    near = 1e-6 * np.max(np.abs(goal), initial=0.0)
    values = {atom.text: place.value(atom.text, env) for atom in place.alike(made)}
    return [
        text
        for text, value in values.items()
        if shape_of(value) == made.shape and np.all(np.abs(made * value - goal) <= near)
    ]


def _lines(place: Place, *lines: str) -> str:
    return f"\n{place.source.indent(place.statement)}".join(lines)


def _blocks(place: Place, made: Array, wanted: Array, env: dict[str, Any]) -> Iterator[str]:
    """Give the subscripts of the file that are just the part of an array that is wrong."""
    if made.shape != wanted.shape or made.ndim < 1:
        return
    wrong = np.abs(made - wanted) > 1e-7 * np.max(np.abs(wanted), initial=1e-12)
    for axis in range(made.ndim):
        others = tuple(k for k in range(made.ndim) if k != axis)
        columns = np.any(wrong, axis=others)
        if not columns.any() or columns.all():
            continue
        goal = np.zeros(made.shape, bool)
        np.moveaxis(goal, axis, 0)[columns] = True
        for text in subscripts(place.source):
            part = _part(text, made.shape, env, place)
            if part is None:
                continue
            mask = np.zeros(made.shape, bool)
            mask[part] = True
            if np.array_equal(mask, goal):
                yield text
                break


def masks(place: Place, shape: tuple[int, ...], env: dict[str, Any]) -> Iterator[Array]:
    """Give where the parts are that the file's subscripts take of an array of a shape, each once.

    Only those that take the whole along all axes but one.
    """
    seen = set()
    for text in subscripts(place.source):
        part = _part(text, shape, env, place)
        if part is None:
            continue
        mask = np.zeros(shape, bool)
        mask[part] = True
        axes = [np.any(mask, axis=tuple(k for k in range(len(shape)) if k != n))
                for n in range(len(shape))]  # fmt: skip
        if sum(not along.all() for along in axes) == 1 and mask.tobytes() not in seen:
            seen.add(mask.tobytes())
            yield mask


def _part(text: str, shape: tuple[int, ...], env: dict[str, Any], place: Place) -> Any:
    """Return what a subscript stands for; None if the array has no such part."""
    index = place.value(f"np.s_[{text}]", {**env, "np": np})
    try:
        return None if index is None or np.zeros(shape)[index].size == 0 else index
    except (IndexError, TypeError):
        return None


@kept(64)
def subscripts(source: Source) -> list[str]:
    """Return the subscripts with a slice, or of several axes, that a file uses, shortest first."""
    texts = {}
    for node in offered(source):
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            for k in range(len(parts)):  # of what is a part already the rest of the subscript
                text = ", ".join(ast.unparse(part) for part in parts[k:])
                several = len(parts) > 1 or isinstance(parts[0], ast.Slice)
                if several and len(text) <= 40 and "None" not in text:
                    texts[text] = None
    return sorted(texts, key=len)[:_MOST]


def _rest(block: str, ndim: int) -> str | None:
    """Return the subscript of all that another leaves out, if it is at an end of the last axis.

    Examples
    --------
    >>> _rest(":, 3 * H:", 2), _rest(":, :n", 2), _rest(":, CAND", 2)
    (':, :3 * H', ':, n:', ':, :CAND')
    """
    tree = ast.parse(f"x[{block}]", mode="eval").body
    assert isinstance(tree, ast.Subscript)
    parts = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    last, head = parts[-1], [ast.unparse(part) for part in parts[:-1]]
    if isinstance(last, ast.Slice):
        if last.step is not None or (last.lower is None) == (last.upper is None):
            return None
        bound = last.lower if last.lower is not None else last.upper
        assert bound is not None
        text = ast.unparse(bound)
        new = f":{text}" if last.lower is not None else f"{text}:"
    else:
        new = f":{ast.unparse(last)}"  # an index at the end; elsewhere the edit does not pass
    return ", ".join([*head, new])


def _restricted(
    place: Place, node: ast.expr, part: str, shape: tuple[int, ...], env: dict[str, Any]
) -> str:
    """Return an expression with each variable of a shape taken in a part only."""
    source = place.source
    start = source.span(node)[0]
    text = source.of(node).encode()
    spans = [
        source.span(inner)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name | ast.Attribute | ast.Subscript)
        and shape_of(place.value(place.text(inner), env)) == shape
    ]
    outer = [s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)]
    for a, b in sorted(outer, reverse=True):
        old = text[a - start : b - start].decode()
        text = text[: a - start] + _of(old, part, place).encode() + text[b - start :]
    return " ".join(text.decode().split())


def _written(
    place: Place,
    goal: Array,
    there: Array,
    block: str,
    shape: tuple[int, ...],
    env: dict[str, Any],
) -> Iterator[tuple[str, float]]:
    """Give products that are a goal, of the block's part of arrays and of what has its shape."""
    known: list[tuple[str, Array]] = []
    for atom in place.atoms:
        value = place.value(atom.text, env)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            continue
        if value.shape == shape:
            part = place.value(f"({atom.text})[{block}]", env)
            if isinstance(part, np.ndarray) and part.shape == goal.shape:
                known.append((_of(atom.text, block, place), part))
        elif value.shape == goal.shape and value.shape:
            known.append((atom.text, value))
    for text, value in list(known):
        if np.max(np.abs(value), initial=0.0) <= 1:
            known += [(f"(1 - {text} ** 2)", 1 - value**2), (f"(1 - {text})", 1 - value)]
        else:
            known.append((f"(1 - np.tanh({text}) ** 2)", 1 - np.tanh(value) ** 2))
        known.append((f"({text} > 0)", np.asarray(value > 0, float)))
    known = [(t, v) for t, v in known if np.all(np.isfinite(v))]
    table = Products(known, np.where(there, goal, 0.0))
    for texts in table.of(goal, there, 3):
        alone = len(texts) == 1
        text = texts[0][1:-1] if alone and texts[0].startswith("(") else " * ".join(texts)
        yield text, 1.3 + 0.1 * len(texts)
