"""What is wrong with a value, told by the value that should stand there: no edit is needed for it.

A constant quotient is a factor, the same numbers in another order are an order, zeros are a path
that is not there. Where the right value is not known, a value that is an adjoint of the loss once
it is multiplied by a size or a constant of the program says as much.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite, quotients
from reference.debugger.running.shapes import shape_of
from reference.debugger.values.agreement import Agreement
from reference.debugger.values.evidence import Evidence

_EQUAL = 1e-6  # relative: of differences of values that agree to some eight digits
_MOST = 60  # constants that are tried


@dataclass(frozen=True)
class Said:
    """What is said of a line: nothing, if nothing is known.

    Parameters
    ----------
    kind : str
    why : str
        One sentence without its full stop.
    should_be : str
        The text that the line should have, if it is known.
    pattern : str
        At which time steps it is wrong, in words, where running it as mended tells.
    steps : tuple of int
        The same as numbers.
    edit : Rewrite or None
        What gives that text.
    """

    kind: str = ""
    why: str = ""
    should_be: str = ""
    pattern: str = ""
    steps: tuple[int, ...] = ()
    edit: Rewrite | None = None


@dataclass(frozen=True)
class Wrong:
    """A wrong value: of which site, at which execution, and what is known of the right one.

    Parameters
    ----------
    site : int
    n : int
    made : ndarray
    wanted : ndarray or None
        None where it is known only what the outputs lack, or that the value is no adjoint.
    evidence : Evidence or None
        What tells the wanted value, or what the outputs lack.
    """

    site: int
    n: int
    made: Array
    wanted: Array | None
    evidence: Evidence | None


Constant = tuple[str, float, bool]  # how it is written, what it is, whether it counts something


def constants(
    place: Place, env: Mapping[str, Any], inputs: Iterable[Mapping[str, Any]]
) -> list[Constant]:
    """Return the numbers that a value may have been multiplied or divided by."""
    found: list[Constant] = []
    sizes = {n for group in inputs for v in dict(group).values() for n in shape_of(v) if n > 1}
    shapes = [shape_of(v) for group in inputs for v in dict(group).values()]
    pairs = {a * b for shape in shapes for a, b in itertools.combinations(shape, 2)}
    for space in (env, place.names):
        for name, value in space.items():
            number = isinstance(value, float | np.floating) or (
                isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind == "f"
            )
            if number and not name.startswith("__") and np.isfinite(value):
                found.append((name, abs(float(value)), False))
            elif isinstance(value, int) and not isinstance(value, bool) and value > 2:
                sizes.add(value)
    found += [(str(n), float(n), True) for n in sorted(sizes | pairs) if n > 2]
    found += [("2", 2.0, False), ("np.log(2)", math.log(2), False)]
    return [one for one in found if abs(one[1] - 1) > 1e-3 and one[1] > 1e-9][:_MOST]


def by_constant(
    place: Place, one: Wrong, name: str, numbers: list[Constant], agreement: Agreement | None
) -> Said | None:
    """Name a value that is the right one times a number."""
    if one.wanted is not None:
        return _of_ratio(place, one, name, numbers)
    if agreement is None:
        return None
    made = agreement.signed(one.site, one.made)
    if agreement.of(made) is not False:
        return None
    if agreement.of(-made) and made.size > 1:
        return Said("wrong sign", f"{name} has the wrong sign")
    for number in numbers:
        for power in (1, -1):
            if agreement.of(made * number[1] ** power):
                return _scaled(place, name, number, -power)
    return None


def _of_ratio(place: Place, one: Wrong, name: str, numbers: list[Constant]) -> Said | None:
    assert one.wanted is not None
    there = np.abs(one.wanted) > 1e-9 * np.max(np.abs(one.wanted), initial=0.0)
    least = 1e-9 * np.max(np.abs(one.made), initial=0.0)
    if not there.any() or np.any(np.abs(one.made[~there]) > least):
        return None
    ratios = one.made[there] / one.wanted[there]
    ratio = float(ratios.flat[0])
    if np.ptp(ratios) > _EQUAL * np.max(np.abs(ratios)) or not ratio or abs(ratio - 1) < _EQUAL:
        return None
    if abs(ratio + 1) < _EQUAL:
        return Said("wrong sign", f"{name} has the wrong sign") if ratios.size > 1 else None
    said = said_of_scale(place, name, numbers, abs(ratio))
    if said is not None:
        return said
    if ratios.size == 1:
        return None
    times = ratio if abs(ratio) > 1 else 1 / ratio
    if abs(times - round(times)) > _EQUAL:
        return Said("missing factor", f"{name} is {ratio:.4g} times what it should be")
    return _scaled(place, name, (str(round(times)), times, True), 1 if times == ratio else -1)


def said_of_scale(place: Place, name: str, numbers: list[Constant], ratio: float) -> Said | None:
    """Name a value that is `ratio` times what it should be, if that is a known number."""
    if abs(ratio + 1) < _EQUAL:
        return Said("wrong sign", f"{name} has the wrong sign")
    for number in numbers:
        for power in (1, -1):
            if abs(ratio / number[1] ** power - 1) < _EQUAL:
                return _scaled(place, name, number, power)
    counts = [one for one in numbers if one[2]]
    for one, other in itertools.permutations(counts, 2):
        if abs(ratio * other[1] / one[1] - 1) < _EQUAL:
            return Said("scale 1/B or 1/T", f"{name} is divided by {other[0]}, not by {one[0]}")
    return None


def _scaled(place: Place, name: str, number: Constant, power: int) -> Said:
    """Name what is `number` times too large (power 1), or too small (-1)."""
    text, value, counts = number
    large = (power > 0) == (value > 1)
    if counts or text == "2":
        why = f"{name} is {text} times too {'large' if large else 'small'}"
    else:
        times = f"{name} is {text} times what it should be"
        why = times if power > 0 else f"{name} should be {text} times what it is"
    own = place.source.of(place.statement)
    if counts:
        averaged = not large and "mean" in own
        return Said("mean for sum" if averaged else "scale 1/B or 1/T", why)
    there = text.isidentifier() and text in own
    return Said("spurious factor" if there or (text == "2" and large) else "missing factor", why)


def divided(statement: ast.stmt, name: str, factor: float) -> Said | None:
    """Name a line that divides, and makes whole gradients right if its value is times a number."""
    if factor > 0 and any(isinstance(n, ast.Div) for n in ast.walk(statement)):
        return Said("scale 1/B or 1/T", f"{name} is to be {factor:.4g} times as much")
    return None


def by_order(one: Wrong, name: str) -> Said | None:
    """Name a value that has the right numbers in other places."""
    if one.wanted is None or one.made.shape != one.wanted.shape or one.made.size < 3:
        return None
    made, wanted = one.made, one.wanted
    size = float(np.max(np.abs(wanted)))
    if not np.allclose(np.sort(made, None), np.sort(wanted, None), rtol=_EQUAL, atol=1e-9 * size):
        return None
    if np.ptp(wanted) < _EQUAL * size:
        return None

    def is_it(other: Array) -> bool:
        return other.shape == made.shape and np.allclose(other, made, rtol=_EQUAL, atol=1e-9 * size)

    if made.ndim == 2 and is_it(wanted.T):
        return Said("transposed", f"{name} is the transpose of what it should be")
    for axis in range(made.ndim):
        if made.shape[axis] > 2 and is_it(np.flip(wanted, axis)):
            return Said("forward order", f"{name} is in the wrong order along axis {axis}")
        if any(made.shape[axis] > 2 and is_it(np.roll(wanted, n, axis)) for n in (1, -1)):
            return Said("index off by one", f"{name} is shifted by one along axis {axis}")
    return Said("wrong order", f"{name} has the right numbers in the wrong places")


def by_zeros(one: Wrong, name: str) -> Said | None:
    """Name a value that is zero, or has something, only where it should not."""
    if one.wanted is None or one.made.shape != one.wanted.shape or one.made.size < 3:
        return None
    size = float(np.max(np.abs(one.wanted), initial=0.0))
    apart = np.abs(one.made - one.wanted) > _EQUAL * max(size, float(np.max(np.abs(one.made))))
    if not apart.any() or (apart.all() and size > 0):
        return None
    if not np.any(one.made[apart]) and not apart.all():
        return Said("missing path", f"{name} is zero in some places where it should not be")
    if not apart.all() and np.all(np.abs(one.wanted[apart]) < 1e-9 * size):
        return Said("missing factor", f"{name} should be zero in some places, and is not")
    return None


def by_block(place: Place, one: Wrong, name: str, env: dict[str, Any]) -> Said | None:
    """Name what lacks a part of the columns: gates stand beside each other in one array."""
    if one.wanted is None or one.made.ndim < 1 or one.made.shape != one.wanted.shape:
        return None
    apart = np.abs(one.wanted - one.made) > 1e-7 * np.max(np.abs(one.wanted), initial=0.0)
    columns = np.flatnonzero(apart.reshape(-1, apart.shape[-1]).any(axis=0))
    if not columns.size:
        return None
    start, stop = int(columns[0]), int(columns[-1]) + 1
    made, wanted = one.made[..., start:stop], one.wanted[..., start:stop]
    if stop - start in (1, one.made.shape[-1]) or not np.all(made):
        return None
    texts = quotients.factor(place, env, made, wanted)
    if texts is None:
        return None
    kind = "missing derivative" if any("1 - " in t for t in texts) else "missing factor"
    return Said(kind, f"columns {start} to {stop - 1} of {name} lack the factor "
                      + " * ".join(texts))  # fmt: skip


def by_surplus(place: Place, one: Wrong, name: str, env: dict[str, Any]) -> Said | None:
    """Name a value that has a factor too many, or the factor of another value."""
    if one.wanted is None or one.made.shape != one.wanted.shape or not np.all(one.wanted):
        return None
    if one.made.size < 3:
        return None
    texts = quotients.factor(place, env, one.wanted, one.made)
    if texts is None:
        return None
    return Said("spurious factor", f"{name} has the factor {' * '.join(texts)} too many")


def by_difference(one: Wrong, name: str, agreement: Agreement | None) -> Said | None:
    """Name a value from which what one use of a number gives is missing, or is in it twice."""
    if one.wanted is None or agreement is None:
        return None
    lacks = one.wanted - one.made
    largest = float(np.max(np.abs(one.wanted), initial=0.0))
    lacks = np.where(np.abs(lacks) < 1e-9 * largest, 0.0, lacks)
    if agreement.near(lacks):
        return Said("missing path", f"{name} lacks the part that comes by another way")
    if agreement.near(-lacks):
        return Said("spurious term", f"{name} has a part too many")
    return None


def by_held(place: Place, one: Wrong, env: Mapping[str, Any]) -> Said | None:
    """Name a value that is added to what should be gone, or takes the place of what should stay."""
    statement = place.statement
    added = isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add)
    if one.wanted is None or not (added or isinstance(statement, ast.Assign)):
        return None
    name = place.variable
    held, lacks = place.value(name, dict(env)), one.wanted - one.made
    if shape_of(held) != lacks.shape or np.asarray(held).dtype.kind != "f":
        return None
    held = -np.asarray(held) if added else np.asarray(held)
    size = float(np.max(np.abs(one.wanted), initial=0.0))
    if not np.max(np.abs(held), initial=0.0) > 1e-6 * size:
        return None
    if not np.allclose(lacks, held, rtol=_EQUAL, atol=1e-8 * size):
        return None
    if added:
        return Said("+= for =", f"{name} still holds what it held before")
    return Said("= for +=", f"{name} loses what it held before")


def told_by_values(
    place: Place,
    wrong: Iterable[Wrong],
    agreement: Agreement | None,
    names: Mapping[int, str],
    envs: Mapping[tuple[int, int], dict[str, Any]],
    inputs: Iterable[Mapping[str, Any]],
) -> Said | None:
    """Return the first thing that the wrong values of a line tell, the telling ones first."""
    wrong, inputs = list(wrong), list(inputs)
    for one in wrong:
        for said in _each(place, one, agreement, names[one.site], envs[one.site, one.n], inputs):
            if said is not None:
                return said
    return None


def _each(
    place: Place,
    one: Wrong,
    agreement: Agreement | None,
    name: str,
    env: dict[str, Any],
    inputs: list[Mapping[str, Any]],
) -> Iterator[Said | None]:
    yield by_held(place, one, env)
    yield by_constant(place, one, name, constants(place, env, inputs), agreement)
    yield by_order(one, name)
    yield by_block(place, one, name, env)
    yield by_difference(one, name, agreement)
    yield by_surplus(place, one, name, env)
    yield by_zeros(one, name)
