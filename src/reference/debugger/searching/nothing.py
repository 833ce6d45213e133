"""Where nothing comes back: a variable is zero at every step, and what it lacks is an adjoint."""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Iterator

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite, contractions
from reference.debugger.repair.insertions import put
from reference.debugger.running.program import Program
from reference.debugger.searching.places import all_statements, place_at
from reference.debugger.searching.round import Round
from reference.debugger.values.adjoints import Adjoints

_COST = 1.2


def rewrites(
    program: Program, now: Round, adjoints: Adjoints | None, seconds: float
) -> Iterator[Rewrite]:
    """Give what is to be added to a variable that is all zeros where it is read first.

    Parameters
    ----------
    program : Program
    now : Round
        With what the gradients lack.
    adjoints : Adjoints or None
        Those of the loss; None where it does not run on numbers that note what they are made of.
    seconds : float
    """
    given = [np.asarray(now.recording.outputs[name], float) for name in now.residual]
    if adjoints is None or 2 * sum(not np.any(value) for value in given) <= len(given):
        return
    until = time.monotonic() + seconds
    seen: set[tuple[ast.AST, str]] = set()
    for file, line, _ in all_statements(program):
        place = place_at(program, now, file, line)
        if place is None or not place.envs:
            continue
        for name in _zeros(place):
            if (place.function, name) in seen:
                continue
            seen.add((place.function, name))
            for text in _texts(place, place.shape(name), adjoints):
                if time.monotonic() > until:
                    return
                yield put(place, f"{name} = {name} + {text}", "missing path", _COST, name)


def _zeros(place: Place) -> list[str]:
    """Return the variables that a statement reads and that are zero at all of its executions."""
    names = {n.id for n, _ in place.loaded if isinstance(n, ast.Name)}
    held = {name: [env.get(name) for env in place.envs] for name in names}
    return sorted(
        name
        for name, values in held.items()
        if all(isinstance(v, np.ndarray) and v.ndim and v.dtype.kind == "f" for v in values)
        and not any(map(np.any, values))
    )


def _texts(place: Place, shape: tuple[int, ...], adjoints: Adjoints) -> Iterator[str]:
    """Give products, of matrices or of numbers, that have a shape and are adjoints."""
    env = place.envs[0]  # the step at which the way back begins
    arrays = [one for one in contractions.arrays_at(place, env) if not one[0].endswith(".T")]
    values = dict(arrays)
    for a, b, rule, text in contractions.texts_of_shape(arrays, shape):
        if _is_adjoint(contractions.product(rule, values[a], values[b]), adjoints):
            yield text
    alike = [(text, value) for text, value in arrays if value.shape == shape]
    for (a, x), (b, y) in itertools.combinations(alike, 2):
        if _is_adjoint(x * y, adjoints):
            yield f"{a} * {b}"


def _is_adjoint(value: Array | None, adjoints: Adjoints) -> bool:
    return value is not None and bool(np.all(value)) and bool(np.all(adjoints.holds(value)))
