"""``haiku.LSTM``, ``GRU`` and ``VanillaRNN``.

The LSTM has one matrix for input and h, gates i, g, f, o, and a forget gate of σ(z_f + 1). That 1
is added in Haiku's forward, not at its start: a bias of 0 there is one of 1 here. To and fro moves
a forget bias by at most one rounding of that sum; everything else is exact.

The GRU is the one that resets before the product, `GRUResetBefore`, with
``update_gate="replaces"``; its gates z, r, a are our u, r, n. The RNN has two biases, added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm.cells import GRUResetBeforeParams, LSTMParams, RNNParams
from manual_lstm.checks import Array
from manual_lstm.layouts.biases import one_of_two, two_of_one
from manual_lstm.layouts.blocks import reorder
from manual_lstm.layouts.kinds import bias_or_zeros, own_arrays
from manual_lstm.layouts.named import Shape, fit, named_arrays

_CELLS = (LSTMParams, GRUResetBeforeParams, RNNParams)
_LSTM: dict[str, Shape] = {"w": ("D+H", "4H"), "b": ("4H",)}
_GRU: dict[str, Shape] = {"w_h": ("H", "3H"), "w_i": ("D", "3H"), "b": ("3H",)}
_RNN: dict[str, Shape] = {
    "linear_1.w": ("H", "H"),
    "linear.w": ("D", "H"),
    "linear.b": ("H",),
    "linear_1.b": ("H",),
}


def to_haiku(params: Any, *, gradients: bool = False) -> dict[str, Any]:
    """Return weights by the names that Haiku has in the module.

    Parameters
    ----------
    params : LSTMParams, GRUResetBeforeParams or RNNParams
        A bias of None counts as zeros: Haiku always has one.
    gradients : bool
        Whether `params` are gradients, which know nothing of the 1.

    Returns
    -------
    dict
        Of an LSTM ``w`` (D + H, 4H) and ``b`` (4H,), which are in its submodule ``linear``; of a
        GRU ``w_i``, ``w_h``, ``b``; of an RNN ``linear`` and ``linear_1``, each with ``w``, ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=2).init_params(np.random.default_rng(0))
    >>> params.b, to_haiku(params)["b"]
    (array([0., 0., 1., 1., 0., 0., 0., 0.]), array([0., 0., 0., 0., 0., 0., 0., 0.]))
    """
    arrays = own_arrays("haiku", params, _CELLS)
    W_x, W_h, b = arrays["W_x"], arrays["W_h"], bias_or_zeros(arrays)
    if isinstance(params, RNNParams):
        first, second = two_of_one(b, None, gradients=gradients)
        return {
            "linear": {"w": W_x.copy(), "b": first},
            "linear_1": {"w": W_h.copy(), "b": second},
        }
    if isinstance(params, GRUResetBeforeParams):
        parts = {"w_i": W_x, "w_h": W_h, "b": b}
        return {name: reorder(part, "run", "urn") for name, part in parts.items()}
    if not gradients:
        b = b - _forget_bias(b)
    w = np.concatenate([W_x, W_h])
    return {"w": reorder(w, "ifgo", "igfo"), "b": reorder(b, "ifgo", "igfo")}


def from_haiku(named: Mapping[str, Any], *, gradients: bool = False) -> Any:
    """Return the weights of a module as LSTMParams, GRUResetBeforeParams or RNNParams.

    A GRU's are for ``GRUResetBefore(..., update_gate="replaces")``.
    """
    if isinstance(named, Mapping) and "linear_1" in named:
        flat = {f"{part}.{leaf}": named[part][leaf] for part in named for leaf in named[part]}
        arrays = named_arrays("haiku", flat, tuple(_RNN))
        fit("haiku", arrays, _RNN, flat)
        b, _ = one_of_two(
            arrays["linear.b"], arrays["linear_1.b"], has_b_hn=False, gradients=gradients
        )
        return RNNParams(arrays["linear.w"].copy(), arrays["linear_1.w"].copy(), b)
    if isinstance(named, Mapping) and "w_i" in named:
        arrays = named_arrays("haiku", named, ("w_i", "w_h", "b"))
        fit("haiku", arrays, _GRU, named)
        return GRUResetBeforeParams(*(reorder(part, "urn", "run") for part in arrays.values()))
    arrays = named_arrays("haiku", named, tuple(_LSTM))
    D = fit("haiku", arrays, _LSTM, named)["D"]
    w, b = (reorder(array, "igfo", "ifgo") for array in arrays.values())
    if not gradients:
        b = b + _forget_bias(b)
    return LSTMParams(w[:D].copy(), w[D:].copy(), b)


def _forget_bias(b: Array) -> Array:
    """Return 1 for the forget gate and 0 for the others, like `b`, blocks i, f, g, o."""
    ones = np.zeros_like(b)
    ones[len(b) // 4 : len(b) // 2] = 1
    return ones
