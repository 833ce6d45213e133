"""Kinds of mistake told by what a wrong value is to the right one, whatever the text looks like.

Where lines are written anew as a whole, their text says little. But the one value is the other's
transpose, or a multiple of it by a number that counts something, or lacks a factor or a term that
is known. What is said at one time step has to hold at all, and of all that the edit makes another.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.naming.turns import Turns
from reference.debugger.texts.passes import EQUAL, Apart, Values, apart_after, near, size_of

_FEW = 3  # numbers that may be in some relation by chance
_MOST = 80  # known values that are tried


def relation_of(found: list[Apart], known: Values) -> str:
    """Return the kind of mistake that makes these values of those, if one makes them all.

    Examples
    --------
    >>> right = np.arange(6.0).reshape(2, 3)
    >>> relation_of([Apart("dW", None, 5 * right, right)], {"x": np.ones((5, 2))})
    'scale 1/B or 1/T'
    """
    if len(found) > 1 and (are_exchanged(found) or _are_permuted(found)):
        return "wrong order"
    return _agreed(next(_each(one, known), "") for one in found)


def of_runs(turns: Turns) -> str:
    """Return the kind that is said at each time step that was looked at, if it is one."""
    apart = ((apart_after(*turns.passes[key]), known) for key, known in turns.variables.items())
    with np.errstate(all="ignore"):  # quotients by what is next to nothing
        return _agreed(relation_of(found, known) for found, known in apart if found)


def _agreed(kinds: Iterator[str]) -> str:
    """Return the kind that all say; none is asked after one that says nothing, or another."""
    said = next(kinds, "")
    return said if said and all(kind == said for kind in kinds) else ""


def are_exchanged(found: list[Apart]) -> bool:
    """Return whether several values are all there, in each other's places."""
    old = np.sort(np.concatenate([one.old.ravel() for one in found]))
    new = np.sort(np.concatenate([one.new.ravel() for one in found]))
    return old.size > _FEW and near(old, new) and not near(new, np.full(new.shape, new[0]))


def _are_permuted(found: list[Apart]) -> bool:
    """Return whether variables of one shape are set, or added, each to what another should be.

    So it is if each got a factor of the other, too: then their product is right.
    """
    groups: dict[tuple[int, ...], list[tuple[Array, Array]]] = {}
    for one in found:
        added = one.before is not None and one.before.shape == one.old.shape == one.new.shape
        pair = (one.old - one.before, one.new - one.before) if added else (one.old, one.new)
        if pair[0].shape == pair[1].shape and pair[0].size > _FEW:
            groups.setdefault(pair[0].shape, []).append(pair)
    for pairs in groups.values():
        if len(pairs) < 2:
            continue
        if all(any(_close(old, new) for _, new in pairs) for old, _ in pairs):
            return True
        (a, right_a), (b, right_b) = pairs[:2]
        there = _differ(a, right_a) & _differ(b, right_b)
        if len(found) == len(pairs) == 2 and _are_same(a * b, right_a * right_b, there):
            return True
    return False


def _close(a: Array, b: Array) -> bool:
    """Return whether two increments are the same, which were told from larger sums."""
    return size_of(a - b) <= 1e-6 * max(size_of(a), size_of(b))


def _each(one: Apart, known: Values) -> Iterator[str]:
    """Give what one variable tells, the surest first: as a whole, and of what is added to it."""
    pairs = [(one.old, one.new)]
    before = one.before
    if before is not None and near(one.old, before):
        return  # what is done elsewhere, or not at all
    if before is not None and before.shape == one.old.shape == one.new.shape and np.any(before):
        pairs.append((one.old - before, one.new - before))
    if one.old.size > _FEW and is_cut(one.old, one.new):
        yield "wrong dtype"
    pairs = [(old, new) for old, new in pairs if old.shape == new.shape
             and min(size_of(old), size_of(new)) > EQUAL * size_of(one.new)]  # fmt: skip
    for old, new in pairs:
        for kind in (
            of_axes(old, new), of_ratio(old, new, known), of_places(old, new), of_image(old, new),
        ):  # fmt: skip
            if kind:
                yield kind
    if before is not None and before.shape == one.old.shape == one.new.shape:
        there = np.abs(one.old - one.new) > EQUAL * size_of(one.new)
        # Elsewhere there was nothing to add to, or nothing was written.
        rest = ~there & (before != 0)
        untouched = near(one.old[rest], before[rest])
        if (
            untouched
            and np.any(one.old[there])
            and near(one.old[there] + before[there], one.new[there])
        ):
            yield "= for +="
    for old, new in pairs:
        if new.size > 1:
            if old is one.old and (kind := of_zeros(old, new)):
                yield kind
            if kind := of_factor(old, new, known):
                yield kind
    if pairs and pairs[0][0] is one.old and one.new.size > 1:
        yield of_term(one.new - one.old, known)


