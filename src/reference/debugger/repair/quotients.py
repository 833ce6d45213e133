"""Products of known values that turn the value of a line into the one it should have had.

Where it is known what a line should have given, the missing factor is a quotient and the missing
term a difference: both are numbers, and are looked up among the products of up to three values:
variables, the slopes that are written with them, and longer expressions of the file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.entries import fields
from reference.debugger.repair.place import (
    Place,
    Rewrite,
    bracketed,
    inside,
    longer,
    product,
)
from reference.debugger.running.shapes import shape_of

_MOST = 160  # values that products are made of
_MATRICES = 400
_MOST_COUNTS = 12
_NEAR = 1e-6
_ENTRIES = 4  # at which all products are compared; what agrees there is compared in full


def rewrites(
    place: Place,
    node: ast.expr,
    parent: ast.AST,
    made: Array,
    wanted: Iterable[Array],
    env: dict[str, Any],
    most: int = 3,
) -> Iterator[Rewrite]:
    """Give ``made * a * b`` and ``made + a * b`` that are what was wanted.

    Parameters
    ----------
    place : Place
    node, parent : ast nodes
        The expression whose value is wrong, and what it stands in.
    made : ndarray
        Its value at the first execution that is wrong.
    wanted : iterable of ndarray
        Values that it may have had to have there.
    env : dict
        The variables there.
    most : int
        Factors of a product.
    """
    known = known_here(place, env, shape_of(made))
    matrices = _matrix_products(place, env, shape_of(made))
    addends = _addends(place, node, parent, env, made)
    usable = [np.abs(value) > 1e-9 * np.max(np.abs(value), initial=0.0) for *_, value in addends]
    tables = [Products(known, value) for *_, value in addends]
    pool = known + matrices
    terms = Products(pool, made, len(known))
    everywhere = np.ones(shape_of(made), bool)
    for target in wanted:
        delta = target - made
        for (inner, around, sign, value), where, table in zip(addends, usable, tables, strict=True):
            if not where.any():
                continue
            quotient = np.divide(value + sign * delta, value, out=np.ones_like(value), where=where)
            for texts in table.of(quotient, where, most):
                factor = " * ".join(texts)
                kind = "missing derivative" if any("1 - " in t for t in texts) else "missing factor"
                new = f"{product(inner, place.text(inner))} * {factor}"
                yield place.rewrite(inner, inside_sum(around, new), kind, f"times {factor}",
                                    1.3 + 0.2 * len(texts))  # fmt: skip
        # What is lacking at some entries only, such as where a mask is 0, is compared there.
        own = terms.compares(delta) or Products(pool, delta, len(known))
        for texts in own.of(delta, everywhere, most):
            term = " * ".join(texts)
            yield place.rewrite(
                node, inside(parent, f"{place.text(node)} + {term}"), "missing path", f"+ {term}",
                1.8 + 0.25 * len(texts),
            )  # fmt: skip


def factor(place: Place, env: dict[str, Any], made: Array, wanted: Array) -> tuple[str, ...] | None:
    """Return one or two known values whose product turns a value into another, or None."""
    quotient = np.divide(wanted, made)
    known = known_here(place, env, shape_of(made))
    return next(Products(known, made).of(quotient, np.ones(made.shape, bool), 2), None)


def inside_sum(parent: ast.AST, text: str) -> str:
    """Return a product in brackets where the parent, not being a sum, would tear it apart."""
    is_sum = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
    return text if is_sum else inside(parent, text)


_Addend = tuple[ast.expr, ast.AST, float, Array]


def _addends(
    place: Place, node: ast.expr, parent: ast.AST, env: dict[str, Any], made: Array
) -> list[_Addend]:
    """Return an expression and the terms of its sum, with what stands around, sign and value."""
    found: list[_Addend] = [(node, parent, 1.0, made)]

    def visit(inner: ast.expr, sign: float) -> None:
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub):
            other = -sign if isinstance(inner.op, ast.Sub) else sign
            for part, its in ((inner.left, sign), (inner.right, other)):
                value = place.value(place.text(part), env)
                if isinstance(value, np.ndarray) and value.shape == shape_of(made):
                    found.append((part, inner, its, np.asarray(value, float)))
                visit(part, its)

    visit(node, 1.0)
    return found[:8]


def known_here(
    place: Place, env: dict[str, Any], shape: tuple[int, ...]
) -> list[tuple[str, Array]]:
    """Return expressions of a shape, and the slopes that are written with them, with values."""
    atoms, wide = [], []
    for atom in place.atoms:
        value = place.value(atom.text, env)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.shape:
            if value.shape == shape:
                atoms.append((atom.text, value))
            elif _broadcasts(value.shape, shape):
                wide.append((atom.text, np.broadcast_to(value, shape)))
            elif value.shape == shape[: value.ndim]:  # one number a row
                text = f"{atom.text}[{':, ' * value.ndim}{_new_axes(len(shape) - value.ndim)}]"
                rows = value.reshape(*value.shape, *[1] * (len(shape) - value.ndim))
                wide.append((text, np.broadcast_to(rows, shape)))
    found = list(atoms)
    for text, value in atoms:
        if np.max(np.abs(value), initial=0.0) <= 1:
            found += [(f"(1 - {text})", 1 - value), (f"(1 - {text} ** 2)", 1 - value**2)]
        found.append((f"(1 - np.tanh({text}) ** 2)", 1 - np.tanh(value) ** 2))
    found += wide + counts_here(place, env, shape)
    found += [(f"(1 - {t})", 1 - v) for t, v in wide if v.min() >= 0 and v.max() <= 1]  # masks
    for atom in place.donors:
        if atom.shape == shape and not atom.zero:
            value = place.value(atom.text, env)
            if isinstance(value, np.ndarray) and value.shape == shape:
                node = ast.parse(atom.text, mode="eval").body
                found.append((bracketed(node, atom.text), np.asarray(value, float)))
    return [(text, value) for text, value in found if np.all(np.isfinite(value))][:_MOST]


def _new_axes(count: int) -> str:
    return ", ".join(["None"] * count)


def counts_here(
    place: Place, env: dict[str, Any], shape: tuple[int, ...]
) -> list[tuple[str, Array]]:
    """Return the counts of each row, such as the lengths of sequences, broadcast to a shape.

    As they are, with axes of one behind, and as the file writes them: ``lens[:, None]``,
    ``np.maximum(mask.sum(1), 1)``.
    """
    if len(shape) < 2:
        return []
    texts = [name for name, held in env.items() if isinstance(held, np.ndarray)]
    texts += [text for text in longer(place.source) if "(" in text or "[" in text]
    texts += [f"{name}.{key}" for name, held in env.items() for key, inner in fields(held).items()
              if isinstance(inner, np.ndarray)]  # fmt: skip
    found: dict[bytes, tuple[str, Array]] = {}
    for text in texts:
        if not _counts(place.value(text, place.env)):  # those are kept
            continue
        value = place.value(text, env)
        if not _counts(value) or value.size == np.prod(shape):
            continue
        rows = value.shape == shape[: value.ndim] and value.ndim < len(shape)
        if rows:
            nones = ", ".join([":"] * value.ndim + ["None"] * (len(shape) - value.ndim))
            text = f"{bracketed(ast.parse(text, mode='eval').body, text)}[{nones}]"
            value = value.reshape(value.shape + (1,) * (len(shape) - value.ndim))
        tells = np.ptp(value) > 0 or value.min() > 1  # rows may be of one length by chance
        if value.ndim == len(shape) and _broadcasts(value.shape, shape) and tells:
            wide = np.broadcast_to(value, shape).astype(float)
            found.setdefault(wide.tobytes(), (text, wide))
    return list(found.values())[:_MOST_COUNTS]


def _counts(value: Any) -> bool:
    """Return whether a value is an array of whole numbers, several of them."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        return False
    return value.ndim > 0 and value.size > 1 and bool(np.all(value == np.round(value)))


