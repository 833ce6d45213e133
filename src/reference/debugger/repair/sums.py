"""Sums of two products that a line should have had: ``dh * (h * f * (1 - f) + c * i * (1 - i))``.

A derivative of what is used twice is a sum. Where it is known what the line should have given, and
what of it is one of its factors, the rest is looked up among all sums of two products of up to
three known values: the products are sorted by their first entries, so that to each the one that
it lacks is found at once.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.place import Place, Rewrite, inside, product
from reference.debugger.repair.quotients import known_here

_MOST = 34  # values that products are made of
_ENTRIES = 5
_NEAR = 1e-7
_KIND = "wrong derivative"


def rewrites(
    place: Place, node: ast.expr, parent: ast.AST, wanted: Array, env: dict[str, Any]
) -> Iterator[Rewrite]:
    """Give an expression as a factor of it times a sum of two products.

    Parameters
    ----------
    place : Place
    node, parent : ast nodes
        The expression whose value is wrong, and what it stands in.
    wanted : ndarray
        The value that it should have had at an execution.
    env : dict
        The variables there.
    """
    if wanted.size < _ENTRIES or not wanted.ndim:
        return
    known = known_here(place, env, wanted.shape)
    for factor in _factors(node):
        text = place.text(factor)
        value = place.value(text, env)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            continue
        try:
            value = np.broadcast_to(value, wanted.shape)
        except ValueError:
            continue
        there = np.abs(value) > 1e-6 * np.max(np.abs(value), initial=0.0)
        if there.sum() < _ENTRIES:
            continue
        rest = np.divide(wanted, value, out=np.zeros(wanted.shape), where=there)
        others = [(t, v) for t, v in known if not np.array_equal(v, value)]
        for sum_, count in itertools.islice(two(others, rest, there), 2):
            new = f"{product(factor, text)} * ({sum_})"
            yield place.rewrite(node, inside(parent, new), _KIND, f"{new}, a sum of two products",
                                1.3 + 0.25 * count)  # fmt: skip


def _factors(node: ast.expr) -> list[ast.expr]:
    """Return the factors of a product; of a sum none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _factors(node.left) + _factors(node.right)
    return [node] if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else []


def two(known: list[tuple[str, Array]], target: Array, where: Array) -> Iterator[tuple[str, int]]:
    """Give sums and differences of two products that are a target where it counts.

    Returns
    -------
    iterator of (str, int)
        The text and its number of factors, those of few factors first.
    """
    known = _once(known)[:_MOST]
    if not known:
        return
    at = np.flatnonzero(where)
    at = at[np.argsort(-np.abs(np.ravel(target)[at]))][:_ENTRIES]
    goal = np.ravel(target)[at]
    values = np.array([np.ravel(value)[at] for _, value in known])
    made, members = _products(values)
    order = np.argsort(made[:, 0])
    made, members = made[order], [members[k] for k in order]
    found: dict[tuple[int, int, int], None] = {}
    for sign in (1, -1):
        lacking = sign * (goal - made)
        margin = _NEAR * (np.abs(goal[0]) + np.abs(made[:, 0]))
        low = np.searchsorted(made[:, 0], lacking[:, 0] - margin)
        high = np.searchsorted(made[:, 0], lacking[:, 0] + margin)
        for a in np.flatnonzero(high > low):
            near = np.abs(made[low[a] : high[a]] - lacking[a]).max(axis=1)
            for b in low[a] + np.flatnonzero(near <= _NEAR * np.abs(goal).max()):
                if (a <= b or sign < 0) and a != b:
                    found[int(a), int(b), sign] = None
            if len(found) > 200:
                return  # so many say nothing
    ranked = sorted(found, key=lambda f: len(members[f[0]]) + len(members[f[1]]))
    for a, b, sign in ranked[:8]:
        whole = _value(known, members[a]) + sign * _value(known, members[b])
        size = np.max(np.abs(target[where]))
        if np.allclose(whole[where], target[where], rtol=1e-6, atol=1e-6 * size):
            left, right = (" * ".join(known[k][0] for k in members[m]) for m in (a, b))
            count = len(members[a]) + len(members[b])
            yield f"{left} {'+' if sign > 0 else '-'} {right}", count


def _once(known: list[tuple[str, Array]]) -> list[tuple[str, Array]]:
    """Return each value once, under its shortest name."""
    found: dict[bytes, tuple[str, Array]] = {}
    for text, value in sorted(known, key=lambda pair: len(pair[0])):
        if np.any(value):
            found.setdefault(np.round(value, 10).tobytes(), (text, value))
    return list(found.values())


def _products(values: Array) -> tuple[Array, list[tuple[int, ...]]]:
    """Return all products of one to three rows, and of which rows each is."""
    members = [
        chosen
        for size in (1, 2, 3)
        for chosen in itertools.combinations_with_replacement(range(len(values)), size)
    ]
    a, b = np.triu_indices(len(values))
    pairs = values[a] * values[b]
    chosen = np.array([m for m in members if len(m) == 3]).reshape(-1, 3)
    triples = values[chosen[:, 0]] * values[chosen[:, 1]] * values[chosen[:, 2]]
    return np.concatenate([values, pairs, triples]), members


def _value(known: list[tuple[str, Array]], members: tuple[int, ...]) -> Array:
    return np.prod([known[k][1] for k in members], axis=0)
