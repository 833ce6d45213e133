"""What a part of a line should have been: solved for, and written with what is known.

Where it is known what a line should have given, every part of it that the rest determines is known
too: the factor is the quotient, the term the difference, the argument of tanh its inverse. Such a
number is looked up among the variables, their products, sums, and products of matrices.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import contractions
from reference.debugger.repair.calls import Calls
from reference.debugger.repair.operands import naming
from reference.debugger.repair.place import Place, Rewrite, bracketed, inside
from reference.debugger.repair.quotients import Products, known_here

_MOST_PARTS = 40
_NEAR = 1e-6
_FACTOR = 1.5  # what a factor more costs
_INVERSES: dict[str, Callable[[Array], Array]] = {
    "np.tanh": np.arctanh,
    "np.exp": np.log,
    "np.log": np.exp,
    "np.sqrt": np.square,
    "np.square": np.sqrt,
    "np.log1p": np.expm1,
    "np.negative": np.negative,
}
_OPERATORS: dict[str, type[ast.operator]] = {
    "multiply": ast.Mult, "add": ast.Add, "subtract": ast.Sub, "divide": ast.Div,
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A part of a line, with its value and the value that it should have had there."""

    node: ast.expr
    parent: ast.AST
    value: Array
    wanted: Array
    wide: bool = False  # its value is broadcast: something larger may have to stand there


def rewrites(
    place: Place,
    node: ast.expr,
    parent: ast.AST,
    wanted: Iterable[Array],
    env: dict[str, Any],
) -> Iterator[Rewrite]:
    """Give each part of an expression as what it should have been, by numbers.

    Parameters
    ----------
    place : Place
    node, parent : ast nodes
        The expression whose value is wrong, and what it stands in.
    wanted : iterable of ndarray
        Values that it may have had to have, in the shape of its own.
    env : dict
        The variables there.
    """
    called = Calls(place, env)
    for target in wanted:
        for part in parts(place, node, parent, target, env):
            old = place.text(part.node)
            for text, cost in dict(_written(place, part, env, called)).items():
                if isinstance(part.node, ast.Name) and part.node is not node and old in text:
                    cost += 0.5  # it is made elsewhere: what it lacks, it lacks there
                bare = text.removeprefix("(").removesuffix(")")
                if bare.startswith(f"{old} * ") or bare.endswith(f" * {old}"):
                    cost = max(cost, _FACTOR)  # a missing factor, as dear as anywhere
                kind = naming(old, text) if _is_short(old) and _is_short(text) else "wrong operand"
                yield place.rewrite(
                    part.node, inside(part.parent, text) if _is_open(text) else text, kind,
                    f"{text}, not {old}", cost + 0.5 * _unlike(old, text),
                )  # fmt: skip


def parts(
    place: Place, node: ast.expr, parent: ast.AST, target: Array, env: dict[str, Any]
) -> list[Part]:
    """Return the parts of an expression whose right value follows from that of the whole."""
    found: list[Part] = []

    def visit(node: ast.expr, parent: ast.AST, target: Array | None) -> None:
        value = _float(place.value(place.text(node), env))
        if target is None or value is None or len(found) >= _MOST_PARTS:
            return
        narrow, own = _narrowed(target, value.shape), value.shape
        spread = _is_elementwise(parent) or isinstance(parent, ast.AugAssign)
        if narrow is None and target.ndim and spread:
            try:  # something wider may have to stand there
                value = np.broadcast_to(value, target.shape)
            except ValueError:
                return
            narrow = target
        if narrow is None or not np.any(np.isfinite(narrow)):
            return
        target = narrow
        found.append(Part(node, parent, value, target, value.shape != own))
        with np.errstate(all="ignore"):
            for inner, its in _inner(place, node, target, env):
                visit(inner, node, its)

    visit(node, parent, np.asarray(target, float))
    return found


def _inner(
    place: Place, node: ast.expr, target: Array, env: dict[str, Any]
) -> Iterator[tuple[ast.expr, Array | None]]:
    """Give the operands of an expression with what each has to be, all others as they are."""

    def value(of: ast.expr) -> Array | None:
        return _float(place.value(place.text(of), env))

    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand, -target
    elif isinstance(node, ast.BinOp):
        yield from _of_two(type(node.op), node.left, node.right, value, target)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value, target.T
    elif isinstance(node, ast.Call):
        name = place.text(node.func)
        operator = _OPERATORS.get(name.removeprefix("np."))
        if name in _INVERSES and len(node.args) == 1:
            yield node.args[0], _INVERSES[name](target)
        elif operator is not None and len(node.args) == 2:
            yield from _of_two(operator, node.args[0], node.args[1], value, target)
        elif name in ("np.dot", "np.matmul") and len(node.args) == 2:
            yield from _of_two(ast.MatMult, node.args[0], node.args[1], value, target)
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "dot" and node.args:
            yield from _of_two(ast.MatMult, node.func.value, node.args[0], value, target)
        elif name == "np.where" and len(node.args) == 3:
            there = np.broadcast_to(np.asarray(place.value(place.text(node.args[0]), env)) != 0,
                                    target.shape)  # fmt: skip
            yield node.args[1], np.where(there, target, np.nan)
            yield node.args[2], np.where(there, np.nan, target)
        elif name in ("np.concatenate", "np.hstack") and node.args:
            yield from _joined(node, target, value)


