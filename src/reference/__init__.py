"""The other side: JAX twins, oracles, proofs and checks for hand-written recurrent backwards."""

from reference.checker import check
from reference.compare import Mismatch
from reference.problem import Case, Problem, draw
from reference.report.record import BackwardIsWrongError, Evidence, Report

__all__ = [
    "BackwardIsWrongError",
    "Case",
    "Evidence",
    "Mismatch",
    "Problem",
    "Report",
    "check",
    "draw",
]
