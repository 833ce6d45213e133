"""What the numbers of wrong gradients say by themselves: a common factor, a sign, a bound.

It needs no line of the program, so that it is told where none is found, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.compare import Mismatch
from reference.debugger.judging.verdict import Judgement
from reference.debugger.running.shapes import shape_of
from reference.report.words import listed

CLIPPED = "switch clipping off for the check"
_ALIKE = 1e-4  # of a factor: that of a loss of seven digits is no better known
_EXACT = 1e-9
_MOST = 3  # ways in which a factor is told

Pair = tuple[Array, Array]


def remarks(judgement: Judgement) -> tuple[str, ...]:
    """Return what the wrong gradients have in common with the right ones, in sentences."""
    pairs = {
        name: pair
        for name, mismatch in judgement.wrong.items()
        if (pair := _pair(judgement, name, mismatch)) is not None
    }
    found: list[str] = []
    zero = [name for name, (mine, true) in pairs.items() if not mine.any() and true.any()]
    if zero:
        found.append(f"{listed(zero)} {_is(zero)} exactly zero")
    pairs = {name: pair for name, pair in pairs.items() if name not in zero}
    turned = [
        name
        for name, (mine, true) in pairs.items()
        if mine.ndim == 2 and mine.size > 1 and mine.shape == mine.T.shape
        and _same(mine, true.T) and not _same(mine, true)
    ]  # fmt: skip
    if turned:
        are = "is the transpose" if len(turned) == 1 else "are the transposes"
        found.append(f"{listed(turned)} {are} of what {_it(turned)} should be")
    pairs = {name: pair for name, pair in pairs.items() if name not in turned}
    clipped = _clipped(pairs)
    if clipped:
        found.append(clipped)
    else:
        found += _scaled(pairs, judgement)
    return tuple(found)


def _pair(judgement: Judgement, name: str, mismatch: Mismatch) -> Pair | None:
    """Return both sides of a gradient: all of it, or the entry that was looked at."""
    mine, true = judgement.manual.get(name), judgement.reference.get(name)
    if mine is not None and true is not None and shape_of(mine) == shape_of(true):
        pair = np.asarray(mine, dtype=float), np.asarray(true, dtype=float)
    elif mismatch.index or mismatch.size == 1:
        pair = np.array([mismatch.manual]), np.array([mismatch.reference])
    else:
        return None
    return pair if all(np.isfinite(side).all() for side in pair) else None


def _same(a: Array, b: Array) -> bool:
    return bool(np.abs(a - b).max(initial=0.0) <= 1e-6 * np.abs(b).max(initial=0.0))


def _clipped(pairs: Mapping[str, Pair]) -> str:
    """Tell of gradients whose wrong entries all have one round size, and should have a larger."""
    bounds = set()
    for mine, true in pairs.values():
        off = np.abs(mine - true) > 1e-6 * np.abs(true).max(initial=0.0)
        sizes = np.abs(mine[off])
        if not off.any() or np.any(sizes > np.abs(true[off])) or np.any(mine[off] * true[off] < 0):
            return ""
        bounds |= {float(sizes.min()), float(sizes.max())}
    if len(bounds) == 1 and _is_round(bound := bounds.pop()):
        return (
            f"the wrong entries are {bound:g} or -{bound:g} where more is right: they are clipped "
            f"there, so {CLIPPED}"
        )
    return ""


def _is_round(number: float) -> bool:
    return abs(float(f"{number:.2g}") - number) <= _EXACT * number


def _scaled(pairs: Mapping[str, Pair], judgement: Judgement) -> Iterator[str]:
    """Tell of one factor that many gradients have."""
    factors = {name: f for name, pair in pairs.items() if (f := _factor(*pair)) is not None}
    norms = [float(np.linalg.norm(pairs[name][0])) for name in factors]
    if len(factors) > 1 and len(factors) == len(pairs) and all(0 < f < 1 for f in factors.values()):
        whole = math.hypot(*(float(np.linalg.norm(m)) for m in judgement.manual.values()))
        each = all(map(_is_round, norms)) and len({round(norm, 9) for norm in norms}) == 1
        if each or (_is_round(whole) and len(judgement.manual) > 1):
            norm = norms[0] if each else whole
            of = "of each gradient" if each else "of all gradients together"
            yield (
                f"the norm {of} is {norm:g}, and they are less than they should be by a factor: "
                f"they are clipped by norm, so {CLIPPED}"
            )
            return
    groups = [
        [name for name in factors if abs(factors[name] - f) <= _ALIKE * abs(f)]
        for f in factors.values()
    ]
    alike = max(groups, key=len, default=[])
    one_entry = any(pairs[name][0].size < 2 for name in alike)
    if not alike or 2 * len(alike) < len(judgement.wrong) or (len(alike) == 1 and one_entry):
        return
    factor = factors[alike[0]]
    if len(alike) == len(judgement.wrong) > 1:
        of_all = not judgement.right and not judgement.undecided
        who = "all gradients are" if of_all else f"all {len(alike)} wrong gradients are"
    else:
        who = f"{listed(alike)} {_is(alike)}"
    it = _it(alike)
    if abs(factor + 1) <= _ALIKE:
        yield f"{who} what {it} should be with the opposite sign"
        return
    sign = " with the opposite sign" if factor < 0 else ""
    times, size = f"{_number(factor)} times", abs(factor)
    if size < 1 and _is_whole(1 / size):
        times, size = f"{'-' if factor < 0 else ''}1/{_number(1 / size)} of", 1 / size
    what = list(_meanings(size, judgement))
    told = f": {_number(size)} is {' or '.join(what)}" if what else ""
    yield f"{who} {times.removeprefix('-')} what {it} should be{sign}{told}"


def _factor(mine: Array, true: Array) -> float | None:
    """Return the number by which all entries of a gradient are too large, if there is one."""
    square = float((true * true).sum())
    factor = float((mine * true).sum()) / square if square else 0.0
    return factor if factor and _same(mine, factor * true) else None


def _meanings(size: float, judgement: Judgement) -> Iterator[str]:
    """Give what has this size among the arguments, in the order of likelihood."""
    if abs(size - math.log(2)) <= _ALIKE or abs(size - 1 / math.log(2)) <= _ALIKE:
        yield "ln 2" if size < 1 else "1 / ln 2"
        return
    sizes: dict[float, str] = {}
    for name, value in {**judgement.inputs, **judgement.params}.items():
        for number, text in _sizes(name, value):
            sizes.setdefault(number, text)
    known = [number for number in sizes if number > 1]
    found = [sizes[number] for number in known if abs(number - size) <= _ALIKE * size]
    found = found or [
        f"{sizes[a]} * {sizes[b]}"
        for a, b in combinations(known, 2)
        if abs(a * b - size) <= _ALIKE * size
    ]
    found = found or [
        f"{sizes[a]} / {sizes[b]}"
        for a in known
        for b in known
        if sizes[a].endswith("sum()") and abs(a / b - size) <= _ALIKE * size
    ]
    yield from found[:_MOST]


def _sizes(name: str, value: Any) -> Iterator[tuple[float, str]]:
    if isinstance(value, list | tuple | str):
        yield len(value), f"len({name})"
    elif isinstance(value, int | np.integer) and not isinstance(value, bool):
        yield int(value), name
    elif isinstance(value, np.ndarray):
        for axis, size in enumerate(value.shape):
            yield size, f"{name}.shape[{axis}]"
        if value.dtype.kind in "iub" or set(np.unique(value[:1000]).tolist()) <= {0.0, 1.0}:
            yield float(value.sum()), f"{name}.sum()"


def _is_whole(number: float) -> bool:
    return number >= 1.5 and abs(number - round(number)) <= _ALIKE * number


def _number(number: float) -> str:
    return f"{round(number)}" if _is_whole(abs(number)) else f"{number:.5g}"


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _it(names: list[str]) -> str:
    return "it" if len(names) == 1 else "they"
