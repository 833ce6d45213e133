"""Mutants that compute the same function, and why. Nothing else may survive.

A mutation of ``"*"`` stands for every mutation of a line. An entry that no survivor needs any
longer fails the test, as does a survivor without an entry.
"""

from __future__ import annotations

import numpy as np
from tests.mutation.mutator import Key

ANY = "*"

_EVEN = "a square does not see the sign"
_ZEROS = "a zero has no sign that an equation could see, and zeros of a shape need no values"
_GUARD = "a guard that refuses invalid calls and computes nothing; tested in tests/manual_lstm/"
_GUARD_OF_CALLS = f"{_GUARD}test_bad_input.py"
_GUARD_OF_V = f"{_GUARD}test_char_lm.py"
_NEVER_RUN = f"only an invalid call comes here; {_GUARD_OF_CALLS}"
_SAME_LENGTH = "the tape keeps one cache and one set of rows for each step"
_CONTRACT = "by the contract of a cell, dx is None for index inputs and for no others"
_WRITTEN_ONCE = "dxs starts at zero and each of its rows is written once"
_DISCARDED = "np.add writes into `total`; what the lambda returns is not looked at"
_COMMUTES = "addition commutes"
_SHORTCUT = "the branch spares a copy: indexing with a slice of every row gives the same values"
_NOT_YET = (
    "going back, rows only come to life: those that are not alive at t still have the cotangent of "
    "their final state, and the others are replaced"
)
_OWN_COPY = (
    "in a backward, the first tree is a copy that it has made of dstate_T, so writing into it "
    "reaches nobody; for the forward, tests/manual_lstm/test_memory.py sees to it"
)
_ASSERT = "tells the type checker what the line above has left"
_STILL_EQUAL = "dlogits is a copy of the probabilities up to the next line"
_IDEMPOTENT = "to write the same values to the same places again changes nothing"
_AXIS_DEFAULT = "from NumPy 2.3 on, the last axis is the default"
_PRODUCT_ONLY = "only the product of T and B is used"
_INFERRED = "NumPy infers a size that is given as negative, and only one is unknown"

_STEP = "LSTM.step_backward"
_STEPS = "Steps.run_backward"
_INPUT = "input_product_backward"
_LOSS = "softmax_cross_entropy_backward"
_MODEL = "CharLM.backward"

_ADD = "tree_map(lambda into, what: np.add(into, what, out=into), total, term)"
_SCALAR = "checks.is_scalar('dloss', dloss, 'it is the cotangent of the loss')"
_TAKE = "at_target = np.take_along_axis(probabilities, targets[..., None], axis=-1)"
_PUT = "np.put_along_axis(dlogits, targets[..., None], at_target - 1, axis=-1)"
_V_UNCHANGED = "check_same(tape.checksum_of_V, checksums({'params.V': V}))"
_IS_TAPE = "if not isinstance(tape, CharLMTape):"
_NOT_A_TAPE = "sequence_checks.not_a_tape(tape, 'of type CharLMTape', 'CharLM.forward')"
_DV = "dV = hs.reshape(T * B, H).T @ dlogits.reshape(T * B, -1)"
_DXS = "dxs = None if xs.dtype.kind in 'iu' else np.zeros_like(xs)"
_CARRY = "dstate = put_rows(dstate, rows[t], dstate_prev)"
_EVERY_ROW = "if isinstance(rows, slice):"

