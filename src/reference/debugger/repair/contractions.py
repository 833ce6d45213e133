"""Products of two arrays that have a value: of matrices, outer, and sums over what they share.

Where sizes differ from each other, the axes of two arrays say themselves which of them are summed
over: ``x.T @ da`` is the only sum of products of an array [B, D] and one [B, H] that gives [D, H].
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.entries import fields
from reference.debugger.repair.place import Place
from reference.debugger.running.kept import kept

_MOST_ARRAYS = 90
_NEAR = 1e-6
_LETTERS = "abcdefghij"

Known = list[tuple[str, Array]]


def arrays_at(place: Place, env: dict[str, Any]) -> Known:
    """Return the arrays that a place has names for, the shorter texts first.

    Last those with an index that the function has nowhere: `[t]` where all is taken by `[:, t]`.
    """
    written = place.source.of(place.function)
    found = []
    for atom in place.atoms:
        value = place.value(atom.text, env)
        if not (isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim):
            continue
        if value.ndim <= 3 and np.any(value) and np.all(np.isfinite(value)):
            found.append((atom.text, value))
    for text in _entries(place, env):
        value = place.value(text, env)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and 0 < value.ndim <= 3:
            found.append((text, value))
    found.sort(key=lambda known: (_index(known[0]) not in written, len(known[0])))
    once: dict[bytes, tuple[str, Array]] = {}
    for text, value in found:
        once.setdefault(str(value.shape).encode() + value.tobytes(), (text, value))
    return list(once.values())[:_MOST_ARRAYS]


def _index(text: str) -> str:
    """Return the last index of a text by a variable, empty where it has none."""
    index = text[text.rfind("[") :] if "[" in text else ""
    return index if any(letter.isalpha() for letter in index) else ""


def _entries(place: Place, env: dict[str, Any]) -> Iterator[str]:
    """Give entries of lists and buffers that the text may not name: beside a step, and the last."""
    several = {}
    for name, held in env.items():
        several[name] = held
        several.update((f"{name}.{key}", value) for key, value in fields(held).items())
    for name, held in several.items():
        listed = type(held) is list and held and isinstance(held[0], np.ndarray)
        if listed or (isinstance(held, np.ndarray) and held.ndim > 1):
            long = [t for t in place.counters if place.last(t) < len(held)]
            yield from (f"{name}[{t} {side} 1]" for t in long for side in "+-")
        if listed:
            yield f"{name}[-1]"


def named(arrays: Known, env: dict[str, Any], place: Place) -> dict[str, Array]:
    """Return the values that the texts of arrays have among other variables."""
    found = {}
    for text, _ in arrays:
        value = place.value(text, env)
        if isinstance(value, np.ndarray) and value.dtype.kind in "fi":
            found[text] = value
    return found


def product(rule: str, a: Array | None, b: Array | None) -> Array | None:
    """Return the sum of products of two arrays by a rule, None where there is none."""
    if a is None or b is None:
        return None
    try:
        return np.einsum(rule, a, b)
    except ValueError:
        return None


def texts_of_shape(arrays: Known, shape: tuple[int, ...]) -> Iterator[tuple[str, str, str, str]]:
    """Give the sums of products of two arrays that have a shape: a, b, the rule, the text.

    Parameters
    ----------
    arrays : list of (str, ndarray)
    shape : tuple of int
    """
    for a, x in arrays:
        for b, y in arrays:
            if a <= b and max(x.ndim, y.ndim, len(shape)) <= 3:
                for rule in _rules(x.shape, y.shape, shape):
                    yield a, b, rule, _text(a, b, rule)


def of(arrays: Known, wanted: Array) -> Iterator[str]:
    """Give the texts of sums of products that are a value.

    Parameters
    ----------
    arrays : list of (str, ndarray)
    wanted : ndarray
        All finite.
    """
    values = dict(arrays)
    size = float(np.max(np.abs(wanted), initial=0.0))
    for a, b, rule, text in texts_of_shape(arrays, wanted.shape):
        if np.allclose(np.einsum(rule, values[a], values[b]), wanted, rtol=_NEAR,
                       atol=_NEAR * size):  # fmt: skip
            yield text
    for a, x in arrays:
        for axes in summed(x.shape, wanted.shape):
            if np.allclose(x.sum(axis=axes), wanted, rtol=_NEAR, atol=_NEAR * size):
                yield f"{a}.sum(axis={axes[0] if len(axes) == 1 else axes})"
        if x.shape == wanted.shape:
            yield from _softmax(arrays, a, x, wanted)


def _softmax(arrays: Known, a: str, x: Array, wanted: Array) -> Iterator[str]:
    """Give ``p * (g - (g * p).sum())``, for a p that sums up to one along an axis."""
    for axis in range(x.ndim):
        if np.all(x >= 0) and np.allclose(x.sum(axis=axis), 1):
            for b, g in arrays:
                if g.shape == x.shape and b != a:
                    made = x * (g - (g * x).sum(axis=axis, keepdims=True))
                    if np.allclose(made, wanted, rtol=_NEAR, atol=1e-12 * np.max(np.abs(g))):
                        yield f"{a} * ({b} - ({b} * {a}).sum(axis={axis}, keepdims=True))"


def summed(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the axes by whose sum one shape becomes another."""
    found = []
    for bits in range(1, 2 ** len(old)):
        axes = tuple(k for k in range(len(old)) if bits >> k & 1)
        if tuple(n for k, n in enumerate(old) if k not in axes) == new:
            found.append(axes)
    return found


