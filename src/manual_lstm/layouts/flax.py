"""``flax.linen.LSTMCell``, ``OptimizedLSTMCell``, ``GRUCell`` and ``SimpleCell``.

A matrix for each gate. In an LSTM ``ii``, ``if``, ``ig``, ``io`` read the input and have no bias,
``hi``, ``hf``, ``hg``, ``ho`` read h and have one. In a GRU it is the other way round, and ``hn``
alone has a bias of its own, our b_hn; its z is our u. They always have their biases.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm.cells import GRUParams, LSTMParams, RNNParams
from manual_lstm.checks import Array
from manual_lstm.layouts.kinds import GATES, bias_or_zeros, own_arrays
from manual_lstm.layouts.named import Shape, fit, named_arrays

# By our gates: the names of the matrices, which of them have the bias, and which has b_hn.
_NAMES = {
    LSTMParams: (("ii", "if", "ig", "io"), ("hi", "hf", "hg", "ho"), "h"),
    GRUParams: (("ir", "iz", "in"), ("hr", "hz", "hn"), "i"),
    RNNParams: (("i",), ("h",), "i"),
}


def to_flax(params: Any) -> dict[str, dict[str, Array]]:
    """Return weights, or gradients, as the ``"params"`` of a cell.

    Parameters
    ----------
    params : LSTMParams, GRUParams or RNNParams
        A bias of None becomes zeros: flax knows no cell without.

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
    arrays = own_arrays("flax", params, _NAMES)
    inputs, recurrent, side = _NAMES[type(params)]
    count = len(inputs)
    named = {
        name: {"kernel": kernel.copy()}
        for names, matrix in ((inputs, arrays["W_x"]), (recurrent, arrays["W_h"]))
        for name, kernel in zip(names, np.split(matrix, count, axis=1), strict=True)
    }
    with_bias = recurrent if side == "h" else inputs
    for name, bias in zip(with_bias, np.split(bias_or_zeros(arrays), count), strict=True):
        named[name]["bias"] = bias.copy()
    if isinstance(params, GRUParams):
        named["hn"]["bias"] = bias_or_zeros(arrays, "b_hn").copy()
    return named


def from_flax(named: Mapping[str, Mapping[str, Array]]) -> Any:
    """Return the ``"params"`` of a cell as LSTMParams, GRUParams or RNNParams, with biases."""
    is_nested = isinstance(named, Mapping) and all(
        isinstance(part, Mapping) for part in named.values()
    )
    flat = (
        {f"{gate}.{leaf}": named[gate][leaf] for gate in named for leaf in named[gate]}
        if is_nested
        else named
    )
    names = set(named) if is_nested else set()
    kind = GRUParams if "hn" in names else RNNParams if "h" in names else LSTMParams
    inputs, recurrent, side = _NAMES[kind]
    with_bias = recurrent if side == "h" else inputs
    shapes: dict[str, Shape] = {f"{name}.kernel": ("H", "H") for name in recurrent}
    shapes |= {f"{name}.kernel": ("D", "H") for name in inputs}
    shapes |= {f"{name}.bias": ("H",) for name in with_bias}
    if kind is GRUParams:
        shapes["hn.bias"] = ("H",)
    arrays = named_arrays("flax", flat, tuple(shapes))
    fit("flax", arrays, shapes, named)
    assert len(inputs) == len(GATES[kind])

    def joined(names: tuple[str, ...], leaf: str) -> Array:
        return np.concatenate([arrays[f"{name}.{leaf}"] for name in names], axis=-1)

    b_hn = [arrays["hn.bias"].copy()] if kind is GRUParams else []
    return kind(joined(inputs, "kernel"), joined(recurrent, "kernel"), joined(with_bias, "bias"),
                *b_hn)  # fmt: skip
