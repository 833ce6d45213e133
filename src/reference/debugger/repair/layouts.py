"""Values that are right and stand in the wrong places: axes, orders of reading, flips.

A reshape for a transpose has the right shape and mixes up the entries. The entries of an array are
read in another order of its axes, written in another order, or taken as they are with the axes
exchanged; a stack is made along another axis, a flip turns another axis round.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, bracketed, inside
from reference.debugger.running.shapes import axes_of, shape_of

_KIND = "wrong order"
_TRANSPOSED = "transposed"
_AXES = 4


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give the arrays of a statement that are reshaped, turned or joined in another order."""
    yield from split(place)
    for node, parent in place.loaded:
        if isinstance(node, ast.Call):
            yield from _reshaped(place, node)
            yield from _turned(place, node)
            yield from _joined(place, node)
            yield from _running(place, node, parent)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield from _as_if_turned(place, node, node.value)
        elif isinstance(node, ast.Subscript):
            yield from _flipped(place, node)


def split(place: Place) -> Iterator[Rewrite]:
    """Give ``a, b = np.split(x, 2, axis=-1)`` for parts that are taken out of x in another way."""
    statement = place.statement
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Tuple):
        return
    count, node = len(statement.targets[0].elts), statement.value
    made = shape_of(place.value(place.text(node), place.env)) if isinstance(node, ast.Call) else ()
    if count < 2 or not made or made[0] != count:
        return
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Name | ast.Attribute | ast.Subscript):
            continue
        x = place.text(inner)
        value = place.value(x, place.env)
        whole = value.shape if isinstance(value, np.ndarray) else ()
        for axis, size in enumerate(whole):
            part = (*whole[:axis], size // count, *whole[axis + 1 :])
            if size % count == 0 and part == made[1:]:
                along = axis - len(whole) if axis == len(whole) - 1 else axis
                new = f"np.split({x}, {count}, axis={along})"
                if new != place.text(node):
                    yield place.rewrite(node, new, _KIND, f"{new}: part after part", 1.3)


def _reshaped(place: Place, node: ast.Call) -> Iterator[Rewrite]:
    """Give the reshape of an array whose entries are read, or written, in another order."""
    found = _reshape(node)
    if found is None:
        return
    old, sizes = found
    x, dims = bracketed(old, place.text(old)), [place.text(size) for size in sizes]
    value, made = (shape_of(place.value(place.text(n), place.env)) for n in (old, node))
    if not value or len(made) != len(dims) or max(len(value), len(made)) > _AXES:
        return
    if value == made:
        yield place.rewrite(node, place.text(old), _KIND, f"{x} as it is", 1.1)
    for axes in _orders(len(value)):  # the same shape without any reshape
        if len(value) == len(made) and tuple(value[k] for k in axes) == made:
            new = _with_axes(x, axes)
            yield place.rewrite(node, new, _TRANSPOSED, f"{new}, not reshaped", 1.2)
    for axes in _orders(len(made)):  # written in another order
        back = np.argsort(axes).tolist()
        new = _with_axes(f"{x}.reshape({', '.join(dims[k] for k in axes)})", back)
        yield place.rewrite(node, new, _TRANSPOSED, f"{new}: another order", 1.3)
    for axes in _orders(len(value)):  # read in another order
        new = f"{_with_axes(x, axes)}.reshape({', '.join(dims)})"
        yield place.rewrite(node, new, _KIND, f"{new}: another order", 1.5)


def _reshape(node: ast.Call) -> tuple[ast.expr, list[ast.expr]] | None:
    """Return what a call reshapes, and the sizes of the new axes; None if it is no reshape."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "reshape") or node.keywords:
        return None
    if isinstance(node.func.value, ast.Name) and node.func.value.id == "np":
        if len(node.args) != 2:
            return None
        old, sizes = node.args[0], node.args[1:]
    else:
        old, sizes = node.func.value, node.args
    if len(sizes) == 1 and isinstance(sizes[0], ast.Tuple | ast.List):
        sizes = sizes[0].elts
    return (old, sizes) if sizes and not isinstance(sizes[0], ast.Starred) else None


def _turned(place: Place, node: ast.Call) -> Iterator[Rewrite]:
    """Give the axes of an array in another order."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _TURNING:
        numpy_call = isinstance(node.func.value, ast.Name) and node.func.value.id == "np"
        if not numpy_call or node.args:
            yield from _as_if_turned(place, node, node.args[0] if numpy_call else node.func.value)


_TURNING = {"transpose", "swapaxes", "moveaxis", "rollaxis"}


def _as_if_turned(place: Place, node: ast.expr, old: ast.expr) -> Iterator[Rewrite]:
    """Give an array with its axes in an order other than that in which they are put."""
    value, made = (place.value(place.text(n), place.env) for n in (old, node))
    if not isinstance(value, np.ndarray) or not 2 < value.ndim <= _AXES:
        return
    x = bracketed(old, place.text(old))
    for axes in [tuple(range(value.ndim)), *_orders(value.ndim)]:
        if value.transpose(axes).strides != made.strides or value.shape != made.shape:
            new = _with_axes(x, axes)
            cost = 1.0 if new == x else 1.3  # turned for nothing
            yield place.rewrite(node, new, _TRANSPOSED, f"{new}, not {place.text(node)}", cost)


def _joined(place: Place, node: ast.Call) -> Iterator[Rewrite]:
    """Give arrays joined along another axis, and each entry repeated for the whole repeated."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in ("stack", "concatenate", "flip", "roll") and node.args:
        made = place.value(place.text(node), place.env)
        given = next((k.value for k in node.keywords if k.arg == "axis"), None)
        old = 0 if given is None else place.value(place.text(given), place.env)
        for axis in range(axes_of(made)):
            if given is None and axis != old:
                rest = ", ".join(place.text(argument) for argument in node.args)
                new = f"{place.text(node.func)}({rest}, axis={axis})"
                yield place.rewrite(node, new, _KIND, f"along axis {axis}", 1.3)
            elif given is not None and axis not in (old, old + axes_of(made)):
                yield place.rewrite(given, str(axis), _KIND, f"along axis {axis}", 1.3)
    other = {"repeat": "tile", "tile": "repeat"}.get(name)
    if other is not None and isinstance(node.func, ast.Attribute):
        new = f"{place.text(node.func.value)}.{other}"
        yield place.rewrite(node.func, new, _KIND, f"{other}, not {name}", 1.3)


def _running(place: Place, node: ast.Call, parent: ast.AST) -> Iterator[Rewrite]:
    """Give a running sum from the other end, and without the entry itself, or both."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "cumsum"):
        return
    of_numpy = place.text(node.func.value) == "np"
    given = [*node.args[of_numpy:], *(k.value for k in node.keywords if k.arg == "axis")]
    if len(given) != 1 or (of_numpy and not node.args):
        return
    x = place.text(node.args[0] if of_numpy else node.func.value)
    axis, now = place.text(given[0]), place.text(node)
    back = f"np.flip(np.cumsum(np.flip({x}, {axis}), axis={axis}), {axis})"
    term = bracketed(ast.parse(x, mode="eval").body, x)
    for new, cost in ((back, 1.2), (f"{back} - {term}", 1.4), (f"{now} - {term}", 1.4)):
        yield place.rewrite(node, inside(parent, new), "forward order", new, cost)


def _flipped(place: Place, node: ast.Subscript) -> Iterator[Rewrite]:
    """Give another axis turned round: ``x[:, ::-1]`` for ``x[::-1]``."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    texts = [place.text(part) for part in parts]
    if texts.count("::-1") != 1 or set(texts) - {":", "::-1"}:
        return
    base = place.text(node.value)
    for axis in range(axes_of(place.value(base, place.env))):
        if axis != texts.index("::-1"):
            new = f"{base}[{':, ' * axis}::-1]"
            yield place.rewrite(node, new, "forward order", f"axis {axis} reversed", 1.3)


def _orders(count: int) -> list[tuple[int, ...]]:
    """Return the orders of axes other than their own, those that exchange two first."""
    own = tuple(range(count))
    orders = (axes for axes in itertools.permutations(own) if axes != own)
    return sorted(orders, key=lambda axes: sum(a != b for a, b in zip(axes, own, strict=True)))


def _with_axes(x: str, axes: tuple[int, ...] | list[int]) -> str:
    """Return an array with its axes in an order, as people write it.

    Examples
    --------
    >>> _with_axes("x", (1, 0)), _with_axes("x", (0, 2, 1)), _with_axes("x", (2, 0, 1))
    ('x.T', 'x.swapaxes(1, 2)', 'x.transpose(2, 0, 1)')
    """
    moved = [k for k, axis in enumerate(axes) if k != axis]
    if not moved:
        return x
    if list(axes) == [1, 0]:
        return f"{x}.T"
    if len(moved) == 2:
        return f"{x}.swapaxes({moved[0]}, {moved[1]})"
    return f"{x}.transpose({', '.join(map(str, axes))})"
