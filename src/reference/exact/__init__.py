"""Proofs in exact arithmetic: a backward is the derivative of its forward, or it is not."""

from reference.exact.arrays import constants, elements, random_elements, with_tangents
from reference.exact.cells import prove_cell, prove_char_lm, prove_problem
from reference.exact.field import Detached, Element, constant
from reference.exact.formal import Formal, NotASquare, trial
from reference.exact.patching import exact_numpy
from reference.exact.prime import P
from reference.exact.proof import Proof, Verdict
from reference.exact.prove import prove

__all__ = [
    "Detached",
    "Element",
    "Formal",
    "NotASquare",
    "P",
    "Proof",
    "Verdict",
    "constant",
    "constants",
    "elements",
    "exact_numpy",
    "prove",
    "prove_cell",
    "prove_char_lm",
    "prove_problem",
    "random_elements",
    "trial",
    "with_tangents",
]