@kept(20_000)
def _rules(a: tuple[int, ...], b: tuple[int, ...], out: tuple[int, ...]) -> tuple[str, ...]:
    """Return the rules of einsum by which two shapes make a third.

    What is summed over stands in both; products entry by entry are left out.

    Examples
    --------
    >>> _rules((4, 3), (4, 5), (3, 5)), _rules((4, 3), (4, 5), (2, 5))
    (('ab,ac->bc',), ())
    """
    x = _LETTERS[: len(a)]
    found = []
    for chosen in itertools.product([None, *range(len(a))], repeat=len(b)):
        shared = [k for k in chosen if k is not None]
        if len(set(shared)) < len(shared) or any(
            k is not None and a[k] != n for k, n in zip(chosen, b, strict=True)
        ):
            continue
        fresh = iter(_LETTERS[len(a) :])
        y = "".join(next(fresh) if k is None else x[k] for k in chosen)
        size = dict(zip(x + y, a + b, strict=True))
        alone = set(x) ^ set(y)
        if not alone:
            continue
        for z in itertools.permutations(size, len(out)):
            if alone <= set(z) and all(size[c] == n for c, n in zip(z, out, strict=True)):
                found.append(f"{x},{y}->{''.join(z)}")
    return tuple(found)


def _text(a: str, b: str, rule: str) -> str:
    """Return a rule for two operands as people write it.

    Examples
    --------
    >>> _text("x", "da", "ab,ac->bc"), _text("da", "W", "ab,cb->ac"), _text("u", "v", "a,b->ab")
    ('x.T @ da', 'da @ W.T', 'np.outer(u, v)')
    """
    left, _, out = rule.partition("->")
    x, _, y = left.partition(",")
    if len(x) == len(y) == 1 and len(out) == 2:
        return f"np.outer({a}, {b})" if out == x + y else f"np.outer({b}, {a})"
    if len(x) <= 2 and len(y) <= 2 and len(set(x) & set(y)) == 1 and len(out) == len(x + y) - 2:
        shared = (set(x) & set(y)).pop()
        if out[:1] not in x:
            a, b, x, y = b, a, y, x
        first = f"{a}.T" if len(x) == 2 and x[0] == shared else a
        second = f"{b}.T" if len(y) == 2 and y[1] == shared else b
        return f"{first} @ {second}"
    return f'np.einsum("{rule}", {a}, {b})'