_LISTED: list[tuple[str, str, str, str]] = [
    (
        _STEP,
        "dc_from_h = dtanh_c * (1 - tanh_c ** 2)",
        "dc_from_h = dtanh_c * (1 - (-tanh_c) ** 2)",
        _EVEN,
    ),
    (_STEP, "dz_g = dg * (1 - g ** 2)", "dz_g = dg * (1 - (-g) ** 2)", _EVEN),
    (_INPUT, "dW = np.zeros_like(W)", "dW = -np.zeros_like(W)", _ZEROS),
    (_INPUT, "dW = np.zeros_like(W)", "dW = np.zeros_like(-W)", _ZEROS),
    (_INPUT, "dW = np.zeros_like(W)", "dW = np.zeros_like(np.zeros_like(W))", _ZEROS),
    (_STEPS, _DXS, _DXS.replace("else np", "else -np"), _ZEROS),
    (_STEPS, _DXS, _DXS.replace("zeros_like(xs)", "zeros_like(-xs)"), _ZEROS),
    (_STEPS, _CARRY, _CARRY.replace("put_rows(dstate,", "put_rows(dstate_T,"), _NOT_YET),
    (
        _STEPS,
        "for t in reversed(range(len(caches))):",
        "for t in reversed(range(len(rows))):",
        _SAME_LENGTH,
    ),
    (_STEPS, "if dxs is not None:", "if dx is not None:", _CONTRACT),
    (_STEPS, "dxs[t, rows[t]] = dx", "dxs[t, rows[t]] += dx", _WRITTEN_ONCE),
    ("accumulate", _ADD, _ADD.replace("np.add", "-np.add"), _DISCARDED),
    ("accumulate", _ADD, _ADD.replace("add(into, what", "add(what, into"), _COMMUTES),
    ("take_rows", _EVERY_ROW, "(deleted)", _SHORTCUT),
    ("take_rows", _EVERY_ROW, "if False:", _SHORTCUT),
    ("take_rows", _EVERY_ROW, "if isinstance(tree, slice):", _SHORTCUT),
    ("take_rows", "return tree", "(deleted)", _SHORTCUT),
    ("put_rows", _EVERY_ROW, "(deleted)", _SHORTCUT),
    ("put_rows", _EVERY_ROW, "if False:", _SHORTCUT),
    ("put_rows", _EVERY_ROW, "if isinstance(tree, slice):", _SHORTCUT),
    ("put_rows", _EVERY_ROW, "if isinstance(values, slice):", _SHORTCUT),
    ("put_rows", "return values", "(deleted)", _SHORTCUT),
    ("put_rows", "changed = array.copy()", "changed = array", _OWN_COPY),
    ("put_rows", "changed = array.copy()", "changed = array.view()", _OWN_COPY),
    ("with_output", "assert isinstance(state, tuple)", "(deleted)", _ASSERT),
    (_LOSS, _SCALAR, "(deleted)", _GUARD_OF_CALLS),
    (_LOSS, _SCALAR, f"{_SCALAR}; {_SCALAR}", _GUARD_OF_CALLS),
    (_LOSS, _SCALAR, _SCALAR.replace("', dloss", "', -dloss"), _GUARD_OF_CALLS),
    (
        _LOSS,
        _SCALAR,
        "checks.is_scalar('it is the cotangent of the loss', dloss, 'dloss')",
        _GUARD_OF_CALLS,
    ),
    (_LOSS, _TAKE, _TAKE.replace("probabilities", "dlogits"), _STILL_EQUAL),
    (_LOSS, _PUT, f"{_PUT}; {_PUT}", _IDEMPOTENT),
    (_MODEL, _IS_TAPE, "(deleted)", _GUARD_OF_CALLS),
    (_MODEL, _IS_TAPE, "if False:", _GUARD_OF_CALLS),
    (_MODEL, _NOT_A_TAPE, ANY, _NEVER_RUN),
    (_MODEL, _V_UNCHANGED, "(deleted)", _GUARD_OF_V),
    (_MODEL, _V_UNCHANGED, f"{_V_UNCHANGED}; {_V_UNCHANGED}", _GUARD_OF_V),
    (
        _MODEL,
        _V_UNCHANGED,
        "check_same(checksums({'params.V': V}), tape.checksum_of_V)",
        _GUARD_OF_V,
    ),
    (_MODEL, "T, B, H = hs.shape", "B, T, H = hs.shape", _PRODUCT_ONLY),
    (_MODEL, _DV, _DV.replace("hs.reshape(T * B", "hs.reshape(-(T * B)"), _INFERRED),
    (_MODEL, _DV, _DV.replace("hs.reshape(T * B", "hs.reshape(-T * B"), _INFERRED),
    (_MODEL, _DV, _DV.replace("hs.reshape(T * B", "hs.reshape(T * -B"), _INFERRED),
    (_MODEL, _DV, _DV.replace("B, H)", "B, -H)"), _INFERRED),
    (_MODEL, _DV, _DV.replace("-1)", "-2)"), _INFERRED),
]
if np.lib.NumpyVersion(np.__version__) >= "2.3.0":
    _LISTED.append((_LOSS, _TAKE, _TAKE.replace(", axis=-1", ""), _AXIS_DEFAULT))

EQUIVALENT: dict[Key, str] = {
    Key(function, line, mutation): reason for function, line, mutation, reason in _LISTED
}


def entry_of(key: Key) -> Key | None:
    """Return the entry that covers a mutant, or None."""
    for candidate in (key, key._replace(mutation=ANY)):
        if candidate in EQUIVALENT:
            return candidate
    return None
