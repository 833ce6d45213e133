"""Before an accusation, the oracles vote: the reference against the NumPy forward itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves, tree_map
from reference.numeric import NotAnalyticError, along, one_sided
from reference.problem import Problem

# Differences hold nine digits and a mistake is larger than that, or it is not accused.
_AGREES = 1e-6


@dataclass(frozen=True)
class Vote:
    """Directional derivatives of one gradient by everyone who was asked.

    Parameters
    ----------
    name : str
        The gradient, such as ``params.W_h``.
    values : dict
        Who ("manual", "reference", "complex step", "differences") to what.
    scale : float
        Size of the terms that were summed.
    sides : (float, float) or None
        At a kink, the derivatives from behind and from ahead.
    """

    name: str
    values: dict[str, float]
    scale: float
    sides: tuple[float, float] | None = None

    @property
    def allowed_by_kink(self) -> bool:
        """Whether there is a kink, and manual lies between the one-sided derivatives."""
        if self.sides is None:
            return False
        slack = _AGREES * self.scale
        return min(self.sides) - slack <= self.values["manual"] <= max(self.sides) + slack

    @property
    def against_manual(self) -> bool:
        """Whether everyone agrees with the reference, and the most precise rather than with manual.

        Who cannot tell (NaN) has no vote. At a kink a choice between the sides is no mistake.
        """
        if self.allowed_by_kink:
            return False
        others = [value for who, value in self.values.items() if who not in ("manual", "reference")]
        told = [value for value in others if not np.isnan(value)]
        reference, manual = self.values["reference"], self.values["manual"]
        if not told or any(abs(value - reference) > _AGREES * self.scale for value in told):
            return False
        if "complex step" in self.values:  # the first to be asked, and exact to rounding
            return not abs(told[0] - manual) <= 2 * abs(told[0] - reference)
        return not abs(reference - manual) <= _AGREES * self.scale

    def __str__(self) -> str:
        votes = ", ".join(f"{voter} {value:.9g}" for voter, value in self.values.items())
        if self.sides is not None:
            behind, ahead = self.sides
            votes += f"; a kink, with derivatives {behind:.9g} and {ahead:.9g} on its sides"
        return f"{self.name} along a random direction: {votes}"


def vote(problem: Problem, name: str, manual: Array, reference: Array, seed: int = 0) -> Vote:
    """Ask everyone for the derivative along a random direction of one argument.

    Parameters
    ----------
    problem : Problem
    name : str
        Dotted name of the argument, as in `manual_lstm.Gradients`.
    manual, reference : ndarray
        Its two gradients.
    seed : int
    """
    rng = np.random.default_rng(seed)
    problem = problem.map_floats(lambda array: array.astype(np.float64))
    direction = {
        key: tree_map(lambda part: np.zeros(part.shape), tree)
        for key, tree in problem.primals.items()
    }
    leaf = named_leaves(direction)[name]
    leaf[...] = rng.standard_normal(leaf.shape)
    values = {"manual": float((manual * leaf).sum()), "reference": float((reference * leaf).sum())}
    with suppress(NotAnalyticError):
        values["complex step"] = along(problem, direction, complex_step=True)
    values["differences"] = along(problem, direction, complex_step=False)
    scale = float(np.abs(reference * leaf).sum())
    sides = one_sided(problem, direction) if np.isnan(values["differences"]) else None
    return Vote(name, values, scale, sides)