def of_axes(old: Array, new: Array) -> str:
    """Name a value with its axes in another order."""
    if old.ndim == new.ndim > 1:
        for axes in itertools.permutations(range(old.ndim)):
            if axes != tuple(sorted(axes)) and near(old.transpose(axes), new):
                return "transposed"
    return ""


def of_image(old: Array, new: Array) -> str:
    """Name a value that was put through an activation, or its transpose added and not subtracted.

    Examples
    --------
    >>> z = np.linspace(-2, 2, 9)
    >>> of_image(np.tanh(z), z)
    'derivative of an activated value'
    """
    if new.size <= _FEW:
        return ""
    if not np.iscomplexobj(new) and any(near(old, image) for image in _images(new)):
        return "derivative of an activated value"
    half, other = (old + new) / 2, (old - new) / 2
    turned = half.T if half.ndim == 2 and half.shape[0] == half.shape[1] else None
    return "wrong sign" if turned is not None and near(abs(turned), abs(other)) else ""


def _images(value: Array) -> Iterator[Array]:
    """Give what activations make of a value, and slopes that are taken of what is activated."""
    yield np.tanh(value)
    yield 1 / (1 + np.exp(-value))
    yield np.logaddexp(0, value)
    if np.all((value > 0) & (value < 1)):  # it may be a slope
        z = np.log(value / (1 - value))
        yield 1 / (1 + np.exp(-np.logaddexp(0, z)))  # of softplus
        yield 1 - np.tanh(np.sqrt(1 - value)) ** 2  # of tanh, whose sign does not matter


def is_cut(old: Array, new: Array) -> bool:
    """Return whether a value is what is left of another in whole numbers, or in single precision.

    Examples
    --------
    >>> is_cut(np.array([1.0, 0.0, -2.0]), np.array([1.7, 0.3, -2.2]))
    True
    """
    if old.shape != new.shape:
        return False
    whole = np.trunc(new.real)
    return bool(np.any(whole != new)) and bool(np.all(old == whole) and np.any(old))


def of_places(old: Array, new: Array) -> str:
    """Name the right numbers in other places."""
    if old.size <= _FEW or not np.ptp(new.real):
        return ""
    if near(np.sort(old, None), np.sort(new, None)):
        elsewhere = np.any((old == 0) != (new == 0)) and 2 * np.count_nonzero(new) <= new.size
        return "" if elsewhere else "wrong order"  # rows among zeros are where an index tells
    if any(_have_exchanged_factors(old, new, parts) for parts in (2, 3, 4)):
        return "wrong order"
    for axis in range(old.ndim):
        a, b = np.moveaxis(old, axis, 0), np.moveaxis(new, axis, 0)
        for mine, theirs in ((a[1:], b[:-1]), (a[:-1], b[1:])):
            if len(a) > 2 and near(mine, theirs) and np.ptp(mine.real):
                return "index off by one"
    return ""


def _have_exchanged_factors(old: Array, new: Array, parts: int) -> bool:
    """Return whether the blocks of a value have the product that they should have."""
    if old.ndim < 2 or old.shape[-1] % parts or old.shape[-1] == parts:
        return False
    mine, theirs = (np.stack(np.split(v, parts, axis=-1)) for v in (old, new))
    there = np.asarray(np.any(_differ(mine, theirs), axis=0))
    return _are_same(mine.prod(axis=0), theirs.prod(axis=0), there)


def of_ratio(old: Array, new: Array, known: Values) -> str:
    """Name a value that is one number times what it should be, or is so where it is not right."""
    there = np.abs(new) > 1e-9 * size_of(new)
    if np.any(np.abs(old[~there]) > 1e-9 * size_of(old)):
        return ""
    ratios = old[there] / new[there]
    apart = np.abs(ratios - 1) > EQUAL
    ratios = ratios[apart] if np.count_nonzero(apart) > _FEW else ratios
    ratio = complex(ratios.flat[0]).real
    if not near(ratios, np.full(ratios.shape, ratio)) or abs(ratio) < 1e-9:
        return ""
    if abs(ratio + 1) < 1e-7:
        return "wrong sign"
    numbers = [float(v.flat[0].real) for v in known.values() if v.size == 1]
    if ratios.size > _FEW:
        for number in numbers:
            if abs(number - round(number)) < 1e-9 or not np.isfinite(number):
                continue
            for power in (1, -1):
                if abs(ratio * number**power - 1) < 1e-7:
                    return "missing factor" if power > 0 else "spurious factor"
    sizes = _sizes(known)
    if any(abs(ratio * a - b) < 1e-7 * b for a in sizes for b in sizes if a != b):
        return "scale 1/B or 1/T"
    small = _is(ratio, *range(2, 5), *(1 / n for n in range(2, 5)))  # else it is of other sums
    return "missing factor" if ratios.size > _FEW and small else ""