def _of_two(
    operator: type[ast.operator],
    left: ast.expr,
    right: ast.expr,
    value: Callable[[ast.expr], Array | None],
    target: Array,
) -> Iterator[tuple[ast.expr, Array | None]]:
    a, b = value(left), value(right)
    if a is None or b is None:
        return
    if operator is ast.Add:
        yield from ((left, target - b), (right, target - a))
    elif operator is ast.Sub:
        yield from ((left, target + b), (right, a - target))
    elif operator is ast.Mult:
        yield from ((left, over(target, b)), (right, over(target, a)))
    elif operator is ast.Div:
        yield from ((left, target * b), (right, over(a, target)))
    elif operator is ast.Pow and b.shape == () and b > 0:
        yield left, np.where(target >= 0, np.abs(target) ** (1 / float(b)), np.nan)
    elif operator is ast.MatMult and a.ndim == b.ndim == target.ndim == 2:
        yield left, _solved(b.T, target.T)
        solved = _solved(a, target)
        yield right, None if solved is None else solved.T


def _solved(a: Array, target: Array) -> Array | None:
    """Return the transpose of x for which ``a @ x`` is a target, None if there is not just one."""
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(target))):
        return None  # LAPACK complains of such numbers aloud
    if np.linalg.matrix_rank(a) < a.shape[1]:
        return None
    x = np.linalg.lstsq(a, target, rcond=None)[0]
    size = float(np.max(np.abs(target), initial=0.0))
    return x.T if np.allclose(a @ x, target, rtol=1e-7, atol=1e-9 * size) else None


def _joined(
    node: ast.Call, target: Array, value: Callable[[ast.expr], Array | None]
) -> Iterator[tuple[ast.expr, Array | None]]:
    """Give the pieces of a concatenation, each with its part of the target."""
    display = node.args[0]
    if not isinstance(display, ast.List | ast.Tuple):
        return
    values = [value(e) for e in display.elts]
    shapes = [v.shape for v in values if v is not None]
    if len(shapes) < len(values) or not all(len(s) == target.ndim for s in shapes):
        return
    for axis in range(target.ndim):
        if sum(s[axis] for s in shapes) == target.shape[axis]:
            cuts = np.cumsum([s[axis] for s in shapes])[:-1]
            yield from zip(display.elts, np.split(target, cuts, axis), strict=True)
            return


def over(a: Array, b: Array) -> Array:
    """Return a / b, and nan where b is nothing: there any number does."""
    a, b = np.broadcast_arrays(a, b)
    small = np.abs(b) <= 1e-9 * np.max(np.abs(b), initial=0.0)
    return np.where(small, np.nan, a / np.where(small, 1, b))


def _narrowed(target: Array, shape: tuple[int, ...]) -> Array | None:
    """Return a target in the shape of an operand that is broadcast; None if it cannot be met."""
    if target.shape == shape:
        return target
    try:
        if np.broadcast_shapes(shape, target.shape) != target.shape:
            return None
    except ValueError:
        return None
    lead = target.ndim - len(shape)
    axes = tuple(
        k for k in range(target.ndim) if k < lead or (shape[k - lead] == 1 != target.shape[k])
    )
    with np.errstate(all="ignore"):
        count = np.sum(np.isfinite(target), axis=axes, keepdims=True)
        mean = np.nansum(target, axis=axes, keepdims=True) / count
    return mean.reshape(shape) if _agree(np.broadcast_to(mean, target.shape), target) else None


def _agree(value: Array, target: Array) -> bool:
    """Return whether a value is a target where that is known."""
    known = np.isfinite(target)
    if value.shape != target.shape or not known.any():
        return False
    size = float(np.max(np.abs(target[known])))
    return bool(np.allclose(value[known], target[known], rtol=_NEAR, atol=_NEAR * size))


def _varies(values: Array) -> bool:
    least = 1e-12 * min(1.0, float(np.max(np.abs(values), initial=0.0)))
    return bool(np.any(np.abs(np.diff(np.ravel(values))) > least))


