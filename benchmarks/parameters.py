"""How many parameters a cell or layer has: counted, and for a cell put into a formula."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from manual_lstm.trees import leaves
from reference.everything import everything

AT = (3, 4)  # (D, H) of the number that is told beside a formula
# The terms of a formula, and sizes enough to find and to check it. H is even: an LSTMP halves it.
TERMS = {"DH": (1, 1), "H²": (0, 2), "D": (1, 0), "H": (0, 1), "": (0, 0)}
SIZES = [(D, H) for D in (1, 2, 3, 5) for H in (2, 4, 6, 10)]


def count(model: Any) -> int:
    """Return how many numbers `init_params` gives."""
    return sum(array.size for array in leaves(model.init_params(np.random.default_rng(0))))


def parameters_of(name: str) -> str:
    """Return what the table tells of one of `reference.everything`.

    Examples
    --------
    >>> parameters_of("LSTM")
    '4DH + 4H² + 4H = 128'
    """
    model = everything()[name]
    if not isinstance(model, type):
        return f"{count(model):,}"
    return f"{formula(model)} = {count(model(*AT)):,}"


def formula(kind: type) -> str:
    """Return the number of parameters of a class of cells in D and H; H is even.

    Raises
    ------
    ValueError
        If it is no polynomial of `TERMS`.
    """
    counts = [count(kind(D, H)) for D, H in SIZES]
    powers = [[float(D**d * H**h) for d, h in TERMS.values()] for D, H in SIZES]
    solved = np.linalg.lstsq(np.array(powers), np.array(counts, float), rcond=None)[0]
    found = [Fraction(factor).limit_denominator(8) for factor in solved.tolist()]
    for (D, H), number in zip(SIZES, counts, strict=True):
        pairs = zip(found, TERMS.values(), strict=True)
        if sum(factor * D**d * H**h for factor, (d, h) in pairs) != number:
            raise ValueError(f"{kind.__name__} has {number} parameters with D = {D} and H = {H}, "
                             f"but must have a number given by {found} of {list(TERMS)}, because "
                             "no other formula is looked for.")  # fmt: skip
    parts = [_term(factor, term) for factor, term in zip(found, TERMS, strict=True) if factor]
    return " + ".join(parts)


def _term(factor: Fraction, term: str) -> str:
    if factor == 1 and term:
        return term
    return f"{factor}{term}" if factor.denominator == 1 else f"{factor} {term}"
