"""``flax.linen.LSTMCell`` and ``OptimizedLSTMCell``: a matrix for each gate.

``ii``, ``if``, ``ig``, ``io`` read the input and have no bias; ``hi``, ``hf``, ``hg``, ``ho`` read
h and always have one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.named import fit, named_arrays
from manual_lstm.layouts.own import own_arrays_with_bias

_GATES = "ifgo"


def to_flax(params: LSTMParams) -> dict[str, dict[str, Array]]:
    """Return the weights, or the gradients, as the ``"params"`` of a cell.

    A cell without bias becomes one with a bias of zeros: flax knows no other.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> weights = to_flax(params)
    >>> list(weights)
    ['ii', 'if', 'ig', 'io', 'hi', 'hf', 'hg', 'ho']
    >>> weights["hf"]["bias"]
    array([1., 1., 1., 1., 1.])
    """
    W_x, W_h, b = own_arrays_with_bias(params)
    inputs = zip(_GATES, np.split(W_x, 4, axis=-1), strict=True)
    recurrent = zip(_GATES, np.split(W_h, 4, axis=-1), np.split(b, 4), strict=True)
    return {f"i{gate}": {"kernel": kernel.copy()} for gate, kernel in inputs} | {
        f"h{gate}": {"kernel": kernel.copy(), "bias": bias.copy()}
        for gate, kernel, bias in recurrent
    }


def from_flax(named: Mapping[str, Mapping[str, Array]]) -> LSTMParams:
    """Return the ``"params"`` of a cell as ours; there is always a bias."""
    flat = named
    if isinstance(named, Mapping) and all(isinstance(part, Mapping) for part in named.values()):
        flat = {f"{gate}.{leaf}": named[gate][leaf] for gate in named for leaf in named[gate]}
    shapes = (
        {f"h{gate}.kernel": ("H", "H") for gate in _GATES}
        | {f"i{gate}.kernel": ("D", "H") for gate in _GATES}
        | {f"h{gate}.bias": ("H",) for gate in _GATES}
    )
    arrays = named_arrays("flax", flat, tuple(shapes))
    fit("flax", arrays, shapes, named)
    recurrent, inputs, bias = np.split(np.array(list(shapes)), 3)

    def joined(names: Array) -> Array:
        return np.concatenate([arrays[str(name)] for name in names], axis=-1)

    return LSTMParams(joined(inputs), joined(recurrent), joined(bias))