def _matrix_products(
    place: Place, env: dict[str, Any], shape: tuple[int, ...]
) -> list[tuple[str, Array]]:
    """Return products of two matrices, or a matrix and a vector, that have a shape."""
    arrays: list[tuple[str, Array]] = []
    for atom in place.atoms:
        value = place.value(atom.text, env)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim in (1, 2):
            arrays.append((atom.text, value))
            if value.ndim == 2:
                arrays.append((f"{atom.text}.T", value.T))
    found: dict[bytes, tuple[str, Array]] = {}  # what is a product already is not made again
    for a, left in arrays:
        for b, right in arrays:
            if left.shape[-1] == right.shape[0] and left.shape[:-1] + right.shape[1:] == shape:
                value = left @ right
                found.setdefault(np.round(value, 9).tobytes(), (f"{a} @ {b}", value))
            if len(found) >= _MATRICES:
                return list(found.values())
    return list(found.values())


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, large) == large
    except ValueError:
        return False


class Products:
    """The products of known values, by their logarithms at the entries where most is to be seen.

    Parameters
    ----------
    known : list of (str, ndarray)
    telling : ndarray
        An array that is large where the products are to be compared.
    paired : int, optional
        How many of the first are factors of products of several; all if not given.
    """

    def __init__(
        self, known: list[tuple[str, Array]], telling: Array, paired: int | None = None
    ) -> None:
        self._known = known
        self._paired = len(known) if paired is None else paired
        self._at = np.argsort(-np.abs(telling), axis=None)[:_ENTRIES]
        values = np.array([np.ravel(value)[self._at] for _, value in known])
        with np.errstate(divide="ignore"):
            self._logs = np.log(np.abs(values)).reshape(len(known), len(self._at))
        a, b = np.triu_indices(self._paired)
        pairs = self._logs[a] + self._logs[b]
        order = np.argsort(pairs[:, 0])
        self._a, self._b, self._pairs = a[order], b[order], pairs[order]

    def compares(self, target: Array) -> Products | None:
        """Return itself if a target can be told from others where the products are compared."""
        return self if self._shows(target) else None

    def _shows(self, target: Array) -> bool:
        """Return whether a target is other than nothing where the products are compared."""
        sizes = np.abs(np.ravel(target))
        return bool(sizes[self._at].min() > 1e-12 * min(1.0, float(sizes.max())))

    def of(self, target: Array, where: Array, most: int) -> Iterator[tuple[str, ...]]:
        """Give the products that are a target where it counts: the shortest alone."""
        flat = np.ravel(target)[self._at]
        if not self._known or not self._shows(target) or np.abs(flat - 1).max() < _NEAR:
            return
        wanted = np.log(np.abs(flat))
        for found in (self._single, self._double, self._triple)[:most]:
            several = [indices for indices in found(wanted) if self._is(indices, target, where)]
            for indices in several:
                yield tuple(self._known[k][0] for k in indices)
            if several:
                return

    def _single(self, wanted: Array) -> Iterator[tuple[int, ...]]:
        for k in np.flatnonzero(np.abs(self._logs[:, 0] - wanted[0]) < _NEAR):
            if np.abs(self._logs[k] - wanted).max() < _NEAR:
                yield (int(k),)

    def _double(self, wanted: Array) -> Iterator[tuple[int, ...]]:
        first, last = np.searchsorted(self._pairs[:, 0], [wanted[0] - _NEAR, wanted[0] + _NEAR])
        for m in range(first, last):
            if np.abs(self._pairs[m] - wanted).max() < _NEAR:
                yield int(self._a[m]), int(self._b[m])

    def _triple(self, wanted: Array) -> Iterator[tuple[int, ...]]:
        for k in range(self._paired):
            for pair in self._double(wanted - self._logs[k]):
                if k >= max(pair):
                    yield (*pair, k)

    def _is(self, indices: tuple[int, ...], target: Array, where: Array) -> bool:
        made = np.prod([self._known[k][1] for k in indices], axis=0)
        size = np.max(np.abs(target[where]))
        return bool(np.allclose(made[where], target[where], rtol=_NEAR, atol=_NEAR * size))
