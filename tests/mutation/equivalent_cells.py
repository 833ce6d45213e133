"""Mutants of cells and layers that compute the same function, and why.

Beside a list as in `equivalent` there are rules: what many backwards have in common is told once.
"""

from __future__ import annotations

import re

from tests.mutation.equivalent import EQUIVALENT, entry_of
from tests.mutation.mutator import Key

# A mutation that reads like the line once this is rewritten in it computes the same.
RULES: tuple[tuple[str, str, str], ...] = (
    (r"\(-(\w+)\) \*\* 2", r"\1 ** 2", "a square does not see the sign"),
    (r"\.slope\(-(\w+)\)", r".slope(\1)", "the slope of an odd function is even"),
    (r"np\.zeros_like\((0(?:\.0)?)\)", r"\1", "zero is zero"),
)

_BOTH_BIASES = "the two biases are there together or not at all"
_SYMMETRIC = "the slope of σ, a hard σ and a cut-off line is the same at y and 1 - y"
_IDEMPOTENT = "IndRNN has a ReLU, whose slope is 0 or 1"
_ADDS_ZERO = "the peephole of a gate that is not there adds nothing"
_IDENTITY = "its forward is the identity, so that both names hold the same numbers"
_ONLY_DTYPE = "only the dtype of the last argument is read"
_ZERO_SLOPE = "the value where the slope is 0 is 0"
_ALIAS = "two names of one array"
_SAME_LENGTH = "there are as many states as layers"
_SWAPPED_TWICE = "both lists are empty, and each name is then used as before"
_BOTH_OR_NEITHER = "both directions read the same inputs, so that both have gradients or neither"

_GRU = "GRU.step_backward"
_STACK = "Stack.run_backward"
_RESIDUAL = "Residual.run_backward"

_UNPACK = "W_x, W_h, b, b_hn = params"
_DB = "db = None if b is None else dz_x.sum(axis=0)"
_DB_HN = "db_hn = None if b_hn is None else dm.sum(axis=0)"
_DZ_U = "dz_u = du * self.gate_activation.slope(u)"
_ZIP = "for tape, dstate_T_of_layer in zip(reversed(cache), reversed(dstate_T), strict=True):"

_LISTED: list[tuple[str, str, str, str]] = [
    (_GRU, _UNPACK, "W_x, W_h, b_hn, b = params", _BOTH_BIASES),
    (_GRU, _DB_HN, _DB_HN.replace("b_hn is", "b is"), _BOTH_BIASES),
    (_GRU, _DB, _DB.replace("b is", "b_hn is"), _BOTH_BIASES),
    (_GRU, _DB, _DB.replace("b is", "db_hn is"), _BOTH_BIASES),
]

CELL_EQUIVALENT: dict[Key, str] = {
    Key(function, line, mutation): reason for function, line, mutation, reason in _LISTED
}


def reason_for(key: Key) -> str | None:
    """Return why a mutant computes the same function, or None if nothing says so."""
    entry = entry_of(key)
    if entry is not None:
        return EQUIVALENT[entry]
    if key in CELL_EQUIVALENT:
        return CELL_EQUIVALENT[key]
    line = key.line.split("  #")[0]
    for pattern, plain, reason in RULES:
        if re.sub(pattern, plain, key.mutation) == line:
            return reason
    return None
