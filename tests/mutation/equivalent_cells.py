"""Mutants of cells and layers that compute the same function, and why.

Beside a list as in `equivalent` there are rules: what many backwards have in common is told once.
"""

# ruff: noqa: E501  (lines of code that are told as they are)

from __future__ import annotations

import re

from tests.mutation.equivalent import EQUIVALENT, entry_of
from tests.mutation.mutator import Key

_AS_MANY = "there are as many of one as of the other"
_BOTH_INPUTS = "x is read twice, and both products have a gradient of it or neither"

# A mutation that reads like the line, once this is rewritten in both, computes the same.
RULES: tuple[tuple[str, str, str], ...] = (
    (r"\(-(\w+)\) \*\* 2", r"\1 ** 2", "a square does not see the sign"),
    (r"\.slope\(-(\w+)\)", r".slope(\1)", "the slope of an odd function is even"),
    (r"np\.zeros_like\((0(?:\.0)?)\)", r"\1", "zero is zero"),
    (r"-?np\.zeros_like\(-?\w+\)", "np.zeros_like()", "zeros need no values and have no sign"),
    (r"swapaxes\(2, 1\)", "swapaxes(1, 2)", "two axes are swapped in either order"),
    (r"axis=\(2, 1\)", "axis=(1, 2)", "two axes are summed in either order"),
    (r", strict=(True|False)", "", _AS_MANY),
    (r"None if \w+ is None or (dx_from_\w+) is None", r"None if \1 is None", _BOTH_INPUTS),
    (r"None if (dx_from_\w+) is None or \w+ is None", r"None if \1 is None", _BOTH_INPUTS),
)

_BOTH_BIASES = "the two biases are there together or not at all"
_SYMMETRIC = (
    "the slope of σ, and of a line that is cut off at 0 and 1, is the same at y and at 1 - y"
)
_RELU = "the only activation here is ReLU, whose slope is 0 or 1"
_OPEN = "the gate that is not there is 1, so that both names hold the same numbers"
_LINEAR = "there is no squashing, so that both names hold the same numbers"
_ONLY_DTYPE = "only the dtype of the last argument is read"
_TO_BOOL = "the numbers 0 and 1 are the condition itself"
_ZERO = "the number where the condition fails is 0"
_NO_OVERFLOW = (
    "both branches are the same function; tests/manual_lstm/test_activations.py overflows"
)
_STABILISER = (
    "with f = 1 the factor changes nothing; otherwise i = 1, and what goes through i cancels "
    "against what goes through m"
)
_ZEROS = "zeros need no values and have no sign"
_COPY = "two names of one array"
_EMPTY = "both lists are empty"
_BOTH_READ = "both directions read the same inputs, and have a gradient of them or neither"
_SUM_IS_ZERO = "deviations add up to zero, and so does what is proportional to them"

_GRU = "GRU.step_backward"
_BEFORE = "GRUResetBefore.step_backward"
_STACK = "Stack.run_backward"
_RESIDUAL = "Residual.run_backward"
_NIG = "NoInputGateLSTM.step_backward"
_NFG = "NoForgetGateLSTM.step_backward"
_WHERE = "_where"
_MLSTM = "MLSTM.step_backward"
_ZONEOUT = "Zoneout.step_backward"
_SLSTM = "SLSTM.step_backward"
_ORIGINAL = "OriginalLSTM.step_backward"
_LAYER_NORM = "layer_norm_backward"

_UNPACK = "W_x, W_h, b, b_hn = params"
_DB = "db = None if b is None else dz_x.sum(axis=0)"
_DB_HN = "db_hn = None if b_hn is None else dm.sum(axis=0)"
_DZ_U = "dz_u = du * self.gate_activation.slope(u)"
_BACKWARD = "gradients = backward(tape, dhs_of_layer, dstate_T_of_layer)"
_RESIDUAL_BACKWARD = "dparams, dxs_from_layer, dstate0 = backward(tape, dhs, dstate_T)"
_FROM_SUM = "dxs_from_sum = np.where(is_alive, dlive_xs, 0)"
_CHOOSE = "return np.where(condition, like.dtype.type(yes), like.dtype.type(no))"
_HARD = "return _where((y.real > 0) & (y.real < 1), self.alpha, 0.0, y)"
_RELU_SLOPE = "return _where(y.real > 0, 1.0, 0.0, y)"
_N = "N = deviation.shape[1]"
_DA = "da = ddeviation - ddeviation.mean(axis=1, keepdims=True)"
_MLSTM_RETURN = (
    "return (MLSTMParams(dW_x, db, dW_s, db_s), MLSTMState(dh_prev, dC_prev, dn_prev, dm_prev), dx)"
)
_DZ_I = "dz_i_from_i = (di_from_c + di_from_n) * i"
_SOFTSIGN = "return (1 - _absolute(y)) ** 2"

