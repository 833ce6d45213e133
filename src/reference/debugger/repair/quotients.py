"""Products of known values that turn the value of a line into the one it should have had.

Where the solve says what a line should have given, the missing factor is a quotient and the
missing term a difference: both are numbers, and are looked up among the products of up to three
variables and the slopes that are written with them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.place import Place, Rewrite, inside, product

_MOST = 160  # values that products are made of
_NEAR = 1e-6


def rewrites(
    place: Place, node: ast.expr, parent: ast.AST, made: Array, wanted: Array, env: dict[str, Any]
) -> Iterator[Rewrite]:
    """Give ``made * a * b`` and ``made + a * b`` that are what was wanted.

    Parameters
    ----------
    place : Place
    node, parent : ast nodes
        The expression whose value is wrong, and what it stands in.
    made, wanted : ndarray
        Its value at the first execution that is wrong, and the value it should have had there.
    env : dict
        The variables there.
    """
    text = place.text(node)
    known = _known(place, env, np.shape(made))
    usable = np.abs(made) > 1e-9 * np.max(np.abs(made), initial=0.0)
    if np.any(usable):
        quotient = np.divide(wanted, made, out=np.ones_like(made), where=usable)
        for texts in _products(known, quotient, usable):
            factor = " * ".join(texts)
            kind = "missing derivative" if any("1 - " in t for t in texts) else "missing factor"
            yield place.rewrite(
                node, f"{product(node, text)} * {factor}", kind, f"times {factor}",
                1.3 + 0.2 * len(texts),
            )  # fmt: skip
    for texts in _products(known, wanted - made, np.ones(np.shape(made), bool)):
        term = " * ".join(texts)
        yield place.rewrite(
            node, inside(parent, f"{text} + {term}"), "missing path", f"+ {term}",
            1.8 + 0.25 * len(texts),
        )  # fmt: skip


def _known(place: Place, env: dict[str, Any], shape: tuple[int, ...]) -> list[tuple[str, Array]]:
    """Return variables of a shape, and the slopes that are written with them, with their values."""
    atoms = []
    for atom in place.atoms:
        value = place.value(atom.text, env)
        if isinstance(value, np.ndarray) and value.shape == shape and value.dtype.kind == "f":
            atoms.append((atom.text, value))
    found = list(atoms)
    for text, value in atoms:
        if np.max(np.abs(value), initial=0.0) <= 1:
            found += [(f"(1 - {text})", 1 - value), (f"(1 - {text} ** 2)", 1 - value**2)]
        found.append((f"(1 - np.tanh({text}) ** 2)", 1 - np.tanh(value) ** 2))
    return [(text, value) for text, value in found if np.all(np.isfinite(value))][:_MOST]


def _products(
    known: list[tuple[str, Array]], target: Array, where: Array
) -> Iterator[tuple[str, ...]]:
    """Give the products of one, two and three known values that are the target, few at first."""
    if not known or not np.any(np.abs(target[where]) > 1e-12):
        return
    # Logarithms at the entries where most is to be seen; what agrees there is compared in full.
    order = np.argsort(-np.abs(target[where]))[:4]
    values = np.array([value[where][order] for _, value in known])
    with np.errstate(divide="ignore"):
        logs, wanted = np.log(np.abs(values)), np.log(np.abs(target[where][order]))
    n = len(known)

    def full(indices: tuple[int, ...]) -> bool:
        made = np.prod([known[k][1] for k in indices], axis=0)
        size = np.max(np.abs(target[where]))
        return bool(np.allclose(made[where], target[where], rtol=_NEAR, atol=_NEAR * size))

    count = 0
    for k in np.flatnonzero(np.all(np.abs(logs - wanted) < _NEAR, axis=1)):
        if full((int(k),)):
            count += 1
            yield (known[k][0],)
    if count:
        return
    a, b = np.triu_indices(n)
    pairs = logs[a] + logs[b]
    for m in np.flatnonzero(np.all(np.abs(pairs - wanted) < _NEAR, axis=1)):
        if full((int(a[m]), int(b[m]))):
            count += 1
            yield known[a[m]][0], known[b[m]][0]
    if count:
        return
    for k in range(n):
        for m in np.flatnonzero(np.abs(pairs[:, 0] + logs[k, 0] - wanted[0]) < _NEAR):
            if b[m] <= k and np.all(np.abs(pairs[m] + logs[k] - wanted) < _NEAR):
                indices = (int(a[m]), int(b[m]), k)
                if full(indices):
                    yield tuple(known[i][0] for i in indices)