def _sizes(known: Values) -> set[int]:
    """Return what may be divided by: lengths of axes, their products, numbers of a mask."""
    shapes = {v.shape for v in known.values()}
    sizes = {n for shape in shapes for n in shape} | {1}
    pairs = {a * b for shape in shapes for a, b in itertools.combinations(shape, 2)}
    masks = {int(v.real.sum()) for v in known.values()
             if v.size > 1 and np.all((v == 0) | (v == 1))}  # fmt: skip
    counts = {int(v.flat[0].real) for v in known.values()
              if v.size == 1 and 1 < v.flat[0].real < 1e6 and not v.flat[0].real % 1}  # fmt: skip
    return {n for n in sizes | pairs | masks | counts if n > 0}


def of_zeros(old: Array, new: Array) -> str:
    """Name a value that is right but for some places, where it is zero or should be."""
    there = np.abs(old - new) > EQUAL * max(size_of(new), size_of(old))
    if old.size <= _FEW or there.all() or not np.any(old[~there]):
        return ""
    if not np.any(new[there]):
        return "missing factor"
    return "" if np.any(old[there]) else "missing path"


def of_factor(old: Array, new: Array, known: Values) -> str:
    """Name a factor that one has and the other has not, or has of another value."""
    values, there = list(_shaped(known, new)), _differ(old, new)
    for v in values:
        for slope, again in ((1 - v**2, 1 - np.tanh(v) ** 2), (v * (1 - v), _of_sigmoid(v))):
            if near(old * slope, new):
                return "missing derivative"
            if _are_same(old * slope, new * again, there):
                return "derivative of an activated value"
    for v in values:
        if near(old * v, new):
            return "missing factor"
        if any(near(new * factor, old) for factor in (v, 1 - v**2, v * (1 - v))):
            return "spurious factor"
    for v in values:
        right = (1 - v**2, v * (1 - v), 1 - v)
        for a, b in itertools.permutations((*right, v), 2):
            if _are_same(old * b, new * a, there):
                return "wrong operand" if {id(a), id(b)} == {id(v), id(right[2])} else (
                    "wrong derivative")  # fmt: skip
    return ""


def _of_sigmoid(v: Array) -> Array:
    """Return the derivative of the sigmoid function."""
    s = 1 / (1 + np.exp(-v))
    return s * (1 - s)


def _are_same(a: Array, b: Array, there: Array) -> bool:
    """Return whether two multiples of values are the same, and not just zero where those differ."""
    found = np.count_nonzero(a[there])
    return near(a, b) and bool(found > _FEW and 2 * found > np.count_nonzero(there))


def _differ(old: Array, new: Array) -> Array:
    return np.abs(old - new) > EQUAL * max(size_of(old), size_of(new))


def _shaped(known: Values, new: Array) -> Iterator[Array]:
    """Give the known values that may be factors or terms, in the shape of a value."""
    for v in list(known.values())[:_MOST]:
        if v.size < 2 or v.ndim > new.ndim or not np.any(v) or not np.ptp(v.real):
            continue
        for shaped in (v, v[..., None] if v.ndim < new.ndim else v):
            if all(n in (1, m) for n, m in zip(shaped.shape[::-1], new.shape[::-1], strict=False)):
                yield np.broadcast_to(shaped, new.shape)
                break


def of_term(lacks: Array, known: Values) -> str:
    """Name a term that one has and the other has not, or has with another factor."""
    values, sizes = list(_shaped(known, lacks)), _sizes(known) - {1}
    at = int(np.argmax(np.abs(lacks)))
    for v in values:
        if near(lacks, v):
            return "missing path"
        if near(-lacks, v):
            return "spurious term"
        times = complex(lacks.flat[at] / v.flat[at]).real if v.flat[at] else 0.0
        if times and near(lacks, times * v):
            counts = [n for n in sizes if _is(times, n - 1, 1 - n, 1 / n - 1, 1 - 1 / n)]
            if counts and not _is(times, 2, -2):
                return "scale 1/B or 1/T"
            return "wrong sign" if _is(times, 2, -2) and not counts else ""
    there = np.array([v.flat[at] for v in values])
    product = there[:, None] * (there - 1)  # of each term with each factor, less the term
    for sign, kind in ((1, "missing factor"), (-1, "spurious factor")):
        close = np.abs(sign * product - lacks.flat[at]) < 1e-6 * abs(lacks.flat[at])
        for term, factor in np.argwhere(close):
            if near(sign * lacks, values[term] * (values[factor] - 1)):
                return kind
    return ""


def _is(number: float, *others: float) -> bool:
    return any(abs(number - other) < 1e-7 * abs(other) for other in others)