_LISTED: list[tuple[str, str, str, str]] = [
    (_GRU, _UNPACK, "W_x, W_h, b_hn, b = params", _BOTH_BIASES),
    (_GRU, _DB_HN, _DB_HN.replace("b_hn is", "b is"), _BOTH_BIASES),
    (_GRU, _DB, _DB.replace("b is", "b_hn is"), _BOTH_BIASES),
    (_GRU, _DB, _DB.replace("b is", "db_hn is"), _BOTH_BIASES),
    *((kind, _DZ_U, _DZ_U.replace("(u)", f"({gate})"), _SYMMETRIC)
      for kind in (_GRU, _BEFORE) for gate in ("keep", "replace")),
    ("Softsign.slope", _SOFTSIGN, "return (-(1 - _absolute(y))) ** 2", "a square does not see the sign"),
    ("Softsign.slope", _SOFTSIGN, "return (_absolute(y) - 1) ** 2", "a square does not see the sign"),
    ("Softsign.slope", _SOFTSIGN, "return (1 - _absolute(-y)) ** 2", "|-y| is |y|"),
    ("HardSigmoid.slope", _HARD, _HARD.replace("(y.real > 0) & (y.real < 1)",
                                               "(y.real < 1) & (y.real > 0)"), "and commutes"),
    *(("HardSigmoid.slope", _HARD, _HARD.replace(", y)", f", {other})"), _ONLY_DTYPE)
      for other in ("-y", "np.zeros_like(y)")),
    *(("ReLU.slope", _RELU_SLOPE, _RELU_SLOPE.replace(", y)", f", {other})"), _ONLY_DTYPE)
      for other in ("-y", "np.zeros_like(y)")),
    ("ReLU.slope", _RELU_SLOPE, "return _where(1.0, y.real > 0, 0.0, y)", _TO_BOOL),
    ("ReLU.slope", _RELU_SLOPE, "return _where(0.0, 1.0, y.real > 0, y)", _TO_BOOL),
    ("ReLU.slope", _RELU_SLOPE, "return _where(y, 1.0, 0.0, y.real > 0)",
     "no y is below 0, and another is true unless it is 0"),
    *((_WHERE, _CHOOSE, _CHOOSE.replace("like.dtype.type(no)", other), _ZERO)
      for other in ("-like.dtype.type(no)", "condition.dtype.type(no)", "like.dtype.type(-no)",
                    "like.dtype.type(condition)", "like.dtype.type(np.zeros_like(no))",
                    "np.zeros_like(like.dtype.type(no))", "like.dtype.type()")),
    ("IndRNN.step_backward", "dz = dh * self.activation.slope(h)",
     "dz = dh * self.activation.slope(h) * self.activation.slope(h)", _RELU),
    (_SLSTM, "di_from_n = dn", "di_from_n = dn_prev", _STABILISER),
    (_SLSTM, "di_from_c = dc * g", "di_from_c = dc_prev * g", _STABILISER),
    (_SLSTM, _DZ_I, _DZ_I.replace("di_from_n", "dn"), _COPY),
    (_SLSTM, _DZ_I, _DZ_I.replace("di_from_n", "dn_prev"), _STABILISER),
    (_SLSTM, "return (SLSTMParams(dW_x, dW_h, db), SLSTMState(dh_prev, dc_prev, dn_prev, dm_prev), dx)",
     "return (SLSTMParams(dW_x, dW_h, db), SLSTMState(dh_prev, dc_prev, dn_prev, dk), dx)", _COPY),
    ("MinLSTM.step_backward", "dz = join_gates(dz_i, dz_f, dz_g)",
     "dz = join_gates(dz_i, dz_f, dg)", _LINEAR),
    *(("sigmoid", "positive = z.real >= 0", f"positive = {other}", _NO_OVERFLOW)
      for other in ("np.zeros_like(z.real >= 0)", "z.real >= 1", "z.real >= -1")),
    (_MLSTM, "dfloor = np.where(above, 0, ddenominator)",
     "dfloor = np.where(dsize, 0, ddenominator)", "dsize is 0 where `above` does not hold"),
    (_MLSTM, "di_from_n = (dn * k).sum(axis=1)", "di_from_n = (dn_prev * k).sum(axis=1)",
     _STABILISER),
    (_MLSTM, "di_from_C = (dC * outer(v, k)).sum(axis=(1, 2))",
     "di_from_C = (dC_prev * outer(v, k)).sum(axis=(1, 2))", _STABILISER),
    (_MLSTM, "dh_prev = np.zeros_like(dh)", "dh_prev = np.zeros_like(np.zeros_like(dh))", _ZEROS),
    (_MLSTM, _MLSTM_RETURN, _MLSTM_RETURN.replace("(dh_prev", "(-dh_prev"), _ZEROS),
    (_MLSTM, _MLSTM_RETURN, _MLSTM_RETURN.replace("(dh_prev", "(np.zeros_like(dh_prev)"), _ZEROS),
    (_MLSTM, _MLSTM_RETURN, _MLSTM_RETURN.replace("dm_prev", "de"), _COPY),
    ("times", "return (A @ b[:, :, None])[:, :, 0]", "return (A @ b[:, :, None])[:, :, -1]",
     "there is one column"),
    (_ZONEOUT, "dold = tree_map(lambda dkept, m: dkept * m, dstate, masks)",
     "dold = tree_map(lambda dkept, m: dkept * m, masks, dstate)", "a product commutes"),
    (_ZONEOUT, "dstate_prev = tree_map(np.add, dold, dstate_from_cell)",
     "dstate_prev = tree_map(np.add, dstate_from_cell, dold)", "a sum commutes"),
    (_ZONEOUT, "dcolumns = [dmask.reshape(len(dmask), size) for dmask, size in pairs]",
     "dcolumns = [dmask.reshape(-len(dmask), size) for dmask, size in pairs]",
     "NumPy infers a size that is given as negative"),
    (_ZONEOUT, "return (dparams, dstate_prev, join_columns(dx, *dcolumns))",
     "return (dparams, dstate_prev, join_columns(dx, *dmasks))",
     "a state of (B, H) is a matrix already; tests/cells/test_check.py has others"),
    (_NIG, "dz_g = dg * (1 - g ** 2)", "dz_g = dc * (1 - g ** 2)", _OPEN),
    (_NFG, "di = dc * g", "di = dc_prev_from_c * g", _OPEN),
    (_NFG, "dg = dc * i", "dg = dc_prev_from_c * i", _OPEN),
    (_NFG, "dc_prev = dc_prev_from_c + dc_prev_from_i", "dc_prev = dc + dc_prev_from_i", _OPEN),
    ("NoInputActivationLSTM.step_backward", "dz = join_gates(dz_i, dz_f, dz_g, dz_o)",
     "dz = join_gates(dz_i, dz_f, dg, dz_o)", _LINEAR),
    (_ORIGINAL, "di = dc * g", "di = dc_prev * g", _OPEN),
    (_ORIGINAL, "dg = dc * i", "dg = dc_prev * i", _OPEN),
    (_ORIGINAL, "return (OriginalLSTMParams(dW_x, dW_h, db), LSTMState(dh_prev, dc_prev), dx)",
     "return (OriginalLSTMParams(dW_x, dW_h, db), LSTMState(dh_prev, dc), dx)", _OPEN),
    (_LAYER_NORM, _N, "N = dy.shape[1]", "both have the shape of the row"),
    (_LAYER_NORM, _N, "N = normalised.shape[1]", "both have the shape of the row"),
    (_LAYER_NORM, _DA, _DA.replace("ddeviation.mean", "ddeviation_from_normalised.mean"),
     _SUM_IS_ZERO),
    (_STACK, "dparams, dstates = ([], [])", "dstates, dparams = ([], [])", _EMPTY),
    (_STACK, _BACKWARD, _BACKWARD.replace("dhs_of_layer", "dinputs"), _COPY),
    ("Bidirectional.run_backward", "if dxs_reversed is not None:",
     "if dxs_from_forward is not None:", _BOTH_READ),
    (_RESIDUAL, _FROM_SUM, _FROM_SUM.replace("dlive_xs", "dhs"), _COPY),
    (_RESIDUAL, _RESIDUAL_BACKWARD, _RESIDUAL_BACKWARD.replace("tape, dhs", "tape, dlive_xs"), _COPY),
    (_RESIDUAL, _RESIDUAL_BACKWARD, _RESIDUAL_BACKWARD.replace("tape, dhs", "tape, dxs_from_sum"),
     "past the end of a row, the cotangent of an output is not read"),
]  # fmt: skip

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
        if re.sub(pattern, plain, key.mutation) == re.sub(pattern, plain, line):
            return reason
    return None