def _written(
    place: Place, part: Part, env: dict[str, Any], called: Calls
) -> Iterator[tuple[str, float]]:
    """Give texts whose value is the one wanted of a part, with their costs."""
    if _agree(part.value, part.wanted):
        return
    known = np.isfinite(part.wanted)
    if part.wanted[known].size < min(2, part.wanted.size) or (
        isinstance(part.node, ast.Constant) and not part.wide
    ):
        return
    yield from _of_itself(place, part)
    if not part.wanted.shape or not _varies(part.wanted[known]):
        return  # all the same: anything may be it by chance
    values = known_here(place, env, part.wanted.shape)
    if part.wide:
        values.append((bracketed(part.node, place.text(part.node)), part.value))
    at = np.where(known, part.wanted, 0.0)
    table = Products(values, at)
    for sign in (1, -1):
        for texts in table.of(sign * part.wanted, known, 2):
            text = " * ".join(texts)
            yield text if sign > 0 else f"-{text}", 0.9 + 0.25 * len(texts) + 0.2 * (sign < 0)
    yield from _sums(values, part)
    calls = (t for t, value in called.of_shape(part.wanted.shape) if _agree(value, part.wanted))
    yield from ((text, 1.2) for text in itertools.islice(calls, 2))
    if known.all() and len(part.wanted.shape) > 0:
        arrays = contractions.arrays_at(place, env)
        for text in contractions.of(arrays, part.wanted):
            yield text, 1.5


def _of_itself(place: Place, part: Part) -> Iterator[tuple[str, float]]:
    """Give what a part's own text makes with a constant: ``1 + x``, ``1 - x``, ``x ** 2``."""
    old = bracketed(part.node, place.text(part.node))
    value, wanted = part.value, part.wanted
    with np.errstate(all="ignore"):
        forms = [
            (f"1 + {old}", 1 + value, 1.2), (f"1 - {old}", 1 - value, 1.2),
            (f"{old} - 1", value - 1, 1.4), (f"{old} ** 2", value**2, 1.3),
            (f"1 - {old} ** 2", 1 - value**2, 1.3), (f"-{old}", -value, 1.2),
            (f"1 / {old}", 1 / value, 1.6), (f"2 * {old}", 2 * value, 1.5),
            (f"0.5 * {old}", value / 2, 1.5), (f"{old} * (1 - {old})", value * (1 - value), 1.3),
            (f"np.tanh({old})", np.tanh(value), 1.5), (f"np.exp({old})", np.exp(value), 1.5),
            (f"np.sqrt({old})", np.sqrt(value), 1.5), (f"np.log({old})", np.log(value), 1.5),
        ]  # fmt: skip
    for given, axis in (("", None), *((f"axis={k}, keepdims=True", k) for k in range(value.ndim))):
        mean = np.broadcast_to(value.mean(axis=axis, keepdims=True), value.shape)
        forms.append((f"{old} - {old}.mean({given})", value - mean, 1.5))
        if given:
            forms.append((f"{old}.mean({given})", mean, 1.6))
    if value.ndim == 2 and value.shape[0] == value.shape[1]:
        forms.append((f"{old}.T", value.T, 1.2))
    for text, made, cost in forms:
        if _agree(np.asarray(made), wanted):
            yield text, cost


def _sums(values: list[tuple[str, Array]], part: Part) -> Iterator[tuple[str, float]]:
    """Give ``a + b`` and ``a - b`` of known values that are what is wanted."""
    plain = [(text, np.broadcast_to(v, part.wanted.shape)) for text, v in values
             if "(" not in text][:60]  # fmt: skip
    if not plain:
        return
    where = np.flatnonzero(np.isfinite(np.ravel(part.wanted)))[:2]
    rows = np.array([np.ravel(v)[where] for _, v in plain])
    goal = np.ravel(part.wanted)[where]
    for sign in (1, -1):
        left = goal[None, None] - rows[:, None] - sign * rows[None, :]
        least = 1e-9 * min(1.0, float(np.max(np.abs(rows), initial=0.0)))
        near = np.all(np.abs(left) <= _NEAR * (least + np.abs(goal)), axis=2)
        for a, b in itertools.islice(zip(*np.nonzero(near), strict=True), 20):
            if (a < b or sign < 0) and _agree(plain[a][1] + sign * plain[b][1], part.wanted):
                yield f"{plain[a][0]} {'+' if sign > 0 else '-'} {plain[b][0]}", 1.6


def _is_elementwise(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult)


def _float(value: Any) -> Array | None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.ndarray | np.number):
        return None
    if isinstance(value, np.ndarray) and value.dtype.kind not in "fiub":
        return None
    return np.asarray(value, float)


def _is_short(text: str) -> bool:
    return re.fullmatch(r"[\w.]+(\[[^]]*\])*", text) is not None


def _is_open(text: str) -> bool:
    """Return whether a text could be torn apart by an operator beside it."""
    return isinstance(ast.parse(text, mode="eval").body, ast.BinOp | ast.UnaryOp | ast.Compare)


def _unlike(old: str, new: str) -> float:
    """Return how much of a text is new, from 0 to 1, by its words."""
    words = re.compile(r"\w+|[^\s\w]")
    return 1 - difflib.SequenceMatcher(None, words.findall(old), words.findall(new)).ratio()
