"""A matrix for each gate that reads the columns [h_prev; x]: Wf, bf, Wi, bi, Wc, bc, Wo, bo.

The style of many courses and of code after them: examples stand in columns, h is called a, and
Wf is (H, H + D) with the part for h first. Our row x is their column, so each part is turned
around. A published example of such a course is among the tests.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.blocks import turned
from manual_lstm.layouts.kinds import bias_or_zeros, own_arrays
from manual_lstm.layouts.named import Shape, fit, named_arrays

_GATES = "ifco"  # our order, in their letters


def to_columns(params: LSTMParams) -> dict[str, Array]:
    """Return ``Wi`` (H, H + D), ``bi`` (H, 1) and so on, or their gradients.

    A bias of None becomes zeros: that code has no other.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_columns(params).items()][:4]
    [('Wi', (5, 8)), ('bi', (5, 1)), ('Wf', (5, 8)), ('bf', (5, 1))]
    """
    own = own_arrays("columns", params, (LSTMParams,))
    matrices = np.split(np.concatenate([own["W_h"], own["W_x"]]), 4, axis=1)
    biases = np.split(bias_or_zeros(own), 4)
    named: dict[str, Array] = {}
    for gate, matrix, bias in zip(_GATES, matrices, biases, strict=True):
        named |= {f"W{gate}": turned(matrix), f"b{gate}": bias[:, None].copy()}
    return named


def from_columns(named: Mapping[str, Array]) -> LSTMParams:
    """Return ``Wi``, ``bi``, ``Wf``, ``bf``, ``Wc``, ``bc``, ``Wo``, ``bo`` as ours."""
    biases: dict[str, Shape] = {f"b{gate}": ("H", "1") for gate in _GATES}
    matrices: dict[str, Shape] = {f"W{gate}": ("H", "H+D") for gate in _GATES}
    arrays = named_arrays("columns", named, (*biases, *matrices))
    H = fit("columns", arrays, biases | matrices, named)["H"]
    rows = np.concatenate([turned(arrays[name]) for name in matrices], axis=1)
    b = np.concatenate([arrays[name][:, 0] for name in biases])
    return LSTMParams(rows[H:].copy(), rows[:H].copy(), b)
