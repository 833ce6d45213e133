"""Two styles of teaching code: CS231n's Wx, Wh, b, and one matrix for everything, gates "IFOG".

Both have the gates in the order i, f, o, g, the candidate last.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.blocks import reorder
from manual_lstm.layouts.kinds import bias_or_zeros, own_arrays
from manual_lstm.layouts.named import fit, named_arrays

_SHAPES = {"Wh": ("H", "4H"), "Wx": ("D", "4H"), "b": ("4H",)}


def to_cs231n(params: LSTMParams) -> dict[str, Array]:
    """Return ``Wx`` (D, 4H), ``Wh`` (H, 4H), ``b`` (4H,) of ``lstm_forward``, or their gradients.

    A bias of None becomes zeros: those functions have no other.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_cs231n(params).items()]
    [('Wx', (3, 20)), ('Wh', (5, 20)), ('b', (20,))]
    """
    own = own_arrays("cs231n", params, (LSTMParams,))
    arrays = {"Wx": own["W_x"], "Wh": own["W_h"], "b": bias_or_zeros(own)}
    return {name: reorder(array, "ifgo", "ifog") for name, array in arrays.items()}


def from_cs231n(named: Mapping[str, Array]) -> LSTMParams:
    """Return ``Wx``, ``Wh``, ``b`` as ours."""
    arrays = named_arrays("cs231n", named, ("Wx", "Wh", "b"))
    fit("cs231n", arrays, _SHAPES, named)
    return LSTMParams(*(reorder(array, "ifog", "ifgo") for array in arrays.values()))


def to_ifog(params: LSTMParams) -> Array:
    """Return one matrix (1 + D + H, 4H) for [1, x, h_prev]: the bias is its first row.

    A bias of None becomes zeros: the row is there in any case.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> to_ifog(params).shape
    (9, 20)
    """
    own = own_arrays("ifog", params, (LSTMParams,))
    rows = [bias_or_zeros(own)[None], own["W_x"], own["W_h"]]
    return reorder(np.concatenate(rows), "ifgo", "ifog")


def from_ifog(matrix: Array) -> LSTMParams:
    """Return one matrix (1 + D + H, 4H) as ours."""
    named = matrix if isinstance(matrix, Mapping) else {"matrix": matrix}
    arrays = named_arrays("ifog", named, ("matrix",))
    D = fit("ifog", arrays, {"matrix": ("1+D+H", "4H")}, matrix)["D"]
    rows = reorder(arrays["matrix"], "ifog", "ifgo")
    return LSTMParams(rows[1 : 1 + D].copy(), rows[1 + D :].copy(), rows[0].copy())
